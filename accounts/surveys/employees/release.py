"""The one place that turns answers into figures, once, and the one place that hands released figures out.

Panel, exports, API and mail read `rows_for`; KPIs read `figures`. Nothing else reads an answer.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL

from accounts.people.models import Role, Team, User
from accounts.surveys.employees import actions, rules
from accounts.surveys.employees.models import (
    EmployeeAnswer,
    EmployeeComment,
    EmployeeInvitation,
    EmployeeResult,
    EmployeeWave,
)
from accounts.surveys.employees.rules import (
    AGREEMENT,
    COMPANY,
    RECOMMENDATION,
    Dimension,
    Group,
    Hidden,
    Scale,
    groups_of,
)
from kamplan.permissions import READS_EMPLOYEE_PANEL, RUNS_EMPLOYEE_WAVES
from kamplan.waking import wake

Item = EmployeeResult.Item
Key = tuple[str, int]
"""A question: what is asked, and which of the statements."""


# ------------------------------------------------------------------------------------------ releasing


@transaction.atomic
def release(wave: EmployeeWave, today: datetime.date) -> None:
    """Freeze the figures of a closed wave, then delete what they were made of: there is no second time."""
    wave = EmployeeWave.objects.select_for_update().get(pk=wave.pk)
    if wave.state != EmployeeWave.State.CLOSED:
        raise ValidationError("Only a closed wave is released, and only once.")
    answers = list(EmployeeAnswer.objects.filter(wave=wave))
    invitations = list(wave.invitations.all())
    comments = EmployeeComment.objects.filter(wave=wave)
    statements = wave.statements.count()
    rows = rows_of(wave, answers, invitations, statements, comments.count(), clashes_with_earlier(wave))
    EmployeeResult.objects.bulk_create(rows)
    if not any(row.item == Item.COMMENTS and not row.hidden for row in rows):
        comments.delete()
    # Whoever reads the database later finds sums and no answers with three labels each.
    EmployeeAnswer.objects.filter(wave=wave).delete()
    EmployeeWave.objects.filter(pk=wave.pk).update(state=EmployeeWave.State.RELEASED, released_on=today)
    transaction.on_commit(lambda: wake(actions.TASK))


def clashes_with_earlier(wave: EmployeeWave) -> Callable[[frozenset[Group]], bool]:
    """Whether groups of this wave, taken together, differ by a few people from a sum that is known already."""
    now = who_answered(wave)
    earlier = EmployeeWave.objects.released().exclude(pk=wave.pk)
    known = [people for each in earlier for people in known_sums(each)]

    def clashes(groups: frozenset[Group]) -> bool:
        people: set[int | None] = set().union(*(now.get(group, set()) for group in groups))
        return any(rules.differ_by_few(people, then, wave.k) for then in known)

    return clashes


def who_answered(wave: EmployeeWave) -> dict[Group, set[int | None]]:
    found: defaultdict[Group, set[int | None]] = defaultdict(set)
    for each in wave.invitations.filter(used=True):
        found[COMPANY].add(each.employee_id)
        for dimension in wave.dimensions:
            found[dimension, label_of(each, dimension)].add(each.employee_id)
    return found


def known_sums(wave: EmployeeWave) -> list[set[int | None]]:
    """The people behind every figure a released wave shows, and behind what its hidden groups sum up to."""
    answered = who_answered(wave)
    took_part = wave.results.filter(item=Item.PARTICIPATION)
    shown: list[set[int | None]] = []
    rest: defaultdict[str, set[int | None]] = defaultdict(set)
    for row in took_part:
        people = answered.get((row.dimension, row.label), set())
        if row.hidden:
            rest[row.dimension] |= people
        else:
            shown.append(people)
    return [people for people in (*shown, *rest.values()) if people] if shown else []


def label_of(row: Any, dimension: str) -> str:
    return str(getattr(row, f"{dimension}_label"))


def rows_of(
    wave: EmployeeWave,
    answers: Sequence[Any],
    invitations: Sequence[EmployeeInvitation],
    statements: int,
    comments: int = 0,
    clashes: Callable[[frozenset[Group]], bool] = lambda groups: False,
) -> list[EmployeeResult]:
    """Every row of a release, in an order that depends on names only."""
    release = Release(wave, answers, invitations, clashes)
    questions: list[tuple[Key, Scale]] = [
        ((Item.SATISFACTION, 0), AGREEMENT),
        ((Item.ENPS, 0), RECOMMENDATION),
    ]
    questions += [((Item.STATEMENT, at), AGREEMENT) for at in range(1, statements + 1)]
    rows = release.participation()
    for question, scale in questions:
        rows += release.question(question, scale)
    if wave.asks_comment:
        few = comments < max(wave.comment_k, wave.k)
        rows.append(
            release.row(COMPANY, (Item.COMMENTS, 0), Hidden.FEW if few else None, n=None if few else comments)
        )
    return rows


class Release:
    """The groups of one wave, and which of them participation already hides."""

    def __init__(
        self,
        wave: EmployeeWave,
        answers: Sequence[Any],
        invitations: Sequence[EmployeeInvitation],
        clashes: Callable[[frozenset[Group]], bool],
    ) -> None:
        self.wave, self.answers = wave, answers
        asked = {at: self.labels(each) for at, each in enumerate(invitations)}
        self.asked = {group: len(people) for group, people in groups_of(asked).items()}
        self.keys = {each.team_label: each.team_key for each in invitations}
        self.clashes = clashes
        self.labelled = {at: self.labels(each) for at, each in enumerate(answers)}
        self.hidden: dict[Group, Hidden] = {}

    def labels(self, row: Any) -> dict[str, str]:
        return {dimension: label_of(row, dimension) for dimension in self.wave.dimensions}

    def participation(self) -> list[EmployeeResult]:
        self.hidden = rules.decide(self.labelled, None, self.wave.k, known=self.asked, clashes=self.clashes)
        groups = groups_of(self.labelled, self.asked)
        return [
            self.row(
                group,
                (Item.PARTICIPATION, 0),
                self.hidden.get(group),
                n=len(people),
                asked=self.asked.get(group),
            )
            for group, people in groups.items()
        ]

    def question(self, question: Key, scale: Scale) -> list[EmployeeResult]:
        given = {
            at: score
            for at, each in enumerate(self.answers)
            if (score := score_of(each, question)) is not None
        }
        labels = {at: self.labelled[at] for at in given}
        hidden = rules.decide(
            labels, given, self.wave.k, scale=scale, known=self.asked, clashes=self.is_blocked
        )
        rows = []
        for group, people in groups_of(labels, self.asked).items():
            sums = scale.sums(given[person] for person in people)
            rows.append(
                self.row(
                    group,
                    question,
                    hidden.get(group),
                    n=sums.n,
                    favourable=sums.favourable,
                    unfavourable=sums.unfavourable,
                    total=sums.total,
                )
            )
        return rows

    def is_blocked(self, groups: frozenset[Group]) -> bool:
        """What took part may not be said of a group, what it thinks even less."""
        return (len(groups) == 1 and bool(groups & self.hidden.keys())) or self.clashes(groups)

    def row(
        self, group: Group, question: Key, hidden: Hidden | None, **numbers: int | None
    ) -> EmployeeResult:
        dimension, label = group
        return EmployeeResult(
            wave=self.wave,
            dimension=dimension,
            label=label,
            team_key=self.keys.get(label) if dimension == Dimension.TEAM else None,
            item=question[0],
            position=question[1],
            hidden=hidden or "",
            **({} if hidden else numbers),
        )


def score_of(answer: Any, question: Key) -> int | None:
    item, position = question
    if item == Item.STATEMENT:
        given = answer.statements
        return given[position - 1] if position <= len(given) else None
    score: int | None = getattr(answer, item)
    return score


# ------------------------------------------------------------------------------------------ handing out


@dataclass(frozen=True)
class Seen:
    """What of a wave's rows somebody may read: everything, or the company and some teams."""

    everything: bool
    teams: frozenset[int] = frozenset()
    home: int | None = None
    """The team to begin with, as the wave knew it."""

    @property
    def condition(self) -> Q:
        if self.everything:
            return Q()
        return Q(dimension=Dimension.COMPANY) | Q(dimension=Dimension.TEAM, team_key__in=self.teams)


