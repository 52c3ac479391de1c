import time
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def code(secret: str = SECRET) -> str:
    """What the app shows; tests let it hold for half a minute more (tests/conftest.py)."""
    shown: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return shown


def wrong_code() -> str:
    """Six digits that the app shows neither now nor next."""
    now = int(time.time()) // 30
    shown = {format_hotp_value(hotp_value(SECRET, now + moved)) for moved in range(-2, 3)}
    return next(each for each in map("{:06}".format, range(6)) if each not in shown)


@pytest.fixture
def in_panel(client: Client, adam: User) -> Client:
    """Adam, logged in with his authenticator app."""
    cache.clear()
    TOTP.activate(adam, SECRET)
    client.post("/login/", {"login": adam.email, "password": PASSWORD})
    assert client.post("/2fa/authenticate/", {"code": code()}).status_code == 302
    return client


@pytest.fixture
def elevate() -> Callable[[Client], None]:
    def run(client: Client) -> None:
        response = client.post("/people/elevation/", {"reason": "a support case", "proof": PASSWORD})
        assert response.status_code == 302

    return run
