"""What can be said about one unit and one product category."""

from typing import Any

from django import forms

from accounts.forms import MoneyInput, VersionForm, day_input
from accounts.models import WhitespaceCell


class CellForm(VersionForm):
    """Who has it, and what is spent; knows which version its writer had seen."""

    watched: tuple[str, ...] = (
        "holder",
        "holder_name",
        "held_until",
        "yearly_spend",
        "currency",
        "basis",
        "next_step",
    )

    class Meta:
        model = WhitespaceCell
        fields = ["holder", "holder_name", "held_until", "yearly_spend", "currency", "basis", "next_step"]
        widgets = {
            "holder": forms.RadioSelect,
            "basis": forms.RadioSelect,
            "yearly_spend": MoneyInput(),
            "held_until": day_input(),
        }

    @property
    def was_overtaken(self) -> bool:
        sent = self.data.get(self.add_prefix("seen"), "")
        return bool(sent != self.digest_now())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("holder") == WhitespaceCell.Holder.NOT_NEEDED and cleaned.get("yearly_spend"):
            self.add_error("yearly_spend", "What is not needed costs nothing: leave this empty.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.watched}


class FillForm(CellForm):
    """The short form for walking through what is unknown; the other fields keep what they hold."""

    watched = ("holder", "holder_name", "yearly_spend", "currency", "basis")

    class Meta(CellForm.Meta):
        fields = ["holder", "holder_name", "yearly_spend", "currency", "basis"]
        widgets = {**CellForm.Meta.widgets, "holder": forms.RadioSelect(attrs={"autofocus": True})}
