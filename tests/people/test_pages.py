"""Pages about people: what they show, to whom, and what they change."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Account, Organisation, Team, User
from tests.factories import make_grant, make_membership, make_team, make_user
from tests.people.conftest import BACKEND


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_person_changes_their_name_and_nothing_else(client: Client, maya: User) -> None:
    client.force_login(maya, backend=BACKEND)
    data = {"name": "Maya Martin", "role": "administrator", "email": "x@kamplan.example", "is_active": ""}
    assert client.post("/people/me/", data).status_code == 302
    maya.refresh_from_db()
    assert (maya.name, maya.role, maya.email) == ("Maya Martin", "manager", "maya@kamplan.example")
    assert client.post("/people/me/", {"name": ""}).status_code == 422


def test_a_name_is_text_and_never_markup(client: Client, adam: User) -> None:
    make_user("<script>alert(1)</script>", email="canary@kamplan.example")
    client.force_login(adam, backend=BACKEND)
    assert "<script>alert" not in text(client, "/people/")


def test_a_lead_sees_the_own_teams_and_no_others(
    client: Client, lena: User, maya: User, north: Team, south: Team, maya_account: Account
) -> None:
    below = make_team("North-East", parent=north)
    client.force_login(lena, backend=BACKEND)
    page = text(client, "/people/teams/")
    assert "North-East" in page
    assert "South" not in page
    assert "Maya Marin" in text(client, f"/people/teams/{north.pk}/")
    assert client.get(f"/people/teams/{below.pk}/").status_code == 200
    assert client.get(f"/people/teams/{south.pk}/").status_code == 404
    assert client.get("/people/teams/999999/").status_code == 404


def test_the_team_page_counts_accounts_for_those_who_may_see_them(
    client: Client, hana: User, adam: User, north: Team, maya_account: Account
) -> None:
    client.force_login(hana, backend=BACKEND)
    assert "Accounts owned" in text(client, f"/people/teams/{north.pk}/")
    client.force_login(adam, backend=BACKEND)
    assert "Accounts owned" not in text(client, f"/people/teams/{north.pk}/")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"Adam Aydin", "Lena Lindqvist", "Maya Marin", "Omar Okoye"}),
        ("q=MAY", {"Maya Marin"}),
        ("q=omar%40", {"Omar Okoye"}),
        ("role=lead", {"Lena Lindqvist"}),
        ("active=no", {"Carl Closed"}),
        ("active=all&q=c", {"Carl Closed"}),
        ("role=nonsense", {"Adam Aydin", "Lena Lindqvist", "Maya Marin", "Omar Okoye"}),
        ("page=99999999999999999999", {"Adam Aydin", "Lena Lindqvist", "Maya Marin", "Omar Okoye"}),
        ("q=nobody+at+all", set()),
    ],
)
def test_people_are_filtered(
    client: Client, adam: User, maya: User, omar: User, lena: User, query: str, names: set[str]
) -> None:
    make_user("Carl Closed", is_active=False)
    User.objects.exclude(name__startswith="Carl").update(external_id="")
    client.force_login(adam, backend=BACKEND)
    response = client.get(f"/people/?{query}")
    shown = {person.name for person in response.context["users"]}
    assert shown >= names if "q=c" in query else shown == names


def test_a_head_grants_and_takes_away_what_a_viewer_sees(
    client: Client, hana: User, vic: User, maya_account: Account, omar_account: Account
) -> None:
    client.force_login(hana, backend=BACKEND)
    data = {"viewer": vic.pk, "account": "aurora foods", "team": ""}
    assert client.post("/people/grants/", data).status_code == 302
    assert list(Account.objects.visible_to(vic)) == [maya_account]
    grant = vic.grants.get()
    assert grant.granted_by == hana
    assert "Aurora Foods" in text(client, "/people/grants/")
    assert client.post(f"/people/grants/{grant.pk}/remove/").status_code == 302
    assert not Account.objects.visible_to(vic).exists()


def test_nothing_is_granted_twice(
    client: Client, hana: User, vic: User, north: Team, maya_account: Account
) -> None:
    client.force_login(hana, backend=BACKEND)
    whats: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"account": "Aurora Foods"}, {"account": maya_account}),
        ({"team": north.pk}, {"team": north}),
        ({"whole_company": "on"}, {}),
    ]
    for number, (asked, what) in enumerate(whats, start=1):
        data = {"viewer": vic.pk, **asked}
        assert client.post("/people/grants/", data).status_code == 302
        again = client.post("/people/grants/", data)
        assert (again.status_code, vic.grants.count()) == (422, number)
        assert "may see it already" in again.content.decode()
        # Two at the same moment.
        with pytest.raises(IntegrityError), transaction.atomic():
            make_grant(vic, **what)
    # One grant of another kind is left when one is taken away, and the viewer sees what it names.
    assert client.post(f"/people/grants/{vic.grants.get(whole_company=True).pk}/remove/").status_code == 302
    assert maya_account in Account.objects.visible_to(vic)


def test_a_grant_names_exactly_one_thing_and_a_viewer(
    client: Client, hana: User, vic: User, maya: User, north: Team, maya_account: Account
) -> None:
    client.force_login(hana, backend=BACKEND)
    for data in (
        {"viewer": vic.pk},
        {"viewer": vic.pk, "account": "Aurora Foods", "team": north.pk},
        {"viewer": vic.pk, "account": "No such account"},
        {"viewer": maya.pk, "whole_company": "on"},
    ):
        assert client.post("/people/grants/", data).status_code == 422
    assert not vic.grants.exists()


def test_an_administrator_learns_no_account_from_the_grants(
    client: Client, adam: User, vic: User, maya_account: Account
) -> None:
    grant = make_grant(vic, account=maya_account)
    client.force_login(adam, backend=BACKEND)
    assert "Aurora" not in text(client, "/people/grants/")
    assert client.post(f"/people/grants/{grant.pk}/remove/").status_code == 404
    asked = client.post("/people/grants/", {"viewer": vic.pk, "account": "Aurora Foods"})
    assert "No account has this name." in asked.content.decode()


def test_people_of_a_team_are_those_of_today(client: Client, adam: User, maya: User, north: Team) -> None:
    gone = make_user("Gone Long Ago")
    make_membership(gone, north, "2015-01-01", "2016-01-01")
    client.force_login(adam, backend=BACKEND)
    response = client.get(f"/people/?team={north.pk}")
    assert {person.name for person in response.context["users"]} == {"Maya Marin", "Lena Lindqvist"}


def test_the_list_of_people_takes_as_many_statements_for_many_as_for_few(
    client: Client, adam: User, django_assert_max_num_queries: object
) -> None:
    client.force_login(adam, backend=BACKEND)
    client.get("/people/")
    for _ in range(40):
        make_user()
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get("/people/")


def test_every_page_of_a_made_up_company_says_so(client: Client, maya: User, adam: User) -> None:
    line = "every name and figure is made up"
    client.force_login(maya, backend=BACKEND)
    assert line not in text(client, "/people/me/")
    Organisation.objects.update_or_create(pk=1, defaults={"made_up": True})
    for path in ("/people/me/", "/", "/portfolio/", "/kpis/"):
        assert line in text(client, path)
    client.force_login(adam, backend=BACKEND)
    assert text(client, "/").count(line) == 1


def test_a_page_travels_small(client: Client, maya: User) -> None:
    client.force_login(maya, backend=BACKEND)
    plain = client.get("/people/me/")
    packed = client.get("/people/me/", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
