"""The funnel: steps, channels, target accounts against others; who may look."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from accounts.revenue.marketing import BANT
from metrics.models import Run
from tests.clients import as_
from tests.factories import make_campaign, make_lead
from tests.metrics.engine import day, run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db


def ask(user: User) -> Any:
    return as_(user).get(f"/funnel/{T12}")


def bring(channel: str, is_target: bool, account: Account, came: int, mql: int, sql: int, won: int) -> None:
    """Leads of March 2025 through one channel, of whom so many came so far within a month."""
    campaign = make_campaign(is_target=is_target)
    for number in range(came):
        later = {"mql_on": day("2025-03-10")} if number < mql else {}
        if number < sql:
            later |= {"sql_on": day("2025-03-20"), **dict.fromkeys(BANT, True)}  # type: ignore[arg-type]
        if number < won:
            later |= {"customer_on": day("2025-04-01"), "converted_on": day("2025-03-25")}
        make_lead(
            created_on=day("2025-03-01"), channel=channel, campaign=campaign,
            account=account if number < won else None, **later,
        )  # fmt: skip


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_the_funnel_tells_each_step_each_channel_and_for_whom_it_was_made(
    published: Run, aurora: Account, hana: User, mira: User
) -> None:
    bring("event", True, aurora, came=10, mql=8, sql=5, won=4)
    bring("website", False, aurora, came=6, mql=2, sql=0, won=0)
    run("2026-01-10")

    found = ask(hana).context
    assert [(step.count, plain(step.onward.value)) for step in found["steps"]] == [
        ("16", "25.0 %"),
        ("10", "50.0 %"),
        ("5", "80.0 %"),
    ]
    assert [step.width for step in found["steps"]] == [100, 62.5, 31.25]
    event, website = found["channels"]
    assert (event.name, [plain(share.value) for share in event.shares]) == (
        "Event or fair",
        ["40.0 %", "62.5 %", "80.0 %"],
    )
    assert event.shares[0].note.startswith("4 of 10, likely ")
    assert [share.note for share in website.shares][1:] == ["0 of 2, too few to judge", ""]
    conversion = found["lines"][0]
    assert (plain(conversion.here[0]), plain(conversion.there[0])) == ("40.0 %", "0.0 %")

    # A lead belongs to no account; whoever brought it is not told of one that may not be seen.
    client = as_(mira)
    page = client.get(f"/scorecards/company/all/leads_created/{T12}&part=accounts").content.decode()
    assert "Rows without an account" in page and "you may not see" not in page


def test_leads_too_young_to_judge_give_the_reason_and_a_link_to_older_ones(
    published: Run, aurora: Account, hana: User
) -> None:
    campaign = make_campaign(is_target=True)
    make_lead(created_on=day("2025-12-20"), channel="event", campaign=campaign)
    run("2026-01-10")
    client = as_(hana)

    # Everybody who came by 30 September had 90 days by 10 January; of those who came in October not everybody had.
    link = plain(">Show Oct 2024 – Sep 2025</a>")
    for page in (
        "/funnel/",
        "/scorecards/company/all/",
        "/scorecards/company/all/lead_conversion/",
        "/compare/",
    ):
        assert link in plain(client.get(page + T12).content.decode()), page
    compared = plain(client.get(f"/compare/lead_conversion/{T12}").content.decode())
    # The group is not left out: it has one lead, and no value yet.
    assert (
        link in compared
        and ">Target accounts</a>" in compared
        and "no data, because fewer than 80 %" in compared
    )


def test_without_leads_it_says_so_and_has_one_way_on(published: Run, hana: User) -> None:
    page = ask(hana).content.decode()
    assert "No lead came in in this period." in page and "/revenue/leads/" in page


def test_the_statements_do_not_grow_with_leads_and_channels(
    published: Run, aurora: Account, hana: User
) -> None:
    def count() -> int:
        ask(hana)
        with CaptureQueriesContext(connection) as found:
            assert ask(hana).status_code == 200
        return len(found)

    bring("event", True, aurora, came=5, mql=2, sql=1, won=1)
    run("2026-01-10")
    few = count()
    for channel in ("website", "search", "social", "mail"):
        bring(channel, False, aurora, came=6, mql=3, sql=2, won=1)
    run("2026-01-10")
    assert count() == few
