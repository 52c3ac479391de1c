import datetime
from typing import Any

from django import forms

from accounts.fields import digest
from accounts.forms import ONE_DAY, MoneyInput, SeenForm, TermForm, day_input
from accounts.revenue.models import Contract, Opportunity, OpportunityStage


class OpportunityForm(SeenForm):
    watched = ("name", "kind", "origin", "category", "amount", "currency", "opened_on", "first_contact_on")
    stage = forms.ModelChoiceField(
        OpportunityStage.objects.all(),
        required=False,
        empty_label="none yet",
        help_text="Where it stands now.",
    )

    class Meta:
        model = Opportunity
        fields = [
            "name",
            "kind",
            "origin",
            "category",
            "amount",
            "currency",
            "opened_on",
            "first_contact_on",
        ]
        widgets = {
            "amount": MoneyInput(),
            "opened_on": day_input(),
            "first_contact_on": day_input(),
        }

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        if self.instance.pk:
            del self.fields["stage"]
        else:
            first = OpportunityStage.objects.first()
            self.fields["stage"].initial = first.pk if first else None
            self.initial["opened_on"] = today

    def clean_opened_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["opened_on"]
        if day > self.today:
            raise forms.ValidationError("A deal is not opened in the future.")
        return day


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("won", "won"), ("lost", "lost")])
    loss_reason = forms.CharField(max_length=200, required=False)


class ContractForm(TermForm):
    watched = ("number", "name", "annual_value", "currency", "notice_date", "during")
    field_order = ["number", "name", "annual_value", "currency", "first_day", "last_day", "notice_date"]

    class Meta:
        model = Contract
        fields = ["number", "name", "annual_value", "currency", "notice_date"]
        widgets = {"annual_value": MoneyInput(), "notice_date": day_input()}
        help_texts = {"annual_value": "A year, without tax."}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        last, notice = cleaned.get("last_day"), cleaned.get("notice_date")
        if notice and last and notice > last:
            self.add_error("notice_date", "The notice date is not after the contract's last day.")
        return cleaned


def years_later(day: datetime.date, years: int) -> datetime.date:
    """The same day of a later year; the 29th of February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


class DecisionForm(forms.Form):
    """What became of a contract's term."""

    outcome = forms.ChoiceField(
        choices=[("renewed", "renewed"), ("lost", "ended by the customer")], widget=forms.RadioSelect
    )
    value = forms.DecimalField(
        label="Worth a year after the renewal",
        min_value=0,
        max_digits=18,
        decimal_places=4,
        required=False,
        widget=MoneyInput(),
    )
    until = forms.DateField(
        label="Last day of the next term",
        required=False,
        widget=day_input(),
        help_text="Empty: until further notice.",
    )
    notice = forms.DateField(label="Its notice date", required=False, widget=day_input())
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contract = contract
        self.seen_now = digest(contract, ("outcome", "annual_value", "during"))
        self.fields["value"].initial = contract.annual_value
        self.fields["seen"].initial = self.seen_now
        self.guess_next_term()

    def guess_next_term(self) -> None:
        """As many whole years as this term, and its notice date as long before the end."""
        first, until, notice = (
            self.contract.during.lower,
            self.contract.during.upper,
            self.contract.notice_date,
        )
        if until is None or until.year == first.year or (until.month, until.day) != (first.month, first.day):
            return
        years = until.year - first.year
        self.fields["until"].initial = years_later(until, years) - ONE_DAY
        self.fields["notice"].initial = years_later(notice, years) if notice else None

    @property
    def was_overtaken(self) -> bool:
        return bool(self.data.get("seen", "") != self.seen_now)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("outcome") != Contract.Outcome.RENEWED:
            return {**cleaned, "value": None, "until": None, "notice": None}
        if cleaned.get("value") is None and "value" not in self.errors:
            self.add_error("value", "A renewed contract says what it is worth now.")
        starts: datetime.date | None = self.contract.during.upper
        until, notice = cleaned.get("until"), cleaned.get("notice")
        if until and starts and until < starts:
            self.add_error("until", f"The next term begins on {starts:%d %b %Y}; it must end after that.")
        if notice and until and notice > until:
            self.add_error("notice", "The notice date is not after the contract's last day.")
        return cleaned
