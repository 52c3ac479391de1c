"""Committed rows and real processes: what a run does cannot be seen inside a test's own transaction."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account, Organisation
from tests.factories import (
    make_account,
    make_classification,
    make_contract,
    make_opportunity,
    make_order,
    make_user,
)
from tests.forks import Forks, forks

START = 2024


@pytest.fixture
def portfolio(transactional_db: None) -> list[Account]:
    """40 accounts of 4 managers with orders, deals and contracts over two years."""
    Organisation.objects.create(pk=1, time_zone="Europe/Berlin")
    managers = [make_user(f"Manager {n}") for n in range(4)]
    accounts = []
    for n in range(40):
        account = make_account(f"Account {n}", owner=managers[n % 4], since=f"{START}-01-01")
        make_classification(account, f"{START}-01-01", tier="AB"[n % 2], is_target=n % 3 == 0)
        for quarter in range(8):
            month = 1 + quarter % 4 * 3 + n % 3
            make_order(account, f"{START + quarter // 4}-{month:02}-{1 + n % 27:02}", 100 + n * 7 + quarter)
        if n % 4 == 0:
            make_contract(account, f"{START}-02-01", f"{START + 1}-01-31", 12000 + n)
        make_opportunity(
            account, f"{START}-03-01", 1000 + n, outcome="won", closed_on=f"{START}-06-{1 + n % 27:02}"
        )
        accounts.append(account)
    return accounts


@pytest.fixture
def children(transactional_db: None) -> Iterator[Forks]:
    """Children that see the test's database."""
    with forks(DATABASE_URL=database_url()) as started:
        yield started


def database_url() -> str:
    """The database of the tests, as a URL for another process."""
    settings = connection.settings_dict
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    return f"postgres://{settings['USER']}{password}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


FACTS = "SELECT to_jsonb(f) - 'id' - 'valid_from' FROM metrics_accountmonth f ORDER BY account_id, month, person_id"
FIGURES = """
    SELECT view, starts, ends, scope, key, kind, figures FROM metrics_scopefigures WHERE valid_to IS NULL
     ORDER BY 1, 2, 3, 4, 5, 6"""


def published() -> list[Any]:
    """Every published fact and figure, comparable between runs."""
    import json

    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        facts = [plain(row[0]) for row in cursor.fetchall()]
        cursor.execute(FIGURES)
        figures = [(*row[:-1], plain(row[-1])) for row in cursor.fetchall()]
    assert facts and figures
    return [json.dumps(facts, sort_keys=True, default=str), figures]


def plain(value: Any) -> Any:
    """Numbers compared by value, whatever their number of trailing zeros."""
    if isinstance(value, str):
        import json

        value = json.loads(value, parse_float=Decimal)
    if isinstance(value, dict):
        return {
            key: plain(inner) if isinstance(inner, dict) else number(inner) for key, inner in value.items()
        }
    return value


def number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return str(Decimal(str(value)).normalize())
