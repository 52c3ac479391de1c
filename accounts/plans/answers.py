"""Answers to a write inside a dialog."""

import json
from typing import Any

from django.http import HttpResponse


def told(response: HttpResponse, text: str, undo: str = "", closes: str = "") -> HttpResponse:
    """Say what happened, offer the way back, and close the dialog in which it was asked for."""
    events: dict[str, Any] = {"km:toast": {"text": text, "undo": undo} if undo else {"text": text}}
    if closes:
        events["km:close"] = {"dialog": closes}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response
