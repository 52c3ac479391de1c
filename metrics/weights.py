"""Weights and limits: which there are, changing one from a day on, and the days on which numbers changed by it.

Nothing is overwritten: a new value is a new dated row, the old one ends the day before. Who changed what and why
stands in `WeightChange`, which also draws the line in the trends of the numbers concerned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max

from accounts.engagement.health import HealthWeight
from accounts.fields import days
from accounts.models import IcpCriterion, IcpWeight, Organisation, SignalKind, SignalWeight, Tier, User
from accounts.periods import Day, Period, add_months
from kamplan import formats
from metrics import bands
from metrics.assumptions import USUAL, Assumption
from metrics.expressions import window_of
from metrics.kpi import Definition, Derived, RowKpi
from metrics.kpis import KPI, KPIS
from metrics.models import Run, Threshold, WeightChange
from metrics.needs import periods_for, with_inputs
from metrics.recipes import RECIPES

RISING = "The limits rise: warm lies under hot, and hot under red-hot. On {day} they would be {limits}."
NOTHING = "On {day} nothing would count any more: all others weigh 0. Give another one its weight first."
SAME = "It has this value on that day already."
TAKEN = "Another value begins on this day already; choose another day."
BEGINNING = Day(1900, 1, 1)
FOLLOWS = "It follows the value of everyone on this day already."
MEANS = ("health", "fit")
"""Families whose weights make a mean."""
OF_TIER = "-"
"""Stands between the name of a limit and the number of the tier whose limit it is."""

SETTINGS = {
    "grace_days": "Days in which a late renewal still counts",
    "returned_days": "Days in which a lost customer returns instead of being new",
    "lifespan_years": "Assumed lifespan in years, where no customer was lost",
}


@dataclass(frozen=True)
class Family:
    """One kind of weights: the dated rows they stand in, and which column says of what."""

    name: str
    title: str
    words: str
    model: Any
    of: str
    value: str
    table: str
    """Numbers whose sources read this table change with it."""
    usual: dict[str, Decimal] = field(default_factory=dict)
    is_dated: bool = True
    """Settings have no days: a new value holds for the whole past, and each run keeps those it was made with."""
    by_tier: bool = False
    """A tier may have values of its own; without one it follows that of everyone."""

    def labels(self) -> dict[str, str]:
        """What there is a weight for: its key as text, and its name."""
        if self.name == "signals":
            return {str(pk): name for pk, name in SignalKind.objects.values_list("pk", "name")}
        if self.name == "fit":
            return {str(pk): name for pk, name in IcpCriterion.objects.values_list("pk", "name")}
        if not self.is_dated:
            return SETTINGS
        named = {str(key): str(label) for key, label in self.model._meta.get_field(self.of).choices}
        tiers = Tier.objects.values_list("pk", "name") if self.by_tier else ()
        return named | {
            f"{key}{OF_TIER}{pk}": f"{label}, tier {name}"
            for pk, name in tiers
            for key, label in named.items()
        }

    def which(self, key: str) -> dict[str, Any]:
        """The columns that tell the rows of a weight from others."""
        if not self.by_tier:
            return {self.of: key}
        name, _, tier = key.partition(OF_TIER)
        return {self.of: name, "tier_id": int(tier) if tier else None}

    def key_of(self, row: Any) -> str:
        key = str(getattr(row, self.of))
        return f"{key}{OF_TIER}{row.tier_id}" if self.by_tier and row.tier_id else key

    def tables(self, key: str) -> str:
        """What stands in the rows of the numbers that change with it."""
        return self.table if self.is_dated else f"org.{key}"


FAMILIES = {
    family.name: family
    for family in (
        Family(
            "signals",
            "Points of engagement",
            "What one signal of a customer is worth; engagement adds them over three months.",
            SignalWeight,
            "kind_id",
            "weight",
            "accounts_signalweight",
        ),
        Family(
            "bands",
            "Bands of engagement",
            "From how many points on an account is warm, hot or red-hot; a tier may have limits of its own.",
            Threshold,
            "name",
            "value",
            "metrics_threshold",
            bands.USUAL,
            by_tier=True,
        ),
        Family(
            "health",
            "Parts of health",
            "How much each known part counts in an account's health.",
            HealthWeight,
            "part",
            "weight",
            "accounts_healthweight",
            {part: Decimal(weight) for part, weight in HealthWeight.USUAL.items()},
        ),
        Family(
            "fit",
            "Criteria of the ideal customer",
            "How much each criterion counts in the fit of an account or a lead.",
            IcpWeight,
            "criterion_id",
            "weight",
            "accounts_icpweight",
        ),
        Family(
            "assumptions",
            "Assumptions",
            "What nobody can count: margin without a known cost, interest, how far ahead is looked.",
            Assumption,
            "name",
            "value",
            "metrics_assumption",
            {str(name): value for name, value in USUAL.items()},
        ),
        Family(
            "settings",
            "Settings of the organisation",
            "They have no days: a new value holds for the whole past, and each run keeps those it was made with.",
            Organisation,
            "",
            "",
            "",
            is_dated=False,
        ),
    )
}


@dataclass(frozen=True)
class Held:
    """A value and the days on which it held; the usual one has no days."""

    value: Decimal
    during: Any = None
    reason: str = ""
    by: str = ""


@dataclass(frozen=True)
class Weight:
    """One weight with everything it ever was, the newest first."""

    family: Family
    key: str
    label: str
    held: Sequence[Held]
    everyones: "Weight | None" = None
    """What a tier follows where it has no value of its own."""

    @property
    def name(self) -> str:
        return f"{self.family.name}:{self.key}"

    def on(self, day: Day) -> Decimal | None:
        """The value of this day; that of everyone, or the usual one, where no row holds."""
        found = self.own_on(day)
        if found is not None:
            return found.value
        return self.everyones.on(day) if self.everyones else self.family.usual.get(self.key)

    def own_on(self, day: Day) -> Held | None:
        return next((each for each in self.held if each.during and day in each.during), None)

    def later(self, day: Day) -> list[Held]:
        return [each for each in self.held if each.during and each.during.lower and each.during.lower > day]


def weights_of(family: Family, key: str | None = None) -> list[Weight]:
    """Every weight of a family, in three statements; `key` narrows to one."""
    if not family.is_dated:
        return settings_of(family, key)
    rows: dict[str, list[Any]] = {}
    found = family.model.objects.order_by(F("during").desc())
    for row in found if key is None or family.by_tier else found.filter(**{family.of: key}):
        rows.setdefault(family.key_of(row), []).append(row)
    said: dict[tuple[str, Day], WeightChange] = {}
    for change in WeightChange.objects.filter(weight__startswith=f"{family.name}:").select_related(
        "changed_by"
    ):
        said.setdefault((change.weight, change.starts), change)
    made: dict[str, Weight] = {}
    for each, label in family.labels().items():
        held = [held_of(family, each, row, said) for row in rows.get(each, [])]
        name, parted, _ = each.partition(OF_TIER)
        made[each] = Weight(family, each, label, held, made[name] if family.by_tier and parted else None)
    return [weight for each, weight in made.items() if key is None or each == key]


def settings_of(family: Family, key: str | None) -> list[Weight]:
    organisation = Organisation.current()
    found = []
    for each, label in SETTINGS.items():
        value = getattr(organisation, each)
        held = [] if value is None else [Held(Decimal(value), days(BEGINNING))]
        if key is None or key == each:
            found.append(Weight(family, each, label, held))
    return found


def held_of(family: Family, key: str, row: Any, said: dict[tuple[str, Day], WeightChange]) -> Held:
    change = said.get((f"{family.name}:{key}", row.during.lower))
    reason = change.reason if change else getattr(row, "reason", "")
    by = change.changed_by.name if change and change.changed_by else ""
    return Held(getattr(row, family.value), row.during, reason, by)


# ------------------------------------------------------------------------------------------------ changing


def change(weight: Weight, value: Decimal | None, starts: Day, reason: str, by: User) -> WeightChange:
    """A new value from a day on; the row that held then ends, those that begin later stay.

    Without a value a tier follows everyone again.
    """
    family = weight.family
    with transaction.atomic():
        before = weight.on(starts)
        # A tier that is to keep today's value of everyone says something, too.
        if value is not None and value == (weight.own_on(starts) if weight.everyones else before):
            raise ValidationError({"value": SAME})
        if family.is_dated:
            put(weight, value, starts, reason)
            refuse_impossible(family, starts)
        else:
            set_setting(weight.key, value)
        return WeightChange.objects.create(
            weight=weight.name,
            label=f"{family.title}: {weight.label}"[:150],
            before=before,
            after=value,
            starts=starts,
            reason=reason,
            kpis=sorted(concerned(family.tables(weight.key))),
            changed_by=by,
        )


def set_setting(key: str, value: Decimal | None) -> None:
    organisation = Organisation.objects.select_for_update().get_or_create(pk=1)[0]
    of_days = key.endswith("_days")
    if of_days and value is not None and value != value.to_integral_value():
        raise ValidationError({"value": "Whole days only."})
    setattr(organisation, key, value)
    organisation.full_clean()
    organisation.save(update_fields=[key])


def put(weight: Weight, value: Decimal | None, starts: Day, reason: str) -> None:
    """The new row, and the end of the one before."""
    family = weight.family
    which = family.which(weight.key)
    rows = family.model.objects.select_for_update().filter(**which)
    if rows.filter(during__startswith=starts).exists():
        raise ValidationError({"starts": TAKEN})
    ending = rows.filter(during__contains=starts).first()
    following = rows.filter(during__startswith__gt=starts).order_by("during").first()
    until = following.during.lower if following else None
    if ending is not None:
        ending.during = days(ending.during.lower, starts)
        ending.save()
    if value is None:
        if ending is None:
            raise ValidationError({"starts": FOLLOWS})
        return
    more = {"reason": reason} if hasattr(family.model, "reason") else {}
    row = family.model(**which, **{family.value: value}, during=days(starts, until), **more)
    row.full_clean()
    row.save()


def refuse_impossible(family: Family, since: Day) -> None:
    """What holds of all weights of a family together, from this day on."""
    if family.name == "bands":
        refuse_disorder(since)
    elif family.name in MEANS:
        refuse_nothing(family, since)


def refuse_nothing(family: Family, since: Day) -> None:
    """A mean of parts that all weigh nothing would be no number."""
    later = family.model.objects.filter(during__startswith__gt=since).values_list("during", flat=True)
    found = weights_of(family)
    for day in sorted({since, *(during.lower for during in later)}):
        if not any(each.on(day) for each in found):
            raise ValidationError({"value": NOTHING.format(day=formats.day(day, year=True))})


def refuse_disorder(since: Day) -> None:
    """Bands keep their order from this day on, for everyone and for each tier."""
    later = Threshold.objects.filter(during__startswith__gt=since).values_list("during", flat=True)
    for day in sorted({since, *(during.lower for during in later)}):
        for held in bands.limits_on(day).each():
            limits = [held[name] for name in bands.BAND_NAMES]
            if limits != sorted(set(limits)):
                words = ", ".join(f"{each.normalize():f}" for each in limits)
                raise ValidationError({"value": RISING.format(day=formats.day(day, year=True), limits=words)})
            if held[Threshold.Name.STAY] > 100:
                raise ValidationError({"value": "Nothing falls by more than 100 per cent."})


def take_back(change: WeightChange) -> bool:
    """Undo a change as long as nothing was changed after it: its row goes, the one before holds on."""
    try:
        return taken_back(change)
    # Something else was changed meanwhile that the value before does not go with.
    except ValidationError:
        return False


def taken_back(change: WeightChange) -> bool:
    name, _, key = change.weight.partition(":")
    family = FAMILIES[name]
    with transaction.atomic():
        newest = WeightChange.objects.filter(weight=change.weight).aggregate(newest=Max("pk"))["newest"]
        if newest != change.pk:
            return False
        if not family.is_dated:
            set_setting(key, change.before)
        elif not withdraw(family, key, change.starts, is_value=change.after is not None):
            return False
        else:
            refuse_impossible(family, change.starts)
        change.delete()
    return True


def withdraw(family: Family, key: str, starts: Day, is_value: bool = True) -> bool:
    """Remove the row that begins on this day, if there is to be one; the one before holds on."""
    rows = family.model.objects.select_for_update().filter(**family.which(key))
    row = rows.filter(during__startswith=starts).first()
    if is_value != (row is not None):
        return False
    ended = rows.filter(during__endswith=starts).first()
    if row is not None:
        until = row.during.upper
        row.delete()
    else:
        following = rows.filter(during__startswith__gt=starts).order_by("during").first()
        until = following.during.lower if following else None
    if ended is not None:
        ended.during = days(ended.during.lower, until)
        ended.save()
    return True


# -------------------------------------------------------------------------------------------- what it concerns


LOOKED_BACK = 24
"""Months behind a period's end that numbers made of facts go by, which may read all that ever was."""

