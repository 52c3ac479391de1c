"""Scorecards show the engine's own values, to those who may see them."""

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.fields import days
from accounts.models import Account, Assignment, Order, OrderLine, Team, Tier, User
from metrics.kpis import KPIS
from metrics.models import Run
from metrics.pages.stored import opened
from tests.clients import as_, ask
from tests.factories import LONG_AGO, day, make_grant, make_order
from tests.metrics.engine import report_in, run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return response.content.decode().replace("\xa0", " ")


def command(kpi: str, by: str) -> dict[str | None, dict[str, Any]]:
    out = io.StringIO()
    call_command("kpi", kpi, "--by", by, "--from", "2025-01-01", "--to", "2026-01-01", "--json", stdout=out)
    return {line["key"]: line for line in map(json.loads, out.getvalue().splitlines())}


# Made of spend, of leads or of few rows, which no single team or person has enough of.
OF_THE_COMPANY = {
    "attrition",
    "cac",
    "cac_other",
    "cac_payback",
    "cac_target",
    "clv_revenue",
    "clv_to_cac",
    "deal_velocity",
    "ideal_touches",
    "lifespan",
    "meaningful_engagement",
    "new_account_fit",
    "revenue_concentration",
    "roi",
    "roi_margin",
}
MISSING: dict[str, set[str]] = {
    "owner": {*OF_THE_COMPANY, "employee_satisfaction", "enps", "rfm"},
    "team": {*OF_THE_COMPANY, "rfm"},
    "company": {"rfm"},
}


def test_every_number_on_the_page_is_what_the_command_prints(
    published: Run, maya: User, omar: User, north: Team, hana: User
) -> None:
    printed_by = cache(command)  # the same for every owner
    for scope, place in (("owner", maya), ("owner", omar), ("team", north), ("company", None)):
        the_page_is_what_is_printed(hana, scope, place, printed_by)


def the_page_is_what_is_printed(
    hana: User, scope: str, place: User | Team | None, printed_by: Callable[..., Any]
) -> None:
    url = f"/scorecards/{scope}/{place.pk if place else 'all'}/{T12}&all=1&export=csv"
    lines = list(csv.DictReader(io.StringIO(ask(hana, url).getvalue().decode("utf-8-sig"))))
    # A number that is not defined for people has no row on their card.
    missing = {kpi.id for kpi in KPIS} - {line["number"] for line in lines}
    assert missing <= MISSING[scope]
    for line in lines:
        printed = printed_by(line["number"], scope).get(place.name if place else None)
        expected = printed["value"] if printed else None
        if expected is None:
            # A scope without any row prints nothing; the page shows a real 0 for sums and no value for ratios.
            assert line["value"] == "" or float(line["value"]) == 0
        else:
            assert float(line["value"]) == pytest.approx(float(expected), rel=1e-12)


def test_a_manager_sees_the_revenue_that_was_made_while_the_account_was_theirs(
    published: Run, maya: User
) -> None:
    # 900 + 600 of Aurora, and the 400 of Borealis before it was handed on.
    assert "€1,900" in text_of(ask(maya, f"/scorecards/owner/{maya.pk}/{T12}"))


def test_todays_book_moves_the_whole_account_to_its_owner_of_today(published: Run, maya: User) -> None:
    assert "€1,500" in text_of(ask(maya, f"/scorecards/owner/{maya.pk}/{T12}&view=current-book"))


def test_the_mix_says_what_there_was_and_what_was_handed_on(published: Run, maya: User) -> None:
    text = text_of(ask(maya, f"/scorecards/owner/{maya.pk}/{T12}"))
    assert "2 accounts, €2,000" in text
    assert "A: 1, 60 %" in text
    assert "1 handed on in the period" in text


def test_a_book_says_whose_day_it_is_of_and_which_year_it_sums(
    published: Run, hana: User, lena: User, north: Team, aurora: Account
) -> None:
    """Aurora alone is somebody's of North on the run's day; what it bought in the year before the period is 1,200."""
    page = f"/scorecards/team/{north.pk}/{T12}&view=current-book"
    mix = ask(hana, page).context["mix"]
    assert mix.title == "1 account, €1,200"
    assert plain(mix.lead) == "Today's book, every account whole; revenue in the 12 months before 1 Jan 2025"
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    earlier = ask(hana, f"{page}&run={published.pk}").context["mix"]
    assert (earlier.title, plain(earlier.lead)) == (
        "1 account, €1,200",
        "The book of 10 Jan, every account whole; revenue in the 12 months before 1 Jan 2025",
    )
    explained = f"/scorecards/team/{north.pk}/account_revenue/{T12}&view=current-book"
    for more, whose in (("", "today"), (f"&run={published.pk}", "10 Jan")):
        credit = dict(ask(hana, explained + more).context["words"])["Credit"]
        assert plain(credit) == f"every account whole, to its owner of {whose}"
    as_was = ask(hana, f"/scorecards/team/{north.pk}/{T12}").context["mix"].lead
    assert plain(as_was) == "What there was to work with on 1 Jan 2025; revenue in the 12 months before"


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_the_tallies_add_up_to_the_number_of_rows(published: Run, hana: User) -> None:
    response = ask(hana, f"/scorecards/company/all/{T12}")
    counted = sum(int(tally.words.split()[0]) for tally in response.context["tallies"])
    assert counted == sum(len(group.rows) for group in response.context["groups"])


