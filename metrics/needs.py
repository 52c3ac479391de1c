"""What a number needs: of which scopes and periods it is, and what it is made of."""

from collections.abc import Iterable, Sequence

from accounts.periods import Period, PeriodKind, trailing_year
from metrics.kpi import Credit, Definition, Derived, Kpi, RowKpi, Unit
from metrics.levels import BY_OPENING
from metrics.models import Run, Scope, View
from metrics.result import Key

CLASSES = frozenset({Scope.TIER, Scope.INDUSTRY, Scope.REGION, Scope.TARGET})
"""By what accounts are classified."""


def with_inputs(kpis: Iterable[Definition]) -> list[Definition]:
    """These numbers and those they are made of."""
    found: list[Definition] = []
    for kpi in kpis:
        found.append(kpi)
        if isinstance(kpi, Derived):
            found += with_inputs(each.kpi for each in kpi.of)
    return list(dict.fromkeys(found))


def periods_for(kpis: Sequence[Definition], periods: Iterable[Period]) -> list[Period]:
    """These periods and, where a number is made of it, the year that ends with each of them."""
    spans = {(period.start, period.end): period for period in periods}
    if any(wants_trailing(kpi) for kpi in kpis):
        for period in list(spans.values()):
            trailing = trailing_year(period.last_day)
            spans.setdefault((trailing.start, trailing.end), trailing)
    return list(spans.values())


def wants_trailing(kpi: Definition) -> bool:
    return isinstance(kpi, Derived) and any(
        each.over == PeriodKind.T12 or wants_trailing(each.kpi) for each in kpi.of
    )


def wants_book(kpi: Definition) -> bool:
    if isinstance(kpi, Derived):
        return any(wants_book(each.kpi) for each in kpi.of)
    return isinstance(kpi, Kpi) and kpi.of_book


def wants_company(kpi: Definition, scope: str = "") -> bool:
    if isinstance(kpi, Derived):
        return any(each.company or wants_company(each.kpi, scope) for each in kpi.of)
    return isinstance(kpi, Kpi) and (
        kpi.company_denominator or (scope == Scope.TARGET and kpi.of_target is not None)
    )


def is_of(kpi: Definition, scope: str) -> bool:
    """Whether what it is made of belongs to this scope at all."""
    if scope == Scope.COMPANY or (scope == Scope.TARGET and kpi.of_targets):
        return True
    return not kpi.company_only and not (kpi.lacks_account and scope not in {Scope.OWNER, Scope.TEAM})


def of_group(kpi: Definition, scope: str, key: Key) -> Kpi | None:
    """The number of the company that says it for target accounts or for the others, where there is one of each."""
    if not isinstance(kpi, Kpi) or scope != Scope.TARGET or key is None:
        return None
    return kpi.of_target if key else kpi.of_others


def is_defined(kpi: Definition, scope: str, view: str) -> bool:
    """Figures made of single rows have no value in the current book, and few have one for a single account."""
    if not is_of(kpi, scope):
        return False
    if not isinstance(kpi, RowKpi):
        return True
    if scope == Scope.ACCOUNT:
        return kpi.of_accounts
    if scope == Scope.OWNER and not kpi.of_persons:
        return False
    of_people = kpi.of_people or scope not in {Scope.OWNER, Scope.TEAM}
    return kpi.of_groups and view == View.AS_WAS and of_people


def is_by_row(kpi: Definition, scope: str, view: str, run: Run) -> bool:
    """Whether single rows count here: for the person they name, or for what their account was at their opening.

    Runs made before rows knew the latter keep the figures that they published.
    """
    if not isinstance(kpi, Kpi):
        return False
    if scope in CLASSES:
        return kpi.goes_by_opening and bool(run.settings.get(BY_OPENING))
    return kpi.credit == Credit.ROW and scope in {Scope.OWNER, Scope.TEAM} and view == View.AS_WAS


def scale_of(unit: Unit) -> int:
    """Stored ratios become per cent or points for display and output."""
    return 100 if unit in {Unit.SHARE, Unit.POINTS, Unit.SHARE_POINTS} else 1


def is_money(unit: Unit) -> bool:
    return unit in {Unit.MONEY, Unit.MONEY_PER_DAY}