UNWEIGHED = frozenset({"site_visits", "socials"})
"""Measures that only count rows, although what each is worth stands in them."""


@cache
def concerned(table: str) -> frozenset[str]:
    """The numbers whose rows are read from a table, also those made of such numbers."""
    return frozenset(kpi.id for kpi in KPIS if reads(kpi, table))


def reads(kpi: Definition, table: str) -> bool:
    if isinstance(kpi, Derived):
        return table == f"org.{kpi.fallback_setting}" or any(reads(each.kpi, table) for each in kpi.of)
    if isinstance(kpi, RowKpi) and not RECIPES[kpi.recipe_name].reads_rows:
        return table.removeprefix("accounts_") in RECIPES[kpi.recipe_name].tables
    counted = {leaf.measure.name for part in kpi.parts() for leaf in part.expression.leaves()}
    return table in kpi.recipe() and not (counted and counted <= UNWEIGHED)


@dataclass(frozen=True)
class Mark:
    """From which day on something that a number is made of counts otherwise, and why."""

    as_of: Day
    words: str


@dataclass(frozen=True)
class Side:
    """One of two figures that are held against each other: what this run said of this period."""

    run: Run
    period: Period

    def knows(self, change: WeightChange) -> bool:
        return change.changed_at < self.run.began_at


