"""Two people edit one line: what only one of them changed is kept, what both changed is shown twice."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.forms import WholeRowForm


@dataclass(frozen=True)
class Clash:
    """A field that both changed: the stored text beside the typed one, and the value that takes theirs."""

    name: str
    label: str
    theirs: str
    mine: str
    raw: str
    field_id: str


class MergingForm(WholeRowForm):
    """A form that carries what its writer saw beside what they typed.

    `settle` compares three values of each field: seen, typed and stored."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        self.clashes: list[Clash] = []
        super().__init__(data, **kwargs)
        self.fields["version"].initial = self.instance.version if self.instance.pk else None
        for name, field in self.fields.items():
            if name != "version":
                field.show_hidden_initial = bool(self.instance.pk)

    @property
    def was_overtaken(self) -> bool:
        sent = self.data.get(self.add_prefix("version"), "")
        return bool(self.is_bound and self.instance.pk) and sent != str(self.instance.version)

    def settle(self) -> bool:
        """Take what only the other changed; true if a field is left that both changed."""
        if not self.was_overtaken:
            return False
        data = self.data.copy()  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            if name == "version":
                continue
            stored = self.get_initial_for_field(field, name)
            seen, typed = (
                data.get(f"initial-{self.add_prefix(name)}", ""),
                data.get(self.add_prefix(name), ""),
            )
            raw = raw_text(field, stored)
            if differs(field, stored, seen):
                if same_text(field, typed, seen):
                    data[self.add_prefix(name)] = raw
                elif differs(field, stored, typed):
                    self.clashes.append(self.clash(name, field, stored, typed, raw))
            data[f"initial-{self.add_prefix(name)}"] = raw
        # Whoever saves after having seen both versions means it.
        data["version"] = str(self.instance.version)
        self.data = data
        return bool(self.clashes)

    def clash(self, name: str, field: forms.Field, stored: Any, typed: str, raw: str) -> Clash:
        label = str(field.label or name.replace("_", " "))
        theirs, mine = shown(field, raw), shown(field, typed)
        return Clash(name, label[:1].upper() + label[1:], theirs, mine, raw, self[name].id_for_label)

    @property
    def written(self) -> list[str]:
        """The columns that a save writes."""
        return [name for name in self._meta.fields or () if name in self.fields]


def value_of(field: forms.Field, text: str) -> Any:
    try:
        return field.to_python(text)
    except ValidationError:
        return text


def differs(field: forms.Field, stored: Any, text: str) -> bool:
    """Whether a stored value is another one than the text of a form."""
    # A choice's text becomes its type only when the form is cleaned.
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.NullBooleanField):
        return raw_text(field, stored) != text
    return bool(blank(stored) != blank(value_of(field, text)))


def same_text(field: forms.Field, typed: str, seen: str) -> bool:
    """Whether two texts of a form mean the same, as `1.0` and `1` do."""
    return typed == seen or blank(value_of(field, typed)) == blank(value_of(field, seen))


def blank(value: Any) -> Any:
    """Nothing and the empty text are the same to a form; zero is not."""
    return "" if value is None else value


def raw_text(field: forms.Field, stored: Any) -> str:
    if isinstance(field, forms.NullBooleanField):
        return {True: "true", False: "false"}.get(stored, "unknown")
    value = field.prepare_value(stored)
    return "" if value is None else str(value)


def shown(field: forms.Field, raw: str) -> str:
    """A value in words, a choice by its label."""
    if not raw:
        return "empty"
    for value, label in getattr(field, "choices", ()):
        if str(value) == raw:
            return str(label)
    return raw
