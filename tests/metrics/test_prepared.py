"""A run reads the signals and touches that it made ready; it must change nothing else of any statement."""

import pytest

from metrics.recipes import RELATIONS
from metrics.sources import SOURCES
from metrics.sources.prepared import in_run
from metrics.sources.source import Source
from metrics.sources.touches import COUNTED

OF_SIGNALS = {"signals", "decayed", "bands", "health"}
OF_TOUCHES = {"touches", "gap", "effort"}


@pytest.mark.parametrize(
    "source", [each for each in SOURCES if each.name not in OF_SIGNALS | OF_TOUCHES], ids=lambda s: s.name
)
def test_a_run_reads_what_has_nothing_to_do_with_either_as_it_is_written(source: Source) -> None:
    text = source.select(days="run_month")
    assert in_run(text) == text


@pytest.mark.parametrize(
    "source", [each for each in SOURCES if each.name in OF_SIGNALS], ids=lambda s: s.name
)
def test_a_run_reads_no_single_signal_again_to_count_points(source: Source) -> None:
    assert "accounts_signal " in source.select(days="run_month")
    assert "accounts_signal " not in in_run(source.select(days="run_month"))


@pytest.mark.parametrize(
    "source", [each for each in SOURCES if each.name in OF_TOUCHES], ids=lambda s: s.name
)
def test_a_run_groups_no_touches_again_by_thread_and_keeps_whose_are_read(source: Source) -> None:
    text = source.select("o.account_id = 7", days="run_month")
    assert "accounts_touch " in text
    assert "accounts_touch " not in in_run(text)
    assert "run_touch o WHERE o.account_id = 7)" in in_run(text)


@pytest.mark.parametrize("name", ["tried", "contacted"])
def test_recipes_read_these_touches_in_a_run_too(name: str) -> None:
    assert COUNTED.format(among="TRUE") in RELATIONS[name]
    assert "accounts_touch " not in in_run(RELATIONS[name])
