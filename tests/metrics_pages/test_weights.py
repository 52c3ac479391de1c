"""Changing a weight: who would change, from which day on and why, and the mark it leaves."""

import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.engagement.states import AccountState
from accounts.fields import days
from accounts.models import (
    Account,
    Fit,
    IcpCriterion,
    IcpWeight,
    Organisation,
    SignalKind,
    SignalWeight,
    Tier,
    User,
)
from metrics import weights
from metrics.bands import band, limits_on
from metrics.models import Run, Threshold, WeightChange
from metrics.pages.weights_preview import preview
from metrics.weights import FAMILIES, weights_of
from tests.clients import as_
from tests.factories import make_account, make_classification, make_signal, make_touch
from tests.metrics.engine import report_in, run

pytestmark = pytest.mark.django_db
LIMITS = {
    "band_warm": Decimal(10),
    "band_hot": Decimal(25),
    "band_red_hot": Decimal(50),
    "band_stay": Decimal(20),
}


def today() -> datetime.date:
    return Organisation.current().today()


@pytest.fixture
def demo_request(db: None) -> SignalKind:
    """10 points each since ever."""
    kind, _ = SignalKind.objects.get_or_create(code="demo_request", defaults={"name": "Demo request"})
    SignalWeight.objects.filter(kind=kind).delete()
    SignalWeight.objects.create(kind=kind, weight=10, during=days(datetime.date(2000, 1, 1)))
    return kind


def signals(account: Account, kind: SignalKind, count: int) -> None:
    """Last month, so that they stand in the last three whole months whatever day it is."""
    first = today().replace(day=1) - datetime.timedelta(days=10)
    for place in range(count):
        at = datetime.datetime.combine(
            first - datetime.timedelta(days=place), datetime.time(12), Organisation.current().zone
        )
        make_signal(account, kind=kind.code, at=at)


@pytest.mark.parametrize(
    ("points", "stood", "expected"),
    # Limits 10, 25, 50; a band is left 20 % below its limit: at 8, 20 and 40.
    [
        (9, "cold", "cold"),
        (10, "cold", "warm"),
        (50, "cold", "red-hot"),
        (8, "warm", "warm"),
        (7, "warm", "cold"),
        (21, "hot", "hot"),
        (19, "hot", "warm"),
        (41, "red-hot", "red-hot"),
    ],
)
def test_a_band_is_reached_at_its_limit_and_left_well_below_it(
    points: int, stood: str, expected: str
) -> None:
    assert band(Decimal(points), LIMITS, stood) == expected


def test_the_preview_says_who_changes_from_what_to_what(demo_request: SignalKind, hana: User) -> None:
    warm, hot = make_account("Aurora Foods"), make_account("Borealis Steel")
    signals(warm, demo_request, 2)
    signals(hot, demo_request, 4)
    make_account("Corvus Paper")
    (weight,) = weights_of(FAMILIES["signals"], str(demo_request.pk))
    made = preview(weight, Decimal(15), today())
    assert made is not None
    assert [(each.account, each.before, each.after, each.group) for each in made.changed] == [
        (hot.pk, 40, 60, "hot → red-hot"),
        (warm.pk, 20, 30, "warm → hot"),
    ]
    page = as_(hana).get(f"/weights/signals/{demo_request.pk}/?value=15").content.decode()
    assert "Aurora Foods" in page and "warm → hot" in page
    # Looking changes nothing.
    assert not WeightChange.objects.exists()


def test_a_higher_limit_lets_accounts_stay_until_they_fell_well_below_it(
    demo_request: SignalKind, db: None
) -> None:
    account = make_account()
    signals(account, demo_request, 3)
    (weight,) = weights_of(FAMILIES["bands"], "band_hot")
    assert [each.group for each in (preview(weight, Decimal(35), today()) or pytest.fail()).changed] == []
    assert [each.group for each in (preview(weight, Decimal(40), today()) or pytest.fail()).changed] == [
        "hot → warm"
    ]


def test_a_criterion_that_counts_more_moves_the_fit(db: None) -> None:
    account = make_account()
    for name, match in (("Size", "1"), ("Region", "0")):
        criterion = IcpCriterion.objects.create(name=name)
        IcpWeight.objects.create(criterion=criterion, weight=10, during=days(datetime.date(2020, 1, 1)))
        Fit.objects.create(
            account=account, criterion=criterion, match=Decimal(match), noted_on=today(), basis="confirmed"
        )
    (weight,) = weights_of(FAMILIES["fit"], str(IcpCriterion.objects.get(name="Size").pk))
    made = preview(weight, Decimal(30), today())
    assert made is not None
    # 100 x 10 / 20 = 50; 100 x 30 / 40 = 75.
    assert [(each.before, each.after) for each in made.shifts] == [(50, 75)]


