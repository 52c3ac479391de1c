"""The form of a target: for which number, whose, and when it is met."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms

from accounts.forms import MoneyInput, SeenForm, day_input
from accounts.models import Industry, Membership, Region, Role, Team, Tier, User
from accounts.periods import Day, PeriodKind
from metrics.access import sees_everything, visible_kpis
from metrics.kpi import Definition, Direction
from metrics.kpis import KPI
from metrics.models import Rule, Scope, Target, View
from metrics.needs import is_defined
from metrics.pages.choice import KIND_WORDS
from metrics.pages.places import SIDE_WORDS, TARGET_NAMES, find_place
from metrics.pages.scorecards import GROUPS
from metrics.target_actions import FIELDS
from metrics.targets import out_of_reach
from metrics.urls_for import key_text

Options = list[tuple[str, list[tuple[str, str]]]]

KINDS = [(kind.value, words) for kind, words in KIND_WORDS.items() if kind != PeriodKind.CUSTOM]
FITTING = {
    Direction.UP: (Rule.AT_LEAST, Rule.BAND),
    Direction.DOWN: (Rule.AT_MOST, Rule.BAND),
    Direction.NONE: (Rule.AT_LEAST, Rule.AT_MOST, Rule.BAND),
}
SEGMENTS = ((Scope.TIER, Tier), (Scope.INDUSTRY, Industry), (Scope.REGION, Region))


def place_text(scope: str, key: int | None) -> str:
    return f"{scope}-{key_text(scope, key)}"


def places_for(user: User, today: Day) -> Options:
    """Whose targets this person may set: a lead's own teams and their people, everything for a head."""
    teams = Team.objects.all() if sees_everything(user) else Team.objects.led_by(user)
    teams = teams.order_by("name")
    people = User.objects.filter(
        pk__in=Membership.objects.filter(team__in=teams.order_by(), during__contains=today).values("user"),
        role__in=[Role.MANAGER, Role.LEAD],
        is_active=True,
    ).order_by("name")
    found: Options = [
        ("Teams", [(place_text(Scope.TEAM, pk), name) for pk, name in teams.values_list("pk", "name")]),
        ("People", [(place_text(Scope.OWNER, pk), name) for pk, name in people.values_list("pk", "name")]),
    ]
    if not sees_everything(user):
        return found
    found.insert(0, ("Company", [(place_text(Scope.COMPANY, None), "Company")]))
    for scope, model in SEGMENTS:
        rows = model._default_manager.order_by("name").values_list("pk", "name")
        found.append((SIDE_WORDS[scope], [(place_text(scope, pk), name) for pk, name in rows]))
    found.append(
        (
            SIDE_WORDS[Scope.TARGET],
            [(place_text(Scope.TARGET, key), name) for key, name in TARGET_NAMES.items()],
        )
    )
    return found


def with_own(options: Options, row: Target, today: Day) -> Options:
    """Whose the target is stays a choice, also of who left the team: a browser would take the first of the list."""
    own = place_text(row.scope, row.key)
    if not row.pk or of_options(options, own):
        return options
    return [("As it is", [(own, find_place(row.scope, row.key, today).name)]), *options]


def read_place(text: str, options: Options) -> tuple[str, int | None] | None:
    """The scope and key of one of the options; nothing for any other."""
    if not any(text == value for _, some in options for value, _ in some):
        return None
    scope, _, key = text.partition("-")
    return scope, None if scope == Scope.COMPANY else int(key)


def numbers_for(user: User) -> Options:
    allowed = visible_kpis(user)
    return [
        (title, [(kpi.id, kpi.name) for kpi in allowed if kpi.group == group])
        for group, (title, _) in GROUPS.items()
        if any(kpi.group == group for kpi in allowed)
    ]


class TargetRowForm(SeenForm):
    """A target with its rule, its days and the reason; constraints of the table do the rest."""

    watched = FIELDS
    kpi = forms.ChoiceField(label="Number")
    place = forms.ChoiceField(label="For")
    period_kind = forms.ChoiceField(label="Kind of period", choices=KINDS)
    rule = forms.ChoiceField(label="Met when the number is", choices=Rule.choices)

    class Meta:
        model = Target
        fields = ["kpi", "period_kind", "rule", "value", "upper", "starts", "until", "reason"]
        widgets = {
            "value": MoneyInput,
            "upper": MoneyInput,
            "starts": day_input(),
            "until": day_input(),
        }
        labels = {"value": "Value", "upper": "Upper end, if between two values"}

    field_order = ["kpi", "place", "period_kind", "rule", "value", "upper", "starts", "until", "reason"]

    def __init__(
        self,
        *args: Any,
        places: Options,
        numbers: Options,
        today: datetime.date,
        currency: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        self.fields["kpi"].choices = numbers  # type: ignore[attr-defined]
        self.fields["place"].choices = places  # type: ignore[attr-defined]
        self.fields["value"].help_text = f"In the number's unit: shares in per cent, money in {currency}."
        self.fields["reason"].required = True
        if self.instance.kpi:
            self.initial["place"] = place_text(self.instance.scope, self.instance.key)
            self.initial["rule"] = self.instance.rule or usual_rule(KPI.get(self.instance.kpi))
        self.initial["starts"] = self.initial.get("starts") or today.replace(day=1)

    def clean_place(self) -> str:
        text: str = self.cleaned_data["place"]
        found = read_place(text, self.places)
        if found is not None:
            self.instance.scope, self.instance.key = found
        return text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kpi, rule = KPI.get(cleaned.get("kpi", "")), cleaned.get("rule")
        if kpi is not None and rule and rule not in FITTING[kpi.direction]:
            good = "higher" if kpi.direction == Direction.UP else "lower"
            self.add_error(
                "rule",
                f"Of this number {good} is better, so a target of this kind would reward the opposite.",
            )
        if kpi is not None and not is_defined(kpi, self.instance.scope, View.AS_WAS):
            whose = of_options(self.places, cleaned.get("place", ""))
            self.add_error(
                "place", f"This number is not made for {whose}: nothing would ever meet the target."
            )
        for name in ("value", "upper"):
            if kpi is not None and (problem := out_of_reach(kpi, cleaned.get(name))):
                self.add_error(name, problem)
        if rule != Rule.BAND:
            cleaned["upper"] = None
        elif cleaned.get("upper") is None and "upper" not in self.errors:
            self.add_error("upper", "Say up to which value it is met.")
        return cleaned


def usual_rule(kpi: Definition | None) -> str:
    return FITTING[kpi.direction][0].value if kpi else Rule.AT_LEAST.value


def of_options(options: Sequence[tuple[str, Sequence[tuple[str, str]]]], text: str) -> str:
    """What an option is called."""
    return next((words for _, some in options for value, words in some if value == text), "")
