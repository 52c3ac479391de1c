"""Staffing on its page: numbers of people and leavers are noted, changed, removed and taken back."""

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import Organisation, Team, User
from accounts.people.headcount import Headcount, Leaver
from tests.clients import as_
from tests.factories import day, make_team
from tests.people.conftest import BACKEND

pytestmark = pytest.mark.django_db
PAGE = "/people/staffing/"


@pytest.fixture
def head(hana: User, client: Client) -> Client:
    client.force_login(hana, backend=BACKEND)
    return client


def count_people(team: Team, on: str, number: str) -> Headcount:
    found: Headcount = Headcount.objects.create(team=team, on=day(on), number=Decimal(number))
    return found


def undo_on(page: Any) -> str:
    """Of the newest message."""
    found: list[str] = re.findall(r'action="(/people/staffing/undo/[^"]+)"', page.content.decode())
    return found[-1]


def test_each_team_stands_with_its_newest_number_and_how_it_changed(
    head: Client, north: Team, south: Team
) -> None:
    make_team("Uncounted")
    count_people(north, "2025-01-01", "7.5")
    count_people(north, "2025-04-01", "9")
    count_people(north, "2999-01-01", "20")
    count_people(south, "2025-02-01", "4.25")
    rows = head.get(PAGE).context["rows"]
    assert [(row.team.name, row.now and row.now.number, row.change) for row in rows] == [
        ("North", 9, Decimal("1.5")),
        ("South", Decimal("4.25"), None),
        ("Uncounted", None, None),
    ]
    page = head.get(PAGE)
    assert page.context["people"] == Decimal("13.25") and ">13.25<" in page.content.decode()
    history = head.get(f"{PAGE}?team={north.pk}").context["numbers"]
    assert [row.number for row in history] == [20, 9, Decimal("7.5")]
    assert head.get(f"{PAGE}?team=999999").status_code == 404


def test_leavers_stand_newest_first_and_count_for_a_year(head: Client, north: Team, south: Team) -> None:
    today = Organisation.current().today()
    ago = [today + datetime.timedelta(days=days) for days in (-500, -20, 30)]
    for left_on in ago:
        Leaver.objects.create(team=north, left_on=left_on, reason="retired")
    Leaver.objects.create(team=south, left_on=ago[1])
    page = head.get(PAGE)
    assert [row.left_on for row in page.context["page"]] == [ago[2], ago[1], ago[1], ago[0]]
    assert [row.left for row in page.context["rows"]] == [1, 1]
    assert "retired" in page.content.decode() and "unknown" in page.content.decode()


def test_a_number_is_noted_once_a_day_never_ahead_and_taken_back(head: Client, north: Team) -> None:
    typed = {"team": north.pk, "on": "2025-01-01", "number": "7.5"}
    page = head.post(f"{PAGE}headcount/add/", typed, follow=True)
    assert Headcount.objects.get().number == Decimal("7.5")

    def error(**changed: str) -> str:
        answer = head.post(f"{PAGE}headcount/add/", {**typed, **changed})
        assert answer.status_code == 422
        return answer.content.decode()

    assert "This team has a number on this day already." in error(number="8")
    assert "A number is noted when its day has come." in error(on="2999-01-01")
    assert "greater than or equal to 0" in error(on="2025-02-01", number="-1")
    head.post(undo_on(page))
    assert not Headcount.objects.exists()
    assert escape("It is too late") in head.post(undo_on(page), follow=True).content.decode()


def test_an_edit_is_taken_back_unless_somebody_changed_the_row_meanwhile(head: Client, north: Team) -> None:
    row = count_people(north, "2025-01-01", "7")
    address = f"{PAGE}headcount/{row.pk}/"

    def edit(number: str) -> str:
        seen = head.get(address).context["form"]["seen"].value()
        typed = {"team": north.pk, "on": "2025-01-01", "number": number, "seen": seen}
        return undo_on(head.post(address, typed, follow=True))

    head.post(edit("8"))
    row.refresh_from_db()
    assert row.number == 7
    first = edit("9")
    edit("10")
    head.post(first)
    row.refresh_from_db()
    assert row.number == 10
    overtaken = {"team": north.pk, "on": "2025-01-01", "number": "11", "seen": "of-before"}
    assert head.post(address, overtaken).status_code == 409


def test_a_leaver_is_noted_and_a_removed_one_comes_back_for_whom_removed_it_only(
    head: Client, adam: User, north: Team
) -> None:
    head.post(f"{PAGE}leaver/add/", {"team": north.pk, "left_on": "2999-02-01", "reason": "resigned"})
    row = Leaver.objects.get()
    assert (row.team, row.left_on, row.reason) == (north, day("2999-02-01"), "resigned")
    way = undo_on(head.post(f"{PAGE}leaver/{row.pk}/remove/", follow=True))
    assert not Leaver.objects.exists()
    other = as_(adam)
    other.post(way)
    assert not Leaver.objects.exists()
    head.post(way)
    assert Leaver.objects.get() == row


def test_what_an_import_brought_is_changed_where_it_came_from(head: Client, north: Team) -> None:
    known = {"source": "payroll", "external_id": "N-1"}
    rows = {
        "headcount": Headcount.objects.create(team=north, on=day("2025-01-01"), number=7, **known),
        "leaver": Leaver.objects.create(team=north, left_on=day("2025-02-01"), **known),
    }
    page = head.get(f"{PAGE}?team={north.pk}").content.decode()
    assert page.count("by an import from payroll") == 2
    for kind, row in rows.items():
        edit, remove = f"{PAGE}{kind}/{row.pk}/", f"{PAGE}{kind}/{row.pk}/remove/"
        assert edit not in page and remove not in page
        for refused in (head.get(edit), head.post(edit, {}), head.post(remove)):
            assert refused.status_code == 403
            assert "An import from “payroll” brought this" in refused.content.decode()
    assert Headcount.objects.exists() and Leaver.objects.exists()


def test_what_can_be_noted_has_two_kinds(head: Client) -> None:
    assert head.get(f"{PAGE}salary/add/").status_code == 404
    assert head.post(f"{PAGE}salary/1/remove/").status_code == 404


def test_an_empty_page_says_what_to_do(head: Client, adam: User) -> None:
    assert "There is no team yet" in head.get(PAGE).content.decode()
    make_team("North")
    assert "An administrator can import" in head.get(PAGE).content.decode()
    head.force_login(adam, backend=BACKEND)
    assert "/exchange/" in head.get(PAGE).content.decode().partition("Note a number")[2]


def test_the_number_of_statements_does_not_grow_with_teams_and_rows(head: Client) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            team = make_team()
            for month in ("01", "02", "03"):
                count_people(team, f"2025-{month}-01", "5")
            Leaver.objects.create(team=team, left_on=day("2025-03-01"))

    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert head.get(f"{PAGE}{query}").status_code == 200
        return len(found)

    more(2)
    one = f"?team={Team.objects.first().pk}"  # type: ignore[union-attr]
    statements("")  # the first page of a login reads more
    few = statements(""), statements(one)
    more(20)
    assert (statements(""), statements(one)) == few
