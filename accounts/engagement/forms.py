"""Forms of touches, actions and requests; whatever they offer to choose is what the person may see."""

import datetime
import uuid
from typing import Any

from django import forms
from django.utils import timezone

from accounts.engagement.actions import Promise, colleagues_of
from accounts.engagement.limits import answer_limit
from accounts.engagement.models import (
    Action,
    Channel,
    Department,
    Direction,
    InternalRequest,
    Mood,
    Request,
    Touch,
)
from accounts.forms import VersionForm, WholeRowForm, day_input, moment_input
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.revenue.models import Opportunity
from accounts.stakeholders.models import Contact

MOST_PROMISES = 10
USUAL_DAYS = datetime.timedelta(days=7)
LENGTHS = (
    ("", "how long?"),
    (5, "5 min"),
    (15, "15 min"),
    (30, "30 min"),
    (60, "1 h"),
    (90, "1.5 h"),
    (120, "2 h"),
)
NO_ACCOUNT = "Say with whom: a person, or at least the account."


class LogForm(forms.Form):
    """The quick box: one request that makes a touch and what was promised in it."""

    account = forms.ModelChoiceField(Account.objects.none(), required=False)
    contact = forms.ModelMultipleChoiceField(Contact.objects.none(), required=False)
    opportunity = forms.ModelChoiceField(Opportunity.objects.none(), required=False)
    channel = forms.ChoiceField(choices=Channel.choices, initial=Channel.CALL)
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    direction = forms.ChoiceField(choices=Direction.choices, initial=Direction.TWO_WAY, required=False)
    minutes = forms.IntegerField(min_value=1, max_value=1440, required=False)
    note = forms.CharField(required=False, max_length=20_000)
    mood = forms.TypedChoiceField(choices=Mood.choices, coerce=int, empty_value=None, required=False)
    once = forms.UUIDField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = Account.objects.visible_to(user).active()
        fields: dict[str, Any] = self.fields
        fields["account"].queryset = accounts
        fields["contact"].queryset = Contact.objects.visible_to(user).select_related("account")
        fields["opportunity"].queryset = Opportunity.objects.filter(account__in=accounts)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        contacts = list(cleaned.get("contact") or [])
        deal = cleaned.get("opportunity")
        accounts = {each.account for each in contacts} | ({deal.account} if deal else set())
        if len(accounts) > 1:
            self.add_error(None, "These people belong to different accounts: log one touch for each account.")
        chosen = next(iter(accounts), None) or cleaned.get("account")
        if chosen is None:
            self.add_error(None, NO_ACCOUNT)
        return {**cleaned, "account": chosen, "contact": contacts, "promises": self._promises()}

    def _promises(self) -> list[Promise]:
        data: Any = self.data
        texts, days = data.getlist("action_text"), data.getlist("action_due")
        made = []
        for text, day in list(zip(texts, [*days, *[""] * len(texts)], strict=False))[:MOST_PROMISES]:
            try:
                due = datetime.date.fromisoformat(day) if day else None
            except ValueError:
                self.add_error(None, f"“{day[:20]}” is not a day.")
                continue
            if text.strip(" .;,\n"):
                made.append(Promise(" ".join(text.split())[:300].rstrip(" .;,"), due))
        return made

    def touch(self) -> Touch:
        data = self.cleaned_data
        return Touch(
            account=data["account"],
            opportunity=data["opportunity"],
            channel=data["channel"],
            direction=data["direction"] or Direction.TWO_WAY,
            at=data["at"] or timezone.now(),
            minutes=data["minutes"],
            note=data["note"],
            mood=data["mood"],
        )


class Box:
    """What the quick box shows: nothing asked of the database unless somebody sent or chose something."""

    def __init__(
        self,
        form: LogForm | None = None,
        *,
        account: Account | None = None,
        contacts: list[Contact] | None = None,
        deal: Opportunity | None = None,
    ) -> None:
        self.form = form
        self.account = account
        self.contacts = contacts or []
        self.deal = deal
        self.once = str(uuid.uuid4())
        if form is not None and form.is_bound:
            self._as_sent(form)

    def _as_sent(self, form: LogForm) -> None:
        cleaned = form.cleaned_data
        self.account = cleaned.get("account") or self.account
        self.contacts = list(cleaned.get("contact") or self.contacts)
        self.deal = cleaned.get("opportunity") or self.deal
        self.once = form.data.get("once") or self.once

    def _value(self, name: str, usual: str = "") -> str:
        sent = self.form.data if self.form is not None and self.form.is_bound else {}
        return str(sent.get(name, usual))

    @property
    def errors(self) -> list[str]:
        if self.form is None or not self.form.is_bound:
            return []
        named = self.form.errors.items()
        return [
            str(text) if name == "__all__" else f"{name.capitalize()}: {text}"
            for name, e in named
            for text in e
        ]

    @property
    def channels(self) -> list[tuple[str, str, str, bool]]:
        chosen = self._value("channel", Channel.CALL)
        return [
            (value, label, CHANNEL_ICONS[Channel(value)], value == chosen) for value, label in Channel.choices
        ]

    @property
    def directions(self) -> list[tuple[str, str, bool]]:
        chosen = self._value("direction", Direction.TWO_WAY)
        return [(value, label, value == chosen) for value, label in Direction.choices]

    @property
    def lengths(self) -> list[tuple[int | str, str, bool]]:
        chosen = self._value("minutes")
        return [(value, label, str(value) == chosen) for value, label in LENGTHS]

    @property
    def moods(self) -> list[tuple[int, str, str, bool]]:
        chosen = self._value("mood")
        return [
            (value, label, MOOD_ICONS[Mood(value)], str(value) == chosen) for value, label in Mood.choices
        ]

    @property
    def at(self) -> str:
        return self._value("at")

    @property
    def note(self) -> str:
        return self._value("note")

    @property
    def promises(self) -> list[Promise]:
        if self.form is None or not self.form.is_bound:
            return []
        return list(self.form.cleaned_data.get("promises", []))


