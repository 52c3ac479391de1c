"""What a case of a kind of import says; the cases of marketing's kinds."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    kind: str
    label: str
    file: str
    created: int
    # (old text, new text) and what then stands where
    change: tuple[str, str]
    model: str
    then: dict[str, Any]
    # (old text, new text), row, column, words of the reason
    spoil: tuple[str, str]
    refused: tuple[int, str, str]