def may_read(user: User) -> bool:
    return user.is_active and user.role in READS_EMPLOYEE_PANEL


THIS = "SELECT %(wave)s::bigint AS id"
NEWEST = """SELECT id FROM accounts_employeewave WHERE state = 'released'
             ORDER BY closed_on DESC, id DESC LIMIT 1"""
# Every team with the wave; whether that has a result of it, and whether somebody belongs to it.
TEAMS_OF = """
    SELECT wave.id, t.id, t.parent_id, t.lead_id,
           EXISTS (SELECT 1 FROM accounts_employeeresult r
                    WHERE r.wave_id = wave.id AND r.dimension = 'team' AND r.team_key = t.id),
           EXISTS (SELECT 1 FROM accounts_membership m
                    WHERE m.team_id = t.id AND m.user_id = %(user)s AND m.during @> %(today)s::date)
      FROM ({wave}) wave LEFT JOIN accounts_team t ON TRUE"""


def seen_by(user: User, wave: EmployeeWave, today: datetime.date) -> Seen:
    """Heads and administrators see all; a lead the teams below; everybody else the own team or the level above."""
    if user.role in RUNS_EMPLOYEE_WAVES:
        return Seen(everything=True)
    _, seen = seen_in(THIS, user, today, wave.pk)
    return seen


