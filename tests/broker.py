"""A broker that takes connections and never says a word: whoever waits for it stands still."""

import socket
import threading
from collections.abc import Iterator

import pytest

from kamplan.celery import app

__all__ = ["deaf_broker"]


@pytest.fixture
def deaf_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(100)
        for name in ("broker_url", "broker_read_url", "broker_write_url"):
            monkeypatch.setitem(app.conf, name, f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        patient = {**app.conf.broker_transport_options, "socket_timeout": 600}
        monkeypatch.setitem(app.conf, "broker_transport_options", patient)
        monkeypatch.setattr(app.amqp, "_producer_pool", None)
        yield
    # Now it refuses. Whoever still tries would keep the next test from waking anybody.
    for waker in [each for each in threading.enumerate() if each.name.startswith("wake ")]:
        waker.join(60)


def is_still_waking(task: str) -> bool:
    """Somebody in the background waits for the broker."""
    return any(each.name == f"wake {task}" for each in threading.enumerate())