def changes_of(kpis: Iterable[str], run: Run) -> dict[str, list[WeightChange]]:
    """By number, the changes that this run knew: what was changed since does not count before the next one."""
    found: dict[str, list[WeightChange]] = {each: [] for each in kpis}
    for row in WeightChange.objects.filter(changed_at__lt=run.began_at).order_by("starts", "pk"):
        for kpi in set(row.kpis) & found.keys():
            found[kpi].append(row)
    return found


def marks(changes: Iterable[WeightChange], until: Day) -> list[Mark]:
    """Those that a trend shows: a setting counts in the whole of it alike."""
    return [mark_of(each) for each in changes if has_days(each) and each.starts <= until]


def between(kpi: str, changes: Iterable[WeightChange], then: Side, now: Side) -> list[WeightChange]:
    """Those by which `now` is counted, and `then` not, or not on all days that it looks at."""
    first = first_day_of(KPI[kpi], then.period)
    counted = [each for each in changes if not has_days(each) or each.starts <= now.period.last_day]
    return [
        each
        for each in counted
        if not then.knows(each) or (then.period != now.period and has_days(each) and each.starts > first)
    ]


def first_day_of(kpi: Definition, period: Period) -> Day:
    """The first day that the number of this period looks at, with all that it is made of."""
    return min(first_read(each, span) for each in with_inputs([kpi]) for span in periods_for([kpi], [period]))


