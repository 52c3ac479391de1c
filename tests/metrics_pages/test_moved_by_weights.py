"""A changed weight or limit: named where it lies between two figures, marked where a run counts by it, nowhere else."""

import html
import re
from decimal import Decimal
from typing import Any

import pytest

from accounts.fields import days
from accounts.models import Account, SignalKind, SignalWeight, User
from metrics import weights
from metrics.models import Run
from metrics.pages.weights_preview import preview
from metrics.weights import FAMILIES, concerned, weights_of
from tests.clients import ask
from tests.factories import make_signal
from tests.metrics.engine import day, run

pytestmark = pytest.mark.django_db
COMPANY = "/scorecards/company/all"
NOVEMBER, DECEMBER = "?period=month&end=2025-11", "?period=month&end=2025-12"
CHANGED = "Points of engagement: Demo request 10 → 20: demos lead to deals"


@pytest.fixture
def demo_request(db: None) -> SignalKind:
    """10 points each since ever."""
    kind, _ = SignalKind.objects.get_or_create(code="demo_request", defaults={"name": "Demo request"})
    SignalWeight.objects.filter(kind=kind).delete()
    SignalWeight.objects.create(kind=kind, weight=10, during=days(day("2000-01-01")))
    return kind


@pytest.fixture
def before(demo_request: SignalKind, published: Run, aurora: Account, borealis: Account) -> Run:
    """Demos in November: one of Aurora; in December: two of Aurora, one of Borealis."""
    for account, date in (
        (aurora, "2025-11-10"),
        (aurora, "2025-12-10"),
        (aurora, "2025-12-11"),
        (borealis, "2025-12-12"),
    ):
        make_signal(account, kind=demo_request.code, at=f"{date}T12:00+00:00")
    return run("2026-01-10")


def change(family: str, key: str, value: int, starts: str, reason: str, by: User) -> None:
    (weight,) = weights_of(FAMILIES[family], key)
    weights.change(weight, Decimal(value), day(starts), reason, by)


@pytest.fixture
def after(before: Run, demo_request: SignalKind, hana: User) -> Run:
    """From December on a demo is worth 20."""
    change("signals", str(demo_request.pk), 20, "2025-12-01", "demos lead to deals", hana)
    return run("2026-01-10")


def text_of(response: Any) -> str:
    bare = re.sub(r"<[^>]+>", " ", html.unescape(response.content.decode()).replace("\xa0", " "))
    return re.sub(r"\s+", " ", bare)


def test_between_two_runs_the_change_is_named_and_the_parts_add_up(
    before: Run, after: Run, hana: User, aurora: Account
) -> None:
    page = ask(hana, f"{COMPANY}/engagement_score/moved/{DECEMBER}&compare={before.pk}")
    # 4 x 10, then 10 of November and 3 x 20 of December.
    assert [each.amount for each in page.context["waterfall"]] == ["40", "+30", "70"]
    assert [(row.name, row.both) for row in page.context["accounts"]] == [
        ("Aurora Foods", "+20"),
        ("Borealis Steel", "+10"),
    ]
    assert f"1 Dec 2025 : {CHANGED}" in text_of(page)
    every = text_of(ask(hana, f"{COMPANY}/moved/{DECEMBER}&compare={before.pk}&all=1"))
    explained = text_of(ask(hana, f"{COMPANY}/engagement_score/{DECEMBER}&compare={before.pk}&part=accounts"))
    assert CHANGED in every and CHANGED in explained


def test_a_period_that_ended_before_keeps_its_value_and_says_nothing(
    before: Run, after: Run, hana: User
) -> None:
    page = ask(hana, f"{COMPANY}/engagement_score/moved/{NOVEMBER}&compare={before.pk}")
    assert (page.context["before"], page.context["now"]) == ("10\xa0points", "10\xa0points")
    assert not page.context["weighed_between"]
    every = ask(hana, f"{COMPANY}/moved/{NOVEMBER}&compare={before.pk}&all=1")
    assert every.context["sections"] and not every.context["weighed_between"]


@pytest.mark.parametrize(
    ("end", "compare", "is_named"),
    [
        ("2025-12", "2025-11", True),
        ("2025-11", "2025-10", False),
        # Engagement of December still looks at two months of the old weight, that of January at one.
        ("2026-01", "2025-12", True),
    ],
)
def test_between_two_periods_it_is_named_where_their_days_differ_by_it(
    after: Run, hana: User, end: str, compare: str, is_named: bool
) -> None:
    page = ask(hana, f"{COMPANY}/engagement_score/moved/?period=month&end={end}&compare={compare}")
    assert [each.words for each in page.context["weighed_between"]] == [CHANGED] * is_named


