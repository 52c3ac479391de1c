"""What somebody says when an item of the week can wait, or goes to a colleague."""

import datetime
from typing import Any

from django import forms

from accounts.engagement.actions import colleagues_of
from accounts.engagement.models import Snooze
from accounts.forms import day_input
from accounts.people.models import User
from accounts.portfolio.models import Account

LONGEST = datetime.timedelta(days=180)
REASONS = ("Waiting for their answer", "They asked for time", "Agreed for a later date", "Not urgent now")


def next_monday(today: datetime.date) -> datetime.date:
    return today + datetime.timedelta(days=7 - today.weekday())


class SnoozeForm(forms.Form):
    until = forms.DateField(label="Until", widget=day_input())
    reason = forms.CharField(
        label="Why it can wait",
        max_length=Snooze._meta.get_field("reason").max_length,
        widget=forms.TextInput(attrs={"list": "km-week-reasons", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"until": next_monday(today)})
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> datetime.date:
        until: datetime.date = self.cleaned_data["until"]
        if not self.today < until <= self.today + LONGEST:
            raise forms.ValidationError("Choose a day after today, within half a year.")
        return until


class HandOnForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label="To whom", empty_label="choose a colleague")
    text = forms.CharField(label="What is to be done", max_length=300)
    due_on = forms.DateField(label="Until", widget=day_input())

    def __init__(
        self, *args: Any, user: User, account: Account, today: datetime.date, text: str = "", **kwargs: Any
    ) -> None:
        in_a_week = today + datetime.timedelta(days=7)
        kwargs.setdefault("initial", {"text": text[:300], "due_on": in_a_week})
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["to"].queryset = colleagues_of(account, today).exclude(pk=user.pk)
        self.today = today

    def clean_due_on(self) -> datetime.date:
        due_on: datetime.date = self.cleaned_data["due_on"]
        if due_on < self.today:
            raise forms.ValidationError("Choose today or a later day.")
        return due_on
