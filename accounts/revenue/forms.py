import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from accounts.fields import days
from accounts.revenue.actions import ONE_DAY, digest
from accounts.revenue.models import Contract, Opportunity, OpportunityStage

SHORT_MONEY = Decimal("0.01")


class MoneyInput(forms.NumberInput):
    """Shows an amount without the zeros that the database keeps."""

    def __init__(self) -> None:
        super().__init__(attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"})

    def format_value(self, value: Any) -> str | None:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            text: str | None = super().format_value(value)
            return text
        short = amount.quantize(SHORT_MONEY)
        if short != amount:
            return f"{amount.normalize():f}"
        return f"{short:f}".removesuffix(".00")


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that knows what its writer had seen, and checks the constraints of the whole row."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    watched: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.digest_now()
        self.stored = {name: getattr(self.instance, name) for name in self.watched}

    def digest_now(self) -> str:
        return digest(self.instance, self.watched) if self.instance.pk else ""

    @property
    def was_overtaken(self) -> bool:
        """Somebody saved the row after this form was shown."""
        sent = self.data.get(self.add_prefix("seen"), "")
        return bool(self.instance.pk) and sent != self.fields["seen"].initial

    def show_both(self) -> None:
        """Keep what was typed, and let the next save go through: the other version has been seen by then."""
        self.data = {**self.data.dict(), self.add_prefix("seen"): self.fields["seen"].initial}  # type: ignore[attr-defined]

    def theirs(self) -> list[tuple[str, str, str]]:
        """Label, stored and typed text of the fields that differ."""
        found = []
        for name, field in self.fields.items():
            if name == "seen" or name not in self.initial:
                continue
            stored, typed = self.initial.get(name), self.data.get(self.add_prefix(name), "")
            if field.has_changed(stored, typed):
                found.append(
                    (
                        str(field.label or name.replace("_", " ").capitalize()),
                        _text(field, stored),
                        _text(field, typed),
                    )
                )
        return found

    # Constraints also read columns that are no field of the form; only what failed is left out.
    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded & set(self.fields)


def _text(field: forms.Field, value: Any) -> str:
    if value in (None, ""):
        return "empty"
    if isinstance(field, forms.ModelChoiceField):
        return str(field.queryset.filter(pk=value).first() or value)  # type: ignore[union-attr]
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    if isinstance(value, Decimal):
        return MoneyInput().format_value(value) or ""
    return str(value)


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

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        return currency.upper()

    def clean_opened_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["opened_on"]
        if day > self.today:
            raise forms.ValidationError("A deal is not opened in the future.")
        return day


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("won", "won"), ("lost", "lost")])
    loss_reason = forms.CharField(max_length=200, required=False)


class ContractForm(SeenForm):
    watched = ("number", "name", "annual_value", "currency", "notice_date", "during")
    first_day = forms.DateField(widget=day_input())
    last_day = forms.DateField(widget=day_input(), required=False, help_text="Empty: until further notice.")
    field_order = ["number", "name", "annual_value", "currency", "first_day", "last_day", "notice_date"]

    class Meta:
        model = Contract
        fields = ["number", "name", "annual_value", "currency", "notice_date"]
        widgets = {"annual_value": MoneyInput(), "notice_date": day_input()}
        help_texts = {"annual_value": "A year, without tax."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["first_day"] = self.instance.first_day
            self.initial["last_day"] = self.instance.last_day

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"]
        return currency.upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "It must begin before it ends.")
        elif first:
            self.instance.during = days(first, last + ONE_DAY if last else None)
        notice = cleaned.get("notice_date")
        if notice and last and notice > last:
            self.add_error("notice_date", "The notice date is not after the contract's last day.")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Without two days there is no range to check yet.
        excluded = super()._get_validation_exclusions()
        return excluded if self.instance.during else excluded | {"during"}


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
