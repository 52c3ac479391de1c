"""Whatever row of whatever table was edited, deleted or copied: a night gives what a rebuild gives.

`WORLDS=40 pytest tests/metrics/test_any_row.py` looks for longer; what differs names its seed and the edits.
"""

import datetime
import os

import pytest
from django.db.models import F

from metrics.models import AccountMonth
from tests.metrics.edits import Edits
from tests.metrics.engine import run
from tests.metrics.loops_of_rows import add_more
from tests.metrics.portfolio import Portfolio, make_portfolio
from tests.metrics.test_oracle_engagement import add_engagement
from tests.metrics.test_oracle_funnel import add_rows
from tests.metrics.test_oracle_voice import add_voices
from tests.metrics.test_versions import assert_a_rebuild_changes_nothing

pytestmark = pytest.mark.django_db

WORLDS = int(os.environ.get("WORLDS", 1))
NIGHTS = 5
"""Of each world: one transaction holds the locks of no more runs than about twice as many."""


def make_everything(seed: int) -> Portfolio:
    made = make_portfolio(seed, accounts=14, first="2023-09-01", as_of="2025-04-17")
    add_engagement(made)
    add_voices(made)
    add_rows(made)
    add_more(made)
    return made


@pytest.mark.parametrize("seed", range(1, WORLDS + 1))
def test_a_night_after_edits_of_any_rows_is_a_rebuild(seed: int) -> None:
    made = make_everything(seed)
    run(made.as_of)
    edits = Edits(made.random)
    for number in range(NIGHTS):
        done = [edits.make() for _ in range(made.random.choice((1, 2, 4, 12)))]
        made.as_of += datetime.timedelta(days=made.random.choice((0, 1, 1, 3, 12, 33)))
        run(made.as_of)
        told = (seed, number, str(made.as_of), [each for each in done if each])
        assert not AccountMonth.objects.filter(month__lt=F("began")).exists(), told
        assert_a_rebuild_changes_nothing(made.as_of, told)
