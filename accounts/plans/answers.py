"""Answers to a write inside a dialog."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve


def told(response: HttpResponse, text: str, undo: str = "", closes: str = "") -> HttpResponse:
    """Say what happened, offer the way back, and close the dialog in which it was asked for."""
    events: dict[str, Any] = {"km:toast": {"text": text, "undo": undo} if undo else {"text": text}}
    if closes:
        events["km:close"] = {"dialog": closes}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def page_behind(request: HttpRequest) -> tuple[ResolverMatch | None, QueryDict]:
    """The page that the browser shows behind the dialog, and its filters."""
    address = urlsplit(request.headers.get("HX-Current-URL", ""))
    try:
        return resolve(address.path), QueryDict(address.query)
    except Resolver404:
        return None, QueryDict()
