"""Statements as a run executes them: what many of them read of signals and touches, it makes ready once."""

from metrics.sources import signals, touches


def in_run(sql: str) -> str:
    return touches.of_run(signals.of_run(sql))
