"""What is typed about how many people a team has, and who left it."""

import datetime
from typing import Any

from django import forms

from accounts.forms import MoneyInput, SeenForm, day_input
from accounts.people.headcount import Headcount, Leaver
from accounts.people.models import Team


class HeadcountForm(SeenForm):
    watched = ("team_id", "on", "number")

    class Meta:
        model = Headcount
        fields = ["team", "on", "number"]
        widgets = {"on": day_input(), "number": MoneyInput()}
        labels = {"on": "From"}
        help_texts = {"on": "The number holds from this day until the next one.", "team": ""}

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        offer_teams(self)

    def clean_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["on"]
        if day > self.today:
            raise forms.ValidationError("A number is noted when its day has come.")
        return day


class LeaverForm(SeenForm):
    watched = ("team_id", "left_on", "reason")

    class Meta:
        model = Leaver
        fields = ["team", "left_on", "reason"]
        widgets = {"left_on": day_input()}
        labels = {"left_on": "Gone on"}
        help_texts = {
            "left_on": "The first day on which the person no longer belongs to us; it may lie ahead."
        }

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_teams(self)


def offer_teams(form: forms.ModelForm) -> None:  # type: ignore[type-arg]
    teams: Any = form.fields["team"]
    teams.queryset, teams.empty_label = Team.objects.order_by("name"), "choose a team"
