"""How the objectives of plans stand: the KPI of the account over the plan's period, against baseline and target."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from accounts.models import Objective, Organisation, Plan, User
from accounts.periods import BadPeriod, Period, PeriodKind, add_months
from kamplan.formats import day, format_value
from metrics.kpi import Credit, Definition, Derived, Direction, Kpi, RowKpi
from metrics.kpis import KPI, KPIS
from metrics.models import Run, Scope
from metrics.result import Result
from metrics.results import results
from metrics.status import is_exact, is_too_few, status_of
from metrics.targets import grows_with_time
from metrics.urls_for import explain_url

Planned = tuple[Plan, Sequence[Objective]]
Found = Mapping[tuple[str, Period, int | None], Result]

ONE_DAY = datetime.timedelta(days=1)
OF_SEGMENTS = ("_target", "_other", "_gap", "_ratio", "_concentration")
"""KPIs that compare kinds of accounts with each other say nothing about one of them."""


SETTLED = {
    Objective.Status.REACHED.value: "done",
    Objective.Status.MISSED.value: "failed",
    Objective.Status.DROPPED.value: "hidden",
}


def is_for_account(kpi: Definition) -> bool:
    if isinstance(kpi, Derived):
        return all(each.company or is_for_account(each.kpi) for each in kpi.of)
    return not isinstance(kpi, RowKpi) and not kpi.company_only and not kpi.id.endswith(OF_SEGMENTS)


PLAN_KPIS: tuple[Definition, ...] = tuple(kpi for kpi in KPIS if is_for_account(kpi))
KPI_CHOICES = [(kpi.id, kpi.name) for kpi in PLAN_KPIS]


def period_of(plan: Plan) -> Period | None:
    """The plan's days as a period that figures can be made for; none where they are no whole months."""
    first, last = plan.first_day, plan.last_day
    if first is None or last is None:
        return None
    whole_year = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year
    try:
        return Period(first, last + ONE_DAY, PeriodKind.YEAR if whole_year else PeriodKind.CUSTOM)
    except BadPeriod:
        return None


@dataclass(frozen=True)
class Stand:
    """One objective's figure, its place on the track from baseline to target, and what that says."""

    objective: Objective
    kpi: Definition | None = None
    result: Result | None = None
    state: str = "no_data"
    share: float | None = None
    """The part of the way that is done, 0 to 100."""
    expected: float | None = None
    """The part of the way that should be done by the run's day, 0 to 100."""
    value_text: str = ""
    baseline_text: str = ""
    target_text: str = ""
    reason: str = ""
    url: str = ""

    @property
    def expected_x(self) -> float:
        """Where the tick stands: within the track at its very end, too."""
        return min(self.expected or 0.0, 99.0)

    @property
    def track_label(self) -> str:
        if self.share is None or self.expected is None:
            return ""
        return f"{self.share:.0f} % of the way to the target; {self.expected:.0f} % of the time has passed"


def stands(
    plan: Plan,
    objectives: Sequence[Objective],
    run: Run | None,
    organisation: Organisation,
    reader: User,
    newest: Run | None = None,
) -> dict[int, Stand]:
    """All objectives of one plan, in a constant number of statements."""
    return stands_of([(plan, objectives)], run, organisation, reader, newest)


def stands_of(
    plans: Sequence[Planned],
    run: Run | None,
    organisation: Organisation,
    reader: User,
    newest: Run | None = None,
) -> dict[int, Stand]:
    """The same for several plans: every KPI they use, for every period and account of theirs, at once."""
    kpis, periods = asked_by(plans)
    bound = (plan for plan, objectives in plans if any(each.kpi for each in objectives))
    keys = list(dict.fromkeys(plan.account_id for plan in bound))
    found: Found = {}
    if kpis and periods and run is not None:
        found = results(kpis, periods, Scope.ACCOUNT, keys, run=run, newest=newest, reader=reader)
    return stands_from(found, plans, run, organisation)


def asked_by(plans: Sequence[Planned]) -> tuple[list[Definition], list[Period]]:
    """Which numbers the objectives of these plans look at, and of which periods."""
    bound = [(plan, each) for plan, objectives in plans for each in objectives if each.kpi]
    kpis = [KPI[name] for name in dict.fromkeys(each.kpi for _, each in bound) if name in KPI]
    periods = dict.fromkeys(period_of(plan) for plan, _ in bound)
    return kpis, [period for period in periods if period is not None]


def stands_from(
    found: Found, plans: Sequence[Planned], run: Run | None, organisation: Organisation
) -> dict[int, Stand]:
    """The objectives by what was read for them, perhaps together with other numbers."""
    return {
        each.pk: stand(
            plan,
            each,
            found.get((each.kpi, period, plan.account_id)) if period else None,
            period,
            run,
            organisation.reporting_currency,
        )
        for plan, objectives in plans
        for period in [period_of(plan)]
        for each in objectives
    }


