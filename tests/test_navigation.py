"""Which entry of the navigation is lit on which page."""

import pytest

from accounts.people.models import Role
from kamplan.context import ENTRIES, lit


@pytest.mark.parametrize(
    ("view", "role", "label"),
    [
        ("surveys:of_account", Role.MANAGER, "Accounts"),
        ("surveys:of_account", Role.ADMINISTRATOR, "Surveys"),
        ("surveys:wave", Role.MANAGER, "Surveys"),
        ("engagement:calendar_import", Role.MANAGER, "Accounts"),
        ("engagement:request", Role.MANAGER, "Requests"),
        ("plans:plan_of", Role.MANAGER, "Plans"),
        ("plans:review", Role.MANAGER, "Accounts"),
        ("plans:week_snooze", Role.MANAGER, "My week"),
        ("plans:week_snooze", Role.LEAD, "Home"),
        ("plans:reassign", Role.HEAD, "Team"),
        ("metrics:one_on_one", Role.LEAD, "Scorecards"),
        ("people:profile", Role.MANAGER, None),
    ],
)
def test_a_page_lies_under_one_entry(view: str, role: Role, label: str | None) -> None:
    entry = lit(view, [each for each in ENTRIES if role in each.roles])
    assert (entry.label if entry else None) == label
