"""Wakes a worker without ever waiting for the broker: what is due stands in the database anyway."""

import logging
import threading

from kamplan.celery import app

log = logging.getLogger(__name__)
_busy: dict[str, threading.Lock] = {}


def wake(task: str) -> None:
    """Ask for one run of this task, in the background; while an earlier call still tries, do nothing."""
    lock = _busy.setdefault(task, threading.Lock())
    if lock.acquire(blocking=False):
        # The client of the broker retries for seconds when nobody answers; a daemon holds up no exit.
        threading.Thread(target=_send, args=(task, lock), daemon=True, name=f"wake {task}").start()


def _send(task: str, lock: threading.Lock) -> None:
    try:
        app.send_task(task, retry=False)
    except Exception as fault:  # whatever the client raises, beat looks again soon
        log.warning("the broker cannot be reached (%s)", type(fault).__name__)
    finally:
        lock.release()
