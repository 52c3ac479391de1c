"""Who sees which account: each role by cases made by hand."""

import datetime

import pytest

from accounts.models import Account, Assignment, Team, User
from tests.factories import (
    make_account,
    make_assignment,
    make_grant,
    make_membership,
    make_team,
    make_user,
)

TODAY = datetime.date(2026, 11, 22)
YESTERDAY = datetime.date(2026, 11, 21)
TOMORROW = datetime.date(2026, 11, 23)


def seen(user: User) -> set[str]:
    return set(Account.objects.visible_to(user, TODAY).values_list("name", flat=True))


def test_a_manager_sees_accounts_assigned_today_in_any_part(maya: User) -> None:
    make_account("owned", owner=maya)
    make_assignment(make_account("deputy"), maya, role=Assignment.AccountRole.DEPUTY)
    make_assignment(make_account("sponsored"), maya, role=Assignment.AccountRole.SPONSOR)
    make_account("nobody's")
    assert seen(maya) == {"owned", "deputy", "sponsored"}


def test_past_and_coming_assignments_show_nothing(maya: User) -> None:
    make_assignment(make_account("until yesterday"), maya, "2020-01-01", TODAY)
    make_assignment(make_account("from tomorrow"), maya, TOMORROW)
    make_assignment(make_account("last day"), maya, "2020-01-01", TOMORROW)
    make_assignment(make_account("first day"), maya, TODAY)
    assert seen(maya) == {"last day", "first day"}


def test_a_manager_sees_nothing_of_colleagues(maya: User, omar: User) -> None:
    make_account("omar's", owner=omar)
    assert seen(maya) == set()


def test_a_lead_sees_accounts_owned_in_the_team_and_the_teams_below(
    lena: User, north: Team, maya: User, omar: User
) -> None:
    below = make_team("North-East", parent=north)
    deep = make_team("Far North-East", parent=below)
    nina, dora = make_user("Nina"), make_user("Dora")
    make_membership(nina, below)
    make_membership(dora, deep)
    for user in (maya, nina, dora, omar):
        make_account(f"{user.name}'s", owner=user)
    assert seen(lena) == {"Maya Marin's", "Nina's", "Dora's"}


def test_a_lead_does_not_see_what_members_only_assist_with(lena: User, maya: User, omar: User) -> None:
    account = make_account("omar's", owner=omar)
    make_assignment(account, maya, role=Assignment.AccountRole.DEPUTY)
    assert seen(lena) == set()


def test_a_lead_sees_by_membership_of_today(lena: User, north: Team) -> None:
    left, comes = make_user("Left"), make_user("Comes")
    make_membership(left, north, "2020-01-01", TODAY)
    make_membership(comes, north, TOMORROW)
    make_account("left's", owner=left)
    make_account("comer's", owner=comes)
    assert seen(lena) == set()


def test_a_lead_assigned_to_an_account_elsewhere_sees_it_as_its_manager(lena: User, omar: User) -> None:
    account = make_account("omar's", owner=omar)
    make_assignment(account, lena, role=Assignment.AccountRole.SPONSOR)
    assert seen(lena) == {"omar's"}


def test_the_lead_of_a_part_sees_only_the_part(north: Team, maya: User) -> None:
    part = make_user("Petra", "lead")
    below = make_team("North-East", parent=north, lead=part)
    nina = make_user("Nina")
    make_membership(nina, below)
    make_account("maya's", owner=maya)
    make_account("nina's", owner=nina)
    assert seen(part) == {"nina's"}


def test_only_the_role_of_a_lead_leads(north: Team, maya: User) -> None:
    pretender = make_user("Paul", "manager")
    Team.objects.filter(pk=north.pk).update(lead=pretender)
    make_account("maya's", owner=maya)
    assert seen(pretender) == set()


def test_head_and_marketing_see_every_account(hana: User, mira: User, maya: User) -> None:
    make_account("owned", owner=maya)
    make_account("nobody's")
    assert seen(hana) == seen(mira) == {"owned", "nobody's"}


def test_a_viewer_sees_what_is_granted(vic: User, north: Team, maya: User, omar: User) -> None:
    make_account("maya's", owner=maya)
    named = make_account("named", owner=omar)
    make_account("other", owner=omar)
    assert seen(vic) == set()
    make_grant(vic, account=named)
    assert seen(vic) == {"named"}
    make_grant(vic, team=north)
    assert seen(vic) == {"named", "maya's"}
    make_grant(vic)
    assert seen(vic) == {"named", "maya's", "other"}


def test_a_granted_team_brings_the_teams_below(vic: User, north: Team) -> None:
    below = make_team("North-East", parent=north)
    nina = make_user("Nina")
    make_membership(nina, below)
    make_account("nina's", owner=nina)
    make_grant(vic, team=north)
    assert seen(vic) == {"nina's"}


def test_an_administrator_sees_accounts_while_elevated(adam: User, maya_account: Account) -> None:
    assert seen(adam) == set()
    adam.is_elevated = True
    assert seen(adam) == {"Aurora Foods"}


def test_an_elevation_gives_nobody_else_anything(omar: User, maya_account: Account) -> None:
    omar.is_elevated = True
    assert seen(omar) == set()


@pytest.mark.parametrize("role", ["manager", "lead", "head", "marketing", "viewer", "administrator"])
def test_whoever_may_not_log_in_sees_nothing(role: str, db: None) -> None:
    user = make_user("Closed", role, is_active=False)
    user.is_elevated = True
    make_account("owned", owner=user)
    if role == "viewer":
        make_grant(user)
    assert seen(user) == set()


def test_teams_are_seen_by_their_leads_heads_and_administrators(
    north: Team, south: Team, lena: User, hana: User, adam: User, maya: User, mira: User, vic: User
) -> None:
    below = make_team("North-East", parent=north)

    def teams(user: User) -> set[str]:
        return set(Team.objects.visible_to(user).values_list("name", flat=True))

    assert teams(lena) == {"North", below.name}
    assert teams(hana) == teams(adam) == {"North", "South", below.name}
    assert teams(maya) == teams(mira) == teams(vic) == set()
