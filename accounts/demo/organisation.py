"""Who works at the demonstration company, in which team, with which password."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from accounts.demo import cast
from accounts.demo.calendar import Calendar
from accounts.fields import Dated, days
from accounts.people.models import Grant, Membership, Organisation, Role, Team, User
from accounts.portfolio.models import Account

PASSWORD = "believable-demo-2026"  # documented: it opens made-up data only


def organisation() -> Organisation:
    return Organisation(
        pk=1,
        name=cast.ORGANISATION,
        time_zone="Europe/Berlin",
        reporting_currency="EUR",
        fiscal_year_start=4,
        grace_days=14,
        lifespan_years=Decimal(8),
        made_up=True,
    )


def holds_on(row: Dated, day: datetime.date) -> bool:
    """Whether a day lies in a dated row that is not in the database yet."""
    return row.during.lower <= day and (row.during.upper is None or day < row.during.upper)


@dataclass
class Staff:
    calendar: Calendar
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    memberships: list[Membership] = field(default_factory=list)

    def __post_init__(self) -> None:
        joined = datetime.datetime.combine(
            self.calendar.start, datetime.time(8), timezone.get_default_timezone()
        )
        for person in cast.PEOPLE:
            self.users[person.name] = User(
                email=person.email,
                name=person.name,
                role=person.role,
                is_active=person.name != cast.LEAVER,
                date_joined=joined,
            )
        for name, (lead, parent) in cast.TEAMS.items():
            self.teams[name] = Team(name=name, lead=self.users.get(lead), parent=self.teams.get(parent))
        for person in cast.PEOPLE:
            self.memberships += self._memberships(person)

    def _memberships(self, person: cast.Person) -> list[Membership]:
        start, user = self.calendar.start, self.users[person.name]
        if not person.team:
            return []
        if person.name == cast.LEAVER:
            return [
                Membership(user=user, team=self.teams[person.team], during=days(start, self.leaving_day()))
            ]
        if person.name == cast.PIOTR:
            moved = self.calendar.month(cast.PIOTR_MOVED_MONTH)
            return [
                Membership(user=user, team=self.teams[cast.WEST], during=days(start, moved)),
                Membership(user=user, team=self.teams[person.team], during=days(moved)),
            ]
        return [Membership(user=user, team=self.teams[person.team], during=days(start))]

    def leaving_day(self) -> datetime.date:
        return self.calendar.month(cast.STEFAN_LEFT_MONTH)

    def team_of(self, name: str, day: datetime.date) -> str:
        """The team on that day; one before the first day counts as the first day's."""
        day = max(day, self.calendar.start)
        for each in self.memberships:
            if each.user.name == name and holds_on(each, day):
                return each.team.name
        return ""

    def colleagues(self, name: str, day: datetime.date) -> list[User]:
        """The other account managers of the same team on that day."""
        team = self.team_of(name, day)
        managers = (person.name for person in cast.PEOPLE if person.role == Role.MANAGER)
        return [self.users[each] for each in managers if each != name and self.team_of(each, day) == team]

    def grants(self, accounts: dict[str, Account]) -> list[Grant]:
        viewer = next(user for user in self.users.values() if user.role == Role.VIEWER)
        head = self.users[cast.HEAD]
        return [
            Grant(viewer=viewer, team=self.teams[cast.SOUTH], granted_by=head),
            Grant(viewer=viewer, account=accounts[cast.CASTELLANE], granted_by=head),
        ]
