"""Times are read in the organisation's time zone, and its settings once a request."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Organisation, User
from metrics.models import Run

pytestmark = pytest.mark.django_db


def test_a_page_shows_times_in_the_time_zone_of_the_organisation(client: Client, hana: User) -> None:
    Organisation.objects.create(pk=1, time_zone="Asia/Tokyo")
    Run.objects.create(
        cause="manual",
        as_of="2026-06-10",
        published_at=datetime.datetime(2026, 6, 10, 20, 5, tzinfo=datetime.UTC),
        fingerprint="x",
    )
    client.force_login(hana)
    page = client.get("/runs/").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "11 Jun 2026, 05:05" in page
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_request_reads_the_settings_once(client: Client, maya: User) -> None:
    Organisation.objects.create(pk=1)
    client.force_login(maya)
    client.get("/portfolio/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/portfolio/")
    assert sum('FROM "accounts_organisation"' in query["sql"] for query in queries) == 1
