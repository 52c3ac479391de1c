"""Scorecards: one for each person, team, segment and the company; and people or segments side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.models import Membership, Organisation, Role, Team, User
from accounts.periods import Period
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.components import KpiGroup, KpiRow, Tally
from kamplan.permissions import signed_in
from metrics.access import WHOLE, own_place, seen_or_refused, visible_kpis
from metrics.comments import counts
from metrics.kpi import Definition, Direction, Group
from metrics.models import Run, Scope, View
from metrics.names import the_run
from metrics.pages import employees, words
from metrics.pages.choice import Choice, read_choice
from metrics.pages.documents import file_name
from metrics.pages.exports import FORMATS, as_file, scorecard_table
from metrics.pages.figures import PageComputer, read_together
from metrics.pages.mix import find_mix
from metrics.pages.places import (
    SIDE_WORDS,
    Place,
    crumbs,
    find_place,
    labels_of,
    read_key,
    side_by_side_scopes,
)
from metrics.reading import reading
from metrics.result import REASONS, Key, Result
from metrics.status import Change, change_between, is_too_few, status_of
from metrics.targets import Targets
from metrics.urls_for import comparison_url, explain_url, moves_url, scorecard_url
from metrics.weights import Mark, changes_of, marks

GROUPS = {
    Group.GROWTH: ("Growth", "what customers buy, and how that changed"),
    Group.RETENTION: ("Retention", "who stayed and what they are worth, at one exchange rate for both ends"),
    Group.PIPELINE: ("Pipeline", "deals opened, open and decided, and quotas"),
    Group.CUSTOMERS: ("Customers", "how they order"),
    Group.RELATIONSHIP: ("Relationship", "what customers say, reach and vouch for"),
    Group.ACTIVITY: ("Activity", "talks, answers and the time they take"),
    Group.MARKETING: ("Marketing", "leads, campaigns and what they cost"),
    Group.VALUE: ("Value", "what customers are worth, against what they cost"),
    Group.FOCUS: ("Focus and fit", "where the effort goes, and whether it belongs there"),
    Group.PEOPLE: ("People", "the own team"),
}
PEOPLE_ON_A_PAGE = 50


@require_GET
def scorecard(request: HttpRequest) -> HttpResponse:
    """Sends everyone to the scorecard that is theirs."""
    user = signed_in(request)
    if user.role == Role.ADMINISTRATOR and not user.is_elevated:
        raise PermissionDenied("Account content is read only during an elevation.")
    place = own_place(user)
    if place is None:
        return render(request, "metrics/no_scorecard.html")
    return redirect(scorecard_url(place.scope, place.key))


@require_GET
def scorecard_of(request: HttpRequest, scope: str, key: str) -> HttpResponseBase:
    user = signed_in(request)
    with reading():
        organisation = Organisation.current()
        today = organisation.today()
        found = read_key(scope, key)
        seen_or_refused(user, scope, found, today)
        place = find_place(scope, found, today)
        choice = read_choice(request.GET.dict(), organisation, user)
        if choice is None:
            return render(request, "metrics/no_run.html", {"place": place, "crumbs": crumbs(user, place, {})})
        by = request.GET.get("by", "")
        if by in side_by_side_scopes(user, place):
            context = side_by_side(user, place, choice, by, request.GET.get("page", "1"))
            template = "metrics/side_by_side.html"
        else:
            context = one_scorecard(user, place, choice)
            template = "metrics/scorecard.html"
        if request.GET.get("export") in FORMATS and "groups" in context:
            table = scorecard_table(context["results"], place, choice, context["targets"])
            name = file_name("scorecard", place.name, f"{choice.period.last_day:%Y-%m}")
            return as_file(request.GET["export"], table, name)
        return render(request, template, context)


# ------------------------------------------------------------------------------------------ one scorecard


@dataclass(frozen=True)
class Restated:
    """A past figure that reads otherwise now than in the run compared with, or else in the one before."""

    name: str
    period: str
    then: str
    now: str
    url: str


@dataclass
class Card:
    """The figures of one scorecard: now, along the trend, and in the run compared with."""

    place: Place
    choice: Choice
    kpis: Sequence[Definition]
    now: dict[tuple[str, Period, Key], Result] = field(default_factory=dict)
    then: dict[tuple[str, Period, Key], Result] = field(default_factory=dict)
    restated: list[Restated] = field(default_factory=list)
    earlier: Run | None = None
    """The run whose figures of closed periods were looked through."""

    def load(self, *, restatements: bool = True, ranged: bool = False) -> None:
        """Along the trend only values are read unless ranges are asked for."""
        choice, compared = self.choice, self.choice.compared
        shown = [choice.period] if compared.by_run else [choice.period, compared.period]
        drawn = (
            [] if ranged else [each for each in choice.trend if each not in (choice.period, compared.period)]
        )
        self.mine = self.computer(choice.run, drawn)
        earlier = compared.run if compared.by_run else next(iter(choice.earlier_runs), None)
        if earlier is not None and (compared.by_run or restatements):
            theirs = self.computer(earlier, drawn)
            read_together([self.mine, theirs], self.kpis, [*choice.trend, choice.period, compared.period])
        self.mine.prepare(self.kpis, choice.trend)
        self.now = self.then = self.mine.all(self.kpis, shown)
        if ranged:
            self.now = self.now | self.mine.all(self.kpis, choice.trend)
        if earlier is None or not (compared.by_run or restatements):
            return
        self.earlier = earlier
        closed = [period for period in choice.trend if not period.is_partial(earlier.as_of)]
        # All at once, before some of them are asked for.
        theirs.prepare(self.kpis, [compared.period, *closed] if compared.by_run else closed)
        if compared.by_run:
            self.then = theirs.all(self.kpis, [compared.period])
        changed = [
            period
            for period in closed
            if self.mine.figures.get((self.place.scope, (period.start, period.end), self.place.key))
            != theirs.figures.get((self.place.scope, (period.start, period.end), self.place.key))
        ]
        self.restated = self.find_restated(theirs, changed)

    def computer(self, run: Run, drawn: Sequence[Period]) -> PageComputer:
        choice = self.choice
        scope, keys = self.place.scope, [self.place.key]
        return PageComputer(
            run, choice.newest, scope, keys, choice.view, choice.organisation, choice.reader, self.kpis, drawn
        )

    def find_restated(self, theirs: PageComputer, changed: Sequence[Period]) -> list[Restated]:
        found = []
        for period in reversed(changed):
            label = formats.month_range(period.start, period.last_day)
            for kpi in self.kpis:
                then, now = (each.value(kpi, period, self.place.key) for each in (theirs, self.mine))
                if now == then or self.choice.why_apart(kpi, theirs.run):
                    continue
                was, reads = theirs.text(kpi, then), self.mine.text(kpi, now)
                if reads != was:
                    url = explain_url(kpi.id, self.place.scope, self.place.key, period, self.choice.view)
                    found.append(Restated(kpi.name, label, was, reads, url))
        return found

    def result(self, kpi: Definition) -> Result:
        return self.now[kpi.id, self.choice.period, self.place.key]

    def before(self, kpi: Definition) -> Result | None:
        """Nothing where the run compared with did not know the number, or counted it otherwise."""
        if self.choice.why_apart(kpi, self.choice.compared.run):
            return None
        return self.then.get((kpi.id, self.choice.compared.period, self.place.key))

    def change(self, kpi: Definition) -> tuple[Change, str, str]:
        """The change, its amount, and the words under it."""
        result, compared = self.result(kpi), self.choice.compared
        change = shown_change(self.before(kpi), result)
        amount, note = words.change_texts(change, result, compared)
        return change, amount, note or REASONS.get(self.choice.why_apart(kpi, compared.run), "")

    def points(self, kpi: Definition) -> list[Decimal | None]:
        """The trend, with a gap where nothing is known; so long that its last point is the period shown."""
        return [self.mine.value(kpi, period, self.place.key) for period in self.choice.trend]


def changed_days(kpi: Definition, firsts: Sequence[tuple[Run, dict[str, str]]]) -> list[Run]:
    """The runs with which this number's definition changed."""
    return [
        run
        for (_, earlier), (run, later) in zip(firsts, firsts[1:], strict=False)
        if kpi.id in earlier and kpi.id in later and earlier[kpi.id] != later[kpi.id]
    ]


