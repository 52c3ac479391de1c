"""A dry run tells row by row what would be created, changed, removed and left alone."""

import tracemalloc
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.exchange import actions, mapping
from accounts.exchange.changes import SHOWN, Change
from accounts.exchange.loading import Outcome
from accounts.models import Account, ImportChange, User
from tests.clients import as_
from tests.exchange.helpers import imported
from tests.exchange.test_browser_flow import checked
from tests.exchange.test_command import run
from tests.factories import make_account, make_assignment, make_classification

BEFORE = "external_id,name,city,country\n1,Alfa,Kiel,Germany\n2,Beta,Bonn,Germany\n3,Ceta,Köln,\n"
AFTER = "external_id,name,city,country\n1,Alfa,Lübeck,Germany\n2,Beta,Bonn,Germany\n3,Ceta,,Italy\n4,Delta,Rome,\n"


def told(outcome: Outcome) -> list[tuple[str, int | None, str, list[tuple[str, str, str]]]]:
    return [
        (one.state, one.row, plain(one.name), [(v.label, plain(v.old), plain(v.new)) for v in one.values])
        for one in outcome.listed
    ]


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.django_db
def test_each_row_is_listed_with_what_changes_in_it() -> None:
    imported("accounts", BEFORE)
    assert told(imported("accounts", AFTER, write=False)) == [
        ("changed", 2, "1 · Alfa", [("city", "Kiel", "Lübeck")]),
        ("changed", 4, "3 · Ceta", [("city", "Köln", "–"), ("country", "–", "Italy")]),
        ("created", 5, "4 · Delta", [("external id", "", "4"), ("name", "", "Delta"), ("city", "", "Rome")]),
        ("unchanged", 3, "2 · Beta", []),
    ]
    assert Account.objects.get(external_id="1").city == "Kiel"


@pytest.mark.django_db
def test_names_dates_and_amounts_are_listed_as_people_write_them(maya: User, omar: User) -> None:
    account = make_account("Alfa", source="crm", external_id="1")
    make_assignment(account, maya, "2024-01-01")
    text = f"account,person,from,to\n1,{maya.email},2024-01-01,2025-07-01\n1,{omar.email},2025-07-01,\n"
    assert told(imported("assignments", text, write=False)) == [
        (
            "changed",
            2,
            "Alfa · Maya Marin · 1 Jan 2024 until 1 Jul 2025",
            [("from, to", "from 1 Jan 2024", "1 Jan 2024 until 1 Jul 2025")],
        ),
        (
            "created",
            3,
            "Alfa · Omar Okoye · from 1 Jul 2025",
            [("from, to", "", "from 1 Jul 2025"), ("account", "", "Alfa"), ("user", "", "Omar Okoye")],
        ),
    ]


@pytest.mark.django_db
def test_rows_that_a_file_replaces_are_listed_too(maya: User, omar: User) -> None:
    head = "external_id,name,opened,splits\n1,Pumps,2025-01-01,"
    imported("opportunities", head + f"{maya.email}:0.5; {omar.email}:0.5\n")
    listed = told(imported("opportunities", head + f"{omar.email}:1\n", write=False))
    assert [(state, name) for state, _, name, _ in listed if "Marin" in name] == [
        ("removed", "Pumps · Maya Marin")
    ]
    assert [values for state, *_, values in listed if state == "changed"] == [[("share", "0.5", "1")]]


@pytest.mark.django_db
def test_a_refused_row_is_in_no_other_list() -> None:
    outcome = imported("accounts", "external_id,name\n1,Alfa\n1,Beta\n", write=False)
    assert [(one.state, one.row) for one in outcome.listed] == [("created", 2)]
    assert outcome.refused == 1


def many(rows: int) -> str:
    lines = (f"{n},Company {n},{'Kiel' if n % 2 else 'Bonn'}" for n in range(rows))
    return "\n".join(["external_id,name,city", *lines])


@pytest.mark.django_db
def test_statements_and_memory_of_a_dry_run_do_not_grow_with_the_file() -> None:
    """Beyond the first 5,000 rows, which are read at once to guess the decimal mark."""
    imported("accounts", many(6_000))

    def needs(rows: int) -> tuple[int, int, list[Change]]:
        text = many(rows).replace("Kiel", "Lübeck").encode()
        tracemalloc.start()
        with CaptureQueriesContext(connection) as statements:
            outcome = imported("accounts", text, write=False)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return len(statements), peak, outcome.listed

    few, small, listed_few = needs(6_000)
    more, large, listed_more = needs(12_000)
    assert few == more
    assert large < 1.5 * small
    assert len(listed_few) == 2 * SHOWN  # changed and left alone
    assert len(listed_more) == 3 * SHOWN


@pytest.mark.django_db
def test_the_command_lists_old_and_new_values(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(BEFORE)
    run("accounts", file)
    file.write_text(AFTER)
    out, _ = run("accounts", file, "--dry-run")
    assert "row 2, accounts “1 · Alfa” changed: city “Kiel” to “Lübeck”" in out
    assert "row 5, accounts “4 · Delta” created: external id “4”; name “Delta”; city “Rome”" in out
    assert "Beta" not in out


COLUMNS_TOWN = "Customer no.,Company,Town\n1,Alfa,Kiel\n2,Beta,Bonn\n"


@pytest.mark.django_db(transaction=True)
def test_the_page_lists_them_by_kind_and_forgets_them_with_the_file(adam: User, hana: User) -> None:
    make_account("Alpha", source="crm", external_id="1")
    client = as_(adam)
    found = checked(client, COLUMNS_TOWN)
    url = reverse("exchange:import_detail", args=[found.pk])

    def page(query: str = "", user: Client = client) -> str:
        return str(user.get(url + query).content.decode())

    first = page()
    assert "<ins>Alfa</ins>" in first
    assert "Alpha" not in first, "what is there is account content, and nobody is elevated"
    assert "2 · Beta" not in first
    assert "2 · Beta" in page("?show=created")
    assert "2 · Beta" not in page("?show=nonsense")
    client.post("/people/elevation/", {"reason": "an import", "proof": "a long and boring sentence"})
    assert "<del>Alpha</del>" in page()
    client.post("/people/elevation/end/")
    # Whoever may not read accounts does not guess their names by what comes nearest; those of settings help.
    make_classification(make_account("Borealis Steel"), tier="Gold")
    text = b"account,from,tier\nBoralis Steel,2026-01-01,Golt\n"
    wrong = actions.upload(adam, "classifications", "crm", "wrong.csv", text)
    actions.choose_columns(wrong, mapping.from_dict(wrong.mapping), create_missing=False)
    actions.work()
    for name in ("import_detail", "import_refusals"):
        answer = client.get(reverse(f"exchange:{name}", args=[wrong.pk]))
        said = (answer.getvalue() if answer.streaming else answer.content).decode()
        assert "There is no account “Boralis Steel”." in said and "Borealis" not in said
        assert "Did you mean “Gold”?" in said
    client.post("/people/elevation/", {"reason": "an import", "proof": "a long and boring sentence"})
    refused = reverse("exchange:import_detail", args=[wrong.pk])
    assert "Did you mean “Borealis Steel”?" in client.get(refused).content.decode()
    other = as_(User.objects.create_user(email="b@kamplan.example", name="Bea", role="administrator"))
    assert "Alfa" not in page(user=other)
    actions.discard(found)
    assert not ImportChange.objects.exists()
