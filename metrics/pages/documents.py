"""PDF files: a document's data goes into a template of its own; nothing in the data is read as markup."""

import datetime
import json
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "templates" / "documents"


def pdf(name: str, data: dict[str, Any]) -> bytes:
    """Tagged for screen readers (PDF/UA-1), with title and language."""
    made = typst.compile(
        str(FOLDER / f"{name}.typ"),
        root=str(FOLDER),
        format="pdf",
        sys_inputs={"data": json.dumps(data, default=text_of)},
        pdf_standards=["ua-1"],
    )
    assert isinstance(made, bytes)
    return made


def text_of(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def file_name(*words: str) -> str:
    """A name that every system accepts."""
    text = " ".join(words)
    plain = "".join(sign if sign.isalnum() or sign in "-." else " " for sign in text)
    return "-".join(plain.split())[:100] or "document"
