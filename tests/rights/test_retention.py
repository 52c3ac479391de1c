"""What is kept for a while is deleted by the clock, and nothing before its time."""

import datetime

import pghistory
import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import (
    Account,
    Elevation,
    Import,
    ImportChange,
    Message,
    Organisation,
    Session,
    User,
    ViewAs,
    ViewedPage,
)
from accounts.rights.retention import delete_what_is_over
from accounts.tasks import retention

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def kept(maya_account: Account, maya: User, adam: User) -> datetime.datetime:
    """A change, an elevation with a page viewed, a sent mail, a waiting one, an import, a session: all of now."""
    now = timezone.now()
    Organisation.objects.update_or_create(pk=1)
    with pghistory.context(user=adam.pk):
        Account.objects.filter(pk=maya_account.pk).update(city="Bergen")
    Elevation.objects.create(user=adam, reason="a case", since=now, until=now)
    view = ViewAs.objects.create(by=adam, whom=maya, since=now, until=now)
    ViewedPage.objects.create(view_as=view, path="/", at=now)
    for state in ("sent", "new"):
        Message.objects.create(kind="notice", recipient=maya, dedup_key=state, state=state, created_at=now)
    done = Import.objects.create(
        kind="contacts", source="crm", file_name="f.csv", uploaded_by=adam, state="applied", finished_at=now
    )
    ImportChange.objects.create(of=done, part="people", state="created", values=[])
    Session.objects.create(session_key="k", session_data="", expire_date=now + 7 * DAY)
    return now


def number_of_events() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT COUNT(*) FROM accounts_accountevent) + (SELECT COUNT(*) FROM pghistory_context)"
        )
        return int(cursor.fetchone()[0])


def test_each_kind_goes_when_its_time_is_over_and_not_before(kept: datetime.datetime) -> None:
    assert delete_what_is_over(kept) == {}
    assert set(delete_what_is_over(kept + 8 * DAY)) == {"sessions"}
    # 12 months of imported rows, 400 days of mails, 24 months of access, 60 of history.
    assert set(delete_what_is_over(kept + 360 * DAY)) == set()
    assert set(delete_what_is_over(kept + 367 * DAY)) == {"import changes"}
    assert set(delete_what_is_over(kept + 399 * DAY)) == set()
    assert delete_what_is_over(kept + 401 * DAY) == {"messages": 1}
    assert Message.objects.get().state == "new"
    assert set(delete_what_is_over(kept + 729 * DAY)) == set()
    assert delete_what_is_over(kept + 732 * DAY)["elevations"] == 1
    assert not ViewedPage.objects.exists() and number_of_events() > 1
    assert delete_what_is_over(kept + 1825 * DAY) == {}
    assert delete_what_is_over(kept + 1829 * DAY)["contexts"] == 1
    assert number_of_events() == 0
    assert Account.objects.get().city == "Bergen"


def test_what_has_no_period_is_kept_for_good(kept: datetime.datetime) -> None:
    Organisation.objects.update(
        keep_history_months=None, keep_access_months=None, keep_mail_days=None, keep_import_months=None
    )
    assert set(delete_what_is_over(kept + 9999 * DAY)) == {"sessions"}


def test_the_job_deletes_a_piece_at_a_time(
    kept: datetime.datetime, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.rights.retention.PIECE", 2)
    old = timezone.now() - 500 * DAY
    Message.objects.bulk_create(
        Message(kind="notice", recipient=maya, dedup_key=f"k{n}", state="sent", created_at=old)
        for n in range(3)
    )
    retention()
    assert Message.objects.filter(created_at=old).count() == 1
    retention()
    assert not Message.objects.filter(created_at=old).exists()
