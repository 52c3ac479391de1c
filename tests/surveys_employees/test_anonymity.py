"""What joins answers to people: nothing, once a wave is closed. Real transactions, the tables as they are on disk."""

import io
import logging
import threading
from collections import Counter
from itertools import product
from typing import Any

import pghistory
import pytest
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import outbox
from accounts.models import (
    EmployeeAnswer,
    EmployeeAnswerIn,
    EmployeeComment,
    EmployeeInvitation,
    Message,
    Team,
)
from accounts.surveys.employees import actions, release
from tests.factories import make_team
from tests.surveys_employees.waves import (
    close_now,
    given,
    make_employee_wave,
    make_employees,
    open_now,
    today,
)

SECRET_TABLES = (EmployeeAnswerIn, EmployeeAnswer, EmployeeComment)


def rows(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_answers_cannot_be_joined_to_people_by_column_order_or_transaction_after_closing() -> None:
    team = make_team("North")
    people = make_employees(team, 30)
    wave = make_employee_wave(asks_comment=True)
    tokens = open_now(wave)
    for number, employee in enumerate(people):
        scores = given(1 + number % 5, comment=f"comment {number}")
        assert actions.submit(tokens[employee.pk], scores)
    joined = "SELECT a.id FROM {} a JOIN accounts_employeeinvitation i ON i.xmin = a.xmin"
    # While it is open the transaction joins them: the promise says so. The attack works, then it does not.
    assert len(rows(joined.format("accounts_employeeanswerin"))) == 30

    tables = ("answerin", "answer", "comment", "invitation", "wave")
    before = {table: file_of(table) for table in tables}
    came_in = set(EmployeeAnswerIn.objects.values_list("pk", flat=True))

    close_now(wave)

    assert wave.state == "closed"
    # A number that somebody saw beside a name while it was open leads nowhere now.
    assert not came_in & {*EmployeeAnswer.objects.values_list("pk", flat=True)}
    assert not came_in & {*EmployeeComment.objects.values_list("pk", flat=True)}
    assert rows(joined.format("accounts_employeeanswer")) == []
    assert rows(joined.format("accounts_employeecomment")) == []
    assert EmployeeAnswerIn.objects.count() == 0
    # All of a table are of one transaction, so none tells who was before whom.
    for table in ("answer", "comment", "invitation"):
        assert len(rows(f"SELECT DISTINCT xmin::text FROM accounts_employee{table}")) == 1
    order = [text for (text,) in rows("SELECT text FROM accounts_employeecomment ORDER BY ctid")]
    assert sorted(order) == sorted(f"comment {n}" for n in range(30)) and order != [
        f"comment {n}" for n in range(30)
    ]
    given_in = [score for (score,) in rows("SELECT satisfaction FROM accounts_employeeanswer ORDER BY ctid")]
    assert sorted(given_in) == sorted(1 + n % 5 for n in range(30)) and given_in != [
        1 + n % 5 for n in range(30)
    ]
    shared = columns("accounts_employeeanswer") & columns("accounts_employeeinvitation")
    assert shared == {"id", "wave_id", "team_label", "site_label", "tenure_label"}
    assert not set(EmployeeAnswer.objects.values_list("pk")) & set(
        EmployeeInvitation.objects.values_list("pk")
    )
    # Nor does the list of whom we asked keep the order of answering.
    asked = [who for (who,) in rows("SELECT employee_id FROM accounts_employeeinvitation ORDER BY ctid")]
    assert sorted(asked) == [person.pk for person in people] and asked != [person.pk for person in people]
    # Every table is a new file, so no dead row is left on its pages.
    assert not [table for table in tables if file_of(table) == before[table]]


def file_of(table: str) -> int:
    found: int = rows(f"SELECT pg_relation_filenode('accounts_employee{table}')")[0][0]
    return found


def columns(table: str) -> set[str]:
    found = rows(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'")
    return {name for (name,) in found}


@pytest.mark.django_db(transaction=True)
def test_no_token_and_no_way_to_make_one_outlives_the_wave() -> None:
    make_employees(make_team("North"), 6)
    wave = make_employee_wave()
    tokens = open_now(wave)
    outbox.send_waiting()
    assert all(any(token in str(m.body) for m in mail.outbox) for token in tokens.values())

    close_now(wave)

    assert wave.salt == ""
    assert not EmployeeInvitation.objects.exclude(token_hash="").exists()
    assert not Message.objects.filter(employee__isnull=False).exists()
    dump = "".join(
        str(row)
        for table in connection.introspection.table_names()
        for row in rows(f'SELECT t::text FROM "{table}" t')
    )
    for token in tokens.values():
        assert token not in dump and actions.hashed(token) not in dump


@pytest.mark.django_db(transaction=True)
def test_a_token_posted_50_times_at_once_gives_one_answer() -> None:
    make_employees(make_team("North"), 6)
    token = next(iter(open_now(make_employee_wave()).values()))
    url = reverse("employee_answer", args=[token])
    cache.clear()  # addresses that tried wrong links before are slowed down
    statuses: list[int] = []
    start = threading.Barrier(10)

    def post() -> None:
        start.wait()
        try:
            statuses.extend(
                Client().post(url, {"satisfaction": "4", "enps": "9"}).status_code for _ in range(5)
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Many wrong links at once from one address may be slowed down, too.
    assert Counter(statuses)[200] == 1 and len(statuses) == 50 and set(statuses) <= {200, 410, 429}
    assert EmployeeAnswerIn.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_an_answer_on_its_way_and_takes_none_after_it() -> None:
    make_employees(make_team("North"), 6)
    wave = make_employee_wave()
    tokens = list(open_now(wave).values())
    assert actions.submit(tokens[0], given(4))
    actions.stop(wave)
    assert not actions.submit(tokens[1], given(4))
    actions.look_after_waves()
    assert not actions.submit(tokens[2], given(4))
    assert EmployeeAnswer.objects.count() == 1 and EmployeeAnswerIn.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_closing_that_was_broken_off_goes_on_where_it_stopped() -> None:
    make_employees(make_team("North"), 6)
    wave = make_employee_wave()
    for token in open_now(wave).values():
        actions.submit(token, given(4))
    actions.stop(wave)
    actions._once(wave, 0, actions.shuffle)
    assert EmployeeInvitation.objects.exclude(token_hash="").exists()
    actions.look_after_waves()
    actions.look_after_waves()
    wave.refresh_from_db()
    assert wave.state == "closed" and EmployeeAnswer.objects.count() == 6
    assert not EmployeeInvitation.objects.exclude(token_hash="").exists()


def answered_in(order: list[int], teams: list[Team]) -> list[tuple[Any, ...]]:
    """A released wave of 20 people who answer in this order; its rows as they leave the house."""
    people = [person for team in teams for person in make_employees(team, 10)]
    wave = make_employee_wave()
    tokens = open_now(wave)
    for number in order:
        actions.submit(tokens[people[number].pk], given(1 + number * 7 % 5))
    close_now(wave)
    release.release(wave, today())
    fields = ("dimension", "label", "item", "position", "hidden", "asked", "n", "favourable", "total")
    found = list(wave.results.order_by("pk").values_list(*fields))
    wave.delete()
    for person in people:
        person.delete()
    return found


@pytest.mark.django_db(transaction=True)
def test_the_order_of_answering_changes_no_released_row() -> None:
    teams = [make_team("North"), make_team("South")]
    assert answered_in(list(range(20)), teams) == answered_in(list(range(19, -1, -1)), teams)


@pytest.mark.django_db
def test_releasing_deletes_the_answers_and_happens_once(north: Team) -> None:
    from tests.surveys_employees.waves import answered_wave

    wave = answered_wave({north: [5, 4, 4, 3, 2, 5]})
    assert EmployeeAnswer.objects.count() == 6
    release.release(wave, today())
    assert EmployeeAnswer.objects.count() == 0
    with pytest.raises(Exception, match="only once"):
        release.release(wave, today())


def test_no_answer_has_a_person_a_time_or_a_number_that_counts() -> None:
    for model in SECRET_TABLES:
        kinds = {field.name: field.get_internal_type() for field in model._meta.get_fields()}
        assert kinds["id"] == "UUIDField"
        assert {name for name, kind in kinds.items() if kind == "ForeignKey"} == {"wave"}
        assert not {kind for kind in kinds.values() if "Date" in kind or "Time" in kind}


def test_no_answer_no_comment_and_no_invitation_is_in_the_admin_panel_or_has_a_history() -> None:
    kept_apart = {*SECRET_TABLES, EmployeeInvitation}
    assert not kept_apart & set(admin.site._registry)
    tracked = {
        model.pgh_tracked_model  # type: ignore[attr-defined]
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event) and getattr(model, "pgh_tracked_model", None)
    }
    assert tracked and not kept_apart & tracked
    assert not [model for model in kept_apart if getattr(model._meta, "triggers", None)]


@pytest.mark.django_db
def test_the_database_has_no_trigger_on_answers_but_those_of_foreign_keys() -> None:
    tables = ", ".join(f"'{model._meta.db_table}'" for model in (*SECRET_TABLES, EmployeeInvitation))
    assert (
        rows(
            "SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
            f" WHERE c.relname IN ({tables}) AND NOT tgisinternal"
        )
        == []
    )


@pytest.mark.django_db
def test_wrong_used_and_ended_links_get_the_same_bytes_and_looking_uses_nothing_up(north: Team) -> None:
    make_employees(north, 6)
    wave = make_employee_wave()
    first, second, *_ = open_now(wave).values()
    client = Client()
    for _ in range(3):
        assert client.get(reverse("employee_answer", args=[first])).status_code == 200
        assert client.head(reverse("employee_answer", args=[first])).status_code == 200
    assert client.post(reverse("employee_answer", args=[first]), {"enps": "10"}).status_code == 200
    used = [ask(client, method, first) for method in ("get", "post")]
    wrong = [ask(client, method, "0" * 64) for method in ("get", "post")]
    close_now(wave)
    ended = [ask(client, method, second) for method in ("get", "post")]
    answers = [*used, *wrong, *ended]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert answers[0]["Referrer-Policy"] == "no-referrer"
    assert answers[0]["Cache-Control"] == "no-store"
    assert not answers[0].cookies


def ask(client: Client, method: str, token: str) -> Any:
    return getattr(client, method)(reverse("employee_answer", args=[token]))


@pytest.mark.django_db
def test_no_token_stands_in_a_log(north: Team) -> None:
    make_employees(north, 6)
    token = next(iter(open_now(make_employee_wave()).values()))
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    for source in logging.getLogger().handlers:
        handler.setFormatter(source.formatter)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for method, data in product(("get", "post"), ({}, {"enps": "9"}, {"enps": "none"})):
            getattr(Client(), method)(reverse("employee_answer", args=[token]), data)
        outbox.send_waiting()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "e/<str:token>/" in written.getvalue()
    assert token not in written.getvalue()
