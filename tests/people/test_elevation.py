"""Administrators read account content for a while, with a reason; and see pages as somebody else does."""

import datetime
from collections.abc import Callable

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Elevation, OneOnOne, User, ViewAs, ViewedPage
from tests.clients import as_
from tests.people.conftest import BACKEND

Elevate = Callable[[Client], None]
BANNER = "<b>You may read account content</b>"
ACCOUNT_LIST = "admin:accounts_account_changelist"


@pytest.fixture
def adams(client: Client, adam: User) -> Client:
    client.force_login(adam, backend=BACKEND)
    return client


def test_an_administrator_sees_no_account_without_an_elevation(adam: User, maya_account: Account) -> None:
    assert not Account.objects.visible_to(adam).exists()


def test_an_elevation_needs_a_reason_and_a_proof(adams: Client) -> None:
    for data in ({"reason": "", "proof": "x"}, {"reason": "why", "proof": "wrong"}, {}):
        assert adams.post("/people/elevation/", data).status_code == 422
    assert not Elevation.objects.exists()


def test_an_elevation_opens_accounts_for_half_an_hour(
    in_panel: Client, maya_account: Account, elevate: Elevate
) -> None:
    url = reverse(ACCOUNT_LIST)
    assert in_panel.get(url).status_code == 403
    elevate(in_panel)
    page = in_panel.get(url)
    assert page.status_code == 200
    assert maya_account.name in page.content.decode()
    elevation = Elevation.objects.get()
    assert elevation.reason == "a support case"
    assert elevation.until - elevation.since == datetime.timedelta(minutes=30)
    passed = datetime.timedelta(minutes=31)
    Elevation.objects.update(since=F("since") - passed, until=F("until") - passed)
    assert in_panel.get(url).status_code == 403


def test_an_elevation_ends_when_asked_to(in_panel: Client, elevate: Elevate) -> None:
    elevate(in_panel)
    in_panel.post("/people/elevation/end/")
    assert in_panel.get(reverse(ACCOUNT_LIST)).status_code == 403
    assert Elevation.objects.get().ended_at is not None


def test_an_elevation_is_of_one_session(adams: Client, adam: User, elevate: Elevate) -> None:
    elevate(adams)
    other = as_(adam)
    assert BANNER in adams.get("/people/me/").content.decode()
    assert BANNER not in other.get("/people/me/").content.decode()


def test_whoever_is_no_administrator_any_more_loses_the_elevation(
    adams: Client, adam: User, elevate: Elevate
) -> None:
    elevate(adams)
    User.objects.filter(pk=adam.pk).update(role="viewer")
    page = adams.get("/people/me/")
    assert BANNER not in page.content.decode()
    assert adams.get("/people/elevation/").status_code == 403


def test_viewing_as_somebody_needs_an_elevation(adams: Client, maya: User) -> None:
    response = adams.post(f"/people/{maya.pk}/view-as/")
    assert response["Location"] == "/people/elevation/"
    assert not ViewAs.objects.exists()


def test_nobody_is_viewed_as_an_administrator(adams: Client, elevate: Elevate) -> None:
    from tests.factories import make_user

    other = make_user("Ada", "administrator")
    closed = make_user("Carl", is_active=False)
    elevate(adams)
    assert adams.post(f"/people/{other.pk}/view-as/").status_code == 403
    assert adams.post(f"/people/{closed.pk}/view-as/").status_code == 403


def test_viewing_as_somebody_shows_their_pages_read_only_and_is_logged(
    adams: Client, adam: User, lena: User, maya: User, north: object, elevate: Elevate
) -> None:
    elevate(adams)
    adams.post(f"/people/{lena.pk}/view-as/")
    page = adams.get("/people/me/")
    assert "Lena Lindqvist" in page.content.decode()
    assert "You see these pages as Lena Lindqvist does." in page.content.decode()
    assert adams.get("/people/teams/?q=secret").status_code == 200
    assert adams.get("/people/").status_code == 403
    assert adams.post("/people/me/", {"name": "Changed"}).status_code == 403
    lena.refresh_from_db()
    assert lena.name == "Lena Lindqvist"
    view = ViewAs.objects.get()
    assert (view.by, view.whom) == (adam, lena)
    paths = list(view.pages.values_list("path", flat=True))
    assert paths == ["/people/me/", "/people/teams/", "/people/"]
    adams.post("/people/view-as/stop/")
    view.refresh_from_db()
    assert view.ended_at is not None
    assert "Adam Aydin" in adams.get("/people/me/").content.decode()


def test_passwords_and_codes_of_the_person_viewed_as_stay_theirs(
    adams: Client, maya: User, elevate: Elevate
) -> None:
    elevate(adams)
    adams.post(f"/people/{maya.pk}/view-as/")
    for path in (
        "/2fa/",
        "/2fa/totp/activate/",
        "/2fa/recovery-codes/",
        "/2fa/recovery-codes/download/",
        "/password/change/",
        "/reauthenticate/",
    ):
        assert adams.get(path).status_code == 403, path


def test_what_is_nobody_elses_is_not_seen_by_viewing_as_its_owner(
    adams: Client, lena: User, maya: User, elevate: Elevate
) -> None:
    OneOnOne.objects.create(lead=lena, manager=maya, held_on=datetime.date(2025, 1, 2), note="Wants to leave")
    elevate(adams)
    adams.post(f"/people/{lena.pk}/view-as/")
    for path in ("/people/me/sessions/", "/exchange/calendar/", "/api/tokens/", f"/one-on-one/{maya.pk}/"):
        answer = adams.get(path)
        assert (answer.status_code, b"Wants to leave" in answer.content) == (403, False), path


def test_the_log_of_pages_keeps_no_address_that_is_a_secret(
    adams: Client, maya: User, elevate: Elevate
) -> None:
    elevate(adams)
    adams.post(f"/people/{maya.pk}/view-as/")
    for path in (
        "/s/a-secret/",
        "/u/a-secret/",
        "/people/invitation/a-secret/",
        "/e/a-secret/",
        "/people/me/",
    ):
        adams.get(path)
    assert list(ViewedPage.objects.values_list("path", flat=True)) == ["/people/me/"]
    assert adams.post("/u/a-secret/").status_code == 403


def test_viewing_as_somebody_ends_with_its_time_and_with_the_elevation(
    adams: Client, maya: User, elevate: Elevate
) -> None:
    elevate(adams)
    adams.post(f"/people/{maya.pk}/view-as/")
    view = ViewAs.objects.get()
    assert view.until == Elevation.objects.get().until
    Elevation.objects.update(ended_at=timezone.now())
    assert "Adam Aydin" in adams.get("/people/me/").content.decode()
    view.refresh_from_db()
    assert view.ended_at is not None


def test_viewing_as_somebody_ends_when_their_login_is_closed(
    adams: Client, maya: User, elevate: Elevate
) -> None:
    elevate(adams)
    adams.post(f"/people/{maya.pk}/view-as/")
    User.objects.filter(pk=maya.pk).update(is_active=False)
    assert "Adam Aydin" in adams.get("/people/me/").content.decode()
