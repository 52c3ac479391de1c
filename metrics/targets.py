"""Targets: which one holds for a number in a scope and period, and setting a new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import Role, User
from accounts.periods import Day, Period, PeriodKind
from kamplan import formats
from metrics.access import leads, sees_everything
from metrics.kpi import Definition, Interval, Kpi, RowKpi, Unit
from metrics.kpis import KPI
from metrics.models import Rule, Scope, Target
from metrics.recipes import RECIPES
from metrics.recipes.recipe import SHARE
from metrics.status import Aim

YEARLY = (PeriodKind.T12, PeriodKind.YEAR, PeriodKind.FISCAL_YEAR)


def grows_with_time(kpi: Definition) -> bool:
    """A flow summed over the period: a year's target says nothing about a month's."""
    if kpi.unit not in {Unit.MONEY, Unit.COUNT} or not isinstance(kpi, Kpi) or kpi.denominator:
        return False
    windows = [leaf.window.value for part in kpi.parts() for leaf in part.expression.leaves()]
    return any(window in {"now", "last_year"} for window in windows)


def reach_of(kpi: Definition) -> tuple[int | None, int | None]:
    """Between what a target of this number can lie: shares of a whole and recommendations have two ends."""
    if kpi.unit == Unit.SHARE:
        is_of_cases = isinstance(kpi, Kpi) and kpi.interval == Interval.WILSON
        is_of_rows = isinstance(kpi, RowKpi) and RECIPES[kpi.recipe_name].interval == SHARE
        return (0, 100) if is_of_cases or is_of_rows else (None, None)
    if kpi.unit == Unit.POINTS:
        return (-100, 100)
    if kpi.unit == Unit.SHARE_POINTS:
        return (None, None)
    return (0, None)


def out_of_reach(kpi: Definition, value: Decimal | None) -> str:
    """Why this value cannot be a target of this number; empty where it can."""
    low, high = reach_of(kpi)
    if value is None or ((low is None or value >= low) and (high is None or value <= high)):
        return ""
    if high is None:
        return "A target of this number is not below 0."
    ends = "0 and 100 per cent" if low == 0 else f"{formats.number(low)} and +100 points"
    return f"This number always lies between {ends}."


def kinds_for(kpi: Definition, kind: PeriodKind) -> tuple[PeriodKind, ...]:
    """The kinds of period whose target may stand in, the best one first."""
    alike = YEARLY if kind in YEARLY else ()
    others = () if grows_with_time(kpi) else (*YEARLY, PeriodKind.QUARTER, PeriodKind.MONTH)
    return tuple(dict.fromkeys((kind, *alike, *others)))


@dataclass(frozen=True)
class Targets:
    """The targets of some scopes, read at once."""

    rows: Sequence[Target]

    @classmethod
    def of(cls, places: Iterable[tuple[str, int | None]], kpis: Iterable[str] | None = None) -> "Targets":
        wanted = Q(pk__in=[])
        by_scope: dict[str, list[int | None]] = {}
        for scope, key in places:
            by_scope.setdefault(scope, []).append(key)
        for scope, keys in by_scope.items():
            here = Q(key__in=[key for key in keys if key is not None])
            wanted |= Q(scope=scope) & (here | Q(key__isnull=True) if None in keys else here)
        found = Target.objects.filter(wanted).order_by("-starts")
        return cls(list(found if kpis is None else found.filter(kpi__in=list(kpis))))

    def row(self, kpi: Definition, scope: str, key: int | None, period: Period) -> Target | None:
        """The newest that had begun by the period's last day, of the nearest kind of period."""
        held = [
            row
            for row in self.rows
            if row.kpi == kpi.id
            and row.scope == scope
            and row.key == key
            and row.starts <= period.last_day
            and (row.until is None or row.until >= period.last_day)
        ]
        for kind in kinds_for(kpi, period.kind):
            for row in held:
                if row.period_kind == kind:
                    return row
        return None

    def value(self, kpi: Definition, scope: str, key: int | None, period: Period) -> Aim | None:
        row = self.row(kpi, scope, key, period)
        return aim_of(row) if row else None


def aim_of(target: Target) -> Aim:
    return Aim(target.value, target.rule, target.upper)


def may_set(user: User, scope: str, key: int | None, today: Day | None = None) -> bool:
    """Heads everywhere; leads for their teams and the people in them."""
    if scope == Scope.ACCOUNT:
        return False
    if user.role in {Role.HEAD, Role.ADMINISTRATOR}:
        return sees_everything(user)
    return user.role == Role.LEAD and leads(user, scope, key, today)


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new target from a day on; what held before stays as it was."""

    class Meta:
        model = Target
        fields = ["value", "starts"]
        widgets = {
            "starts": forms.DateInput(attrs={"type": "date"}),
            "value": forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        }

    def __init__(self, *args: object, words: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["value"].help_text = words
        self.fields["starts"].help_text = "Holds from this day until the next one begins."

    def clean_value(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        if problem := out_of_reach(KPI[self.instance.kpi], value):
            raise ValidationError(problem)
        return value

    def clean(self) -> dict[str, object]:
        """One target a day: a second one for the same day replaces the first."""
        cleaned = super().clean() or self.cleaned_data
        starts = cleaned.get("starts")
        if starts is None:
            return cleaned
        same = Target.objects.filter(
            kpi=self.instance.kpi,
            scope=self.instance.scope,
            key=self.instance.key,
            period_kind=self.instance.period_kind,
            starts=starts,
        ).first()
        if same is not None:
            same.set_by = self.instance.set_by
            if same.rule == Rule.BAND:
                same.rule, same.upper = "", None
            self.instance = same
        return cleaned