def trend_marks(choice: Choice, changes: Sequence[Run | Mark]) -> list[int]:
    """Which points of the trend hold the day of a changed definition or weight."""
    return [
        place
        for each in changes
        for place, period in enumerate(choice.trend)
        if period.last_day >= each.as_of and (place == 0 or choice.trend[place - 1].last_day < each.as_of)
    ]


def one_scorecard(user: User, place: Place, choice: Choice) -> dict[str, Any]:
    shows_all = bool(choice.asked.get("all"))
    allowed = visible_kpis(user, place.scope)
    kpis = [kpi for kpi in allowed if shows_all or kpi.on_scorecard]
    card = Card(place, choice, kpis)
    card.load()
    # What a scope of this kind never has is no gap in its data.
    kpis = [
        kpi for kpi in kpis if card.result(kpi).reason != "not_defined" or choice.view == View.CURRENT_BOOK
    ]
    targets = Targets.of([(place.scope, place.key)])
    firsts = choice.definitions
    weighed = changes_of([kpi.id for kpi in kpis], choice.run)
    said = counts(place.scope, place.key, choice.period, [kpi.id for kpi in kpis])
    rows = {
        kpi.id: kpi_row(
            card,
            kpi,
            targets,
            trend_marks(choice, [*changed_days(kpi, firsts), *marks(weighed[kpi.id], choice.run.as_of)]),
            said.get(kpi.id, 0),
        )
        for kpi in kpis
    }
    groups = [
        KpiGroup(title, [rows[kpi.id] for kpi in kpis if kpi.group == group], sub)
        for group, (title, sub) in GROUPS.items()
        if any(kpi.group == group for kpi in kpis)
    ]
    state = {"period": choice.period, "view": choice.view}
    return {
        "place": place,
        "choice": choice,
        "crumbs": crumbs(user, place, state),
        "groups": groups,
        "tallies": tallies(list(rows.values())),
        "tally_lead": f"Of {len(rows)} numbers",
        "mix": find_mix(user, place, choice),
        "employees": employees.summary_of(user, place, choice.organisation.today()),
        "restated": card.restated[:100],
        "restated_count": len(card.restated),
        "restated_since": the_run(card.earlier) if card.earlier else "",
        "compared": choice.compared,
        "all_url": choice.query(all="" if shows_all else 1),
        "all_words": f"Show the {sum(k.on_scorecard for k in allowed)} main numbers only"
        if shows_all
        else f"Show all {len(allowed)} numbers",
        "sides": side_links(user, place, choice, ""),
        "has_views": place.scope in {Scope.OWNER, Scope.TEAM},
        "wider": place.wider,
        "results": [card.result(kpi) for kpi in kpis],
        "targets": targets,
        "moved_url": moves_url(
            place.scope, place.key, choice.period, choice.view, compare=choice.asked.get("compare", "")
        ),
        "compare_url": comparison_url("", choice.period) if place.scope in WHOLE else "",
        "print_words": print_words(choice),
    }


