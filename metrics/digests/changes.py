"""What changed for one person since their last digest: read as they may see it now, never as it was then.

Every line has a key; what the last digest spoke of is left out, for facts that know their day only. A person's own
opinions about people at customers never stand in a mail, nor what somebody wrote in a survey.
"""

import datetime
from dataclasses import dataclass, field

from django.urls import reverse

from accounts.models import Organisation, User
from metrics.digests import accounts, figures, team
from metrics.digests.figures import Headline
from metrics.digests.lines import Line, Reader
from metrics.digests.models import Digest, DigestKind, DigestSettings, Rhythm
from metrics.models import Run
from metrics.reading import newest_run, reading

LONGEST = datetime.timedelta(days=31)
"""Nobody reads what changed in a year."""
PAUSE = {Rhythm.DAILY: datetime.timedelta(days=1), Rhythm.WEEKLY: datetime.timedelta(days=7)}
ONE_SCREEN = 10
IN_A_SECTION = 3

SOURCES = {
    DigestKind.DATES: accounts.dates,
    DigestKind.ACTIONS: accounts.overdue,
    DigestKind.VOICE: accounts.low_marks,
    DigestKind.PEOPLE: accounts.people,
    DigestKind.WARNINGS: accounts.warnings,
    DigestKind.WARMER: accounts.warmer,
    DigestKind.FIGURES: figures.moves,
    DigestKind.TEAM: team.released,
}


@dataclass(frozen=True)
class Section:
    """The lines of one kind: those that fit, and how many more there are."""

    kind: DigestKind
    lines: list[Line]
    shown: list[Line]
    url: str

    @property
    def more(self) -> int:
        return len(self.lines) - len(self.shown)


@dataclass(frozen=True)
class Changes:
    user: User
    since: datetime.datetime
    until: datetime.datetime
    run: Run | None
    headline: Headline | None = None
    sections: list[Section] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.sections

    @property
    def count(self) -> int:
        return sum(len(each.lines) for each in self.sections)

    @property
    def keys(self) -> list[str]:
        return [f"{each.kind.value}|{line.key}" for each in self.sections for line in each.lines]


def changes_for(user: User, settings: DigestSettings, until: datetime.datetime, period: str = "") -> Changes:
    """Everything of the kinds they want; `period` is that of the digest being written. A few statements a kind."""
    last = Digest.objects.visible_to(user).reached().exclude(period=period).first()
    since = begins(last, settings.rhythm, until)
    said = {str(key) for key in last.lines} if last else set()
    organisation = Organisation.current()
    with reading():
        run = newest_run()
        reader = Reader(user, organisation, since, until, run)
        found = {
            kind: [line for line in SOURCES[kind](reader) if f"{kind.value}|{line.key}" not in said]
            for kind in settings.kinds
        }
        headline = figures.headline(reader) if any(found.values()) else None
    return Changes(user, since, until, run, headline, sections(found))


def begins(last: Digest | None, rhythm: str, until: datetime.datetime) -> datetime.datetime:
    """The end of the last one that went out; before the first one a day or a week ago."""
    usual = until - PAUSE.get(Rhythm(rhythm), PAUSE[Rhythm.WEEKLY])
    return max(last.until if last else usual, until - LONGEST)


def sections(found: dict[DigestKind, list[Line]]) -> list[Section]:
    """In their order; together no longer than a screen, and each with something of its own."""
    filled = {kind: lines for kind, lines in found.items() if lines}
    places = dict.fromkeys(filled, 1)
    while sum(places.values()) < ONE_SCREEN:
        growing = [kind for kind, lines in filled.items() if places[kind] < min(len(lines), IN_A_SECTION)]
        if not growing:
            break
        for kind in growing[: ONE_SCREEN - sum(places.values())]:
            places[kind] += 1
    return [Section(kind, lines, lines[: places[kind]], list_url(kind)) for kind, lines in filled.items()]


def list_url(kind: DigestKind) -> str:
    """Where all of this kind stands."""
    return reverse(
        {
            DigestKind.DATES: "plans:renewals",
            DigestKind.VOICE: "surveys:list",
            DigestKind.WARNINGS: "metrics:warning_list",
            DigestKind.WARMER: "metrics:warning_list",
            DigestKind.FIGURES: "metrics:scorecard",
            DigestKind.TEAM: "employees:panel",
        }.get(kind, "home")
    )