def test_a_part_of_health_that_counts_more_moves_the_health(db: None) -> None:
    report_in("EUR")
    account = make_account()
    for kind, level in (("usage", "good"), ("support", "poor"), ("payment", "good")):
        AccountState.objects.create(account=account, kind=kind, level=level, date=today())
    make_touch(account)
    (weight,) = weights_of(FAMILIES["health"], "support")
    made = preview(weight, Decimal(40), today())
    assert made is not None
    # Known: usage 25, support 15, payment 10, talks 20 of 100; (25 + 10 + 20) x 100 / 70, then / 95.
    assert [(each.before, each.after) for each in made.shifts] == [(Decimal("78.6"), Decimal("57.9"))]


def test_what_is_assumed_sorts_no_account_and_is_kept_all_the_same(hana: User) -> None:
    client = as_(hana)
    assert "nothing to preview" in client.get("/weights/assumptions/margin/?value=40").content.decode()
    client.post(
        "/weights/assumptions/margin/", {"value": "40", "starts": "2026-01-01", "reason": "as audited"}
    )
    assert weights_of(FAMILIES["assumptions"], "margin")[0].on(datetime.date(2026, 5, 5)) == 40


def test_a_setting_changes_with_its_reason_and_is_taken_back(hana: User) -> None:
    report_in("EUR", grace_days=5)
    client = as_(hana)
    url = "/weights/settings/grace_days/"
    assert client.post(url, {"value": "7.5", "starts": "2026-03-01", "reason": "no"}).status_code == 422
    client.post(url, {"value": "14", "starts": "2026-03-01", "reason": "as signed"})
    made = WeightChange.objects.get()
    assert Organisation.objects.get().grace_days == 14
    assert (made.before, made.after) == (5, 14)
    assert "grr" in made.kpis and "win_rate" not in made.kpis
    client.post(f"/weights/undo/{made.pk}/")
    assert Organisation.objects.get().grace_days == 5


def test_a_change_begins_on_its_day_and_overwrites_nothing(demo_request: SignalKind, hana: User) -> None:
    answer = as_(hana).post(
        f"/weights/signals/{demo_request.pk}/",
        {"value": "12", "starts": "2026-03-01", "reason": "demos lead to deals"},
    )
    assert answer.status_code == 302
    rows = SignalWeight.objects.filter(kind=demo_request).order_by("during")
    assert [(row.weight, row.during.upper) for row in rows] == [(10, datetime.date(2026, 3, 1)), (12, None)]
    made = WeightChange.objects.get()
    assert (made.before, made.after, made.reason, made.changed_by) == (10, 12, "demos lead to deals", hana)
    # Once more from the same day would overwrite.
    again = as_(hana).post(
        f"/weights/signals/{demo_request.pk}/", {"value": "13", "starts": "2026-03-01", "reason": "no"}
    )
    assert again.status_code == 422 and "already" in again.content.decode()


def test_a_change_between_two_values_ends_where_the_later_one_begins(
    demo_request: SignalKind, hana: User
) -> None:
    (weight,) = weights_of(FAMILIES["signals"], str(demo_request.pk))
    weights.change(weight, Decimal(20), datetime.date(2026, 6, 1), "later", hana)
    (weight,) = weights_of(FAMILIES["signals"], str(demo_request.pk))
    weights.change(weight, Decimal(15), datetime.date(2026, 3, 1), "between", hana)
    rows = SignalWeight.objects.filter(kind=demo_request).order_by("during")
    assert [row.weight for row in rows] == [10, 15, 20]
    assert rows[1].during.upper == datetime.date(2026, 6, 1)


def test_a_change_is_taken_back_by_who_made_it(demo_request: SignalKind, hana: User, adam: User) -> None:
    client = as_(hana)
    answer = client.post(
        "/weights/bands/band_warm/", {"value": "12", "starts": "2026-03-01", "reason": "too many"}
    )
    assert limits_on(datetime.date(2026, 4, 1)).of(None)["band_warm"] == 12
    assert "Undo" in client.get(answer["Location"]).content.decode()
    made = WeightChange.objects.get()
    as_(adam).post(f"/weights/undo/{made.pk}/")
    assert Threshold.objects.exists()
    client.post(f"/weights/undo/{made.pk}/")
    assert not Threshold.objects.exists() and not WeightChange.objects.exists()


