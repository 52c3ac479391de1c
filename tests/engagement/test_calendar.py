"""Calendar files: series become meetings, known people decide, the same file twice changes nothing."""

import datetime
import time
import zoneinfo
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.engagement.calendar_file import NoCalendar, meetings
from accounts.engagement.calendar_views import CalendarForm
from accounts.models import Account, Touch, User
from tests.clients import as_
from tests.factories import make_account, make_contact

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
EVENT = "BEGIN:VEVENT\n{}\nEND:VEVENT\n"
SERIES = (
    "UID:weekly\nDTSTART;TZID=Europe/Berlin:20261005T100000\nDTEND;TZID=Europe/Berlin:20261005T104500\n"
    "RRULE:FREQ=WEEKLY;UNTIL=20261110T090000Z\nEXDATE;TZID=Europe/Berlin:20261012T100000\nSUMMARY:Weekly"
)
MOVED = (
    "UID:weekly\nRECURRENCE-ID;TZID=Europe/Berlin:20261026T100000\nDTSTART;TZID=Europe/Berlin:20261027T150000\n"
    "DTEND;TZID=Europe/Berlin:20261027T160000\nSUMMARY:Weekly, moved"
)


def calendar(*events: str) -> bytes:
    text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n" + "".join(EVENT.format(e) for e in events)
    return (text + "END:VCALENDAR\n").replace("\n", "\r\n").encode()


def read(*events: str) -> list[Any]:
    return meetings(calendar(*events), BERLIN, NOW)


def test_a_series_keeps_its_hour_over_the_change_of_clocks() -> None:
    found = read(SERIES, MOVED)
    assert [f"{each.at.astimezone(BERLIN):%d.%m. %H:%M}" for each in found] == [
        "05.10. 10:00",
        "19.10. 10:00",
        "27.10. 15:00",
        "02.11. 10:00",
        "09.11. 10:00",
    ]
    assert [each.minutes for each in found] == [45, 45, 60, 45, 45]
    assert len({each.key for each in found}) == 5
    assert [each.key for each in read(SERIES, MOVED)] == [each.key for each in found]


def test_an_endless_series_ends_with_the_next_weeks() -> None:
    found = read("UID:d\nDTSTART:20100104T080000Z\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\nSUMMARY:Daily")
    assert 250 < len(found) < 310
    assert found[0].at >= NOW - datetime.timedelta(days=365)
    assert found[-1].at <= NOW + datetime.timedelta(days=60)


@pytest.mark.parametrize(
    "event",
    [
        "UID:a\nDTSTART;VALUE=DATE:20261101\nSUMMARY:All day",
        "UID:b\nDTSTART:20261101T080000Z\nSTATUS:CANCELLED",
        "UID:c\nDTSTART:20261101T080000Z\nCLASS:PRIVATE",
        "UID:d\nDTSTART:20230101T080000Z\nSUMMARY:Long ago",
        "UID:e\nDTSTART:20261101T080000Z\nRRULE:FREQ=SECONDLY",
    ],
)
def test_what_is_no_meeting_of_this_year_is_left_out(event: str) -> None:
    assert len(read(event)) == (1 if "SECONDLY" in event else 0)


def test_who_declined_was_not_there() -> None:
    (found,) = read(
        "UID:a\nDTSTART:20261101T080000Z\nDURATION:PT30M\nLOCATION:https://teams.microsoft.com/l/x\n"
        "ORGANIZER:MAILTO:Jana@Ours.example\nATTENDEE;PARTSTAT=DECLINED:mailto:no@alfa.example\n"
        "ATTENDEE;CN=Eva:mailto:Eva@alfa.example"
    )
    assert found.people == {"jana@ours.example", "eva@alfa.example"}
    assert found.organizer == "jana@ours.example" and found.minutes == 30 and found.is_online


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART:nonsense",
        "DTSTART:20261101T080000Z\nDURATION:soon",
        "DTSTART:20261101T080000Z\nRECURRENCE-ID:nonsense",
        "DTSTART:20261101T080000Z\nRECURRENCE-ID;TZID=America/New_York:99991231T235959",
        "DTSTART:20261101T080000Z\nRRULE:FREQ=DAILY;INTERVAL=abc",
        "DTSTART:20261101T080000Z\nRRULE:FREQ=DAILY;UNTIL=never",
        "DTSTART:20261101T080000Z\nRRULE:FREQ=DAILY\nEXDATE:tomorrow",
        "DTSTART;TZID=Asia/Tokyo:00010101T000000\nRRULE:FREQ=YEARLY",
        "DTSTART;TZID=America/New_York:99991231T235959\nRRULE:FREQ=DAILY",
    ],
)
def test_a_damaged_entry_is_left_out_and_the_others_are_read(lines: str) -> None:
    found = read(f"UID:bad\n{lines}", "UID:good\nDTSTART:20261102T080000Z\nSUMMARY:Good")
    assert [each.subject for each in found] == ["Good"]