def kpi_row(card: Card, kpi: Definition, targets: Targets, marks: Sequence[int], comments: int) -> KpiRow:
    """One number with everything that is said about it."""
    choice, place = card.choice, card.place
    result = card.result(kpi)
    currency = choice.organisation.reporting_currency
    url = explain_url(
        kpi.id, place.scope, place.key, choice.period, choice.view, run=choice.asked.get("run", ""),
        compare=choice.asked.get("compare", ""),
    )  # fmt: skip
    if result.value is None:
        return no_data_row(result, url, choice, currency, comments)
    target = targets.value(kpi, place.scope, place.key, choice.period)
    change, amount, note = card.change(kpi)
    text, unit = formats.value_parts(result.value, kpi.unit, result.currency or "EUR")
    low, high = result.interval or (None, None)
    scale_min, scale_max = words.scale(result)
    return KpiRow(
        name=kpi.name,
        sub=words.sub_line(result, currency),
        url=url,
        value_text=text,
        value_unit=unit,
        value=result.value,
        low=low,
        high=high,
        target=target if kpi.direction != Direction.NONE else None,
        good=None if kpi.direction == Direction.NONE else "up" if kpi.direction == Direction.UP else "down",
        scale_min=scale_min,
        scale_max=scale_max,
        range_text=words.range_text(result),
        status=status_of(result, target),
        target_text=words.judged_against(result, target),
        points=card.points(kpi),
        marks=marks,
        change_text=amount,
        change_direction=change.direction,
        change_note=note,
        n=formats.at_most_one_decimal(result.n) if result.n is not None else "",
        comments=comments,
    )


def shown_change(before: Result | None, now: Result) -> Change:
    change = change_between(before, now)
    if change.state in {"named", "unsure"} and words.changed_below_display(change, now):
        return Change("none", change.amount)
    return change


def no_data_row(result: Result, url: str, choice: Choice, currency: str, comments: int) -> KpiRow:
    """The reason, and the one link that helps: to a longer period, to one old enough, else to the definition."""
    kpi = result.kpi
    longer = choice.period.months < 12 and result.reason in {"no_base", "no_quota"}
    cure = Link("How it is made", url)
    if longer:
        cure = Link("Show 12 months", choice.query(period=choice.of_kind(kpi.usual)))
    elif grown_up := choice.grown_up(result):
        cure = Link(f"Show {grown_up.label}", grown_up.url)
    return KpiRow(
        name=kpi.name,
        sub=words.sub_line(result, currency) if result.n else "",
        reason=f"No data, because {words.reason_words(result)}.",
        reason_url=cure.url,
        reason_link=cure.label,
        status="no_data",
        comments=comments,
    )


def tallies(rows: Sequence[KpiRow]) -> list[Tally]:
    """How many rows have which state; they add up to the number of rows."""
    states = [row.status for row in rows]
    kinds = [
        (("on_target", "within_limit"), "on_target", "on target"),
        (("short", "over"), "short", "short of target"),
        (("too_close",), "too_close", "too close to call"),
        (("too_few",), "too_few", "too few to judge"),
        (("no_data",), "no_data", "without data"),
        (("no_target",), "no_target", "without a target"),
    ]
    return [
        Tally(state, f"{count} {text}")
        for names, state, text in kinds
        if (count := sum(states.count(name) for name in names))
    ]