def test_growth_and_retention_stand_apart(published: Run, hana: User) -> None:
    titles = [group.title for group in ask(hana, f"/scorecards/company/all/{T12}").context["groups"]]
    assert titles[:4] == ["Growth", "Retention", "Pipeline", "Customers"]


def test_people_stand_in_alphabetical_order_with_nobody_last(
    published: Run, hana: User, maya: User, omar: User
) -> None:
    # A row that nobody looks after.
    make_order(None, "2025-08-01", 70)
    run("2026-01-10")
    response = ask(hana, f"/scorecards/company/all/{T12}&by=owner&group=growth")
    names = [row.name for row in response.context["rows"]]
    assert names == ["Maya Marin", "Omar Okoye", "Accounts of nobody", "Company"]


def test_a_change_of_a_past_figure_is_said_and_listed(published: Run, hana: User, aurora: Account) -> None:
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    response = ask(hana, f"/scorecards/company/all/{T12}")
    was = [row for row in response.context["restated"] if row.name == "Revenue"]
    assert [(row.period, row.then, row.now) for row in was][0] == (
        "Jan\xa02025 – Dec\xa02025",
        "€2,000",
        "€2,300",
    )
    assert "restated" in text_of(response)


def test_an_earlier_run_is_read_as_it_was(published: Run, hana: User, aurora: Account) -> None:
    make_order(aurora, "2025-05-05", 300)
    run("2026-01-11")
    assert "€2,300" in text_of(ask(hana, f"/scorecards/company/all/{T12}"))
    earlier = text_of(ask(hana, f"/scorecards/company/all/{T12}&run={published.pk}"))
    assert "€2,000" in earlier
    assert "You are reading an earlier run" in earlier


def test_whatever_the_query_string_says_the_page_answers(published: Run, hana: User) -> None:
    for query in (
        "?period=never",
        "?period=custom&from=2026-05&to=2026-01",
        "?period=month&end=99999-01",
        "?run=abc&compare=xyz",
        "?period=quarter&end=1900-01",
        "?by=owner&group=nothing&page=99",
        "?period=ytd",
        "?period=custom&from=2025-02&to=2025-04",
    ):
        assert ask(hana, f"/scorecards/company/all/{query}").status_code == 200


def test_without_a_run_the_page_says_so(maya: User) -> None:
    assert "No figures have been computed yet" in text_of(ask(maya, f"/scorecards/owner/{maya.pk}/"))


# ------------------------------------------------------------------------------------------- who may see it


def test_each_role_lands_on_its_own_scorecard(
    published: Run, maya: User, lena: User, hana: User, mira: User, vic: User, north: Team
) -> None:
    expected = {
        maya: f"/scorecards/owner/{maya.pk}/",
        lena: f"/scorecards/team/{north.pk}/",
        hana: "/scorecards/company/all/",
        mira: "/scorecards/company/all/",
    }
    assert {user: ask(user, "/scorecards/")["Location"] for user in expected} == expected
    assert ask(vic, "/scorecards/").status_code == 200
    make_grant(vic, team=north)
    assert ask(vic, "/scorecards/")["Location"] == f"/scorecards/team/{north.pk}/"


def test_strangers_learn_nothing(
    published: Run, maya: User, omar: User, lena: User, mira: User, vic: User, north: Team, south: Team
) -> None:
    tier = Tier.objects.get(name="A")
    allowed = {
        "maya": {f"owner/{maya.pk}"},
        "lena": {f"owner/{maya.pk}", f"owner/{lena.pk}", f"team/{north.pk}"},
        "mira": {"company/all", f"tier/{tier.pk}", "target/1"},
        "vic": set(),
    }
    places = [
        f"owner/{maya.pk}",
        f"owner/{omar.pk}",
        f"owner/{lena.pk}",
        "owner/none",
        f"team/{north.pk}",
        f"team/{south.pk}",
        "company/all",
        f"tier/{tier.pk}",
        "target/1",
    ]
    for name, user in {"maya": maya, "lena": lena, "mira": mira, "vic": vic}.items():
        seen = {place for place in places if ask(user, f"/scorecards/{place}/").status_code == 200}
        assert seen == allowed[name], name
        for place in set(places) - allowed[name]:
            assert ask(user, f"/scorecards/{place}/account_revenue/").status_code == 404


