"""Addresses of the API. Its operations ask for a token themselves; its pages and schema stand behind the login."""

from typing import Any

from django.urls import include, path

from metrics.api import pages
from metrics.api.api import api

app_name = "api"
operations: list[Any] = api.urls[0]
for pattern in operations:
    if pattern.name not in {"api-root", "openapi-json"}:
        # The wall at the front door knows sessions only; behind it these would never see a token.
        pattern.callback.login_required = False
urlpatterns = [
    path("tokens/", pages.token_list, name="token_list"),
    path("tokens/<int:pk>/revoke/", pages.token_revoke, name="token_revoke"),
    path("docs/", pages.api_docs, name="docs"),
    path("v1/", include(operations)),
    path("v1/<path:address>", pages.unknown, name="unknown"),
]
