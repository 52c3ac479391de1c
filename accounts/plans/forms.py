"""Forms of a plan and of its lines; what may be chosen is what the writer may see."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from accounts.engagement.actions import colleagues_of
from accounts.engagement.models import Action
from accounts.fields import days
from accounts.forms import MoneyInput, day_input
from accounts.people.models import User
from accounts.periods import add_months
from accounts.plans.items import SERVED, Kind
from accounts.plans.merging import MergingForm
from accounts.plans.models import (
    Goal,
    Milestone,
    Objective,
    Outcome,
    Plan,
    PlanTemplate,
    Risk,
    SwotEntry,
)
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact

Choices = Sequence[tuple[str, str]]


class FigureField(forms.DecimalField):
    """A decimal shown without the zeros that the database keeps."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class LineForm(MergingForm):
    """One line of a plan."""

    def __init__(
        self,
        data: Any = None,
        *,
        plan: Plan,
        user: User,
        today: datetime.date,
        kpis: Choices = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.plan, self.user, self.today, self.kpis = plan, user, today, kpis
        if "contact" in self.fields:
            self.offer_contacts()
        if "owner" in self.fields:
            self.offer_owners()
        for name in self.figures:
            self.fields[name] = FigureField(
                label=self.fields[name].label, required=False, widget=MoneyInput(), max_digits=18
            )
            self.fields[name].show_hidden_initial = bool(self.instance.pk)

    figures: tuple[str, ...] = ()

    def offer_contacts(self) -> None:
        known = Contact.objects.visible_to(self.user).filter(account=self.plan.account_id)
        present = known.present(self.today) | known.filter(pk=self.instance.contact_id)
        self.fields["contact"].queryset = present  # type: ignore[attr-defined]

    def offer_owners(self) -> None:
        working = colleagues_of(self.plan.account, self.today).values("pk")
        offered = User.objects.filter(Q(pk__in=working) | Q(pk__in=[self.user.pk, self.instance.owner_id]))
        self.fields["owner"].queryset = offered.order_by("name")  # type: ignore[attr-defined]
        if not self.instance.pk:
            self.initial["owner"] = self.user.pk


class DueForm(LineForm):
    def clean_due_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["due_on"]
        if self.instance.first_due_on is None:
            self.instance.first_due_on = day
        return day

    @property
    def written(self) -> list[str]:
        return [*super().written, "first_due_on"]


class GoalForm(LineForm):
    class Meta:
        model = Goal
        fields = ["title", "contact"]
        widgets = {"title": forms.Textarea(attrs={"rows": 2})}
        help_texts = {"title": "In the customer's own words."}


class MilestoneForm(DueForm):
    class Meta:
        model = Milestone
        fields = ["title", "due_on", "reached_on"]
        widgets = {"due_on": day_input(), "reached_on": day_input()}


class OutcomeForm(DueForm):
    figures = ("baseline", "target", "actual")

    class Meta:
        model = Outcome
        fields = ["title", "unit", "baseline", "target", "due_on", "actual", "measured_on", "met"]
        widgets = {"due_on": day_input(), "measured_on": day_input()}


class ObjectiveForm(DueForm):
    figures = ("baseline", "target")
    kpi = forms.ChoiceField(
        label="KPI", required=False, help_text="None: qualitative, judged by a person in words."
    )

    class Meta:
        model = Objective
        fields = ["title", "kpi", "baseline", "target", "due_on", "judgement", "goal", "contact", "status"]
        widgets = {"due_on": day_input()}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        known = {value for value, _ in self.kpis}
        own = self.instance.kpi
        kept = [(own, own)] if own and own not in known else []
        self.fields["kpi"].choices = [("", "none: qualitative"), *self.kpis, *kept]  # type: ignore[attr-defined]
        self.fields["goal"].queryset = Goal.objects.visible_to(self.user).filter(plan=self.plan)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("kpi"):
            for name in self.figures:
                if cleaned.get(name) is not None:
                    self.add_error(name, "Without a KPI there is no figure to hold this against.")
        if "judgement" in self.changed_data or not self.instance.pk:
            said = bool(cleaned.get("judgement"))
            self.instance.judged_on = self.today if said else None
            self.instance.judged_by = self.user if said else None
        return cleaned

    @property
    def written(self) -> list[str]:
        return [*super().written, "judged_on", "judged_by"]


class SwotForm(LineForm):
    class Meta:
        model = SwotEntry
        fields = ["text", "quadrant"]
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}


class RiskForm(LineForm):
    class Meta:
        model = Risk
        fields = ["text", "severity", "answer", "owner", "closed_on"]
        widgets = {"closed_on": day_input()}
        labels = {"closed_on": "Over since"}


