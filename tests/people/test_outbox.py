"""The outbox against a real SMTP server: nothing lost, nothing sent twice without saying so."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts import outbox
from accounts.models import Message, User
from accounts.people.invitations import invite
from tests.factories import make_user


class Sink:
    """Takes mail; may be told to break."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.drop_after_data = 0
        self.say: str = ""
        self.delay = 0.0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.say:
            return self.say
        text = envelope.content.decode("utf-8", "replace")
        self.ids.append(next(line for line in text.splitlines() if line.lower().startswith("message-id")))
        if self.delay:
            import asyncio

            await asyncio.sleep(self.delay)
        if self.drop_after_data > 0:
            self.drop_after_data -= 1
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    found = Sink()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_TIMEOUT = 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = ""
    yield found
    controller.stop()


def notice(user: User, number: int) -> None:
    at = timezone.now().isoformat()
    outbox.put("notice", user, f"test:{number}", event="account/email/password_changed", at=at)


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


def test_a_message_is_sent_with_our_own_id(sink: Sink, maya: User) -> None:
    notice(maya, 1)
    assert outbox.send_waiting() == 1
    message = Message.objects.get()
    assert message.state == "sent"
    assert sink.ids == [f"Message-ID: {message.message_id}"]


def test_the_same_key_is_one_message(maya: User) -> None:
    notice(maya, 1)
    notice(maya, 1)
    assert Message.objects.count() == 1


def test_an_undone_transaction_sends_nothing(transactional_db: None, maya: User, sink: Sink) -> None:
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notice(maya, 1)
        _ = 1 / 0
    assert outbox.send_waiting() == 0


def test_without_a_server_the_message_waits_longer_each_time(maya: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    notice(maya, 1)
    pauses = []
    for _ in range(outbox.MOST_ATTEMPTS):
        Message.objects.update(due_at=timezone.now())
        outbox.send_waiting()
        message = Message.objects.get()
        pauses.append(round((message.due_at - timezone.now()).total_seconds() / 60))
    assert pauses[:-1] == [1, 2, 4, 8, 16, 32, 64]
    assert message.state == "failed"


def test_a_refusal_for_now_is_tried_again_and_one_for_ever_is_not(sink: Sink, maya: User) -> None:
    sink.say = "451 later please"
    notice(maya, 1)
    outbox.send_waiting()
    assert Message.objects.get().state == "new"
    sink.say = "550 no such person"
    Message.objects.update(due_at=timezone.now())
    outbox.send_waiting()
    message = Message.objects.get()
    assert (message.state, message.error) == ("failed", "SMTPDataError 550")


def test_a_connection_lost_after_the_text_leaves_the_state_unknown(sink: Sink, maya: User) -> None:
    sink.drop_after_data = 1
    notice(maya, 1)
    notice(maya, 2)
    outbox.send_waiting()
    assert states() == {"unknown": 1, "sent": 1}
    outbox.send_waiting()
    assert states() == {"unknown": 1, "sent": 1}
    assert len(sink.ids) == 2


def test_an_invitation_of_unknown_fate_is_sent_once_more_with_the_same_link(sink: Sink, maya: User) -> None:
    maya.set_unusable_password()
    maya.save()
    invite(maya, by=None)
    sink.drop_after_data = 5
    for _ in range(4):
        outbox.send_waiting()
    assert len(sink.ids) == 2
    assert len(set(sink.ids)) == 1
    message = Message.objects.get()
    assert (message.state, message.resent) == ("unknown", True)


def test_a_letter_that_cannot_be_written_does_not_stop_the_others(sink: Sink, maya: User) -> None:
    Message.objects.create(kind="nothing we know", recipient=maya, dedup_key="x")
    notice(maya, 1)
    assert outbox.send_waiting() == 1
    assert states() == {"failed": 1, "sent": 1}


def test_whose_login_is_closed_gets_no_mail_any_more(sink: Sink, maya: User) -> None:
    notice(maya, 1)
    User.objects.filter(pk=maya.pk).update(is_active=False)
    assert outbox.send_waiting() == 0
    assert sink.ids == []


def test_a_request_does_not_wait_for_mail_or_broker(
    transactional_db: None, client: Client, maya: User, settings: Any
) -> None:
    settings.EMAIL_HOST = "203.0.113.1"
    cache.clear()
    start = time.perf_counter()
    client.post("/password/reset/", {"email": maya.email})
    assert time.perf_counter() - start < 0.5
    assert states() == {"new": 1}


@pytest.mark.django_db(transaction=True)
def test_two_senders_never_take_the_same_message(sink: Sink) -> None:
    user = make_user()
    for number in range(60):
        notice(user, number)

    def run() -> None:
        try:
            outbox.send_waiting()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states() == {"sent": 60}
    assert len(sink.ids) == len(set(sink.ids)) == 60


SENDER = """
import django, sys
django.setup()
from django.conf import settings
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", int(sys.argv[1]), 5
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[2]
from accounts import tasks, outbox
print("ready", flush=True)
outbox.send_waiting()
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_sender_loses_nothing_and_doubles_only_what_it_calls_unknown(
    sink: Sink, settings: Any
) -> None:
    """Messages that a kill caught are `unknown`; every other one arrived exactly once."""
    user = make_user()
    kills, messages = 5, 100
    for number in range(messages):
        notice(user, number)
    sink.delay = 0.01
    name = str(connection.settings_dict["NAME"])
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(settings.EMAIL_PORT), name],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "kamplan.settings"},
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    Message.objects.filter(state="sending").update(claimed_at=timezone.now() - 2 * outbox.DEAD_AFTER)
    sink.delay = 0
    outbox.send_waiting()
    found = states()
    assert found["unknown"] <= kills
    assert found["sent"] == messages - found["unknown"]
    assert len(sink.ids) == len(set(sink.ids))
    sent = set(Message.objects.filter(state="sent").values_list("message_id", flat=True))
    assert sent <= {line.removeprefix("Message-ID: ") for line in sink.ids}
    assert len(sink.ids) > 0
