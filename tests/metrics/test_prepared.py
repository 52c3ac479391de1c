"""A run reads the days and months of signals that it made; it must change nothing else of any statement."""

import pytest

from metrics.sources import SOURCES
from metrics.sources.signals import in_run
from metrics.sources.source import Source

OF_SIGNALS = {"signals", "decayed", "bands", "health"}


@pytest.mark.parametrize(
    "source", [each for each in SOURCES if each.name not in OF_SIGNALS], ids=lambda s: s.name
)
def test_a_run_reads_what_has_nothing_to_do_with_points_as_it_is_written(source: Source) -> None:
    text = source.select(days="run_month")
    assert in_run(text) == text


@pytest.mark.parametrize(
    "source", [each for each in SOURCES if each.name in OF_SIGNALS], ids=lambda s: s.name
)
def test_a_run_reads_no_single_signal_again_to_count_points(source: Source) -> None:
    assert "accounts_signal " in source.select(days="run_month")
    assert "accounts_signal " not in in_run(source.select(days="run_month"))
