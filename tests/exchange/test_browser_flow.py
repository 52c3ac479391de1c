"""An upload's way in the browser: columns, dry run, apply; no step skipped, none taken twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.exchange import actions
from accounts.models import Account, Import, ImportFile, ImportRefusal, User
from kamplan.settings import BASE_DIR
from tests.clients import as_
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
FILE = "Customer no.,Company,Town\n1,Alfa,Kiel\n2,Beta,Bonn\n"
COLUMNS = {"column_external_id": "Customer no.", "column_name": "Company", "decimal": "auto", "dates": "iso"}


@pytest.fixture
def client(adam: User) -> Client:
    return as_(adam)


def upload(client: Client, text: str = FILE, kind: str = "accounts") -> Import:
    file = SimpleUploadedFile("customers.csv", text.encode())
    response = client.post(reverse("exchange:import_start"), {"kind": kind, "source": "crm", "file": file})
    assert response.status_code == 302, response.content.decode()
    return Import.objects.latest("pk")


def post(client: Client, step: str, found: Import, data: dict[str, Any] | None = None) -> Any:
    return client.post(reverse(f"exchange:{step}", args=[found.pk]), data or {})


def state(found: Import) -> str:
    return Import.objects.get(pk=found.pk).state


def checked(client: Client, text: str = FILE) -> Import:
    found = upload(client, text)
    assert post(client, "import_mapping", found, COLUMNS).status_code == 302
    actions.work()
    return Import.objects.get(pk=found.pk)


def test_a_file_is_uploaded_mapped_tried_and_applied(client: Client) -> None:
    found = upload(client)
    assert state(found) == "uploaded"
    page = client.get(reverse("exchange:import_mapping", args=[found.pk])).content.decode()
    assert "Customer no." in page
    assert "Alfa · Beta" not in page.replace("</span>", "")  # nothing is chosen for the name yet
    post(client, "import_mapping", found, COLUMNS)
    assert state(found) == "check_waiting"
    actions.work()
    assert state(found) == "checked"
    assert Account.objects.count() == 0
    post(client, "import_apply", found)
    actions.work()
    assert state(found) == "applied"
    assert set(Account.objects.values_list("external_id", "name")) == {("1", "Alfa"), ("2", "Beta")}
    assert not ImportFile.objects.exists()
    assert Import.objects.get().samples == {}


def test_a_column_and_a_value_for_every_row_are_not_both_taken(client: Client) -> None:
    found = upload(client)
    both = COLUMNS | {"column_city": "Town", "constant_city": "Oslo"}
    page = post(client, "import_mapping", found, both)
    assert page.status_code == 422
    assert "City has a column and a value for every row: clear one of them." in page.content.decode()
    assert state(found) == "uploaded"


def test_the_columns_are_remembered_for_the_next_file_like_this(client: Client) -> None:
    checked(client)
    again = upload(client, FILE.replace("Alfa", "Omega"))
    assert again.mapping["columns"] == {"external_id": "Customer no.", "name": "Company"}
    page = client.get(reverse("exchange:import_mapping", args=[again.pk])).content.decode()
    assert "Omega" in page


def test_the_first_values_of_a_chosen_column_are_shown(client: Client) -> None:
    found = upload(client)
    url = reverse("exchange:import_samples", args=[found.pk])
    page = client.get(url, {"column_city": "Town"}).content.decode()
    assert "Kiel" in page
    assert "Bonn" in page


def test_an_import_cannot_be_applied_before_its_dry_run(client: Client) -> None:
    found = upload(client)
    post(client, "import_apply", found)
    assert state(found) == "uploaded"
    actions.work()
    assert Account.objects.count() == 0


def test_two_tabs_that_apply_write_once(client: Client, adam: User) -> None:
    found = checked(client)
    answers = [post(tab, "import_apply", found) for tab in (client, as_(adam))]
    assert [answer.status_code for answer in answers] == [302, 302]
    workers = [threading.Thread(target=work_and_close) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert state(found) == "applied"
    assert Account.objects.count() == 2
    post(client, "import_apply", found)
    assert state(found) == "applied"


def work_and_close() -> None:
    actions.work()
    connections.close_all()


def test_refused_rows_are_shown_and_can_be_taken_home(client: Client) -> None:
    found = checked(client, FILE + "3,=HYPERLINK(0),\n3,Gamma,\n")
    assert found.state == "refused"
    page = client.get(reverse("exchange:import_detail", args=[found.pk])).content.decode()
    assert "See row 4." in page
    assert "Customer no." in page
    csv = b"".join(client.get(reverse("exchange:import_refusals", args=[found.pk])))
    assert csv.decode().startswith("\ufeffrow,column,value,reason\r\n5,Customer no.,3,")
    post(client, "import_apply", found)
    assert state(found) == "refused"


def test_a_refused_value_that_looks_like_a_formula_is_harmless_in_the_csv(client: Client) -> None:
    found = upload(client)
    ImportRefusal.objects.create(of=found, row=2, column="name", value="=1+1", reason="@bad")
    csv = b"".join(client.get(reverse("exchange:import_refusals", args=[found.pk])))
    assert "2,Company,'=1+1,'@bad" in csv.decode()


def test_a_file_that_cannot_be_read_is_said_in_the_form(client: Client) -> None:
    file = SimpleUploadedFile("customers.csv", "a,b\n1,2\n".encode("utf-16"))
    url = reverse("exchange:import_start")
    response = client.post(url, {"kind": "accounts", "source": "crm", "file": file})
    assert response.status_code == 422
    assert "UTF-16" in response.content.decode()
    assert not Import.objects.exists()


def test_a_mapping_without_a_needed_column_is_refused_in_the_form(client: Client) -> None:
    found = upload(client)
    response = post(client, "import_mapping", found, {**COLUMNS, "column_name": ""})
    assert response.status_code == 422
    assert "No column is chosen for name" in response.content.decode()
    assert state(found) == "uploaded"


def test_a_discarded_file_is_gone(client: Client) -> None:
    found = checked(client)
    post(client, "import_discard", found)
    assert state(found) == "discarded"
    assert not ImportFile.objects.exists()
    post(client, "import_apply", found)
    assert state(found) == "discarded"


def test_another_administrator_sees_that_a_file_was_imported_but_not_what_stands_in_it(
    client: Client,
) -> None:
    found = checked(client, FILE + "3,,Bonn\n")
    other = as_(make_user("Ada Admin", "administrator"))
    page = other.get(reverse("exchange:import_detail", args=[found.pk])).content.decode()
    assert "customers.csv" in page
    assert "It must not be empty" not in page
    for step in ("import_mapping", "import_samples", "import_refusals"):
        assert other.get(reverse(f"exchange:{step}", args=[found.pk])).status_code == 404
    for step in ("import_apply", "import_discard", "import_mapping"):
        assert post(other, step, found).status_code == 404


def test_only_administrators_import(maya: User, hana: User) -> None:
    for person in (maya, hana):
        someone = as_(person)
        assert someone.get(reverse("exchange:import_list")).status_code == 403
        assert someone.post(reverse("exchange:import_start"), {}).status_code == 403


def test_the_page_asks_again_while_it_runs_and_stops_then(client: Client) -> None:
    found = upload(client)
    url = reverse("exchange:import_detail", args=[found.pk])
    post(client, "import_mapping", found, COLUMNS)
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" in fragment
    assert "<html" not in fragment
    actions.work()
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in fragment
    assert "Apply" in fragment


def test_progress_is_seen_before_the_end(client: Client) -> None:
    found = upload(client)
    Import.objects.filter(pk=found.pk).update(state="checking")
    watch = actions.Watch(found.pk)
    watch.progress("Reading rows", 4_000, 8_000)
    watch.connection.close()
    page = client.get(reverse("exchange:import_detail", args=[found.pk])).content.decode()
    assert "Reading rows, 4,000 of about 8,000" in page
    assert 'value="30"' in page


WORKER = """
import django
django.setup()
from accounts.exchange import actions, loading
def slow(*arguments):
    kept(*arguments)
    print("written", flush=True)
    import time
    time.sleep(600)