def test_bands_keep_their_order_on_every_day(hana: User) -> None:
    client = as_(hana)

    def change(key: str, value: str, starts: str) -> str:
        answer = client.post(f"/weights/bands/{key}/", {"value": value, "starts": starts, "reason": "a try"})
        return answer.content.decode() if answer.status_code == 422 else "kept"

    # 10, 25, 50 since ever; hot is to be 15 from June on, so that warm may be 20 up to then and no longer.
    assert change("band_hot", "15", "2026-06-01") == "kept"
    for value, starts, limits in (
        ("25", "2026-01-01", "1 Jan 2026 they would be 25, 25, 50"),
        ("20", "2026-01-01", "1 Jun 2026 they would be 20, 15, 50"),
    ):
        assert limits in change("band_warm", value, starts).replace("\xa0", " ")
    assert change("band_warm", "12", "2026-06-01") == "kept"
    assert change("band_warm", "20", "2026-01-01") == "kept"
    assert "more than 100" in change("band_stay", "101", "2026-01-01")
    assert "above 0 points" in change("band_warm", "0", "2026-07-01")
    assert change("band_stay", "0", "2026-07-01") == "kept"


def test_of_a_mean_something_always_counts_and_no_change_is_none(hana: User) -> None:
    client = as_(hana)

    def change(key: str, value: str, starts: str = "2026-06-01") -> str:
        answer = client.post(f"/weights/health/{key}/", {"value": value, "starts": starts, "reason": "a try"})
        return answer.context["form"].errors["value"][0] if answer.status_code == 422 else "kept"

    assert change("usage", "25") == "It has this value on that day already."
    for part in ("usage", "satisfaction", "support", "interaction", "payment"):
        assert change(part, "0") == "kept"
    # Engagement alone counts from June on: neither then nor earlier may it be taken away up to then.
    for starts in ("2026-06-01", "2026-01-01"):
        assert "On 1 Jun 2026 nothing would count" in change("engagement", "0", starts).replace("\xa0", " ")
    payment = WeightChange.objects.latest("pk")
    assert change("payment", "5", "2026-09-01") == "kept"
    assert change("engagement", "0", "2026-09-01") == "kept"
    # Nor by taking back what alone counts since then.
    assert not weights.take_back(WeightChange.objects.get(weight=payment.weight, starts="2026-09-01"))
    assert weights_of(FAMILIES["health"], "payment")[0].on(datetime.date(2026, 9, 1)) == 5


def test_a_change_without_a_reason_is_not_kept(demo_request: SignalKind, hana: User) -> None:
    answer = as_(hana).post("/weights/bands/band_hot/", {"value": "30", "starts": "2026-03-01"})
    assert answer.status_code == 422
    assert not Threshold.objects.exists()


def test_accounts_of_strangers_are_counted_and_not_named(demo_request: SignalKind, adam: User) -> None:
    signals(make_account("Aurora Foods"), demo_request, 2)
    page = as_(adam).get(f"/weights/signals/{demo_request.pk}/?value=15").content.decode()
    assert "1 account you may not see" in page and "Aurora" not in page


def test_the_preview_leaves_as_a_workbook_without_formulas(demo_request: SignalKind, hana: User) -> None:
    signals(make_account("=Aurora()"), demo_request, 2)
    answer: Any = as_(hana).get(f"/weights/signals/{demo_request.pk}/?value=15&export=xlsx")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(str(cell.value).endswith("=Aurora()") for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)


def test_a_changed_weight_is_marked_in_the_trends_it_enters(published: Run, hana: User) -> None:
    WeightChange.objects.create(
        weight="signals:1", label="Demo request", before=1, after=2, starts=datetime.date(2025, 6, 1),
        reason="demos lead to deals", kpis=["win_rate"], changed_by=hana,
    )  # fmt: skip
    run("2026-01-10")
    response = as_(hana).get("/scorecards/company/all/win_rate/?period=t12&end=2025-12")
    assert response.context["trend"]["marks"]
    assert "Demo request 1 → 2: demos lead to deals" in response.content.decode()
    other = as_(hana).get("/scorecards/company/all/account_revenue/?period=t12&end=2025-12")
    assert not other.context["trend"]["marks"]


def test_no_more_statements_for_more_accounts(demo_request: SignalKind, hana: User) -> None:
    def statements() -> int:
        client = as_(hana)
        client.get("/weights/")
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"/weights/signals/{demo_request.pk}/?value=15").status_code == 200
        return len(caught)

    signals(make_account(), demo_request, 1)
    before = statements()
    for _ in range(10):
        signals(make_account(), demo_request, 2)
    assert statements() == before