def test_a_series_that_meets_on_no_day_is_not_searched_for_ages() -> None:
    never = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    began = time.process_time()
    assert len(read(f"UID:a\nDTSTART:20261101T080000Z\n{never}")) == 1
    assert time.process_time() - began < 1


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    class Film(SimpleUploadedFile):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("it would stand in the memory")

    film = Film("film.ics", b"x")
    film.size = 2_000_000_000
    form = CalendarForm({}, {"file": film})
    assert not form.is_valid()
    assert form.errors["file"] == ["The file is larger than 5 MB: export fewer months."]


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"name,city\nA,B\n", b"BEGIN:VCALENDAR\r\n"])
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(NoCalendar):
        meetings(content, BERLIN, NOW)


@pytest.mark.django_db
def test_meetings_with_known_people_become_touches_once(maya: User, omar_account: Account) -> None:
    alfa = make_account("Alfa", owner=maya)
    eva = make_contact(alfa, "Eva Elm", email="Eva@alfa.example")
    make_contact(omar_account, "Uwe Ulm", email="uwe@beta.example")
    day = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=9)).strftime("%Y%m%d")

    def event(uid: str, people: str, title: str, hour: int = 9) -> str:
        who = "".join(f"\nATTENDEE:mailto:{each}" for each in people.split())
        return f"UID:{uid}\nDTSTART:{day}T{hour:02}0000Z\nDURATION:PT1H\nSUMMARY:{title}{who}"

    def upload(*events: str) -> Any:
        file = SimpleUploadedFile("my.ics", calendar(*events), "text/calendar")
        return as_(maya).post(reverse("engagement:calendar_import"), {"file": file})

    page = upload(
        event("1", "eva@alfa.example uwe@beta.example maya@kamplan.example", "Talk"),
        event("2", "uwe@beta.example", "Not mine"),
        event("3", "doctor@health.example", "Private matters"),
    )
    assert [(each.meeting.subject, each.account, each.contacts) for each in page.context["found"]] == [
        ("Talk", alfa, [eva])
    ]
    assert b"Private matters" not in page.content and b"Not mine" not in page.content
    keep = [each.external_id for each in page.context["found"]]
    confirm = {"seal": page.context["seal"], "keep": keep}
    assert as_(maya).post(reverse("engagement:calendar_import"), confirm).status_code == 302
    touch = Touch.objects.get()
    assert touch.actor == maya and touch.minutes == 60 and list(touch.contacts.all()) == [eva]
    as_(maya).post(reverse("engagement:calendar_import"), confirm)
    assert Touch.objects.count() == 1
    Touch.objects.update(note="What we said")
    assert upload(event("1", "eva@alfa.example", "Talk")).context["found"] == []
    page = upload(event("1", "eva@alfa.example", "Talk", hour=11))
    assert [each.state for each in page.context["found"]] == ["changed"]
    as_(maya).post(reverse("engagement:calendar_import"), {"seal": page.context["seal"], "keep": keep})
    touch.refresh_from_db()
    assert touch.at.hour == 11 and touch.note == "What we said" and touch.version == 2


@pytest.mark.django_db
def test_an_import_is_taken_back_as_a_whole_except_what_somebody_wrote_to_since(
    maya: User, omar: User
) -> None:
    make_contact(make_account("Alfa", owner=maya), "Eva", email="eva@alfa.example")
    day = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3)).strftime("%Y%m%d")
    client, url = as_(maya), reverse("engagement:calendar_import")

    def imports(*hours: int) -> None:
        events = [
            f"UID:{number}\nDTSTART:{day}T{hour:02}0000Z\nATTENDEE:mailto:eva@alfa.example"
            for number, hour in enumerate(hours)
        ]
        page = client.post(url, {"file": SimpleUploadedFile("my.ics", calendar(*events))})
        keep = [each.external_id for each in page.context["found"]]
        client.post(url, {"seal": page.context["seal"], "keep": keep})

    imports(8, 9)
    assert "2 added, 0 changed" in client.get(url).content.decode()
    # The next import moves one of them and brings a third, to which somebody adds a note.
    imports(10, 9, 11)
    Touch.objects.filter(at__hour=11).update(note="Said yes", version=2)
    assert as_(omar).post(reverse("engagement:calendar_undo")).status_code == 302
    answer = client.post(reverse("engagement:calendar_undo"), follow=True)
    assert "1 meeting taken back. 1 stays: somebody wrote to it since." in answer.content.decode()
    assert sorted(Touch.objects.values_list("at__hour", flat=True)) == [8, 9, 11]
    client.post(reverse("engagement:calendar_undo"))
    assert Touch.objects.count() == 3


@pytest.mark.django_db
def test_a_preview_is_for_who_made_it(maya: User, omar: User) -> None:
    make_contact(make_account("Alfa", owner=maya), "Eva", email="eva@alfa.example")
    day = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3)).strftime("%Y%m%d")
    content = calendar(f"UID:1\nDTSTART:{day}T090000Z\nATTENDEE:mailto:eva@alfa.example")
    url, file = reverse("engagement:calendar_import"), SimpleUploadedFile("my.ics", content)
    page = as_(maya).post(url, {"file": file})
    data = {"seal": page.context["seal"], "keep": [each.external_id for each in page.context["found"]]}
    as_(omar).post(url, data)
    assert not Touch.objects.exists()
