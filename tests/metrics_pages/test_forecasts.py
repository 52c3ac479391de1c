"""The page of forecasts: what was frozen when, what was reached, for whom."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Forecast, Organisation, User
from accounts.periods import add_months
from tests.clients import as_
from tests.factories import day, make_membership, make_opportunity, make_rate, make_team, make_user

pytestmark = pytest.mark.django_db
PAGE = "/forecasts/"


def client_of(user: User) -> Client:
    Organisation.objects.get_or_create(pk=1)
    client = as_(user)
    return client


def freeze(user: User | None, frozen: str, amount: int, quarter: str = "2025-01-01", **more: Any) -> None:
    first = day(quarter)
    Forecast.objects.create(
        user=user, starts_on=first, ends_on=add_months(first, 3), frozen_on=day(frozen), amount=amount, **more
    )


def lines(user: User, query: str = "") -> dict[str, Any]:
    """Of the first period on the page, by name."""
    group = client_of(user).get(PAGE + query).context["groups"][0]
    return {line.who.name if line.who else "": line for line in group["lines"]}


def test_the_first_of_the_start_and_of_the_middle_stand_beside_what_was_won(
    hana: User, maya: User, maya_account: Account, omar: User, omar_account: Account
) -> None:
    # The middle of the quarter is 15 February; a day before it belongs to neither.
    for frozen, amount in (("01-01", 1000), ("01-05", 9), ("02-14", 9), ("02-15", 800), ("02-20", 9)):
        freeze(maya, f"2025-{frozen}", amount)
    freeze(omar, "2025-01-20", 500)
    freeze(None, "2025-01-01", 2000)
    opened = "2024-12-01"
    make_opportunity(maya_account, opened, 700, outcome="won", closed_on="2025-03-31")
    make_opportunity(maya_account, opened, 50, outcome="won", closed_on="2025-04-01")
    make_opportunity(maya_account, opened, 60, outcome="lost", closed_on="2025-02-01")
    make_opportunity(omar_account, opened, 100, outcome="won", closed_on="2025-01-01")
    make_opportunity(
        omar_account, opened, 40, outcome="won", closed_on="2025-02-02", splits={maya: "0.25", omar: "0.75"}
    )
    found = lines(hana)
    assert list(found) == ["", "Maya Marin", "Omar Okoye"]
    mine = found["Maya Marin"]
    # 700 + 40 x 0.25; less 1000
    assert (mine.start.amount, mine.middle.amount, mine.reached, mine.difference) == (1000, 800, 710, -290)
    other = found["Omar Okoye"]
    assert (other.start, other.late.amount, other.reached, other.difference) == (None, 500, 130, None)
    assert (found[""].reached, found[""].difference) == (840, -1160)
    page = client_of(hana).get(PAGE).content.decode()
    assert "Q1 2025" in page and "· too late<" in page and "never edited here" in page


def test_an_amount_without_a_rate_leaves_no_difference(maya: User, maya_account: Account) -> None:
    make_rate("CHF", "1.1", "2024-12-31")
    freeze(maya, "2025-01-01", 100, currency="CHF")
    freeze(maya, "2025-04-01", 100, "2025-04-01", currency="SEK")
    make_opportunity(maya_account, "2024-12-01", 30, outcome="won", closed_on="2025-01-10")
    page = client_of(maya).get(PAGE).context["groups"]
    assert [(group["words"], group["lines"][0].difference) for group in page] == [
        ("Q2 2025", None),
        ("Q1 2025", Decimal("-80")),
    ]


def test_what_stands_in_the_address_is_what_is_shown(hana: User, maya: User, omar: User) -> None:
    for who in (maya, omar, None):
        freeze(who, "2025-01-01", 10)
        freeze(who, "2025-04-01", 10, "2025-04-01")
    Forecast.objects.create(
        user=None,
        starts_on=day("2025-05-01"),
        ends_on=day("2025-06-01"),
        frozen_on=day("2025-05-01"),
        amount=1,
    )
    client = client_of(hana)

    def shown(query: str) -> list[tuple[str, int]]:
        groups = client.get(PAGE + query).context["groups"]
        return [(group["words"].replace("\xa0", " "), len(group["lines"])) for group in groups]

    assert shown("") == shown("?kind=nonsense") == [("May 2025", 1)]
    assert shown("?kind=quarter") == [("Q2 2025", 3), ("Q1 2025", 3)]
    assert shown("?kind=quarter&period=2025-01-3") == [("Q1 2025", 3)]
    assert shown(f"?whose={maya.pk}") == [("Q2 2025", 1), ("Q1 2025", 1)]
    assert shown("?kind=quarter&whose=company") == [("Q2 2025", 1), ("Q1 2025", 1)]
    assert b"No forecast matches" in client.get(f"{PAGE}?whose=999999").content


def test_everybody_reads_what_is_theirs_and_an_administrator_only_while_elevated(
    hana: User, lena: User, maya: User, omar: User, adam: User
) -> None:
    for who in (maya, omar, None):
        freeze(who, "2025-01-01", 10)
    assert list(lines(hana)) == ["", "Maya Marin", "Omar Okoye"]
    assert list(lines(lena)) == list(lines(maya)) == ["Maya Marin"]
    assert client_of(maya).get(f"{PAGE}?whose={omar.pk}").context["groups"] == []
    refused = client_of(adam).get(PAGE)
    assert refused.status_code == 403 and b"elevation" in refused.content


def test_nothing_frozen_yet_says_where_forecasts_come_from(maya: User) -> None:
    assert "Nothing is frozen yet" in client_of(maya).get(PAGE).content.decode()


def test_the_number_of_statements_does_not_grow_with_people_and_periods(hana: User) -> None:
    client = client_of(hana)

    def more(count: int) -> None:
        team = make_team()
        for _ in range(count):
            user = make_user()
            make_membership(user, team)
            for quarter in ("2025-01-01", "2025-04-01", "2025-07-01"):
                freeze(user, quarter, 10, quarter)

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(PAGE).status_code == 200
        return len(found)

    more(2)
    statements()  # the first page of a login reads more
    few = statements()
    more(20)
    assert statements() == few