# ------------------------------------------------------------------------------------- limits of a tier


def test_a_tier_has_limits_of_its_own_and_its_accounts_alone_change(
    demo_request: SignalKind, hana: User
) -> None:
    large, small = make_account("Aurora Foods"), make_account("Borealis Steel")
    for account, tier in ((large, "Strategic"), (small, "Standard")):
        make_classification(account, "2024-01-01", tier=tier)
        signals(account, demo_request, 3)
    client, url = as_(hana), f"/weights/bands/band_hot-{Tier.objects.get(name='Strategic').pk}/"
    preview_page = client.get(f"{url}?value=40").content.decode()
    # 30 points are hot for everyone (25), and warm under 40 less 20 %.
    assert "hot → warm" in preview_page and "Aurora Foods" in preview_page and "Borealis" not in preview_page
    sent = {"value": "40", "starts": "2026-03-01", "reason": "they are larger"}
    assert client.post(url, sent).status_code == 302

    limits = limits_on(datetime.date(2026, 3, 1))
    assert limits.of(Tier.objects.get(name="Strategic").pk)["band_hot"] == 40
    assert limits.of(Tier.objects.get(name="Standard").pk)["band_hot"] == 25
    assert limits_on(datetime.date(2026, 2, 28)).own == {}
    made = WeightChange.objects.get()
    assert weights.words_of(made) == (
        "Bands of engagement: Hot from, tier Strategic 25 → 40: they are larger"
    )
    assert "engagement_band" in made.kpis
    row = next(
        line
        for line in client.get("/weights/").context["families"][1][2]
        if line.label == "Hot from, tier Standard"
    )
    assert (row.value, row.since) == ("25", "as for everyone")


def test_a_change_for_everyone_leaves_a_tier_with_its_own_limit_alone(
    demo_request: SignalKind, db: None
) -> None:
    large, small = make_account("Aurora Foods"), make_account("Borealis Steel")
    for account, tier in ((large, "Strategic"), (small, "Standard")):
        make_classification(account, "2024-01-01", tier=tier)
        signals(account, demo_request, 3)
    Threshold.objects.create(
        name="band_hot",
        tier=Tier.objects.get(name="Strategic"),
        value=28,
        during=days(datetime.date(2025, 1, 1)),
    )
    (weight,) = weights_of(FAMILIES["bands"], "band_hot")
    made = preview(weight, Decimal(45), today())
    assert made is not None and [(each.account, each.group) for each in made.changed] == [
        (small.pk, "hot → warm")
    ]


def test_a_tier_follows_everyone_again_from_a_day_on_and_that_is_taken_back(
    demo_request: SignalKind, hana: User
) -> None:
    make_classification(make_account(), "2024-01-01", tier="Strategic")
    tier = Tier.objects.get()
    client, url = as_(hana), f"/weights/bands/band_hot-{tier.pk}/"
    sent = {"follow": "1", "starts": "2026-05-01", "reason": "one rule for all"}
    assert client.post(url, sent).status_code == 422
    client.post(url, {"value": "40", "starts": "2026-03-01", "reason": "larger"})
    assert "As for everyone again" in client.get(url).content.decode()
    assert "25 instead of 40" in client.get(f"{url}?follow=1").content.decode()
    client.post(url, sent)

    assert [limits_on(datetime.date(2026, 4, 30)).of(tier.pk)["band_hot"]] == [40]
    assert not limits_on(datetime.date(2026, 5, 1)).has_own(tier.pk)
    made = WeightChange.objects.first()
    assert made is not None and weights.words_of(made).endswith("40 → as for everyone: one rule for all")
    client.post(f"/weights/undo/{made.pk}/")
    assert limits_on(datetime.date(2026, 5, 1)).of(tier.pk)["band_hot"] == 40


def test_limits_that_do_not_rise_are_refused(demo_request: SignalKind, hana: User) -> None:
    make_classification(make_account(), "2024-01-01", tier="Strategic")
    client = as_(hana)
    sent = {"starts": "2026-03-01", "reason": "no"}
    answer = client.post(f"/weights/bands/band_warm-{Tier.objects.get().pk}/", {"value": "26", **sent})
    assert answer.status_code == 422 and "warm lies under hot" in answer.content.decode()
    assert not Threshold.objects.exists() and not WeightChange.objects.exists()
    assert client.get("/weights/bands/band_warm-0/").status_code == 404
