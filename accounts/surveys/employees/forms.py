"""The public answer form, and the form of a wave's draft."""

from typing import Any

from django import forms

from accounts.forms import WholeRowForm, day_input
from accounts.people.models import Organisation
from accounts.surveys.employees.actions import Given
from accounts.surveys.employees.models import MOST_STATEMENTS, EmployeeStatement, EmployeeWave

LONGEST_COMMENT = 2000
AGREEMENT = [(str(mark), str(mark)) for mark in range(1, 6)]
RECOMMENDATION = [(str(mark), str(mark)) for mark in range(11)]
NOTHING = "Answer at least one question. Any other may be left out."


def marks(choices: list[tuple[str, str]], label: str, low: str, high: str) -> forms.TypedChoiceField:
    field = forms.TypedChoiceField(
        label=label, choices=choices, coerce=int, empty_value=None, required=False, widget=forms.RadioSelect
    )
    field.ends = (low, high)  # type: ignore[attr-defined]
    return field


class AnswerForm(forms.Form):
    """One set of radio buttons for each question; every one may be left out."""

    def __init__(self, wave: EmployeeWave, data: Any = None) -> None:
        super().__init__(data)
        agree = ("disagree", "agree")
        self.statements = list(wave.statements.all())
        self.fields["enps"] = marks(
            RECOMMENDATION,
            "How likely are you to recommend working here to a friend?",
            "not at all likely",
            "extremely likely",
        )
        self.fields["satisfaction"] = marks(AGREEMENT, "All in all, I am satisfied with my work here", *agree)
        for each in self.statements:
            self.fields[name_of(each)] = marks(AGREEMENT, each.text, *agree)
        if wave.asks_comment:
            self.fields["comment"] = forms.CharField(
                label="What should we know?",
                required=False,
                max_length=LONGEST_COMMENT,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text=f"Shown word for word, without any group, if at least {max(wave.k, wave.comment_k)} people"
                " wrote something; otherwise deleted. Leave out names, and what only you could know.",
            )

    @property
    def questions(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "comment"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and all(value in (None, "") for value in cleaned.values()):
            raise forms.ValidationError(NOTHING)
        return cleaned

    def given(self) -> Given:
        value = self.cleaned_data
        return Given(
            satisfaction=value["satisfaction"],
            enps=value["enps"],
            statements=tuple(value[name_of(each)] for each in self.statements),
            comment=value.get("comment", "").strip(),
        )


def name_of(statement: EmployeeStatement) -> str:
    return f"s{statement.position}"


class WaveForm(WholeRowForm):
    """A draft; its statements are lines of one text."""

    statements = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=f"One a line, {MOST_STATEMENTS} at most: what may drive satisfaction, to agree with from 1 to 5.",
    )
    field_order = ["name", "closes_on", "statements"]

    class Meta:
        model = EmployeeWave
        fields = [
            "name",
            "closes_on",
            "introduction",
            "by_team",
            "teams_as",
            "by_site",
            "by_tenure",
            "asks_comment",
            "k",
            "comment_k",
            "remind_days",
        ]
        widgets = {"closes_on": day_input(), "introduction": forms.Textarea(attrs={"rows": 3})}

    def clean_closes_on(self) -> Any:
        last = self.cleaned_data["closes_on"]
        if last < Organisation.current().today():
            raise forms.ValidationError("This day has passed.")
        return last

    def clean_statements(self) -> list[str]:
        texts = [line.strip() for line in self.cleaned_data["statements"].splitlines() if line.strip()]
        longest = EmployeeStatement._meta.get_field("text").max_length or 0
        if len(texts) > MOST_STATEMENTS:
            raise forms.ValidationError(f"These are {len(texts)} statements; {MOST_STATEMENTS} is the most.")
        if any(len(text) > longest for text in texts):
            raise forms.ValidationError(f"A statement has at most {longest} characters.")
        if len(set(texts)) < len(texts):
            raise forms.ValidationError("One statement stands there twice.")
        return texts

    def clean_k(self) -> int:
        return self._not_below("k")

    def clean_comment_k(self) -> int:
        return self._not_below("comment_k")

    def _not_below(self, name: str) -> int:
        value: int = self.cleaned_data[name]
        promised = EmployeeWave.objects.exclude(state=EmployeeWave.State.DRAFT).order_by(f"-{name}")
        most = promised.values_list(name, flat=True).first()
        if most is not None and value < most:
            raise forms.ValidationError(f"An earlier wave promised {most}: it may only be raised.")
        return value


class ConfirmForm(forms.Form):
    """What cannot be taken back asks for the wave's name."""

    confirm = forms.CharField(max_length=100)

    def __init__(self, wave: EmployeeWave, data: Any = None) -> None:
        super().__init__(data)
        self.wave = wave

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"].strip()
        if typed.casefold() != self.wave.name.strip().casefold():
            raise forms.ValidationError("This is not the wave's name.")
        return typed
