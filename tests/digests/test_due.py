"""Whose digest is due, and when: by the clock where people are."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Message, Organisation, User
from metrics.digests.due import next_morning, put_due
from metrics.models import DigestSettings
from tests.factories import make_user

UTC = datetime.UTC
pytestmark = pytest.mark.django_db


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def wants(user: User, rhythm: str, since: str, **fields: object) -> DigestSettings:
    Organisation.objects.get_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
    return DigestSettings.objects.create(user=user, rhythm=rhythm, asked_at=at(since), **fields)


def due_at(now: str, *people: User) -> list[int]:
    """Which of these people; whoever never chose is asked on Mondays, too."""
    return [each.user for each in put_due(at(now)) if each.user in {person.pk for person in people}]


def keys() -> list[str]:
    return sorted(Message.objects.values_list("dedup_key", flat=True))


@pytest.mark.parametrize(
    ("evening", "too_early", "due"),
    [
        # The clocks in Berlin go forward on 29 March 2026 and back on 25 October: seven is 5:00, then 6:00 UTC.
        ("2026-03-28T20:00", "2026-03-29T04:59", "2026-03-29T05:01"),
        ("2026-10-24T20:00", "2026-10-25T05:59", "2026-10-25T06:01"),
    ],
)
def test_seven_in_the_morning_is_meant_on_both_nights_on_which_clocks_change(
    maya: User, evening: str, too_early: str, due: str
) -> None:
    wants(maya, "daily", evening)
    assert put_due(at(too_early)) == []
    assert [each.on for each in put_due(at(due))] == [at(due).date()]
    assert put_due(at(due) + datetime.timedelta(hours=23)) == []
    assert keys() == [f"digest:{maya.pk}:{at(due):%Y-%m-%d}"]


def test_everybody_is_asked_by_their_own_clock(maya: User, omar: User) -> None:
    wants(maya, "daily", "2026-11-01T12:00", time_zone="Asia/Tokyo")
    wants(omar, "daily", "2026-11-01T12:00", time_zone="America/New_York")
    # 7:00 in Tokyo is 22:00 UTC of the day before, in New York 12:00 UTC.
    assert due_at("2026-11-01T22:01", maya, omar) == [maya.pk]
    assert due_at("2026-11-02T12:01", maya, omar) == [omar.pk]


def test_the_week_has_one_digest_on_its_day_and_a_missed_day_is_caught_up(maya: User) -> None:
    wants(maya, "weekly", "2026-11-24T12:00", weekday=1)
    assert put_due(at("2026-11-29T12:00")) == []
    # Nobody looked on Monday, 30 November; on Wednesday there is one, and then none until the next Monday.
    assert due_at("2026-12-02T09:00", maya) == [maya.pk]
    assert put_due(at("2026-12-06T23:00")) == []
    assert due_at("2026-12-07T06:01", maya) == [maya.pk]
    mine = [key for key in keys() if key.startswith(f"digest:{maya.pk}:")]
    assert mine == [f"digest:{maya.pk}:2026-W49", f"digest:{maya.pk}:2026-W50"]


def test_days_without_a_worker_do_not_pile_up(maya: User) -> None:
    wants(maya, "daily", "2026-11-01T12:00")
    put_due(at("2026-11-09T10:00"))
    assert keys() == [f"digest:{maya.pk}:2026-11-09"]


def test_two_clocks_at_once_put_one_message(maya: User) -> None:
    chosen = wants(maya, "daily", "2026-11-01T12:00")
    put_due(at("2026-11-02T10:00"))
    DigestSettings.objects.filter(pk=chosen.pk).update(asked_at=at("2026-11-01T12:00"))
    put_due(at("2026-11-02T10:00"))
    assert len(keys()) == 1


def test_off_is_off_and_only_who_works_with_accounts_is_asked(maya: User, vic: User, adam: User) -> None:
    wants(maya, "off", "2026-11-01T12:00")
    wants(vic, "daily", "2026-11-01T12:00")
    gone = make_user(is_active=False)
    wants(gone, "daily", "2026-11-01T12:00")
    assert put_due(at("2026-11-02T10:00")) == []
    assert not DigestSettings.objects.filter(user=adam).exists()


def test_who_never_chose_is_asked_on_the_next_monday(maya: User) -> None:
    assert put_due(at("2026-11-27T10:00")) == []
    found = put_due(at("2026-11-30T06:01"))
    assert {each.user for each in found} == {maya.pk, maya.memberships.get().team.lead_id}


def test_a_thousandth_person_costs_no_further_statement(maya: User) -> None:
    wants(maya, "daily", "2026-11-01T12:00")

    def statements(now: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            put_due(at(now))
        return len(captured)

    few = statements("2026-11-02T10:00")
    for _ in range(30):
        wants(make_user(), "daily", "2026-11-01T12:00")
    assert statements("2026-11-03T10:00") == few


def test_the_page_names_the_morning_that_the_database_will_find(maya: User) -> None:
    chosen = wants(maya, "weekly", "2026-11-26T12:00", weekday=3, time_zone="America/New_York")
    named = next_morning(chosen, at("2026-11-26T12:00"))
    assert named is not None and named.astimezone(UTC) == at("2026-12-02T12:00")
    assert put_due(named - datetime.timedelta(seconds=1)) == []
    assert maya.pk in [each.user for each in put_due(named)]