def first_read(kpi: Definition, period: Period) -> Day:
    """Engagement, which stocks are made of, looks back three months however short the period is."""
    found = [period.start, add_months(period.end, -3)]
    if isinstance(kpi, RowKpi):
        recipe = RECIPES[kpi.recipe_name]
        back = recipe.reaches_back or min(recipe.months[0], LOOKED_BACK)
        found.append(add_months(period.end, -back))
    for part in kpi.parts():
        found += [window_of(each, period)[0] for each in part.expression.windows()]
    return min(found)


def changes_since(kpi: str, side: Side) -> list[Mark]:
    """Those by which the rows of this period count today, while this run did not know them."""
    found = WeightChange.objects.filter(changed_at__gte=side.run.began_at, kpis__contains=kpi)
    rows = found.order_by("starts", "pk")
    return [mark_of(each) for each in rows if not has_days(each) or each.starts <= side.period.last_day]


def has_days(change: WeightChange) -> bool:
    return FAMILIES[change.weight.partition(":")[0]].is_dated


def mark_of(change: WeightChange) -> Mark:
    return Mark(change.starts, words_of(change))


def words_of(row: WeightChange) -> str:
    before = "–" if row.before is None else f"{row.before.normalize():f}"
    after = "as for everyone" if row.after is None else f"{row.after.normalize():f}"
    return f"{row.label} {before} → {after}: {row.reason}"