kept, loading._write = loading._write, slow
actions.work()
"""


def test_a_worker_killed_in_the_middle_leaves_no_row_and_the_next_one_does_it(client: Client) -> None:
    found = checked(client)
    post(client, "import_apply", found)
    settings = connection.settings_dict
    url = f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "kamplan.settings"},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    assert b"written" in worker.stdout.readline()
    # Somebody is at work: nobody else takes the import away.
    actions.pick_up_imports()
    assert state(found) == "applying"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert Account.objects.count() == 0
    deadline = time.monotonic() + 120
    while state(found) == "applying" and time.monotonic() < deadline:
        actions.pick_up_imports()
        time.sleep(0.1)
    assert state(found) == "apply_waiting"
    actions.work()
    assert state(found) == "applied"
    assert Account.objects.count() == 2


def test_an_import_whose_workers_keep_dying_is_given_up(client: Client) -> None:
    found = upload(client)
    Import.objects.filter(pk=found.pk).update(state="applying", attempts=3)
    actions.pick_up_imports()
    assert state(found) == "failed"
    assert (
        "stopped 3 times" in client.get(reverse("exchange:import_detail", args=[found.pk])).content.decode()
    )


def test_choices_are_named_as_they_are_typed(client: Client) -> None:
    text = "account,kind,date,level\nAlfa,payment,2026-01-05,poor\n"
    found = upload(client, text, kind="account_states")
    page = client.get(reverse("exchange:import_mapping", args=[found.pk])).content.decode()
    assert "one of usage, payment, support" in page