def test_once_all_days_count_by_it_it_moves_nothing_any_more(after: Run, hana: User) -> None:
    run("2026-05-10")
    for kpi, named in (
        # Of three months.
        ("engagement_score", 0),
        # Made of its points, on the last day.
        ("health_score", 0),
        # Of the four half-years before.
        ("meaningful_engagement", 1),
    ):
        page = ask(hana, f"{COMPANY}/{kpi}/moved/?period=month&end=2026-04&compare=2026-03")
        assert page.context["then_words"] == "Mar\xa02026"
        assert len(page.context["weighed_between"]) == named, kpi


def test_rows_as_of_an_earlier_run_say_by_what_they_count_otherwise(
    before: Run, after: Run, hana: User
) -> None:
    rows = text_of(ask(hana, f"{COMPANY}/engagement_score/{DECEMBER}&run={before.pk}&part=rows"))
    assert "Rows read otherwise since this run." in rows
    assert "Figure then 40, sum of the rows now 70, difference +30." in rows
    assert f"on: {CHANGED}" in rows and "No single change is recorded" not in rows


def test_a_trend_is_marked_only_as_of_a_run_that_counts_by_it(
    before: Run, demo_request: SignalKind, hana: User
) -> None:
    page = f"{COMPANY}/engagement_score/{DECEMBER}"

    def marks(more: str = "") -> list[int]:
        found: list[int] = ask(hana, page + more).context["trend"]["marks"]
        return found

    change("signals", str(demo_request.pk), 20, "2025-12-01", "demos lead to deals", hana)
    assert marks() == []
    run("2026-01-10")
    assert marks() == [17] and CHANGED in text_of(ask(hana, page))
    assert marks(f"&run={before.pk}") == []


def test_a_setting_is_named_between_runs_and_marks_no_trend(before: Run, hana: User) -> None:
    """It holds for all days alike."""
    change("settings", "grace_days", 30, "2025-12-01", "as signed", hana)
    run("2026-01-10")
    page = ask(hana, f"{COMPANY}/grr/moved/{NOVEMBER}&compare={before.pk}")
    assert ["as signed" in each.words for each in page.context["weighed_between"]] == [True]
    assert not ask(hana, f"{COMPANY}/grr/{DECEMBER}").context["weighed"]
    assert not ask(hana, f"{COMPANY}/grr/moved/{DECEMBER}&compare=2025-11").context["weighed_between"]


def test_what_is_only_counted_changes_with_no_weight() -> None:
    entered = concerned("accounts_signalweight")
    assert {"engagement_score", "engagement_band", "health_score"} <= entered
    assert not {"web_visits", "social_interactions"} & entered


def test_a_preview_begins_where_accounts_stand(demo_request: SignalKind, aurora: Account, hana: User) -> None:
    """30 points in August make Aurora hot; the 20 of October keep it so, for hot is left below 20 only."""
    for date in ("2025-08-10", "2025-08-11", "2025-08-12", "2025-10-10", "2025-10-11"):
        make_signal(aurora, kind=demo_request.code, at=f"{date}T12:00+00:00")
    run("2025-11-10")
    run("2025-12-10")
    (weight,) = weights_of(FAMILIES["bands"], "band_hot")
    made = preview(weight, Decimal(20), day("2025-12-10"))
    assert made is not None
    assert [(each.before, each.was, each.becomes) for each in made.shifts] == [(20, "hot", "hot")]


def test_until_the_next_run_the_rows_say_by_what_they_will_count(
    before: Run, demo_request: SignalKind, hana: User
) -> None:
    page = f"{COMPANY}/engagement_score/{DECEMBER}&part=rows"
    assert "Figure then" not in text_of(ask(hana, page))
    change("signals", str(demo_request.pk), 20, "2025-12-01", "demos lead to deals", hana)
    rows = text_of(ask(hana, page))
    assert "Figure then 40, sum of the rows now 70, difference +30." in rows and f"on: {CHANGED}" in rows
    run("2026-01-10")
    assert "Figure then" not in text_of(ask(hana, page))
