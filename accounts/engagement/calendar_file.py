"""Meetings of a calendar file (.ics): which there were, who was invited, series as single meetings."""

import datetime
import time
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar

MAX_BYTES = 5 * 1024 * 1024
MAX_EVENTS = 20_000
MAX_SERIES = 1_000
# Older and later ones say nothing about how an account is looked after now.
PAST = datetime.timedelta(days=365)
COMING = datetime.timedelta(days=60)
LONGEST = datetime.timedelta(days=1)
ONLINE = ("teams.microsoft", "zoom.us", "meet.google", "webex", "whereby")
# More often than daily is no series of meetings, and could be a million of them.
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
TOO_FINE = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
# A rule that fits no day (30 February) is searched until the year 9999: of days and weeks only weekdays are chosen,
# and all series of a file together have these seconds of processor.
SHORT = frozenset({"DAILY", "WEEKLY"})
OF_SHORT = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"})
SECONDS = 5.0
# What a damaged entry makes of a value; the entry is left out, the others are read.
DAMAGED = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
TOO_LARGE = f"The file is larger than {MAX_BYTES >> 20} MB: export fewer months."
TOO_MANY = "The calendar holds too many entries: export fewer months."
Moment = datetime.datetime


class NoCalendar(Exception):
    """The file cannot be read; the text says what to do."""


@dataclass(frozen=True)
class Meeting:
    """One meeting; `key` is its own, also within a series, however often the file is read."""

    key: str
    at: Moment
    minutes: int | None
    subject: str
    organizer: str
    people: frozenset[str]
    """E-mail addresses in small letters, without those who declined."""
    is_online: bool


def meetings(content: bytes, zone: zoneinfo.ZoneInfo, now: Moment) -> list[Meeting]:
    """Those of the last year and the next weeks, in order; all-day and private entries are no meetings."""
    events = _events(content)
    moved = dict(_moved(events, zone))
    found: dict[str, Meeting] = {}
    ends = time.thread_time() + SECONDS
    for event in events:
        if event.get("recurrence-id") is not None:
            continue
        if time.thread_time() > ends:
            raise NoCalendar(TOO_MANY)
        try:
            for key, at, one in _occurrences(event, moved, zone, now):
                _keep(found, key, at, one, now)
        except DAMAGED:
            continue
    # A single meeting of somebody else's series comes without the series.
    for (uid, was), event in moved.items():
        try:
            start = _start(event, zone)
            if start is not None:
                _keep(found, f"{uid}/{was:%Y%m%dT%H%M%SZ}", start, event, now)
        except DAMAGED:
            continue
    return sorted(found.values(), key=lambda each: each.at)


def _events(content: bytes) -> list[Any]:
    if len(content) > MAX_BYTES:
        raise NoCalendar(TOO_LARGE)
    try:
        calendars = Calendar.from_ical(content, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError, TypeError):
        raise NoCalendar("This is no calendar file: export your calendar as .ics.") from None
    if not calendars:
        raise NoCalendar("This is no calendar file: export your calendar as .ics.")
    if len(events) > MAX_EVENTS or sum("rrule" in event for event in events) > MAX_SERIES:
        raise NoCalendar(TOO_MANY)
    return events


def _moved(events: list[Any], zone: zoneinfo.ZoneInfo) -> Iterator[tuple[tuple[str, Moment], Any]]:
    """Single meetings of a series that were moved or changed, by series and the moment they had."""
    for event in events:
        try:
            if event.get("recurrence-id") is not None:
                yield (_text(event, "uid"), _utc(event.decoded("recurrence-id"), zone)), event
        except DAMAGED:
            continue


def _keep(found: dict[str, Meeting], key: str, at: Moment, event: Any, now: Moment) -> None:
    cancelled = _text(event, "status").upper() == "CANCELLED"
    private = _text(event, "class").upper() in {"PRIVATE", "CONFIDENTIAL"}
    if key in found or cancelled or private or not now - PAST <= at <= now + COMING:
        return
    organizer, people = _address(event.get("organizer")), _people(event)
    words = " ".join(_text(event, name) for name in ("location", "description", "url")).lower()
    found[key] = Meeting(
        key,
        at,
        _minutes(event, at.tzinfo),
        _text(event, "summary")[:200],
        organizer,
        people | ({organizer} if organizer else set()),
        any(name in words for name in ONLINE),
    )


