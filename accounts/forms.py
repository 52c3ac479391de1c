"""Form shapes that several areas share: inputs, and forms that notice when somebody else was faster."""

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.choices import flatten_choices

from accounts.fields import Versioned, days, digest
from accounts.periods import FIRST_YEAR

SHORT_MONEY = Decimal("0.01")
ONE_DAY = datetime.timedelta(days=1)
LATER = "This day is still to come: choose today or an earlier one."


class MoneyInput(forms.NumberInput):
    """Shows an amount without the zeros that the database keeps."""

    def __init__(self) -> None:
        super().__init__(attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"})

    def format_value(self, value: Any) -> str | None:
        try:
            amount = Decimal(str(value))
            short = amount.quantize(SHORT_MONEY)
        except InvalidOperation:
            # No number, none that ends, or one too long to be an amount: shown as it was typed, beside its error.
            text: str | None = super().format_value(value)
            return text
        if short != amount:
            return f"{amount.normalize():f}"
        return f"{short:f}".removesuffix(".00")


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


def within_reach(day: datetime.date) -> None:
    """Every field of a form that takes a day or a moment asks this; see `AccountsConfig`."""
    if day.year < FIRST_YEAR:
        raise forms.ValidationError(f"Write all four digits of the year, {FIRST_YEAR} or later.")
    if day.year == datetime.MAXYEAR:
        raise forms.ValidationError("There is no day after this one; leave it empty if it has no end.")


def seen_by(day: Any, today: datetime.date) -> Any:
    """A day on which something was seen; nobody has seen one that is still to come."""
    if day is not None and day > today:
        raise forms.ValidationError(LATER)
    return day


class WholeRowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks the constraints of the whole row: they also read columns that are no field of the form."""

    def _get_validation_exclusions(self) -> set[str]:
        # Only what failed is left out.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded & set(self.fields)


class SeenForm(WholeRowForm):
    """A form that knows what its writer had seen: the digest of the `watched` fields."""

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
        return self.is_bound and bool(self.instance.pk) and sent != self.fields["seen"].initial

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
                label = str(field.label or name.replace("_", " "))
                found.append((label[:1].upper() + label[1:], _text(field, stored), _text(field, typed)))
        return found

    def save(self, commit: bool = True) -> Any:
        """The row is locked by the view; saving it makes the next version."""
        if self.instance.pk and isinstance(self.instance, Versioned):
            self.instance.version += 1
        return super().save(commit)


def _text(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if value in (None, ""):
        return "empty"
    if isinstance(field, forms.ModelChoiceField):
        found = field.queryset.filter(pk=value).first() if str(value).isdecimal() else None  # type: ignore[union-attr]
        return str(found or value)
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return str(dict(flatten_choices(choices)).get(value, value))
    if isinstance(value, Decimal):
        return MoneyInput().format_value(value) or ""
    return str(value)


class VersionForm(SeenForm):
    """A form of a versioned row: it sends back which version its writer had seen."""

    def digest_now(self) -> str:
        return str(self.instance.version) if self.instance.pk else ""


class TermForm(SeenForm):
    """A form of a dated row: its range is typed as a first and a last day."""

    first_day = forms.DateField(widget=day_input())
    last_day = forms.DateField(widget=day_input(), required=False, help_text="Empty: until further notice.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["first_day"] = self.instance.first_day
            self.initial["last_day"] = self.instance.last_day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "It must begin before it ends.")
        elif first:
            self.instance.during = days(first, last + ONE_DAY if last else None)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Without two days there is no range to check yet.
        excluded = super()._get_validation_exclusions()
        return excluded if self.instance.during else excluded | {"during"}
