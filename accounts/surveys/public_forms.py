"""The questions as a form: what is typed on the public page."""

from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.surveys.questions import SCORES, Question, QuestionKind
from accounts.surveys.words import Phrases

LONGEST_TEXT = 4000


@dataclass(frozen=True)
class Asked:
    """A question on the page, with what was given so far."""

    question: Question
    words: Any
    field: forms.BoundField
    choices: list[tuple[str, str]]

    @property
    def is_text(self) -> bool:
        return self.question.kind == QuestionKind.TEXT

    @property
    def is_choice(self) -> bool:
        return self.question.kind == QuestionKind.CHOICE

    @property
    def given(self) -> str:
        return str(self.field.value() if self.field.value() is not None else "")


class AnswerForm(forms.Form):
    """A field for each question; a mark in the address (from the mail) is chosen already."""

    def __init__(self, questions: list[Any], phrases: Phrases, data: Any = None, mark: str = "") -> None:
        super().__init__(data)
        self.questions = questions
        for question in questions:
            field = field_of(question)
            field.error_messages["required"] = field.error_messages["invalid_choice"] = phrases.missing
            self.fields[name_of(question)] = field
        if questions and mark:
            self.initial[name_of(questions[0])] = mark

    @property
    def asked(self) -> list[Asked]:
        return [
            Asked(each, each.words, self[name_of(each)], getattr(self.fields[name_of(each)], "choices", []))
            for each in self.questions
        ]

    def given(self) -> dict[Question, Any]:
        """What was answered; questions left open are not in it."""
        values = {each: self.cleaned_data[name_of(each)] for each in self.questions}
        return {question: value for question, value in values.items() if value != ""}


def name_of(question: Question) -> str:
    return f"q{question.pk}"


def field_of(question: Any) -> forms.Field:
    if question.kind == QuestionKind.TEXT:
        return forms.CharField(required=question.required, max_length=LONGEST_TEXT)
    if question.kind == QuestionKind.CHOICE:
        choices = [(str(number), text) for number, text in enumerate(question.words.options)]
    else:
        choices = [(str(mark), str(mark)) for mark in SCORES[question.kind]]
    return forms.ChoiceField(required=question.required, choices=choices)
