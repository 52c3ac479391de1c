"""Statements as a run executes them: what many of them read of signals and touches, it makes ready once."""

from metrics.sources import signals, touches
from metrics.sources.source import Source


def in_run(sql: str) -> str:
    return touches.of_run(signals.of_run(sql))


def recent_in_run(source: Source, days: str = "") -> str:
    """Everyone's rows since the first day that a night looks at again; needs the parameter `since`."""
    return signals.of_recent(in_run(source.select(source.since("TRUE"), days=days)))
