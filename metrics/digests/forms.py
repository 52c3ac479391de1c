"""One's own digests: how often, of what, and by which clock."""

from collections import defaultdict
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone

from accounts.models import Organisation
from metrics.digests.models import DigestKind, DigestSettings

AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def time_zones(chosen: str) -> list[tuple[str, Any]]:
    """By area and place, as people look for them; the organisation's on top."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(available_timezones()):
        area, _, place = name.partition("/")
        if area in AREAS and place:
            found[area].append((name, place.replace("_", " ")))
    usual = [("", f"as the organisation, {Organisation.current().time_zone}")]
    known = {name for places in found.values() for name, _ in places}
    if chosen and chosen not in known:
        usual.append((chosen, chosen))
    return [*usual, *found.items()]


class DigestForm(forms.ModelForm):  # type: ignore[type-arg]
    kinds = forms.MultipleChoiceField(
        label="What they speak of",
        choices=DigestKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Only changes since your last digest, and only of what you may see when it is sent.",
    )

    class Meta:
        model = DigestSettings
        fields = ["rhythm", "weekday", "time_zone"]
        labels = {"rhythm": "How often", "weekday": "On", "time_zone": "Time zone"}
        help_texts = {
            "rhythm": "At seven in the morning; nothing is sent when nothing changed.",
            "weekday": "Counts for “once a week”.",
            "time_zone": "Decides when it is seven in the morning.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance.time_zone
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone",
            choices=time_zones(chosen),
            required=False,
            help_text="Decides when it is seven in the morning.",
        )
        self.fields["kinds"].initial = [kind.value for kind in self.instance.kinds]

    def save(self, commit: bool = True) -> Any:
        wanted = set(self.cleaned_data["kinds"])
        self.instance.left_out = [kind.value for kind in DigestKind if kind.value not in wanted]
        # A morning that passed before they chose it is not made up for.
        if {"rhythm", "weekday", "time_zone"} & set(self.changed_data):
            self.instance.asked_at = timezone.now()
        return super().save(commit)