class ActionForm(LineForm):
    """What follows from an objective, a SWOT entry or a risk."""

    serves = forms.ChoiceField(label="Follows from")

    class Meta:
        model = Action
        fields = ["text", "owner", "due_on", "side", "contact"]
        widgets = {"due_on": day_input()}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["serves"].choices = served_choices(self.plan, self.user)  # type: ignore[attr-defined]
        self.fields["serves"].show_hidden_initial = bool(self.instance.pk)
        self.initial.setdefault("serves", self.serves_now())

    def serves_now(self) -> str:
        for word, name in SERVED.items():
            pk = getattr(self.instance, f"{name}_id")
            if pk:
                return f"{word}:{pk}"
        return ""

    def clean_due_on(self) -> datetime.date | None:
        day: datetime.date | None = self.cleaned_data["due_on"]
        if self.instance.first_due_on is None:
            self.instance.first_due_on = day
        return day

    def clean_serves(self) -> str:
        word, _, pk = self.cleaned_data["serves"].partition(":")
        for each, name in SERVED.items():
            setattr(self.instance, f"{name}_id", int(pk) if each == word else None)
        return str(self.cleaned_data["serves"])

    @property
    def written(self) -> list[str]:
        return [*super().written, "first_due_on", *SERVED.values()]


def served_choices(plan: Plan, user: User) -> list[Any]:
    """What an action of this plan can follow from."""
    groups: list[Any] = []
    for word, model, label in (
        ("objective", Objective, "Objectives"),
        ("swot", SwotEntry, "SWOT"),
        ("risk", Risk, "Risks"),
    ):
        rows = model.objects.visible_to(user).filter(plan=plan)
        found = [(f"{word}:{row.pk}", str(row)) for row in rows]
        if found:
            groups.append((label, found))
    return groups


FORMS: dict[str, type[LineForm]] = {
    "goal": GoalForm,
    "milestone": MilestoneForm,
    "outcome": OutcomeForm,
    "objective": ObjectiveForm,
    "swot": SwotForm,
    "risk": RiskForm,
    "action": ActionForm,
}


def line_form(kind: Kind, data: Any = None, **kwargs: Any) -> LineForm:
    return FORMS[kind.word](data, **kwargs)


def month_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m", attrs={"type": "month"})


class MonthField(forms.DateField):
    """The first day of a month."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m", "%Y-%m-%d"], widget=month_input(), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, datetime.date) else value

    def to_python(self, value: Any) -> Any:
        day = super().to_python(value)
        return day.replace(day=1) if day else None


class PlanForm(MergingForm):
    """A plan's own words and its period of whole months, so that figures can be made for it."""

    first_month = MonthField(help_text="Year and month, as 2026-01.")
    last_month = MonthField()

    class Meta:
        model = Plan
        fields = ["name", "situation", "summary"]
        widgets = {"summary": forms.Textarea(attrs={"rows": 3})}

    field_order = ["name", "first_month", "last_month", "situation", "summary"]

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if self.instance.during:
            last = self.instance.last_day
            self.initial.setdefault("first_month", self.instance.first_day)
            self.initial.setdefault("last_month", last.replace(day=1) if last else None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_month"), cleaned.get("last_month")
        if first and last and last < first:
            self.add_error("last_month", "A plan must begin before it ends.")
        elif first and last:
            self.instance.during = days(first, add_months(last, 1))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Without two months there is no range to check yet.
        excluded = super()._get_validation_exclusions()
        return excluded if self.instance.during else excluded | {"during"}

    @property
    def written(self) -> list[str]:
        return [*super().written, "during"]


class NewPlanForm(PlanForm):
    """A plan for a period, begun with the lines of a template or with none."""

    template = forms.ModelChoiceField(
        PlanTemplate.objects.all(),
        required=False,
        label="Begin with",
        empty_label="an empty page",
        help_text="Lines to begin with. Change every one of them: they do not know this customer.",
    )

    field_order = ["template", "name", "first_month", "last_month", "summary"]

    class Meta(PlanForm.Meta):
        fields = ["name", "summary"]


def coming_period(today: datetime.date, after: datetime.date | None) -> tuple[datetime.date, datetime.date]:
    """First and last month that a new plan would cover: after the last one, or this calendar year."""
    if after is not None:
        first = add_months(after, 1)
        return first, add_months(first, 11)
    return today.replace(month=1, day=1), today.replace(month=12, day=1)


def new_account_plan(account: Account, today: datetime.date, last: Plan | None) -> dict[str, Any]:
    first, until = coming_period(today, last.last_day if last else None)
    name = f"Plan {first.year}" if first.month == 1 else f"Plan {first:%b %Y} to {until:%b %Y}"
    return {"name": name, "first_month": first, "last_month": until}