def stand(
    plan: Plan,
    objective: Objective,
    result: Result | None,
    period: Period | None,
    run: Run | None,
    currency: str,
) -> Stand:
    kpi = KPI.get(objective.kpi)
    if kpi is None:
        reason = f"the KPI “{objective.kpi}” is not defined any more" if objective.kpi else ""
        return Stand(objective, state=settled(objective) or "no_data", reason=reason)
    common = {
        "kpi": kpi,
        "result": result,
        "baseline_text": text(objective.baseline, kpi, currency),
        "target_text": text(objective.target, kpi, currency),
        "url": explain_url(kpi.id, Scope.ACCOUNT, plan.account_id, period, run=run.pk if run else None)
        if period and run
        else "",
    }
    if result is None or result.value is None or run is None:
        return Stand(objective, reason=reason_of(result, period, run), **common)  # type: ignore[arg-type]
    share, expected = way(plan, objective, result, run.as_of)
    state = settled(objective) or state_of(objective, result, share, expected)
    return Stand(
        objective,
        value_text=text(result.value, kpi, currency),
        state=state,
        share=None if share is None else clamp(share.value),
        expected=None if expected is None else clamp(expected),
        **common,  # type: ignore[arg-type]
    )


def settled(objective: Objective) -> str:
    """A person's word on an objective that is not open any more."""
    return SETTLED.get(objective.status, "")


def reason_of(result: Result | None, period: Period | None, run: Run | None) -> str:
    if run is None:
        return "no figures have been computed yet"
    if period is None:
        return "the plan's period is no whole months"
    return result.reason_text if result is not None else "it is not defined for an account"


def text(amount: Decimal | None, kpi: Definition, currency: str) -> str:
    return "" if amount is None else format_value(amount, kpi.unit, currency)


@dataclass(frozen=True)
class Way:
    """The done part of the way with its likely range, as shares of 1."""

    value: float
    low: float
    high: float


def way(
    plan: Plan, objective: Objective, result: Result, as_of: datetime.date
) -> tuple[Way | None, float | None]:
    """The way from baseline to target; a sum that grows over the period begins at nothing."""
    base = Decimal(0) if grows_with_time(result.kpi) else objective.baseline
    target = objective.target
    if (
        base is None
        or target is None
        or base == target
        or result.value is None
        or against(result, base, target)
    ):
        return None, None
    low, high = range_of(result)
    first, second = sorted(float((end - base) / (target - base)) for end in (low, high))
    share = float((result.value - base) / (target - base))
    return Way(share, first, second), elapsed(plan, objective.due_on, as_of)


def is_known(result: Result) -> bool:
    """Where accounts are counted, one account is all there is: its value is known, not estimated from few."""
    return isinstance(result.kpi, Kpi) and result.kpi.credit == Credit.ACCOUNT


def range_of(result: Result) -> tuple[Decimal, Decimal]:
    assert result.value is not None
    if result.interval is None or is_exact(result) or is_known(result):
        return result.value, result.value
    return result.interval


def against(result: Result, base: Decimal, target: Decimal) -> bool:
    """A target behind the baseline is a limit to hold, not a way to go."""
    up = result.kpi.direction == Direction.UP
    down = result.kpi.direction == Direction.DOWN
    return (up and target < base) or (down and target > base)


def elapsed(plan: Plan, due: datetime.date, as_of: datetime.date) -> float:
    """Which part of the days from the plan's first to the due day had passed."""
    assert plan.first_day is not None
    days = (due - plan.first_day).days + 1
    return clamp_share(((as_of - plan.first_day).days + 1) / days) if days > 0 else 1.0


def clamp_share(value: float) -> float:
    return max(0.0, min(1.0, value))


def clamp(value: float) -> float:
    return round(clamp_share(value) * 100, 1)


def state_of(objective: Objective, result: Result, share: Way | None, expected: float | None) -> str:
    """Ahead or behind only where the whole likely range is; at the end it is the target that counts."""
    if is_known(result):
        result = replace(result, low=None, high=None, n=None)
    if is_too_few(result):
        return "too_few"
    if share is None or expected is None or expected >= 1:
        return status_of(result, objective.target)
    if share.low >= expected:
        return "ahead"
    return "behind" if share.high < expected else "too_close"


def tally(found: Iterable[Stand]) -> dict[str, int]:
    """How many objectives stand well, badly, or cannot be told."""
    counts = {"good": 0, "bad": 0, "open": 0}
    for each in found:
        if each.state in {"ahead", "on_target", "within_limit", "done"}:
            counts["good"] += 1
        elif each.state in {"behind", "short", "over", "failed"}:
            counts["bad"] += 1
        elif each.state != "hidden":
            counts["open"] += 1
    return counts


def period_words(plan: Plan) -> str:
    """As in `Jan to Dec 2026`."""
    first, last = plan.first_day, plan.last_day
    if first is None or last is None:
        return ""
    if first.day == 1 and add_months(last, 1) == last + ONE_DAY:
        start = f"{first:%b}" if first.year == last.year else f"{first:%b %Y}"
        return f"{start} to {last:%b %Y}"
    return f"{day(first, year=True)} to {day(last, year=True)}"
