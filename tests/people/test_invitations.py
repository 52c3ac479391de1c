"""An invitation lets a new person choose a password: once, for a while, without skipping anything."""

import datetime
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, Membership, Message, Team, User
from accounts.outbox import send_waiting
from accounts.people.invitations import invite, token_to_send
from tests.factories import make_user

NEW = "a long and fresh sentence"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def no_attempts_yet(db: None) -> None:
    cache.clear()


@pytest.fixture
def nora(db: None) -> User:
    user = make_user("Nora New", email="nora@kamplan.example")
    user.set_unusable_password()
    user.save()
    return user


def link_in(mail: Any) -> str:
    found = re.search(r"/people/invitation/\w+/", mail.body)
    assert found is not None
    return found.group()


def test_an_administrator_invites_and_the_person_logs_in(
    client: Client, adam: User, north: Team, mailoutbox: list[Any]
) -> None:
    client.force_login(adam, backend=BACKEND)
    data = {
        "new-email": "Nora@Kamplan.example",
        "new-name": "Nora New",
        "new-role": "manager",
        "new-team": north.pk,
    }
    assert client.post("/people/", data).status_code == 302
    nora = User.objects.get(email="nora@kamplan.example")
    assert Membership.objects.get(user=nora).team == north
    assert not nora.has_usable_password()
    assert mailoutbox == []
    assert send_waiting() == 1
    assert mailoutbox[0].to == ["nora@kamplan.example"]
    link = link_in(mailoutbox[0])
    someone = Client()
    page = someone.get(link)
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    assert someone.post(link, {"password": NEW}).status_code == 302
    assert someone.get("/people/me/").status_code == 200


def test_the_same_e_mail_is_invited_once(client: Client, adam: User, maya: User) -> None:
    client.force_login(adam, backend=BACKEND)
    data = {"new-email": "MAYA@kamplan.example", "new-name": "Maya", "new-role": "manager"}
    response = client.post("/people/", data)
    assert response.status_code == 422
    assert "Someone has this e-mail already." in response.content.decode()


def test_looking_at_the_link_does_not_use_it_up(client: Client, nora: User) -> None:
    token = token_to_send(invite(nora, by=None))
    for _ in range(100):
        assert client.get(f"/people/invitation/{token}/").status_code == 200
    assert Invitation.objects.get(user=nora).used_at is None


def test_used_expired_replaced_and_invented_links_get_the_same_page(client: Client, nora: User) -> None:
    first = invite(nora, by=None)
    replaced = token_to_send(first)
    second = invite(nora, by=None)
    used = token_to_send(second)
    assert client.post(f"/people/invitation/{used}/", {"password": NEW}).status_code == 302
    olga = make_user("Olga Old")
    olga.set_unusable_password()
    olga.save()
    third = invite(olga, by=None)
    expired = token_to_send(third)
    Invitation.objects.filter(pk=third.pk).update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    pages = [
        Client().get(f"/people/invitation/{token}/") for token in (used, expired, replaced, "invented" * 8)
    ]
    assert [page.status_code for page in pages] == [410] * 4
    assert len({page.content for page in pages}) == 1


def test_a_weak_password_leaves_the_invitation_open(client: Client, nora: User) -> None:
    token = token_to_send(invite(nora, by=None))
    response = client.post(f"/people/invitation/{token}/", {"password": "short"})
    assert response.status_code == 422
    assert "at least 12 characters" in response.content.decode()
    assert client.post(f"/people/invitation/{token}/", {"password": NEW}).status_code == 302


def test_the_token_stands_nowhere_in_the_database(nora: User) -> None:
    token = token_to_send(invite(nora, by=None))
    row = Invitation.objects.values().get(user=nora)
    message = Message.objects.values().get(recipient=nora)
    assert token not in str(row) + str(message)


def test_someone_with_a_password_is_not_invited(client: Client, adam: User, maya: User) -> None:
    client.force_login(adam, backend=BACKEND)
    client.post(f"/people/{maya.pk}/invite/")
    assert not Invitation.objects.exists()


def test_a_closed_login_cannot_be_opened_by_an_old_invitation(client: Client, nora: User) -> None:
    token = token_to_send(invite(nora, by=None))
    User.objects.filter(pk=nora.pk).update(is_active=False)
    assert client.post(f"/people/invitation/{token}/", {"password": NEW}).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_fifty_posts_at_once_use_the_link_once(nora: User) -> None:
    token = token_to_send(invite(nora, by=None))

    def post(number: int) -> int:
        try:
            someone = Client(REMOTE_ADDR=f"198.51.100.{number}")
            answer = someone.post(f"/people/invitation/{token}/", {"password": f"{NEW} {number}"})
            return answer.status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(post, range(1, 51)))
    assert sorted(set(answers)) == [302, 410]
    assert answers.count(302) == 1
    winner = answers.index(302) + 1
    nora.refresh_from_db()
    assert nora.check_password(f"{NEW} {winner}")
