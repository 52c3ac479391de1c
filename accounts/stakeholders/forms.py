import datetime
from typing import Any

from django import forms

from accounts.fields import SoftBasis, days
from accounts.forms import VersionForm, day_input
from accounts.stakeholders.actions import Follow
from accounts.stakeholders.models import Contact, DecisionRole, Relationship, SoftFact, Tie
from accounts.stakeholders.people import Circle

UNKNOWN = ("", "not known")
ROLES = [UNKNOWN, *((value, str(label).capitalize()) for value, label in DecisionRole.choices)]
INFLUENCE = [UNKNOWN, *((key, f"{key} of 3, {words}") for key, words in SoftFact.INFLUENCE_WORDS.items())]
SUPPORT = [UNKNOWN, *((key, words) for key, words in reversed(SoftFact.SUPPORT_WORDS.items()))]
CHOICES: dict[str, list[tuple[str, str]]] = {"role": ROLES, "influence": INFLUENCE, "support": SUPPORT}
FACT_LABELS = {
    "role": "Role",
    "influence": "Influence",
    "support": "Support",
    "cares_about": "Cares about",
    "note": "Note",
}


def basis_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="How sure", choices=SoftBasis.choices, initial=SoftBasis.ASSUMED, widget=forms.RadioSelect
    )


class ContactForm(VersionForm):
    """Who somebody is."""

    is_key = forms.BooleanField(
        label="Key person", required=False, help_text="Somebody whom we must know well."
    )

    class Meta:
        model = Contact
        fields = [
            "name",
            "is_placeholder",
            "title",
            "department",
            "city",
            "email",
            "phone",
            "language",
            "reports_to",
        ]
        help_texts = {"name": "Of somebody not known yet: the position, as Head of IT."}

    def __init__(self, *args: Any, circle: Circle, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        own = self.instance.pk
        others = [person.pk for person in circle.present if person.pk != own]
        line = self.fields["reports_to"]
        line.queryset = Contact.objects.filter(pk__in=others)  # type: ignore[attr-defined]
        line.empty_label = "nobody, or not known"  # type: ignore[attr-defined]
        during = self.instance.key_during
        self.fields["is_key"].initial = bool(during and today in during)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        during = self.instance.key_during
        is_key = bool(during and self.today in during)
        if cleaned.get("is_key") and not is_key:
            self.instance.key_during = days(self.today)
        elif is_key and not cleaned.get("is_key"):
            ended = during.lower < self.today
            self.instance.key_during = days(during.lower, self.today) if ended else None
        return cleaned


class NewContactForm(ContactForm):
    """The same with what is thought of them already; one basis for all three."""

    role = forms.ChoiceField(choices=ROLES, required=False)
    influence = forms.ChoiceField(choices=INFLUENCE, required=False)
    support = forms.ChoiceField(choices=SUPPORT, required=False)
    basis = basis_field()
    field_order = [
        "name",
        "is_placeholder",
        "title",
        "department",
        "reports_to",
        "role",
        "influence",
        "support",
        "basis",
        "is_key",
        "email",
        "phone",
        "city",
        "language",
    ]

    def facts(self) -> list[tuple[str, str, str]]:
        basis = self.cleaned_data["basis"]
        return [(kind, self.cleaned_data[kind], basis) for kind in ("role", "influence", "support")]


class FactForm(forms.Form):
    """One soft fact: the value of its kind, and how sure we are."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = FACT_LABELS[kind]
        if kind in CHOICES:
            self.fields["value"] = forms.ChoiceField(label=label, choices=CHOICES[kind], required=False)
        else:
            self.fields["value"] = forms.CharField(
                label=label, max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )
        self.fields["basis"] = basis_field()


class TieForm(forms.Form):
    kind = forms.ChoiceField(choices=Tie.Kind.choices)
    other = forms.ModelChoiceField(Contact.objects.none(), label="Whom", empty_label="Choose …")
    about = forms.CharField(max_length=200, required=False)
    basis = basis_field()

    def __init__(self, *args: Any, circle: Circle, of: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [person.pk for person in circle.present if person.pk != of.pk]
        self.fields["other"].queryset = Contact.objects.filter(pk__in=others)  # type: ignore[attr-defined]


class RelationForm(forms.Form):
    level = forms.TypedChoiceField(label="Now", choices=list(Relationship.LEVELS.items()), coerce=int)
    desired = forms.TypedChoiceField(label="Wanted", choices=list(Relationship.LEVELS.items()), coerce=int)
    basis = basis_field()
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class LeftForm(forms.Form):
    """When somebody left, who follows, and which tasks come of it."""

    left_on = forms.DateField(label="First day on which they are gone", widget=day_input())
    follows = forms.ChoiceField(
        label="Who follows?",
        choices=[
            ("nobody", "nobody yet"),
            ("somebody", "somebody on the map"),
            ("new", "somebody new"),
            ("place", "somebody, but we do not know who"),
        ],
        initial="nobody",
        widget=forms.RadioSelect,
    )
    successor = forms.ModelChoiceField(
        Contact.objects.none(), required=False, empty_label="Choose …", label="Who on the map"
    )
    name = forms.CharField(max_length=200, required=False, label="Name of the new person, or of the place")
    takes_reports = forms.BooleanField(
        required=False, initial=True, label="Their reports move to the successor"
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, circle: Circle, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contact = contact
        self.today = circle.today
        others = [person.pk for person in circle.present if person.pk != contact.pk]
        self.fields["successor"].queryset = Contact.objects.filter(pk__in=others)  # type: ignore[attr-defined]
        self.fields["left_on"].initial = contact.left_on or circle.today
        if contact.successor_id in others:
            self.fields["follows"].initial = "somebody"
            self.fields["successor"].initial = contact.successor_id
        self.fields["seen"].initial = contact.version

    def clean_left_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["left_on"]
        if day < self.contact.since:
            raise forms.ValidationError(f"We know them since {self.contact.since:%d %b %Y}.")
        if day > self.today + datetime.timedelta(days=366):
            raise forms.ValidationError("That is more than a year away.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        follows = cleaned.get("follows")
        if follows == "somebody" and not cleaned.get("successor"):
            self.add_error("successor", "Choose who follows.")
        if follows == "new" and not cleaned.get("name"):
            self.add_error("name", "Give the new person a name.")
        if follows == "place" and not cleaned.get("name"):
            cleaned["name"] = self.contact.title or f"Successor of {self.contact.name}"[:200]
        return cleaned

    def follow(self) -> Follow:
        given = self.cleaned_data
        follows, takes = given["follows"], given["takes_reports"]
        if follows == "somebody":
            return Follow(given["successor"], takes_reports=takes)
        if follows == "nobody":
            return Follow(takes_reports=takes)
        return Follow(name=given["name"], is_placeholder=follows == "place", takes_reports=takes)
