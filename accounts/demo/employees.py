"""Who works at the demonstration company beside its users, and what they were asked. All made up."""

import datetime
import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import models

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice
from accounts.demo.organisation import Staff
from accounts.people.models import Role
from accounts.surveys.employees import actions
from accounts.surveys.employees.labels import Labels, labels_of
from accounts.surveys.employees.models import (
    Employee,
    EmployeeAnswer,
    EmployeeAnswerIn,
    EmployeeComment,
    EmployeeInvitation,
    EmployeeStatement,
    EmployeeWave,
)
from accounts.surveys.employees.release import rows_of

Day = datetime.date
State = EmployeeWave.State
SITES = {cast.SOUTH: "Munich", cast.ALPINE: "Zurich", cast.NORTH: "Oslo", cast.WEST: "Lyon", "": "Munich"}
# Who is no user of kamplan: inside sales, service, assistants.
COLLEAGUES = {
    cast.SOUTH: ("Lukas Berger", "Miriam Vogel", "Fatma Yilmaz", "Georg Huber", "Nina Pfeiffer"),
    cast.ALPINE: ("Urs Amstad", "Chiara Bernasconi"),
    cast.NORTH: ("Signe Dahl", "Oskar Nyberg", "Kirsten Holm", "Erik Strand", "Liv Hansen"),
    cast.WEST: ("Julien Moreau", "Sophie Lambert", "Conor Walsh", "Hannah Price"),
    "": ("Petra Lindner", "Oliver Kranz", "Sandra Weiss"),
}
# How each team feels on average from 1 to 5, and how many of it did not answer.
MOODS = {cast.SOUTH: 3.7, cast.ALPINE: 4.1, cast.NORTH: 4.1, cast.WEST: 3.3, "": 3.8}
SILENT = {cast.SOUTH: 1, cast.ALPINE: 1, cast.NORTH: 2, cast.WEST: 2, "": 1}
# What is better or worse than the mood.
STATEMENTS = dict(zip(actions.STATEMENTS, (0.7, -0.5, -0.2, 0.0, -0.9, 0.4, 0.1), strict=True))
COMMENTS = (
    "We learn about price changes from the customer.",
    "Best team I have worked in. The quoting tool costs me a day a week.",
    "Please stop moving territories in the middle of a year.",
    "My lead listens. What comes of it further up I do not see.",
    "Two people do the work of three since spring.",
    "The service colleagues deserve more credit than they get.",
    "Good that we say no to bad business now.",
    "I would like to know where we want to be in three years.",
    "Training on the new drives came too late, but it was good.",
    "Fewer meetings on Mondays, please.",
    "I can speak openly here. That was not so everywhere.",
)


@dataclass
class Employees:
    calendar: Calendar
    staff: Staff
    people: list[Employee] = field(default_factory=list)

    def __post_init__(self) -> None:
        for person in cast.PEOPLE:
            if person.role != Role.VIEWER and person.name != cast.LEAVER:
                self.add(person.name, person.email, person.team)
        for team, names in COLLEAGUES.items():
            for name in names:
                self.add(name, cast.Person(name, Role.MANAGER).email, team)

    def add(self, name: str, email: str, team: str) -> None:
        years = dice("employee", name).choice((0, 1, 2, 3, 5, 7, 9, 12))
        started = self.calendar.in_days(-365 * years - dice("day", name).randint(20, 330))
        place = self.staff.teams.get(team)
        self.people.append(Employee(name=name, email=email, team=place, site=SITES[team], started_on=started))

    def batches(self) -> Iterator[Sequence[models.Model]]:
        """The teams have their numbers by now: what is released names them by it."""
        yield self.people
        yield from self.released()
        yield from self.open()

    def released(self) -> Iterator[Sequence[models.Model]]:
        wave = EmployeeWave(
            name=f"Autumn {self.calendar.in_days(-38).year}",
            state=State.RELEASED,
            asks_comment=True,
            closes_on=self.calendar.in_days(-39),
            opened_on=self.calendar.in_days(-53),
            closed_on=self.calendar.in_days(-38),
            released_on=self.calendar.in_days(-31),
            reminded_on=self.calendar.in_days(-42),
            steps_closed=actions.TIDIED_AFTER_RELEASE,
        )
        invitations = self.invitations(wave)
        answers = [self.answer(EmployeeAnswer, wave, each) for each in invitations if each.used]
        comments = [EmployeeComment(id=number(dice(wave, text)), wave=wave, text=text) for text in COMMENTS]
        yield [wave]
        yield self.statements(wave)
        yield invitations
        yield comments
        yield rows_of(wave, answers, invitations, len(STATEMENTS), len(comments))

    def open(self) -> Iterator[Sequence[models.Model]]:
        wave = EmployeeWave(
            name="Winter pulse",
            state=State.OPEN,
            introduction="A short one before the year ends: the same questions as in autumn.",
            asks_comment=True,
            closes_on=self.calendar.in_days(8),
            opened_on=self.calendar.in_days(-6),
            response_percent=50,
            response_on=self.calendar.in_days(-1),
            salt=secrets.token_hex(32),
        )
        invitations = self.invitations(wave)
        for at, each in enumerate(invitations):
            each.used = each.used and at % 2 == 0
            each.token_hash = actions.hashed(actions.token_of(wave, each))
        yield [wave]
        yield self.statements(wave)
        yield invitations
        yield [self.answer(EmployeeAnswerIn, wave, each) for each in invitations if each.used]

    def statements(self, wave: EmployeeWave) -> list[EmployeeStatement]:
        return [EmployeeStatement(wave=wave, position=at, text=text) for at, text in enumerate(STATEMENTS, 1)]

    def invitations(self, wave: EmployeeWave) -> list[EmployeeInvitation]:
        teams = {team.pk: team for team in self.staff.teams.values() if team.pk}
        found = labels_of(wave, self.people, teams, wave.opened_on or self.calendar.today)
        silent = dict(SILENT)
        rows = []
        for employee, labels in zip(self.people, found, strict=True):
            team = employee.team.name if employee.team else ""
            left_out = silent[team] > 0
            silent[team] -= left_out
            rows.append(self.invitation(wave, employee, labels, used=not left_out))
        return rows

    def invitation(
        self, wave: EmployeeWave, employee: Employee, labels: Labels, *, used: bool
    ) -> EmployeeInvitation:
        return EmployeeInvitation(
            id=number(dice(wave, employee.email)),
            wave=wave,
            employee=employee,
            team_label=labels.team,
            team_key=labels.team_key,
            used=used,
        )

    def answer(self, kind: Any, wave: EmployeeWave, invitation: EmployeeInvitation) -> Any:
        random = dice(wave, "answer", invitation.pk)
        mood = MOODS.get(invitation.team_label, MOODS[""]) + random.gauss(0, 0.6)
        return kind(
            id=number(random),
            wave=wave,
            team_label=invitation.team_label,
            satisfaction=mark(mood + random.gauss(0, 0.4), 1, 5),
            enps=mark(2 * mood + random.gauss(0.3, 1.2), 0, 10),
            statements=[mark(mood + shift + random.gauss(0, 0.7), 1, 5) for shift in STATEMENTS.values()],
        )


def mark(value: float, low: int, high: int) -> int:
    return min(max(round(value), low), high)


def number(random: Random) -> uuid.UUID:
    return uuid.UUID(int=random.getrandbits(128), version=4)