def seen_in(which: str, user: User, today: datetime.date, wave: int = 0) -> tuple[int | None, Seen]:
    """Of this wave or the newest one, by one statement; without one there is nothing to see."""
    with connection.cursor() as cursor:
        cursor.execute(TEAMS_OF.format(wave=which), {"user": user.pk, "today": today, "wave": wave})
        rows = cursor.fetchall()
    teams = [row[1:] for row in rows if row[1] is not None]
    parents = {pk: parent for pk, parent, *_ in teams}
    leads = {pk: lead for pk, _, lead, *_ in teams}
    known = {pk for pk, _, _, is_known, _ in teams if is_known}
    own = next((pk for pk, *_, is_own in teams if is_own), None)
    home = next((team for team in chain(own, parents) if team in known), None)
    led = {pk for pk in parents if any(leads[each] == user.pk for each in chain(pk, parents))}
    seen = led & known if user.role == Role.LEAD else set()
    return rows[0][0] if rows else None, Seen(False, frozenset(seen if home is None else seen | {home}), home)


def chain(team: int | None, parents: Mapping[int, int | None]) -> list[int]:
    """A team, then those above it."""
    found: list[int] = []
    while team is not None and team not in found:
        found.append(team)
        team = parents.get(team)
    return found


def with_above(team: int) -> list[int]:
    return chain(team, dict(Team.objects.values_list("pk", "parent_id")))


def waves_for(user: User) -> list[EmployeeWave]:
    """The released waves, the newest first."""
    if not may_read(user):
        return []
    return list(EmployeeWave.objects.released().order_by("-closed_on", "-pk"))


def rows_for(user: User, wave: EmployeeWave, today: datetime.date) -> list[EmployeeResult]:
    """The released rows of a wave that somebody may read, hidden ones with their reason."""
    if not may_read(user) or wave.state != EmployeeWave.State.RELEASED:
        return []
    return list(wave.results.filter(seen_by(user, wave, today).condition))


def newest_rows_for(user: User, today: datetime.date) -> list[EmployeeResult]:
    """The same of the newest released wave, each row with its wave; none before a first one."""
    if not may_read(user):
        return []
    results = EmployeeResult.objects.select_related("wave")
    if user.role in RUNS_EMPLOYEE_WAVES:
        return list(results.filter(wave=RawSQL(f"({NEWEST})", [])))
    wave, seen = seen_in(NEWEST, user, today)
    return list(results.filter(seen.condition, wave=wave)) if wave else []


def comments_for(user: User, wave: EmployeeWave) -> list[str]:
    """In an order that tells nothing, and only where enough people wrote."""
    if not may_read(user) or wave.state != EmployeeWave.State.RELEASED:
        return []
    enough = wave.results.filter(item=Item.COMMENTS, hidden="").exists()
    found = EmployeeComment.objects.filter(wave=wave).order_by("pk").values_list("text", flat=True)
    return list(found) if enough else []


@dataclass(frozen=True)
class Figure:
    """A released figure for a KPI: `hidden` is "", "few" or "protect", and numbers are None where it is hidden."""

    closed_on: datetime.date
    scope: str
    team: int | None
    item: str
    n: int | None
    favourable: int | None
    unfavourable: int | None
    hidden: str


def figures(item: str, first: datetime.date, until: datetime.date) -> Iterable[Figure]:
    """The figures of waves closed in `[first, until)`, of the company and of teams, the newest first."""
    found = EmployeeResult.objects.filter(
        wave__state=EmployeeWave.State.RELEASED,
        wave__closed_on__gte=first,
        wave__closed_on__lt=until,
        item=item,
        dimension__in=[Dimension.COMPANY, Dimension.TEAM],
    ).order_by("-wave__closed_on", "-wave", "dimension", "label")
    for row in found.select_related("wave"):
        closed_on = row.wave.closed_on
        assert closed_on is not None
        yield Figure(
            closed_on,
            row.dimension,
            row.team_key,
            row.item,
            row.n,
            row.favourable,
            row.unfavourable,
            row.hidden,
        )
