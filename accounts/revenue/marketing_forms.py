"""What is typed about campaigns, spend and leads."""

import datetime
from typing import Any

from django import forms
from django.db.models import Q

from accounts.forms import MoneyInput, SeenForm, TermForm, day_input, seen_by
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.revenue.marketing import BANT, Campaign, Lead, Spend
from accounts.revenue.marketing_actions import qualified_days

TARGET_CHOICES = [("", "unknown"), ("true", "yes"), ("false", "no")]


def three_ways(label: str, help: str = "") -> forms.TypedChoiceField:
    """Yes, no, or nobody knows: the last is an answer, too."""
    return forms.TypedChoiceField(
        label=label,
        choices=TARGET_CHOICES,
        coerce=lambda text: {"true": True, "false": False}.get(text),
        empty_value=None,
        required=False,
        help_text=help,
    )


def as_choice(value: bool | None) -> str:
    return {True: "true", False: "false"}.get(value, "")  # type: ignore[arg-type]


class CampaignForm(TermForm):
    watched = ("name", "channel", "is_target", "budget", "currency", "description", "during")
    is_target = three_ways("For target accounts", "Whether it is made for the accounts chosen as targets.")
    field_order = [
        "name",
        "channel",
        "first_day",
        "last_day",
        "is_target",
        "budget",
        "currency",
        "description",
    ]

    class Meta:
        model = Campaign
        fields = ["name", "channel", "is_target", "budget", "currency", "description"]
        widgets = {"budget": MoneyInput(), "description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_target"] = as_choice(self.instance.is_target)


class SpendForm(forms.ModelForm):  # type: ignore[type-arg]
    """One booking of a campaign."""

    class Meta:
        model = Spend
        fields = ["date", "amount", "currency", "kind", "description"]
        widgets = {"date": day_input(), "amount": MoneyInput()}
        labels = {"date": "Booked on"}
        help_texts = {"date": ""}

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_date(self) -> Any:
        # What is only planned is the campaign's budget.
        return seen_by(self.cleaned_data["date"], self.today)


class LeadForm(SeenForm):
    watched = (
        "company",
        "person",
        "job_title",
        "email",
        "phone",
        "country",
        "created_on",
        "channel",
        "campaign",
        "heard_through",
        "owner",
        *BANT,
        "mql_on",
        "sql_on",
        "note",
    )
    budget = three_ways("Budget", "There is money for it.")
    authority = three_ways("Authority", "We talk to somebody who decides.")
    need = three_ways("Need", "It solves a problem that they have.")
    timeline = three_ways("Timeline", "They know by when.")

    field_order = [
        "company",
        "created_on",
        "channel",
        "campaign",
        "heard_through",
        "country",
        "person",
        "job_title",
        "email",
        "phone",
        "owner",
        "mql_on",
        *BANT,
        "note",
    ]

    class Meta:
        model = Lead
        fields = [
            "company",
            "created_on",
            "channel",
            "campaign",
            "heard_through",
            "person",
            "job_title",
            "email",
            "phone",
            "country",
            "owner",
            "mql_on",
            *BANT,
            "note",
        ]
        widgets = {
            "created_on": day_input(),
            "mql_on": day_input(),
            "note": forms.Textarea(attrs={"rows": 3}),
        }
        labels = {"person": "Who", "owner": "Who of us", "mql_on": "Marketing-qualified on"}
        help_texts = {"mql_on": "The first day. Empty: not yet."}

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        owners: Any = self.fields["owner"]
        # Whoever looks after it keeps it, even after leaving.
        owners.queryset = User.objects.filter(Q(is_active=True) | Q(pk=self.instance.owner_id))
        owners.empty_label, campaigns = "nobody yet", self.fields["campaign"]
        campaigns.empty_label = "none"  # type: ignore[attr-defined]
        for item in BANT:
            self.initial[item] = as_choice(getattr(self.instance, item))
        if not self.instance.pk:
            self.initial["created_on"] = today

    def clean_created_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["created_on"]
        if day > self.today:
            raise forms.ValidationError("A lead does not come in in the future.")
        return day

    def clean_mql_on(self) -> Any:
        return seen_by(self.cleaned_data["mql_on"], self.today)

    def _post_clean(self) -> None:
        # The days follow from the answers, and the constraints read them.
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            for name, day in qualified_days(self.instance, self.today).items():
                setattr(self.instance, name, day)


class ConvertForm(forms.Form):
    """Which account the lead is: a new one, or one that is there."""

    account = forms.CharField(
        label="Name of the account",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    fresh = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("fresh"):
            return {**cleaned, "found": None}
        name, pk = cleaned.get("account", "").strip(), cleaned.get("pk")
        visible = Account.objects.visible_to(self.user)
        matching = visible.filter(pk=pk) if pk else visible.filter(name__iexact=name)
        found = list(matching[:2]) if pk or name else []
        if len(found) != 1:
            several = "Several accounts are called so: choose one from the list above."
            self.add_error("account", several if found else "There is no account of this name.")
            return cleaned
        return {**cleaned, "found": found[0]}


class DropForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "no budget, no project"}),
    )