def test_a_granted_viewer_sees_the_team_but_nobodys_own_card(
    published: Run, vic: User, maya: User, north: Team
) -> None:
    make_grant(vic, team=north)
    assert ask(vic, f"/scorecards/team/{north.pk}/").status_code == 200
    assert ask(vic, f"/scorecards/owner/{maya.pk}/").status_code == 404
    assert "Maya" not in text_of(ask(vic, f"/scorecards/team/{north.pk}/?by=owner"))


def test_marketing_sees_no_number_made_of_contract_values(published: Run, mira: User) -> None:
    text = text_of(ask(mira, f"/scorecards/company/all/{T12}&all=1"))
    for name in (
        "Net revenue retention",
        "Gross revenue retention",
        "Contract value renewed",
        "Revenue lost",
    ):
        assert name not in text
    assert "Accounts kept" in text
    assert ask(mira, "/scorecards/company/all/nrr/").status_code == 403


def test_an_administrator_needs_an_elevation(published: Run, adam: User) -> None:
    assert ask(adam, "/scorecards/").status_code == 403
    assert ask(adam, "/scorecards/company/all/").status_code == 403


def test_what_is_no_place_is_not_found(published: Run, hana: User) -> None:
    for path in ("owner/999999", "nonsense/1", "company/1", "team/abc", "target/7", "owner/all"):
        assert ask(hana, f"/scorecards/{path}/").status_code == 404


# -------------------------------------------------------------------------------------------------- size


def many_accounts(count: int, owner: User) -> None:
    accounts = Account.objects.bulk_create([Account(name=f"Company {n}") for n in range(count)])
    Assignment.objects.bulk_create(
        [Assignment(account=account, user=owner, during=days(LONG_AGO)) for account in accounts]
    )
    orders = Order.objects.bulk_create(
        [
            Order(account=account, number=f"N-{account.pk}-{year}", date=day(f"{year}-03-03"))
            for account in accounts
            for year in (2024, 2025)
        ]
    )
    OrderLine.objects.bulk_create([OrderLine(order=order, amount=100) for order in orders])


PAGES = (
    "/scorecards/owner/{maya}/" + T12,
    "/scorecards/team/{north}/" + T12,
    "/scorecards/company/all/" + T12,
    "/scorecards/company/all/" + T12 + "&by=owner",
    "/scorecards/owner/{maya}/account_revenue/" + T12,
    "/scorecards/owner/{maya}/account_revenue/" + T12 + "&part=rows",
    "/scorecards/company/all/nrr/" + T12,
    "/scorecards/company/all/nrr/" + T12 + "&part=accounts",
    "/scorecards/company/all/account_revenue/" + T12 + "&part=rows",
)


def counts(users: dict[str, User], north: Team) -> dict[str, int]:
    found = {}
    for name, user in users.items():
        client = as_(user)
        # The first page after a login writes the session.
        client.get("/kpis/")
        for path in PAGES:
            url = path.format(maya=users["maya"].pk, north=north.pk)
            with CaptureQueriesContext(connection) as queries:
                status = client.get(url).status_code
            if status == 200:
                found[f"{name} {path}"] = len(queries)
    return found


def test_the_number_of_statements_does_not_depend_on_the_number_of_accounts(
    maya: User, lena: User, hana: User, north: Team
) -> None:
    report_in("EUR")
    users = {"maya": maya, "lena": lena, "hana": hana}
    many_accounts(40, maya)
    run("2026-01-10")
    # Late facts, as the 450 later: what they restate takes a statement of its own.
    many_accounts(10, maya)
    run("2026-01-11")
    few = counts(users, north)
    many_accounts(450, maya)
    run("2026-01-12")
    many = counts(users, north)
    assert few == many
    # Also where one of them asks whether somebody else's number may be seen.
    assert max(many.values()) <= 15, many


def test_the_name_of_every_stored_figure_fits_into_the_name_of_a_column() -> None:
    """PostgreSQL cuts longer ones off, and a page would find nothing under them."""
    names = [name for record in opened(KPIS, "TRUE") for name in record.columns]
    assert len(names) > 300
    assert max(len(name) for name in names) <= 63
