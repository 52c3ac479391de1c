"""What an account manager expects of a renewal: made again when the notice date comes nearer."""

import datetime
from typing import Any

from django import forms
from django.core import signing

from accounts.forms import MoneyInput
from accounts.models import Contract, RenewalCall, User
from accounts.way_back import UNDO_SECONDS
from kamplan.formats import money

STAGES = (30, 90, 180)
"""Within so many days before the notice date a call must have been made."""
MUST_KNOW_DAYS = 90
HORIZON_DAYS = 180
SALT = "kamplan.renewal-call"
Call = RenewalCall.Call


def deadline_of(contract: Contract) -> datetime.date | None:
    """The notice date; where there is none, the last day."""
    return contract.notice_date or contract.last_day


def stage_on(deadline: datetime.date, today: datetime.date) -> int | None:
    """The stage that this day lies in: 30, 90 or 180 days; nothing where it is still far."""
    left = (deadline - today).days
    return next((stage for stage in STAGES if left <= stage), None)


def call_due_since(
    deadline: datetime.date, today: datetime.date, call: str, made_on: datetime.date | None
) -> datetime.date | None:
    """Since when a call is missing: each stage asks for one of its own, and late ones for a clear word."""
    stage = stage_on(deadline, today)
    if stage is None:
        return None
    began = deadline - datetime.timedelta(days=stage)
    made = made_on is not None and made_on >= began
    if made and (stage > MUST_KNOW_DAYS or call != Call.UNKNOWN):
        return None
    return began


class CallForm(forms.ModelForm):  # type: ignore[type-arg]
    call = forms.ChoiceField(label="What do you expect?", choices=Call.choices, widget=forms.RadioSelect)

    class Meta:
        model = RenewalCall
        fields = ["call", "expected_value", "reason"]
        widgets = {"expected_value": MoneyInput()}

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        contract = self.instance.contract
        self.fields[
            "expected_value"
        ].help_text = (
            f"Only if it renews for less; today it is {money(contract.annual_value, contract.currency)}."
        )

    def clean_call(self) -> str:
        call: str = self.cleaned_data["call"]
        deadline = deadline_of(self.instance.contract)
        if call == Call.UNKNOWN and deadline and (deadline - self.today).days <= MUST_KNOW_DAYS:
            raise forms.ValidationError(
                "With 90 days or less to the notice date “don’t know” is no longer accepted: "
                "say what you expect as of today."
            )
        return call

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        value = cleaned.get("expected_value")
        if cleaned.get("call") != Call.SMALLER:
            return {**cleaned, "expected_value": None}
        if value is not None and value >= self.instance.contract.annual_value:
            self.add_error("expected_value", "That is not less than today.")
        return cleaned


def way_back(call: RenewalCall) -> str:
    return signing.dumps(call.pk, salt=SALT)


def take_back(user: User, token: str) -> bool:
    """Remove a call that one has just made; earlier ones stay for ever."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return False
    gone, _ = RenewalCall.objects.visible_to(user).filter(pk=pk, author=user).delete()
    return bool(gone)
