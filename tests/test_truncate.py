"""Sources of figures refuse TRUNCATE, which no trigger could turn into queued accounts."""

import pytest
from django.db import ProgrammingError, connection, transaction

from accounts.models import Account
from metrics.triggers import WATCHED

pytestmark = pytest.mark.django_db


def truncate(table: str, allowed: str = "") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT set_config('kamplan.allow_truncate', %s, true)", [allowed])
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", [watch.table for watch in WATCHED])
def test_a_source_of_figures_is_not_truncated(table: str) -> None:
    with pytest.raises(ProgrammingError, match=f"TRUNCATE of {table} is refused"):
        truncate(table)


def test_nor_is_it_emptied_by_way_of_another_table(maya_account: Account) -> None:
    with pytest.raises(ProgrammingError, match="is refused"):
        truncate("accounts_user")
    assert Account.objects.count() == 1


def test_who_means_it_says_so(maya_account: Account) -> None:
    truncate("accounts_account", allowed="on")
    assert Account.objects.count() == 0
