"""The progress bar of a run: it never says that all is done before it is."""

import pytest

from metrics.models import Run, RunAttempt
from metrics.recompute.due import steps_of_last
from metrics.recompute.run import Order, recompute
from metrics.recompute.trace import Trace
from tests.factories import make_account, make_order
from tests.metrics.engine import day, drop_temporary_tables

pytestmark = pytest.mark.django_db


def steps_of(as_of: str, guess: int) -> tuple[list[str], list[tuple[int, int]]]:
    """What a run says it does, and how many of how many steps its bar shows at each."""
    trace = Trace(0, guess)
    said: list[str] = []
    shown: list[tuple[int, int]] = []

    def note(words: str, then: int | None = None) -> None:
        trace.step(words, then)
        said.append(words)
        shown.append((trace.done, trace.total))

    try:
        recompute(Order(Run.Cause.MANUAL, day(as_of)), note)
    finally:
        trace.connection.close()
        drop_temporary_tables()
    return said, shown


def test_the_bar_counts_the_steps_to_come_and_is_full_at_the_end_alone() -> None:
    account = make_account()
    for year in range(2019, 2026):
        make_order(account=account, date=day(f"{year}-05-06"))
    said, shown = steps_of("2025-12-31", guess=3)
    assert len([words for words in said if words.startswith("Figures up to")]) > 3
    assert all(done < total for done, total in shown[:-1])
    first = next(place for place, words in enumerate(said) if words.startswith("Figures up to"))
    assert {total for _, total in shown[first:]} == {len(said)}
    assert shown[-1] == (len(said), len(said))


def test_a_run_without_figures_says_nothing_about_the_length_of_the_next() -> None:
    usual = steps_of_last(Run.Cause.MANUAL)
    _, shown = steps_of("2025-12-31", guess=3)
    RunAttempt.objects.create(
        cause=Run.Cause.MANUAL, state="published", done=shown[-1][0], run=Run.objects.get()
    )
    assert steps_of_last(Run.Cause.MANUAL) == usual > shown[-1][0]
