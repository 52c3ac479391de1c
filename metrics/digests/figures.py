"""Figures of a person, team or the company: which moved beyond noise since, and the one on top with its trend."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Role, Team
from accounts.periods import Period
from kamplan.formats import NBSP
from metrics.access import may_see_kpi
from metrics.digests.lines import Line, Reader
from metrics.kpi import Definition
from metrics.kpis import KPI
from metrics.models import Run, Scope, View
from metrics.names import key_names, since_run
from metrics.pages.account_figures import PIPELINE, RETENTION, REVENUE, last_year, this_month
from metrics.pages.figures import PageComputer
from metrics.pages.week_rules import LEAST_FALL
from metrics.pages.words import changed_below_display, value_text
from metrics.result import Key, Result
from metrics.status import change_between, is_exact
from metrics.urls_for import explain_url

WATCHED: tuple[Definition, ...] = (
    REVENUE,
    RETENTION,
    PIPELINE,
    KPI["win_rate"],
    KPI["renewal_rate_value"],
    KPI["penetration_rate"],
    KPI["nps"],
    KPI["csat"],
)
POINTS = 13
"""Ends of twelve months, one after the other, over a year."""


@dataclass(frozen=True)
class Headline:
    """The revenue of twelve months, now and a year long."""

    label: str
    value: str
    url: str
    points: list[Decimal | None]
    first: str
    months: int

    @property
    def words(self) -> str:
        """What the picture shows, for who does not see it."""
        return f"{self.label}: {self.first} to {self.value} over {self.months} months"


def places(reader: Reader) -> list[tuple[str, list[Key]]]:
    """A manager's own card; of a lead the teams they lead; for heads the company and its topmost teams."""
    user = reader.user
    led: list[Key]
    if user.role == Role.LEAD:
        led = list(Team.objects.filter(lead=user).order_by("name").values_list("pk", flat=True))
        return [(Scope.TEAM, led)] if led else [(Scope.OWNER, [user.pk])]
    if user.role == Role.HEAD:
        top: list[Key] = list(
            Team.objects.filter(parent__isnull=True).order_by("name").values_list("pk", flat=True)
        )
        return [(Scope.COMPANY, [None]), (Scope.TEAM, top)]
    return [(Scope.OWNER, [user.pk])]


def moves(reader: Reader) -> Iterable[Line]:
    """Numbers that differ from those published at the last digest by more than noise."""
    now = reader.run
    runs = Run.objects.told_apart().filter(published_at__lte=reader.since, is_kept=True)
    then = runs.order_by("-pk").first()
    if now is None or then is None or then.pk == now.pk:
        return
    since = since_run(then, reader.organisation.zone)
    # What either run did not know, or counted otherwise, did not move by that.
    kpis = [
        kpi
        for kpi in WATCHED
        if may_see_kpi(reader.user, kpi) and then.definitions.get(kpi.id) == now.definitions.get(kpi.id)
    ]
    for scope, keys in places(reader):
        before, after = (computed(reader, run, now, scope, keys, kpis) for run in (then, now))
        names = {
            key: "Company" if scope == Scope.COMPANY else name for key, name in names_of(scope, keys).items()
        }
        for key in keys:
            for kpi in kpis:
                line = move(before[kpi.id, key], after[kpi.id, key], names[key], since)
                if line is not None:
                    yield line


def names_of(scope: str, keys: list[Key]) -> dict[Key, str]:
    if scope == Scope.OWNER:
        return dict.fromkeys(keys, "Your accounts")
    if scope == Scope.TEAM:
        return dict(Team.objects.filter(pk__in=[key or 0 for key in keys]).values_list("pk", "name"))
    return {key: name or "" for key, name in key_names(scope, keys).items()}


def computed(
    reader: Reader, run: Run, newest: Run, scope: str, keys: list[Key], kpis: list[Definition]
) -> dict[tuple[str, Key], Result]:
    """Every watched number in its own period, as that run published it."""
    computer = PageComputer(run, newest, scope, keys, View.AS_WAS, reader.organisation, reader.user)
    periods = {kpi.id: this_month(run) if kpi is PIPELINE else last_year(run) for kpi in kpis}
    found = computer.all(kpis, list(dict.fromkeys(periods.values())))
    return {(kpi.id, key): found[kpi.id, periods[kpi.id], key] for kpi in kpis for key in keys}


def move(before: Result, after: Result, name: str, since: str) -> Line | None:
    change = change_between(before, after)
    if change.state != "named" or changed_below_display(change, after) or is_small(before, after):
        return None
    better = "" if change.is_better is None else ", better" if change.is_better else ", worse"
    likely = after.interval is not None and not is_exact(after)
    return Line(
        f"{after.scope}:{after.key or ''}:{after.kpi.id}:{before.value}>{after.value}",
        f"{label(after.kpi)} {value_text(before)} → {value_text(after)}{better}.",
        explain_url(after.kpi.id, after.scope, after.key, after.period),
        name,
        "" if change.is_better is None else "on_target" if change.is_better else "watch",
        since + (", more than its likely range" if likely else ""),
    )


def is_small(before: Result, after: Result) -> bool:
    """Sums know no noise; a change of a few percent is not worth a sentence all the same."""
    if not is_exact(after) or before.value is None or after.value is None or not before.value:
        return False
    return abs(after.value - before.value) < abs(before.value) * LEAST_FALL


def label(kpi: Definition) -> str:
    return f"Revenue, 12{NBSP}months:" if kpi is REVENUE else f"{kpi.name}:"


def headline(reader: Reader) -> Headline | None:
    """Of the card that is the reader's own; nothing before a first run."""
    run = reader.run
    if run is None:
        return None
    scope, keys = places(reader)[0]
    # A lead of several teams begins with the first; the others stand among the moves.
    key = keys[0]
    year = last_year(run)
    years: list[Period] = [year.moved(-back) for back in range(POINTS)][::-1]
    computer = PageComputer(run, run, scope, [key], View.AS_WAS, reader.organisation, reader.user)
    found = [computer.all([REVENUE], years)[REVENUE.id, each, key] for each in years]
    known = [each for each in found if each.value is not None]
    if len(known) < 2:
        return None
    name = {Scope.COMPANY: "the company", Scope.OWNER: "your accounts"}.get(Scope(scope)) or names_of(
        scope, [key]
    )[key]
    return Headline(
        f"Revenue of {name}, 12 months",
        value_text(known[-1]),
        explain_url(REVENUE.id, scope, key, year),
        [each.value for each in found],
        value_text(known[0]),
        len(known) - 1,
    )
