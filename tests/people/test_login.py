"""Logging in, forgotten passwords, and when a session ends."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.test import Client

from accounts.models import Message, User
from accounts.outbox import send_waiting
from tests.clients import BACKEND
from tests.factories import PASSWORD
from tests.people.conftest import SECRET, code, wrong_code


@pytest.fixture(autouse=True)
def no_attempts_yet(db: None) -> None:
    cache.clear()


def log_in(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post("/login/", {"login": user.email, "password": password})


def with_app(user: User) -> User:
    TOTP.activate(user, SECRET)
    return user


def test_a_person_logs_in_with_e_mail_and_password(client: Client, maya: User) -> None:
    response = client.post("/login/", {"login": maya.email.upper(), "password": PASSWORD})
    assert response.status_code == 302
    assert client.get("/people/me/").status_code == 200


def test_the_session_gets_a_new_key_at_login(client: Client, maya: User) -> None:
    client.get("/login/")
    client.session.save()
    before = client.session.session_key
    log_in(client, maya)
    assert client.session.session_key != before


def test_only_own_addresses_are_gone_to_after_the_login(client: Client, maya: User) -> None:
    for bad in ("https://example.com/", "//example.com/", "javascript:alert(1)"):
        client.logout()
        response = client.post("/login/", {"login": maya.email, "password": PASSWORD, "next": bad})
        assert response["Location"] == "/"


def test_a_wrong_password_and_an_unknown_person_get_the_same_page(client: Client, maya: User) -> None:
    def page(email: str) -> str:
        body = client.post("/login/", {"login": email, "password": "wrong wrong wrong"}).content.decode()
        return re.sub(r'(value|content)="[^"]*"', "", body)

    assert page(maya.email) == page("nobody@kamplan.example")


def test_asking_for_a_new_password_says_nothing_about_who_is_here(client: Client, maya: User) -> None:
    answers = [
        client.post("/password/reset/", {"email": email}, follow=True)
        for email in (maya.email, "nobody@kamplan.example")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert answers[0].content == answers[1].content


def test_many_wrong_passwords_are_answered_with_429(client: Client, maya: User) -> None:
    answers = [log_in(client, maya, f"guess number {n}").status_code for n in range(12)]
    assert answers[:8] == [200] * 8
    assert answers[8:] == [429] * 4
    assert log_in(client, maya).status_code == 429


def test_a_stranger_elsewhere_cannot_lock_anybody_out(client: Client, maya: User) -> None:
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    for n in range(12):
        log_in(stranger, maya, f"guess number {n}")
    assert log_in(stranger, maya).status_code == 429
    assert log_in(client, maya).status_code == 302


def test_many_names_from_one_address_are_answered_with_429(client: Client, db: None) -> None:
    answers = [
        client.post("/login/", {"login": f"p{n}@kamplan.example", "password": "guess"}).status_code
        for n in range(32)
    ]
    assert answers[-1] == 429


def test_nobody_signs_up(client: Client, db: None) -> None:
    for path in ("/signup/", "/accounts/signup/", "/email/", "/login/code/"):
        assert client.get(path).status_code == 404


def test_a_short_and_a_common_password_are_refused(client: Client, maya: User) -> None:
    log_in(client, maya)
    for bad in ("short one", "1234567890123", "maya@kamplan.example"):
        response = client.post(
            "/password/change/", {"oldpassword": PASSWORD, "password1": bad, "password2": bad}
        )
        assert response.status_code == 200
        assert "errorlist" in response.content.decode()


def test_a_changed_password_ends_the_other_sessions(client: Client, maya: User) -> None:
    other = Client()
    log_in(other, maya)
    log_in(client, maya)
    new = "another long and boring sentence"
    labels = re.findall(
        r"<label[^>]*>\s*([^<]*?)\s*</label>", client.get("/password/change/").content.decode()
    )
    assert labels[:3] == ["Current password", "New password", "New password again"]
    response = client.post("/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert response.status_code == 302
    assert client.get("/people/me/").status_code == 200
    assert other.get("/people/me/").status_code == 302


def test_a_closed_login_ends_the_session_with_the_next_request(client: Client, maya: User) -> None:
    log_in(client, maya)
    assert client.get("/people/me/").status_code == 200
    User.objects.filter(pk=maya.pk).update(is_active=False)
    assert client.get("/people/me/").status_code == 302
    assert log_in(Client(), maya).status_code in {200, 302}
    assert client.get("/people/me/").status_code == 302


def test_a_forgotten_password_is_set_anew_by_mail_once(
    client: Client, maya: User, mailoutbox: list[Any], django_capture_on_commit_callbacks: object
) -> None:
    client.post("/password/reset/", {"email": maya.email})
    message = Message.objects.get(kind="password_reset")
    assert mailoutbox == []
    assert message.payload == {}
    assert send_waiting() == 1
    link = re.search(r"/password/reset/key/\S+/", mailoutbox[0].body)
    assert link is not None
    page = client.get(link.group(), follow=True)
    form = page.redirect_chain[-1][0]
    new = "a different and boring sentence"
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    maya.refresh_from_db()
    assert maya.check_password(new)
    again = Client().get(link.group(), follow=True)
    assert "no longer works" in again.content.decode()
    notices = Message.objects.filter(kind="notice", recipient=maya)
    assert [m.payload["event"] for m in notices] == ["account/email/password_reset"]


def test_a_new_password_does_not_skip_the_second_step(
    client: Client, maya: User, mailoutbox: list[Any]
) -> None:
    with_app(maya)
    client.post("/password/reset/", {"email": maya.email})
    send_waiting()
    link = re.search(r"/password/reset/key/\S+/", mailoutbox[0].body)
    assert link is not None
    form = client.get(link.group(), follow=True).redirect_chain[-1][0]
    new = "a different and boring sentence"
    client.post(form, {"password1": new, "password2": new})
    assert client.get("/people/me/").status_code == 302


def test_with_an_app_the_password_alone_does_not_log_in(client: Client, maya: User) -> None:
    with_app(maya)
    response = log_in(client, maya)
    assert response["Location"] == "/2fa/authenticate/"
    assert client.get("/people/me/").status_code == 302
    assert client.post("/2fa/authenticate/", {"code": wrong_code()}).status_code == 200
    assert client.post("/2fa/authenticate/", {"code": code()}).status_code == 302
    assert client.get("/people/me/").status_code == 200


def test_a_code_works_once(client: Client, maya: User) -> None:
    with_app(maya)
    log_in(client, maya)
    now = code()
    assert client.post("/2fa/authenticate/", {"code": now}).status_code == 302
    other = Client()
    log_in(other, maya)
    assert other.post("/2fa/authenticate/", {"code": now}).status_code == 200
    assert other.get("/people/me/").status_code == 302


def test_the_key_of_an_app_is_stored_encrypted(maya: User) -> None:
    with_app(maya)
    stored = str(Authenticator.objects.get(user=maya).data)
    assert SECRET not in stored


def test_a_person_sets_up_an_app_and_gets_recovery_codes(client: Client, maya: User) -> None:
    log_in(client, maya)
    asked = client.get("/2fa/totp/activate/")
    assert asked["Location"] == "/reauthenticate/?next=%2F2fa%2Ftotp%2Factivate%2F"
    assert client.post(asked["Location"], {"password": "wrong wrong wrong"}).status_code == 200
    page = client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert page.status_code == 200
    secret = page.context["form"].secret
    response = client.post("/2fa/totp/activate/", {"code": code(secret)})
    assert response["Location"] == "/2fa/recovery-codes/"
    codes = client.get("/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    other = Client()
    log_in(other, maya)
    assert other.post("/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert other.get("/people/me/").status_code == 200


def test_pages_of_someone_logged_in_are_not_kept(client: Client, maya: User) -> None:
    log_in(client, maya)
    for path in ("/people/me/", "/nowhere/", "/people/"):
        response = client.get(path)
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_known_and_unknown_people_wait_equally_long(
    client: Client, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is hashing a password: it is done as often, and in as many rounds, for both."""
    rounds: list[int] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self: PBKDF2PasswordHasher, password: str, salt: str, iterations: int | None = None) -> str:
        rounds.append(iterations or self.iterations)
        found: str = encode(self, password, salt, iterations)
        return found

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)

    def hashed_for(email: str) -> list[int]:
        rounds.clear()
        assert client.post("/login/", {"login": email, "password": "a guess"}).status_code == 200
        return [*rounds]

    known, unknown = hashed_for(maya.email), hashed_for("nobody@kamplan.example")
    assert known == unknown == [PBKDF2PasswordHasher.iterations]


def test_a_forgotten_password_is_answered_no_sooner_for_unknown_people(client: Client, maya: User) -> None:
    for email in (maya.email, "nobody@kamplan.example"):
        start = time.perf_counter()
        assert client.post("/password/reset/", {"email": email}).status_code == 302
        assert time.perf_counter() - start >= 0.2


@pytest.mark.parametrize(
    ("key", "hours", "ends"),
    [("seen", 7, False), ("seen", 9, True), ("began", 167, False), ("began", 169, True)],
)
def test_a_session_ends_after_idle_hours_and_after_a_week(
    client: Client, maya: User, key: str, hours: int, ends: bool
) -> None:
    log_in(client, maya)
    assert client.get("/people/me/").status_code == 200
    session = client.session
    session[key] = int(time.time()) - hours * 3600
    session.save()
    assert client.get("/people/me/").status_code == (302 if ends else 200)


def test_a_form_from_before_another_login_says_what_to_do(adam: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(adam, backend=BACKEND)
    response = client.post("/people/", {"new-email": "x@kamplan.example"})
    assert response.status_code == 403
    assert "load the page anew" in response.content.decode()
