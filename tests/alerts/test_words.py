"""How a warning reads."""

import pytest

from metrics.alerts.models import Alert
from metrics.alerts.rules import RULE_OF
from metrics.pages.warnings import Line


@pytest.mark.parametrize(
    ("days", "said"), [(1, "“Line 1 pumps” is 1 day overdue."), (3, "“Line 1 pumps” is 3 days overdue.")]
)
def test_a_day_is_one_and_a_subject_stays_as_it_was_written(days: int, said: str) -> None:
    alert = Alert(kind="overdue_request", facts={"subject": "Line 1 pumps", "days": days})
    assert Line(alert, RULE_OF[alert.kind]).sentence == said
