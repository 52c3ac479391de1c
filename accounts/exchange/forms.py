from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.urls import reverse

from accounts.exchange import files, mapping
from accounts.exchange.columns import Column, Kind
from accounts.exchange.kinds import KINDS
from accounts.exchange.models import Import

OURS, FIXED = "column_", "constant_"
SOURCES = r"^[\w .&-]+$"


class UploadForm(forms.Form):
    kind = forms.ChoiceField(
        label="What does it hold?", choices=[(kind.id, kind.label) for kind in KINDS.values()]
    )
    source = forms.RegexField(
        SOURCES,
        label="Which system is it from?",
        max_length=50,
        initial="import",
        help_text="Rows are known again by this name and their external id: use the same one every time.",
    )
    file = forms.FileField(
        label="File",
        help_text=f"CSV (also gzip) or XLSX up to {files.MAX_UPLOAD >> 20} MB, names of columns first.",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.gz,.xlsx", "class": "km-input"}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > files.MAX_UPLOAD:
            raise forms.ValidationError(f"The file is larger than {files.MAX_UPLOAD >> 20} MB: split it.")
        return file


@dataclass(frozen=True)
class MappingRow:
    """One of our columns with its two fields and what stands in the chosen column."""

    column: Column
    label: str
    words: str
    theirs: BoundField
    constant: BoundField
    samples: list[str]


class MappingForm(forms.Form):
    """A select for each of our columns, a value for those that the file lacks, how the file is written."""

    decimal = forms.ChoiceField(
        label="Decimal mark",
        choices=[
            ("auto", "found out from the file"),
            ("point", "point: 1,234.56"),
            ("comma", "comma: 1.234,56"),
        ],
    )
    dates = forms.ChoiceField(
        label="Dates with slashes",
        choices=[
            ("iso", "none: 2026-12-31 or 31.12.2026"),
            ("day_first", "day first: 31/12/2026"),
            ("month_first", "month first: 12/31/2026"),
        ],
    )
    create_missing = forms.BooleanField(
        required=False, label="Create tiers, industries, regions and categories that are not there yet"
    )

    def __init__(self, data: Any, *, found: Import) -> None:
        self.found = found
        self.kind: Kind = KINDS[found.kind]
        chosen = mapping.from_dict(found.mapping)
        super().__init__(data, initial={"create_missing": found.create_missing, **chosen.options})
        theirs = [("", "–"), *((name, name) for name in found.header if name)]
        for column in self.kind.columns:
            shown = column.name.replace("_", " ")
            self.fields[OURS + column.name] = forms.ChoiceField(
                choices=theirs,
                required=False,
                initial=chosen.columns.get(column.name, ""),
                label=f"Column of the file for {shown}",
                widget=forms.Select(
                    attrs={
                        "class": "km-input",
                        "aria-label": f"Column of the file for {shown}",
                        "hx-get": reverse("exchange:import_samples", args=[found.pk]),
                        "hx-trigger": "change",
                        "hx-target": f"#sample-{column.name}",
                        "hx-swap": "innerHTML",
                    }
                ),
            )
            self.fields[FIXED + column.name] = forms.CharField(
                required=False,
                max_length=200,
                initial=chosen.constants.get(column.name, ""),
                label=f"{shown} of every row",
                widget=forms.TextInput(attrs={"class": "km-input", "aria-label": f"{shown} of every row"}),
            )

    def rows(self) -> list[MappingRow]:
        rows = []
        for column in self.kind.columns:
            theirs = self[OURS + column.name]
            rows.append(
                MappingRow(
                    column,
                    column.name.replace("_", " ").capitalize(),
                    self.kind.types[column.name].words.replace("`", ""),
                    theirs,
                    self[FIXED + column.name],
                    self.found.samples.get(theirs.value() or "", []),
                )
            )
        return rows

    def clean(self) -> None:
        """Neither of two choices is dropped without a word."""
        for column in self.kind.columns:
            if self.cleaned_data.get(OURS + column.name) and self.cleaned_data.get(FIXED + column.name):
                shown = column.name.replace("_", " ")
                both = f"{shown.capitalize()} has a column and a value for every row: clear one of them."
                self.add_error(None, both)

    def mapping(self) -> mapping.Mapping:
        """What was chosen."""
        data = self.cleaned_data
        columns = {c.name: data[OURS + c.name] for c in self.kind.columns if data[OURS + c.name]}
        constants = {c.name: data[FIXED + c.name] for c in self.kind.columns if data[FIXED + c.name]}
        options = {"decimal": data["decimal"], "dates": data["dates"]}
        return mapping.Mapping(columns, constants, options)
