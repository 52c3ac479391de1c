"""An empty installation tells everybody what comes next."""

import datetime
import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import Organisation, User
from tests.clients import as_
from tests.factories import make_account, make_assignment, make_order, make_user
from tests.metrics import engine

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(db: None) -> datetime.date:
    return Organisation.current().today()


def page_of(user: User, path: str) -> str:
    return as_(user).get(path).content.decode()


def next_step(user: User) -> tuple[str, int]:
    """What the one big button says, and how many steps are done."""
    steps = page_of(user, "/").split('id="first-steps"')[1].split("</section>")[0]
    (button,) = re.findall(r'class="km-btn km-btn--primary" href="[^"]+">([^<]+)<', steps)
    return button, steps.count("<span>done</span>")


def test_an_administrator_is_led_from_an_empty_database_to_the_first_numbers(
    adam: User, today: datetime.date
) -> None:
    assert next_step(adam) == ("Set it up", 0)
    Authenticator.objects.create(user=adam, type="totp", data={})
    assert next_step(adam) == ("Open its settings", 1)
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Nordwind"})
    assert next_step(adam) == ("Invite people", 2)
    maya = make_user()
    assert next_step(adam) == ("Import accounts", 3)
    account = make_account()
    assert next_step(adam) == ("Import assignments", 4)
    make_assignment(account, maya)
    assert next_step(adam) == ("Import orders", 5)
    make_order(account, today, 800)
    assert next_step(adam) == ("Recompute now", 6)
    engine.run(today, "full")
    assert "First steps" not in page_of(adam, "/")


def test_who_finds_no_account_or_team_is_told_who_brings_them(
    maya: User, lena: User, hana: User, mira: User, adam: User
) -> None:
    for user, words in (
        (maya, "No account is assigned to you today. Your team lead assigns accounts."),
        (lena, "No account is assigned to your teams today."),
        (hana, "There is no account yet. An administrator imports them."),
    ):
        assert words in page_of(user, "/portfolio/")
        assert words in page_of(user, "/plans/")
    assert "There is no account yet." in page_of(mira, "/portfolio/")


def test_a_place_without_teams_says_who_keeps_them(hana: User, adam: User) -> None:
    assert "There is no team yet." in page_of(hana, "/people/teams/")
    assert "Add a team" in page_of(adam, "/people/teams/")
    assert "You lead no team yet." in page_of(make_user("Otto", "lead"), "/people/teams/")


def test_an_administrator_who_may_not_look_yet_is_shown_how(adam: User, maya: User) -> None:
    for path in ("/scorecards/", "/targets/"):
        answer = as_(adam).get(path)
        assert answer.status_code == 403
        assert "Ask for an elevation" in answer.content.decode()
    text = as_(maya).get("/runs/").content.decode()
    assert "Your role may not do this" in text and "elevation" not in text


def test_who_is_refused_or_lost_goes_on_by_the_navigation(adam: User, today: datetime.date) -> None:
    for path, code in (("/scorecards/", 403), ("/nowhere/", 404), ("/people/teams/999/", 404)):
        answer = as_(adam).get(path)
        assert answer.status_code == code
        assert '<nav class="km-nav" aria-label="Main">' in answer.content.decode(), path
    lost = Client().get("/nowhere/")
    assert lost.status_code == 404 and "km-nav" not in lost.content.decode()
