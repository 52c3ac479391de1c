"""What is typed about how an account stands: a state, or what serving it cost."""

import datetime
from typing import Any

from django import forms

from accounts.engagement.states import AccountState
from accounts.forms import MoneyInput, WholeRowForm, day_input, seen_by
from accounts.portfolio.models import Account
from accounts.revenue.costs import CostToServe


class StandingForm(WholeRowForm):
    """A dated word about an account; two of these forms stand on one page, so each has ids of its own."""

    def __init__(self, data: Any, account: Account, today: datetime.date, **initial: Any) -> None:
        model = self._meta.model
        super().__init__(
            data,
            instance=model(account=account),
            initial={"date": today, **initial},
            auto_id=f"{model._meta.model_name}_%s",
        )
        self.today = today

    def clean_date(self) -> Any:
        return seen_by(self.cleaned_data["date"], self.today)


class StateForm(StandingForm):
    class Meta:
        model = AccountState
        fields = ["kind", "date", "value", "level"]
        widgets = {
            "date": day_input(),
            "value": forms.NumberInput(attrs={"min": 0, "max": 100, "step": "any", "inputmode": "decimal"}),
        }
        labels = {"date": "Day", "value": "From 0 to 100", "level": "Or a level"}
        help_texts = {"value": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        level: Any = self.fields["level"]
        level.choices = [("", "none"), *AccountState.Level.choices[1:]]


class CostForm(StandingForm):
    class Meta:
        model = CostToServe
        fields = ["date", "amount", "currency", "kind", "description"]
        widgets = {"date": day_input(), "amount": MoneyInput()}
        labels = {"date": "Booked on", "description": "What for"}
        help_texts = {"date": "", "amount": ""}
