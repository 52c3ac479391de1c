"""The outbox against a real SMTP server: nothing lost, nothing sent twice without saying so."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import outbox
from accounts.models import Message, Role, User
from accounts.people.invitations import invite
from tests.alerts.making import make_alert
from tests.broker import is_still_waking
from tests.clients import as_
from tests.factories import make_account, make_user
from tests.forks import Forks, forks
from tests.reliability.conftest import database_url


class Sink:
    """Takes mail; may be told to break."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.drop_after_data = 0
        self.say: str = ""
        self.delay = 0.0
        self.most = 0
        """Nobody gets an answer any more once so many came."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.say:
            return self.say
        text = envelope.content.decode("utf-8", "replace")
        self.ids.append(next(line for line in text.splitlines() if line.lower().startswith("message-id")))
        await asyncio.sleep(self.delay)
        while 0 < self.most <= len(self.ids):
            await asyncio.sleep(0.02)
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
    transactional_db: None, client: Client, maya: User, settings: Any, deaf_broker: None
) -> None:
    cache.clear()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        deaf.setblocking(False)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = deaf.getsockname()
        client.post("/password/reset/", {"email": maya.email})
        with pytest.raises(BlockingIOError):
            deaf.accept()
    assert is_still_waking("accounts.tasks.send_outbox")
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


@pytest.fixture
def senders(sink: Sink, settings: Any) -> Iterator[Forks]:
    with forks(
        DATABASE_URL=database_url(), EMAIL_URL=f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    ) as children:
        yield children


def five_hundred() -> None:
    """Twelve digests that say something, and as many mails of either fate: sent once more when unknown, or not."""
    user = make_user()
    for number in range(12):
        manager = make_user()
        make_alert(make_account(owner=manager), "health_fall", facts={"before": 71, "now": 52})
        outbox.put("digest", manager, f"digest:{manager.pk}:2026-W49", period="2026-W49", rhythm="weekly")
        notice(user, number)
    for number in range(12, 248):
        notice(user, number)
    for number in range(240):
        outbox.put("password_reset", user, f"password_reset:{number}")
    # In any order, so that every kind is among those that a kill catches.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_message SET due_at = due_at - random() * interval '1 hour'")


@pytest.mark.django_db(transaction=True)
def test_of_500_mails_ten_kills_and_ten_lost_connections_double_only_what_may_be_sent_twice(
    sink: Sink, senders: Forks
) -> None:
    five_hundred()
    sink.delay = 0.002
    for kill in range(1, 11):
        # However long this test is kept waiting, no sender gets to its end before it is killed.
        sink.most = kill * 45 + 20
        number = senders.start("from accounts import outbox; outbox.send_waiting(600)")
        sink.drop_after_data = 1
        wait_for(lambda at=kill * 45: len(sink.ids) >= at)  # type: ignore[misc]
        os.kill(number, signal.SIGKILL)
        assert senders.ended() == -signal.SIGKILL
    sink.delay = sink.most = 0
    for _ in range(3):
        Message.objects.filter(state="sending").update(claimed_at=timezone.now() - 2 * outbox.DEAD_AFTER)
        outbox.send_waiting(300)
    arrived = Counter(line.removeprefix("Message-ID: ") for line in sink.ids)
    assert Message.objects.count() == 500
    assert set(states()) <= {"sent", "unknown"} and states()["unknown"] <= 20
    assert len(set(Message.objects.values_list("message_id", flat=True))) == 500
    for message in Message.objects.all():
        assert arrived[message.message_id] <= (2 if message.resent else 1)
        assert arrived[message.message_id] >= 1 or (message.state == "unknown" and not message.resent)
        assert not message.resent or message.kind == "password_reset"
    assert max(arrived[each] for each in digest_ids()) == 1


def digest_ids() -> list[str]:
    return list(Message.objects.filter(kind="digest").values_list("message_id", flat=True))


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the sender stands still"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_no_click_waits_and_no_mail_is_lost(sink: Sink, deaf_broker: None) -> None:
    adam = make_user(role=Role.ADMINISTRATOR)
    client = as_(adam)
    for person in [make_user() for _ in range(20)]:
        answer = client.post(reverse("metrics:mail_digest_test", args=[person.pk]))
        assert answer.status_code == 302
        assert is_still_waking("accounts.tasks.send_outbox")
    assert states() == {"new": 20}
    assert outbox.send_waiting() == len(set(sink.ids)) == 20