CHANNEL_ICONS = {
    Channel.CALL: "phone",
    Channel.MEETING: "users",
    Channel.VIDEO: "video",
    Channel.MAIL: "mail",
    Channel.MESSAGE: "message",
}
MOOD_ICONS = {
    Mood.COLD: "mood-sad",
    Mood.COOL: "mood-confuzed",
    Mood.NEUTRAL: "mood-neutral",
    Mood.WARM: "mood-smile",
    Mood.KEEN: "mood-happy",
}


class TouchForm(VersionForm):
    class Meta:
        model = Touch
        fields = [
            "contacts",
            "channel",
            "direction",
            "at",
            "minutes",
            "opportunity",
            "subject",
            "note",
            "mood",
        ]
        widgets = {
            "contacts": forms.CheckboxSelectMultiple(),
            "at": moment_input(),
            "note": forms.Textarea(attrs={"rows": 6}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.instance.account
        fields: dict[str, Any] = self.fields
        fields["contacts"].queryset = Contact.objects.filter(account=account).known()
        fields["opportunity"].queryset = Opportunity.objects.filter(account=account)


class ActionForm(VersionForm):
    """A promise: what, until when, who looks after it, to or from whom."""

    class Meta:
        model = Action
        fields = ["text", "due_on", "side", "owner", "contact"]
        widgets = {
            "text": forms.TextInput(attrs={"autocomplete": "off"}),
            "due_on": day_input(),
        }
        labels = {"due_on": "Due", "owner": "Who looks after it"}
        help_texts = {"owner": ""}

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account = self.instance.account
        fields: dict[str, Any] = self.fields
        fields["owner"].queryset = colleagues_of(account, today) | User.objects.filter(
            pk=self.instance.owner_id
        )
        people = Contact.objects.filter(account=account).present(today)
        fields["contact"].queryset = people | Contact.objects.filter(pk=self.instance.contact_id)
        if not self.instance.pk:
            self.initial["due_on"] = today + USUAL_DAYS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # Set before the constraints of the whole row are looked at.
        if self.instance.first_due_on is None:
            self.instance.first_due_on = cleaned.get("due_on")
        return cleaned


class RequestForm(VersionForm):
    class Meta:
        model = Request
        fields = [
            "subject",
            "text",
            "contact",
            "channel",
            "opened_at",
            "owner",
            "answer_due_at",
            "due_on",
            "number",
        ]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 4}),
            "opened_at": moment_input(),
            "answer_due_at": moment_input(),
            "due_on": day_input(),
        }
        labels = {"text": "What they want", "number": "Their or our number"}

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without an account nobody asks yet, and nobody but oneself answers.
        account = self.instance.account if self.instance.account_id else None
        owners = User.objects.filter(pk=self.instance.owner_id)
        fields: dict[str, Any] = self.fields
        fields["owner"].queryset = colleagues_of(account, today) | owners if account else owners
        fields["contact"].queryset = Contact.objects.filter(account=account).known()
        if not self.instance.pk:
            self.initial["opened_at"] = timezone.now()
            if account:
                self.initial["answer_due_at"] = timezone.now() + answer_limit(account, today)

    def clean_opened_at(self) -> datetime.datetime:
        moment: datetime.datetime = self.cleaned_data["opened_at"]
        if moment > timezone.now() + datetime.timedelta(minutes=1):
            raise forms.ValidationError("Nobody asks in the future.")
        return moment


class AnyRequestForm(RequestForm):
    """A request whose account is chosen in the form: with it come its people and its limit."""

    class Meta(RequestForm.Meta):
        fields = ["account", *RequestForm.Meta.fields]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["account"].queryset = Account.objects.visible_to(user).active().order_by("name", "pk")
        fields["account"].empty_label = "Choose the account"
        part = "#of-account"
        ask = {
            "hx-get": "",
            "hx-target": part,
            "hx-select": part,
            "hx-swap": "outerHTML",
            "hx-push-url": "true",
        }
        fields["account"].widget.attrs |= ask


class ResolveForm(forms.Form):
    resolution = forms.CharField(
        label="How it was resolved", max_length=5000, widget=forms.Textarea(attrs={"rows": 3}), required=False
    )


class InternalForm(WholeRowForm):
    class Meta:
        model = InternalRequest
        fields = ["department", "subject", "due_on"]
        widgets = {"due_on": day_input()}
        labels = {"subject": "What we need", "due_on": "Due"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["department"].queryset = Department.objects.all()
