"""The engagement band of an account: its name, since when, and what would change it."""

import datetime
from typing import Any

import pytest
from django.db import connection

from accounts.engagement.reference import add_signal_kinds
from accounts.fields import days
from accounts.models import Account, Classification, SignalKind, SignalWeight, Tier, User
from metrics.models import Threshold
from metrics.sources.signals import BANDS
from tests.clients import as_
from tests.factories import make_classification, make_signal
from tests.metrics.engine import run

pytestmark = pytest.mark.django_db


def band(user: User, account: Account) -> Any:
    return as_(user).get(f"/portfolio/{account.pk}/").context["band"]


def test_a_band_says_since_when_and_what_lifts_it_or_lets_it_fall(maya: User, maya_account: Account) -> None:
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    # Three requests for a demonstration in March 2025 are 30 points, of them 20 and a download (3) left from June on.
    for at in ("2025-03-10T10:00:00Z", "2025-05-05T10:00:00Z", "2025-05-06T10:00:00Z"):
        make_signal(maya_account, "demo_request", at=at)
    make_signal(maya_account, "download", at="2025-06-02T10:00:00Z")
    run("2025-05-20")
    hot = band(maya, maya_account)
    assert (hot.name, hot.since.replace("\xa0", " "), hot.points) == ("hot", "May 2025", "30")
    assert hot.rule == "rises to red-hot from 50 points on; falls to warm only under 20"

    run("2025-06-20")
    still = band(maya, maya_account)
    assert (still.name, still.since.replace("\xa0", " "), still.points) == ("hot", "May 2025", "23")
    assert still.rule == "rises to red-hot from 50 points on; still hot below 25, falls to warm only under 20"


def test_an_account_without_signals_has_no_band(maya: User, maya_account: Account) -> None:
    run("2025-06-20")
    assert band(maya, maya_account) is None


def test_the_limits_of_its_tier_decide_and_are_named(maya: User, hana: User, maya_account: Account) -> None:
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    make_classification(maya_account, "2024-01-01", tier="Strategic")
    tier = Tier.objects.get(name="Strategic")
    Threshold.objects.create(name="band_hot", tier=tier, value=35, during=days(datetime.date(2025, 5, 1)))
    for at in ("2025-05-10T10:00:00Z", "2025-05-11T10:00:00Z", "2025-05-12T10:00:00Z"):
        make_signal(maya_account, "demo_request", at=at)
    run("2025-05-31")
    # 30 points: hot for everyone from 25, for its tier from 35.
    warm = band(maya, maya_account)
    assert (warm.name, warm.points) == ("warm", "30")
    assert warm.rule == (
        "rises to hot from 35 points on; falls to cold only under 8 (limits of tier Strategic)"
    )
    (row,) = result_rows("engagement_band", "2025-05-01", "2025-06-01", maya_account)
    assert row == ("warm", "30 points, warm from 10 in tier Strategic")

    # The month after it is of no tier: the limits of everyone hold, and 30 points are hot.
    held = Classification.objects.get(account=maya_account)
    held.during = days(held.during.lower, datetime.date(2025, 6, 1))
    held.save()
    run("2025-06-10")
    assert band(maya, maya_account).name == "hot"
    (row,) = result_rows("engagement_band", "2025-06-01", "2025-06-11", maya_account)
    assert row == ("hot", "30 points, hot from 25")


def result_rows(kpi: str, first: str, until: str, account: Account) -> list[tuple[str, str]]:
    """What the drill-down lists of an account on the last day."""
    day = datetime.date.fromisoformat(until) - datetime.timedelta(days=1)
    with connection.cursor() as cursor:
        sql = BANDS.select("o.account_id = %(account)s", "(SELECT %(day)s::date AS day)")
        cursor.execute(f"SELECT label, detail FROM ({sql}) r", {"account": account.pk, "day": day})
        found: list[tuple[str, str]] = cursor.fetchall()
    return found
