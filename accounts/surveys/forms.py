"""What is typed about surveys: their questions in one language, and whom a wave asks when."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from accounts.forms import VersionForm, moment_input
from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account, Tier
from accounts.stakeholders.models import Contact, DecisionRole
from accounts.surveys.letters import questions_in, text_in
from accounts.surveys.models import Wave
from accounts.surveys.questions import SCORES, QuestionKind, Survey

MOST_OPTIONS = 12
LAST_REMINDER = 90


class StartForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new questionnaire begins with the questions of its kind."""

    class Meta:
        model = Survey
        fields = ["kind", "name", "language"]
        widgets = {"kind": forms.RadioSelect}
        labels = {"kind": "What do you want to know?", "language": "Own language"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = Survey.Kind.choices  # type: ignore[attr-defined]


class SettingsForm(VersionForm):
    watched = ("name", "satisfied_from")

    class Meta:
        model = Survey
        fields = ["name", "satisfied_from"]


class WordsForm(forms.Form):
    """All texts of a questionnaire in one language."""

    title = forms.CharField(max_length=200, help_text="Above the questions.")
    introduction = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    thanks = forms.CharField(
        label="Thanks after the answer",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    mail_subject = forms.CharField(label="Subject of the mail", max_length=150)
    mail_text = forms.CharField(
        label="Text of the mail",
        max_length=3000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Greeting, link and your name are added.",
    )
    AROUND = ("title", "introduction", "thanks", "mail_subject", "mail_text")

    def __init__(self, survey: Any, language: str, data: Any = None) -> None:
        text = text_in(survey, language)
        super().__init__(data, initial={name: getattr(text, name) for name in self.AROUND})
        self.survey, self.language, self.stored = survey, language, text
        self.is_own = language == survey.language
        self.questions = questions_in(survey, language)
        for question in self.questions:
            self.add_question(question)

    def add_question(self, question: Any) -> None:
        words, prefix = question.words, f"q{question.pk}-"
        self.fields[f"{prefix}text"] = forms.CharField(label="Question", max_length=300, initial=words.text)
        if question.kind in SCORES:
            for end, label in (("low", "Lowest mark"), ("high", "Highest mark")):
                self.fields[prefix + end] = forms.CharField(
                    label=label, max_length=60, required=False, initial=getattr(words, end)
                )
        if question.kind == QuestionKind.CHOICE:
            self.fields[f"{prefix}options"] = forms.CharField(
                label="Choices",
                initial="\n".join(words.options),
                widget=forms.Textarea(attrs={"rows": max(len(words.options), 3)}),
                help_text="One a line.",
            )
        if self.is_own and not self.survey.is_locked:
            self.fields[f"{prefix}required"] = forms.BooleanField(
                label="must be answered", required=False, initial=question.required
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for question in self.questions:
            name = f"q{question.pk}-options"
            if name in cleaned:
                cleaned[name] = self.clean_options(question, name, cleaned[name])
        return cleaned

    def clean_options(self, question: Any, name: str, typed: str) -> list[str]:
        options = [line.strip()[:100] for line in typed.splitlines() if line.strip()]
        wanted = len(question.words.options)
        if self.is_own and not self.survey.is_locked:
            if not 2 <= len(options) <= MOST_OPTIONS:
                self.add_error(name, f"Offer 2 to {MOST_OPTIONS} choices.")
        elif len(options) != wanted:
            self.add_error(name, f"In this language there must be {wanted} choices, too, in the same order.")
        return options

    def save(self) -> None:
        """Also the number of choices in the other languages, until they are translated."""
        for name in self.AROUND:
            setattr(self.stored, name, self.cleaned_data[name])
        self.stored.save()
        for question in self.questions:
            self.save_question(question)

    def save_question(self, question: Any) -> None:
        words, prefix = question.words, f"q{question.pk}-"
        for name in ("text", "low", "high", "options"):
            if prefix + name in self.cleaned_data:
                setattr(words, name, self.cleaned_data[prefix + name])
        words.save()
        if f"{prefix}required" in self.cleaned_data:
            question.required = self.cleaned_data[f"{prefix}required"]
            question.save(update_fields=["required"])
        if self.is_own and question.kind == QuestionKind.CHOICE:
            for other in question.texts.exclude(pk=words.pk):
                if len(other.options) != len(words.options):
                    kept = other.options[: len(words.options)]
                    other.options = [*kept, *words.options[len(kept) :]]
                    other.save(update_fields=["options"])


class WaveForm(VersionForm):
    watched = ("name", "rest_days", "days_open", "remind_after", "key_only", "roles")
    roles = forms.MultipleChoiceField(
        choices=DecisionRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: every role, also unknown ones.",
    )
    remind_after = forms.CharField(
        label="Remind after",
        required=False,
        help_text="Days after the invitation, as 7, 14; at most three. Empty: nobody is reminded.",
    )

    class Meta:
        model = Wave
        fields = ["survey", "name", "accounts", "tiers", "roles", "key_only", "rest_days", "days_open"]
        widgets = {
            "accounts": forms.CheckboxSelectMultiple,
            "tiers": forms.CheckboxSelectMultiple,
        }

    field_order = [
        "survey",
        "name",
        "tiers",
        "accounts",
        "roles",
        "key_only",
        "rest_days",
        "days_open",
        "remind_after",
    ]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["survey"].label = "Questionnaire"
        today = Organisation.current().today()
        self.choices_of("survey", Survey.objects.visible_to(user).current())
        self.choices_of("accounts", Account.objects.visible_to(user, today).active())
        self.choices_of("tiers", Tier.objects.all())
        self.initial["remind_after"] = ", ".join(map(str, self.instance.remind_after))
        if not self.instance.pk:
            self.initial["remind_after"] = "7"

    def choices_of(self, name: str, found: Any) -> None:
        field: Any = self.fields[name]
        field.queryset = found

    def clean_remind_after(self) -> list[int]:
        words = self.cleaned_data["remind_after"].replace(",", " ").split()
        if not all(word.isdecimal() and 1 <= int(word) <= LAST_REMINDER for word in words):
            raise forms.ValidationError(f"Write days from 1 to {LAST_REMINDER}, as 7, 14.")
        days = sorted({int(word) for word in words})
        if len(days) > 3:
            raise forms.ValidationError("More than three reminders are none: they are ignored.")
        return days

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        reminders, days = cleaned.get("remind_after") or [], cleaned.get("days_open")
        if days and reminders and reminders[-1] >= days:
            self.add_error("remind_after", f"The wave is closed after {days} days; remind before that.")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.remind_after = self.cleaned_data["remind_after"]
        return super().save(commit)


class ScheduleForm(forms.Form):
    """When it goes out: now, or at a moment of the organisation's clock."""

    opens_at = forms.DateTimeField(
        label="Send on", required=False, widget=moment_input(), help_text="Empty: now."
    )

    def clean_opens_at(self) -> datetime.datetime:
        now = timezone.now()
        at: datetime.datetime | None = self.cleaned_data["opens_at"]
        if at is None:
            return now
        if at < now - datetime.timedelta(minutes=5):
            raise forms.ValidationError("This moment is over.")
        return max(at, now)


class NoteForm(forms.Form):
    """An answer that came by another way, as on the telephone."""

    contact = forms.ModelChoiceField(
        Contact.objects.none(), required=False, empty_label="nobody in particular"
    )
    nps = forms.TypedChoiceField(
        label="Would recommend us, 0 to 10",
        choices=[("", "not asked"), *((n, n) for n in range(11))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    csat5 = forms.TypedChoiceField(
        label="Satisfied, 1 to 5",
        choices=[("", "not asked"), *((n, n) for n in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    comment = forms.CharField(
        label="In their words", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, contacts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["contact"]
        field.queryset = contacts

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(
            cleaned.get(name) not in (None, "") for name in ("nps", "csat5", "comment")
        ):
            raise forms.ValidationError("Write down what they said: a mark, or their words.")
        return cleaned