def _occurrences(
    event: Any, moved: dict[tuple[str, Moment], Any], zone: zoneinfo.ZoneInfo, now: Moment
) -> Iterator[tuple[str, Moment, Any]]:
    """Key, moment and entry of each meeting; one of a series that was moved or changed is its own entry."""
    start, uid = _start(event, zone), _text(event, "uid")
    if start is None or not uid:
        return
    if "rrule" not in event and "rdate" not in event:
        yield uid, start, event
        return
    for at in sorted(_series(event, start, zone, now)):
        was = at.astimezone(datetime.UTC)
        if (uid, was) not in moved:
            yield f"{uid}/{was:%Y%m%dT%H%M%SZ}", at, event


def _series(event: Any, start: Moment, zone: zoneinfo.ZoneInfo, now: Moment) -> set[Moment]:
    """The moments of a series. Counted on the clock of its own zone: ten o'clock stays ten o'clock."""
    own = start.tzinfo
    found = {start, *_moments(event.get("rdate"), zone)}
    rules = event.get("rrule", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
        step = next(iter(rule.get("INTERVAL", [1])))
        if frequency not in FREQUENCIES or TOO_FINE & set(rule) or int(step) < 1:
            continue
        if frequency in SHORT and set(rule) - OF_SHORT:
            continue
        last = (now + COMING).astimezone(own).replace(tzinfo=None)
        until = min([last, *(_naive(each, own) for each in rule.get("UNTIL", []))])
        parts = {name: values for name, values in rule.items() if name != "UNTIL"}
        end = "" if "COUNT" in parts else f";UNTIL={until:%Y%m%dT%H%M%S}"
        try:
            text = type(rule)(parts).to_ical().decode() + end
            naive = rrulestr(text, dtstart=start.replace(tzinfo=None))
            first = (now - PAST).astimezone(own).replace(tzinfo=None)
            found |= {each.replace(tzinfo=own) for each in naive.between(first, last, inc=True)}
        except (ValueError, TypeError):
            continue
    left_out = {each.astimezone(datetime.UTC) for each in _moments(event.get("exdate"), zone)}
    return {each for each in found if each.astimezone(datetime.UTC) not in left_out}


def _naive(value: Any, zone: datetime.tzinfo | None) -> Moment:
    if not isinstance(value, datetime.datetime):
        return datetime.datetime.combine(value, datetime.time(23, 59, 59))
    return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value


def _moments(lists: Any, zone: zoneinfo.ZoneInfo) -> Iterator[Moment]:
    for each in lists if isinstance(lists, list) else [lists]:
        for value in getattr(each, "dts", ()):
            if isinstance(value.dt, datetime.datetime):
                yield _aware(value.dt, zone)


def _aware(value: Moment, zone: zoneinfo.ZoneInfo) -> Moment:
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _utc(value: Any, zone: zoneinfo.ZoneInfo) -> Moment:
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    return _aware(value, zone).astimezone(datetime.UTC)


def _start(event: Any, zone: zoneinfo.ZoneInfo) -> Moment | None:
    try:
        value = event.decoded("dtstart")
    except (KeyError, ValueError):
        return None
    return _aware(value, zone) if isinstance(value, datetime.datetime) else None


def _minutes(event: Any, zone: datetime.tzinfo | None) -> int | None:
    try:
        if "duration" in event:
            length: datetime.timedelta = event.decoded("duration")
        else:
            length = event.decoded("dtend") - event.decoded("dtstart")
    except (KeyError, ValueError, TypeError):
        return None
    if not datetime.timedelta(minutes=1) <= length <= LONGEST:
        return None
    return round(length.total_seconds() / 60)


def _people(event: Any) -> frozenset[str]:
    invited: Iterable[Any] = event.get("attendee", [])
    invited = invited if isinstance(invited, list) else [invited]
    came = [each for each in invited if str(each.params.get("PARTSTAT", "")).upper() != "DECLINED"]
    return frozenset(filter(None, map(_address, came)))


def _address(value: Any) -> str:
    text = str(value or "").strip().lower().removeprefix("mailto:")
    return text if "@" in text else ""


def _text(event: Any, name: str) -> str:
    value = event.get(name)
    return " ".join(str(value[0] if isinstance(value, list) else value).split()) if value is not None else ""
