"""Everything about a person on paper; nothing in the data is read as markup."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from accounts.people.models import Organisation, User
from accounts.rights.export import Section, as_read
from accounts.rights.persons import Person
from kamplan.formats import day

FOLDER = Path(settings.BASE_DIR) / "templates" / "documents"


def person_document(person: Person, sections: Sequence[Section], by: User) -> bytes:
    """Tagged for screen readers (PDF/UA-1): a table has too many columns for a sheet, so each row is a list."""
    organisation = Organisation.current()
    data = {
        "name": person.name,
        "foot": f"{person.name}, {organisation.name}",
        "made": f"Made on {day(organisation.today(), year=True)} by {by.name}, {organisation.name}",
        "sections": [
            {"title": each.title, "rows": [_row(row) for row in each.as_mappings]} for each in sections
        ],
    }
    made = typst.compile(
        str(FOLDER / "person.typ"),
        root=str(FOLDER),
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["ua-1"],
    )
    assert isinstance(made, bytes)
    return made


def _row(row: dict[str, Any]) -> list[list[str]]:
    return [[head, as_read(cell)] for head, cell in row.items()]
