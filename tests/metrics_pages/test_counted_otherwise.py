"""After an update: what an earlier run did not know, or counted otherwise, is no restatement and no change."""

import datetime
from typing import Any

import pytest

from accounts.models import Account, Organisation, User
from metrics.digests.figures import moves
from metrics.digests.lines import Reader
from metrics.editions import SAME_AS
from metrics.kpis import KPIS
from metrics.models import Run
from tests.clients import as_
from tests.factories import make_order
from tests.metrics.engine import run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return response.content.decode().replace("\xa0", " ")


def update(published: Run, aurora: Account, **versions: str | None) -> Run:
    """An update between two runs: the earlier one had other definitions; and 300 more were sold in a closed month."""
    known = {name: version for name, version in {**published.definitions, **versions}.items() if version}
    Run.objects.filter(pk=published.pk).update(fingerprint="of the release before", definitions=known)
    make_order(aurora, "2025-05-05", 300)
    return run("2026-01-11")


def row_of(response: Any, name: str) -> Any:
    return next(row for group in response.context["groups"] for row in group.rows if row.name == name)


def test_a_number_that_the_earlier_run_did_not_know_was_not_restated(
    published: Run, hana: User, aurora: Account
) -> None:
    newest = update(published, aurora, account_revenue=None)
    explained = text_of(
        as_(hana).get(f"/scorecards/company/all/account_revenue/{T12}&compare={published.pk}&full=1")
    )
    assert "restated" not in explained and "It read" not in explained
    assert "not compared: that run did not know this number yet" in explained
    card = as_(hana).get(f"/scorecards/company/all/{T12}&compare={published.pk}")
    restated = {row.name for row in card.context["restated"]}
    # The others, which both runs know, are said to be restated as ever.
    assert "Revenue" not in restated and "Revenue growth" in restated
    revenue = row_of(card, "Revenue")
    assert (revenue.change_text, revenue.change_note) == (
        "not compared",
        "that run did not know this number yet",
    )
    # Nor does a digest take it for a move.
    since = published.published_at + datetime.timedelta(microseconds=1)
    reader = Reader(hana, Organisation.current(), since, newest.published_at, newest)
    assert not [line.text for line in moves(reader) if line.text.startswith("Revenue, 12")]


def test_a_number_that_was_counted_otherwise_says_so_instead_of_restated(
    published: Run, hana: User, aurora: Account
) -> None:
    update(published, aurora, account_revenue="an earlier one")
    explained = text_of(
        as_(hana).get(f"/scorecards/company/all/account_revenue/{T12}&compare={published.pk}&full=1")
    )
    assert "This value was restated." not in explained
    assert "This number is counted otherwise than before." in explained
    assert "It read €2,000 in the run of 10 Jan and reads €2,300 now." in explained
    assert "not compared: that run counted it otherwise" in explained
    card = as_(hana).get(f"/scorecards/company/all/{T12}&compare={published.pk}")
    assert "Revenue" not in {row.name for row in card.context["restated"]}
    assert row_of(card, "Revenue").change_note == "that run counted it otherwise"
    moved = text_of(
        as_(hana).get(f"/scorecards/company/all/account_revenue/moved/{T12}&compare={published.pk}")
    )
    assert "that run counted it otherwise" in moved


def test_only_definitions_of_today_go_on_under_an_earlier_version() -> None:
    texts = {kpi.digest for kpi in KPIS}
    assert {text: version for text, version in SAME_AS.items() if text not in texts or version in texts} == {}
