"""Where one is logged in: one's own sessions and nobody else's, ended one by one or all together."""

import re

import pytest
from django.test import Client

from accounts.models import Session, User
from accounts.people.sessions import described, handle_of
from tests.factories import PASSWORD
from tests.people.conftest import BACKEND

PAGE, END = "/people/me/sessions/", "/people/me/sessions/end/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"
)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.5.0", "A browser"),
        ("<script>alert(1)</script>", "A browser"),
    ],
)
def test_a_browser_is_told_by_its_name_and_system_only(agent: str, words: str) -> None:
    assert described(agent) == words


def logged_in(user: User, agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.force_login(user, backend=BACKEND)
    assert client.get("/people/me/").status_code == 200
    return client


def listed(client: Client) -> str:
    response = client.get(PAGE)
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_own_logins_are_listed_and_nobody_else_s(maya: User, omar: User) -> None:
    here, _phone, other = logged_in(maya), logged_in(maya, IPHONE), logged_in(omar, EDGE)
    page = listed(here)
    assert ("Firefox on Linux" in page, "Safari on iPhone" in page, "Edge on Windows" in page) == (
        True,
        True,
        False,
    )
    assert page.index("this one") < page.index("Safari on iPhone")
    assert "End all others" not in listed(other)


def test_no_key_of_a_session_stands_in_a_page(maya: User) -> None:
    here, phone = logged_in(maya), logged_in(maya, IPHONE)
    page = listed(here)
    for client in (here, phone):
        assert client.session.session_key and client.session.session_key not in page


def test_one_login_is_ended_and_the_others_stay(maya: User) -> None:
    here, phone, desk = logged_in(maya), logged_in(maya, IPHONE), logged_in(maya, EDGE)
    handle = re.search(r'value="([0-9a-f]{16})"><[^>]*Safari on iPhone', listed(here))
    assert handle
    assert here.post(END, {"session": handle[1]}).status_code == 302
    assert phone.get("/people/me/").status_code == 302
    assert desk.get("/people/me/").status_code == 200
    assert here.get("/people/me/").status_code == 200


def test_all_other_logins_are_ended_at_once(maya: User, omar: User) -> None:
    here, phone, stranger = logged_in(maya), logged_in(maya, IPHONE), logged_in(omar)
    assert here.post(END).status_code == 302
    assert phone.get("/people/me/").status_code == 302
    assert here.get("/people/me/").status_code == 200
    assert stranger.get("/people/me/").status_code == 200


def test_a_login_of_somebody_else_is_not_ended(maya: User, omar: User) -> None:
    here, stranger = logged_in(maya), logged_in(omar)
    other = Session.objects.get(user=omar)
    here.post(END, {"session": handle_of(other)})
    assert stranger.get("/people/me/").status_code == 200


def test_a_session_is_known_by_its_person_from_the_login_on(client: Client, maya: User) -> None:
    client.get("/login/")
    client.post("/login/", {"login": maya.email, "password": PASSWORD})
    assert list(Session.objects.values_list("user", flat=True)) == [maya.pk]
    client.post("/logout/")
    assert not Session.objects.filter(user=maya).exists()
