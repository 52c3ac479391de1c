"""The engagement band of an account: its name, since when, and what would change it."""

from typing import Any

import pytest
from django.test import Client

from accounts.engagement.reference import add_signal_kinds
from accounts.models import Account, SignalKind, SignalWeight, User
from tests.factories import make_signal
from tests.metrics.engine import run
from tests.metrics_pages.conftest import BACKEND

pytestmark = pytest.mark.django_db


def band(user: User, account: Account) -> Any:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.get(f"/portfolio/{account.pk}/").context["band"]


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
