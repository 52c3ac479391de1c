"""Forms of a review: when and over what, its texts, how it went, and what follows."""

import datetime
from typing import Any

from django import forms

from accounts.engagement.actions import colleagues_of
from accounts.forms import day_input
from accounts.people.models import User
from accounts.plans.models import Review
from accounts.plans.reviews import TEXTS
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact


def span_value(start: datetime.date, end: datetime.date) -> str:
    return f"{start.isoformat()}/{end.isoformat()}"


class ReviewForm(forms.ModelForm):  # type: ignore[type-arg]
    """When it takes place and which months it looks back on; the spans come from the page."""

    span = forms.ChoiceField(label="Looks back on")

    class Meta:
        model = Review
        fields = ["title", "on"]
        labels = {"on": "On"}
        widgets = {"on": day_input()}

    def __init__(self, *args: Any, spans: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance
        if chosen.period_start and chosen.period_end:
            self.initial["span"] = span_value(chosen.period_start, chosen.period_end)
        span: Any = self.fields["span"]
        span.choices = spans

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "span" in cleaned:
            start, end = cleaned["span"].split("/")
            self.instance.period_start = datetime.date.fromisoformat(start)
            self.instance.period_end = datetime.date.fromisoformat(end)
        return cleaned


class SeenVersionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Knows which version its writer had in front of them."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.instance.version


class TextsForm(SeenVersionForm):
    class Meta:
        model = Review
        fields = list(TEXTS)
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in TEXTS}


class HeldForm(SeenVersionForm):
    """Who was there, how it went, when the next one is."""

    class Meta:
        model = Review
        fields = ["contacts", "colleagues", "rating", "notes", "next_on"]
        widgets = {
            "contacts": forms.CheckboxSelectMultiple(),
            "colleagues": forms.CheckboxSelectMultiple(),
            "notes": forms.Textarea(attrs={"rows": 6}),
            "next_on": day_input(),
        }
        help_texts = {"notes": "One thought a line: lines can become actions afterwards."}

    def __init__(self, *args: Any, user: User, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account: Account = self.instance.account
        fields: dict[str, Any] = self.fields
        there = Contact.objects.visible_to(user).filter(account=account).known()
        fields["contacts"].queryset = there.present(min(today, self.instance.on))
        fields["colleagues"].queryset = colleagues_of(account, today)
        fields["rating"].choices = [("", "not rated"), *fields["rating"].choices[1:]]

    def clean_next_on(self) -> datetime.date | None:
        following: datetime.date | None = self.cleaned_data["next_on"]
        if following and following <= self.instance.on:
            raise forms.ValidationError("The next review comes after this one.")
        return following


class StepForm(forms.Form):
    """One line of the notes: ticked, it becomes an action."""

    chosen = forms.BooleanField(required=False)
    text = forms.CharField(max_length=300, label="What is to be done")
    owner = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="nobody yet", label="Who")
    due_on = forms.DateField(required=False, widget=day_input(), label="Until")

    def __init__(self, *args: Any, owners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["owner"].queryset = owners
