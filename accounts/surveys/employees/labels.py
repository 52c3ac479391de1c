"""The coarse groups that somebody counts in, taken once when a wave is opened."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.people.models import Team
from accounts.surveys.employees.models import Employee, EmployeeWave
from accounts.surveys.employees.rules import Dimension, Group

NO_TEAM, NO_SITE, NO_TENURE = "No team", "Site not known", "Not known"
BANDS = ((1, "Under 1 year"), (4, "1 to 3 years"))
LONGEST_BAND = "4 years and more"


@dataclass(frozen=True)
class Labels:
    team: str = ""
    site: str = ""
    tenure: str = ""
    team_key: int | None = None


def labels_of(
    wave: EmployeeWave, employees: Iterable[Employee], teams: Mapping[int, Team], today: datetime.date
) -> list[Labels]:
    """Only the dimensions that the wave will show are kept of anybody."""
    return [_labels(wave, employee, teams, today) for employee in employees]


def _labels(
    wave: EmployeeWave, employee: Employee, teams: Mapping[int, Team], today: datetime.date
) -> Labels:
    team = teams.get(employee.team_id or 0) if wave.by_team else None
    if team is not None and wave.teams_as == EmployeeWave.Teams.TOP:
        team = topmost(team, teams)
    return Labels(
        team=(team.name if team else NO_TEAM) if wave.by_team else "",
        site=(employee.site.strip() or NO_SITE) if wave.by_site else "",
        tenure=band(employee.started_on, today) if wave.by_tenure else "",
        team_key=team.pk if team else None,
    )


def topmost(team: Team, teams: Mapping[int, Team]) -> Team:
    while team.parent_id is not None and team.parent_id in teams:
        team = teams[team.parent_id]
    return team


def band(started_on: datetime.date | None, today: datetime.date) -> str:
    if started_on is None:
        return NO_TENURE
    had = (today.month, today.day) >= (started_on.month, started_on.day)
    years = today.year - started_on.year - (0 if had else 1)
    return next((name for below, name in BANDS if years < below), LONGEST_BAND)


def sizes(wave: EmployeeWave, found: Iterable[Labels]) -> dict[Group, int]:
    """How many would be asked in each group that could be shown."""
    counted: Counter[Group] = Counter()
    for labels in found:
        for dimension in wave.dimensions:
            counted[dimension, getattr(labels, Dimension(dimension).value)] += 1
    return dict(sorted(counted.items()))
