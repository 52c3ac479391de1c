"""Browsers without a browser: a client that is logged in, and what htmx sends along."""

from typing import Any

from django.test import Client

from accounts.people.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
HTMX = {"HX-Request": "true"}


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def ask(user: User, url: str) -> Any:
    return as_(user).get(url)
