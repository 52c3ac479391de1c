"""The trace of an attempt, written over a connection of its own: the run's transaction shows nothing until it ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connections

HEARTBEAT_SECONDS = 5


class Trace:
    """Notes steps and a heartbeat of one attempt; a failing note never fails the run."""

    def __init__(self, attempt: int, steps: int) -> None:
        self.attempt = attempt
        self.total = steps
        self.done = 0
        self.connection = connections.create_connection("default")
        self.connection.inc_thread_sharing()
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def step(self, step: str, then: int | None = None) -> None:
        """The total is a guess until a step knows how many follow it; only the last one makes it full."""
        self.done += 1
        self.total = max(self.total, self.done + 1) if then is None else self.done + then
        self.write("step = %s, done = %s, total = %s, ", [step[:100], self.done, self.total])

    def beat(self) -> None:
        while not self.stopped.wait(HEARTBEAT_SECONDS):
            self.write("", [])

    def write(self, columns: str, values: list[str | int]) -> None:
        sql = f"UPDATE metrics_runattempt SET {columns} heartbeat_at = clock_timestamp() WHERE id = %s"
        with self.lock:
            try:
                with self.connection.cursor() as cursor:
                    cursor.execute(sql, [*values, self.attempt])
            except DatabaseError:
                self.connection.close()


@contextmanager
def traced(attempt: int, steps: int) -> Iterator[Trace]:
    """A trace whose heart beats as long as the block runs."""
    trace = Trace(attempt, steps)
    thread = threading.Thread(target=trace.beat, daemon=True)
    thread.start()
    try:
        yield trace
    finally:
        trace.stopped.set()
        thread.join(timeout=HEARTBEAT_SECONDS)
        trace.connection.close()
