from typing import Any

from django import forms

from accounts.rights.persons import Person
from accounts.rights.words import plain


class FindForm(forms.Form):
    q = forms.CharField(label="Name or e-mail", required=False, max_length=100)


class WordsForm(forms.Form):
    """What to look for in notes."""

    words = forms.CharField(
        label="Name or address",
        max_length=200,
        help_text="Whole words, in this order; capitals and commas do not matter.",
    )

    def clean_words(self) -> str:
        words: str = self.cleaned_data["words"]
        if len(plain(words)) < 3:
            raise forms.ValidationError("Write three letters or more.")
        return words


def proof_field() -> forms.CharField:
    return forms.CharField(
        label="Your password, or a code of your authenticator app",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        max_length=128,
    )


class EraseForm(forms.Form):
    """There is no way back: the name is typed, and who is asking proves it."""

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    proof = proof_field()

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["name"].label = f"Type the name: {person.name}"

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if " ".join(typed.split()) != " ".join(self.person.name.split()):
            raise forms.ValidationError(f"This is not “{self.person.name}”.")
        return typed


class ExportForm(forms.Form):
    """Everything in one file: who takes it proves who they are."""

    proof = proof_field()


class RedactForm(forms.Form):
    proof = proof_field()