def side_links(user: User, place: Place, choice: Choice, by: str) -> list[Link]:
    scopes = side_by_side_scopes(user, place)
    if not scopes:
        return []
    return [
        Link("Scorecard", choice.query(by="", group=""), not by),
        *(Link(f"{SIDE_WORDS[Scope(each)]}", choice.query(by=each), each == by) for each in scopes),
    ]


def print_words(choice: Choice) -> str:
    view = "current book" if choice.view == View.CURRENT_BOOK else "credit as it was"
    return f"{view}; compared with {choice.compared.words}"


# ------------------------------------------------------------------------------------------ side by side


@dataclass(frozen=True)
class Cell:
    text: str
    range: str
    n: str
    muted: bool
    url: str
    title: str = ""


@dataclass(frozen=True)
class SideRow:
    name: str
    url: str
    cells: list[Cell]
    is_whole: bool = False


def side_by_side(user: User, place: Place, choice: Choice, by: str, page: str) -> dict[str, Any]:
    """One group of numbers for every person or segment, in alphabetical order: no rank."""
    allowed = visible_kpis(user)
    shows_all = bool(choice.asked.get("all"))
    group = next((each for each in Group if each.value == choice.asked.get("group")), Group.RETENTION)
    kpis = [kpi for kpi in allowed if kpi.group == group and (shows_all or kpi.on_scorecard)]
    keys = members_of(place, choice) if place.scope == Scope.TEAM else None
    computer = PageComputer(choice.run, choice.newest, by, keys, choice.view, choice.organisation, user)
    found = computer.all(kpis, [choice.period])
    labels = labels_of(by, {key for _, _, key in found})
    counted = [key for key in labels if any(has_something(found[kpi.id, choice.period, key]) for kpi in kpis)]
    # Alphabetical; what belongs to nobody stands last.
    order = sorted(counted, key=lambda key: (key is None, labels[key].casefold()))
    pages = Paginator(order, PEOPLE_ON_A_PAGE)
    shown = pages.get_page(page)
    rows = [side_row(choice, kpis, found, by, key, labels[key]) for key in shown]
    whole = PageComputer(
        choice.run, choice.newest, place.scope, [place.key], choice.view, choice.organisation, user
    ).all(kpis, [choice.period])
    rows.append(side_row(choice, kpis, whole, place.scope, place.key, place.name, is_whole=True))
    return {
        "place": place,
        "choice": choice,
        "crumbs": crumbs(user, place, {"period": choice.period, "view": choice.view}),
        "sides": side_links(user, place, choice, by),
        "by_words": SIDE_WORDS[Scope(by)].lower(),
        "kpis": kpis,
        "rows": rows,
        "page": shown,
        "groups_links": [
            Link(title, choice.query(group=each.value), each == group)
            for each, (title, _) in GROUPS.items()
            if any(kpi.group == each for kpi in allowed)
        ],
        "has_views": by in {Scope.OWNER, Scope.TEAM},
        "group_words": GROUPS[group][1],
        "print_words": print_words(choice),
        "restated_count": 0,
        "all_url": choice.query(all="" if shows_all else 1),
        "all_words": "Show the main numbers only" if shows_all else "Show all numbers of this group",
    }


def has_something(result: Result) -> bool:
    return result.value is not None and bool(result.n or result.value)


def members_of(place: Place, choice: Choice) -> list[Key]:
    """Who belongs to the team, or to one below it, today."""
    teams = Team.objects.filter(pk=place.key or 0).with_sub_teams()
    today = choice.organisation.today()
    found = Membership.objects.filter(team__in=teams, during__contains=today).values_list("user", flat=True)
    return list(dict.fromkeys(found))


def side_row(
    choice: Choice,
    kpis: Sequence[Definition],
    found: dict[tuple[str, Period, Key], Result],
    scope: str,
    key: Key,
    name: str,
    *,
    is_whole: bool = False,
) -> SideRow:
    cells = []
    for kpi in kpis:
        result = found[kpi.id, choice.period, key]
        muted = is_too_few(result) or result.value is None
        cells.append(
            Cell(
                text=words.value_text(result),
                range="too few to judge" if is_too_few(result) else words.range_text(result),
                n=formats.at_most_one_decimal(result.n) if result.n is not None else "",
                muted=muted,
                url=explain_url(kpi.id, scope, key, choice.period, choice.view),
                title="" if result.value is not None else words.reason_words(result),
            )
        )
    url = scorecard_url(scope, key, choice.period, choice.view)
    return SideRow(name, "" if is_whole else url, cells, is_whole)
