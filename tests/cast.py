"""The people of every test: two teams, the managers and the lead in them, and the other roles."""

import pytest

from accounts.models import Account, Role, Team, User
from tests.factories import make_account, make_membership, make_team, make_user

__all__ = [
    "adam",
    "hana",
    "lena",
    "maya",
    "maya_account",
    "mira",
    "north",
    "omar",
    "omar_account",
    "south",
    "vic",
]


@pytest.fixture
def lena(db: None) -> User:
    """Lead of team North."""
    return make_user("Lena Lindqvist", Role.LEAD, email="lena@kamplan.example")


@pytest.fixture
def north(lena: User) -> Team:
    team = make_team("North", lead=lena)
    make_membership(lena, team)
    return team


@pytest.fixture
def south(db: None) -> Team:
    return make_team("South")


@pytest.fixture
def maya(north: Team) -> User:
    """Account manager in team North."""
    user = make_user("Maya Marin", Role.MANAGER, email="maya@kamplan.example")
    make_membership(user, north)
    return user


@pytest.fixture
def omar(south: Team) -> User:
    """Account manager in team South."""
    user = make_user("Omar Okoye", Role.MANAGER, email="omar@kamplan.example")
    make_membership(user, south)
    return user


@pytest.fixture
def hana(db: None) -> User:
    """Head of key accounts."""
    return make_user("Hana Horvat", Role.HEAD, email="hana@kamplan.example")


@pytest.fixture
def mira(db: None) -> User:
    return make_user("Mira Moreau", Role.MARKETING, email="mira@kamplan.example")


@pytest.fixture
def vic(db: None) -> User:
    """A viewer to whom nothing is granted yet."""
    return make_user("Vic Vidal", Role.VIEWER, email="vic@kamplan.example")


@pytest.fixture
def adam(db: None) -> User:
    return make_user("Adam Aydin", Role.ADMINISTRATOR, email="adam@kamplan.example")


@pytest.fixture
def maya_account(maya: User) -> Account:
    return make_account("Aurora Foods", owner=maya)


@pytest.fixture
def omar_account(omar: User) -> Account:
    return make_account("Borealis Steel", owner=omar)
