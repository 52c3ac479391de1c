"""Employees and waves for tests."""

import datetime
import itertools
from collections.abc import Sequence
from typing import Any

from accounts.models import Employee, EmployeeWave, Organisation, Team
from accounts.surveys.employees import actions
from accounts.surveys.employees.actions import Given

STATEMENTS = ("I can speak up", "My workload is fair")
_count = itertools.count(1)


def today() -> datetime.date:
    return Organisation.current().today()


def make_employee(team: Team | None = None, name: str = "", **fields: Any) -> Employee:
    number = next(_count)
    fields.setdefault("email", f"employee.{number}@kamplan.example")
    return Employee.objects.create(name=name or f"Employee {number}", team=team, **fields)


def make_employees(team: Team, number: int, **fields: Any) -> list[Employee]:
    return [make_employee(team, **fields) for _ in range(number)]


def make_employee_wave(name: str = "Autumn", **fields: Any) -> EmployeeWave:
    """A draft with two statements."""
    fields.setdefault("closes_on", today() + datetime.timedelta(days=14))
    wave = EmployeeWave.objects.create(name=name, **fields)
    actions.save_statements(wave, STATEMENTS)
    return wave


def open_now(wave: EmployeeWave) -> dict[int, str]:
    """Open it; the token of each employee."""
    actions.open_wave(wave, today())
    wave.refresh_from_db()
    return {each.employee_id or 0: actions.token_of(wave, each) for each in wave.invitations.all()}


def given(score: int, **fields: Any) -> Given:
    """Somebody who answers everything alike: 5 is the best, and 10 for the recommendation."""
    fields.setdefault("satisfaction", score)
    fields.setdefault("enps", 2 * score)
    fields.setdefault("statements", (score, score))
    return Given(**fields)


def close_now(wave: EmployeeWave) -> None:
    """What the worker does; outside of transactions the tables are written anew, too."""
    actions.stop(wave)
    actions.look_after_waves()
    wave.refresh_from_db()


def answered_wave(
    answers: dict[Team, Sequence[int]], silent: int = 0, close: bool = True, **fields: Any
) -> EmployeeWave:
    """A wave in which each team gave these scores, and `silent` more of each were asked in vain."""
    asked = {team: make_employees(team, len(scores) + silent) for team, scores in answers.items()}
    wave = make_employee_wave(**fields)
    tokens = open_now(wave)
    for team, scores in answers.items():
        for employee, score in zip(asked[team], scores, strict=False):
            assert actions.submit(tokens[employee.pk], given(score))
    if close:
        close_now(wave)
    return wave
