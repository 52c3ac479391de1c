"""What a run stores of a scope's accounts is what its facts add up to when they are asked."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import Account, Organisation
from accounts.periods import usual_periods
from metrics.models import Run, Scope, ScopeFigures, View
from metrics.pages.choice import Choice, load_runs
from metrics.pages.mix import HELD, stored_mix, summed_mix
from metrics.pages.places import Place
from metrics.pages.portfolio_rows import visible_sql
from tests.metrics.engine import run
from tests.metrics.portfolio import make_portfolio
from tests.metrics.test_versions import change_team, hand_over, promote

pytestmark = pytest.mark.django_db


def test_the_stored_mix_is_what_the_facts_add_up_to() -> None:
    """Of every scope and period, with handed-on accounts, teams within teams, and what belongs to nobody."""
    made = make_portfolio(21, accounts=10, first="2024-06-01", as_of="2025-04-17")
    first = run(made.as_of)
    before, _ = stored_and_summed(first)
    for edit in (hand_over, promote, change_team):
        edit(made)
    for _ in range(4):
        made.add_order(made.account())
    second = run(made.as_of)

    stored, summed = stored_and_summed(second)
    assert stored == summed and stored != before
    assert any(rows and rows[0][-2] for (scope, *_), rows in stored.items() if scope == Scope.TEAM)
    assert any(rows and rows[0][-1] for (scope, *_), rows in stored.items() if scope == Scope.OWNER)
    # As of the first run, with its own teams.
    again, _ = stored_and_summed(first)
    assert again == before


def stored_and_summed(shown: Run) -> tuple[dict[Any, Any], dict[Any, Any]]:
    runs, organisation = load_runs(), Organisation.current()
    seen = visible_sql(Account.objects.all())
    places = (
        ScopeFigures.objects.filter(valid_from__lte=shown.pk, view=View.AS_WAS)
        .exclude(scope=Scope.ACCOUNT)
        .values_list("scope", "key")
        .distinct()
    )
    assert shown.first_month is not None
    # One in five has months, quarters and years, fiscal ones and trailing ones.
    periods = usual_periods(shown.first_month, shown.as_of, organisation.fiscal_year_start)[::5]
    stored, summed = {}, {}
    for scope, key in places:
        for period in periods:
            choice = Choice(period, View.AS_WAS, organisation, runs, {"run": str(shown.pk)})
            place = Place(scope, key, "")
            is_dated = scope in HELD
            stored[scope, key, period] = rows(*stored_mix(place, choice, seen), is_dated)
            summed[scope, key, period] = rows(*summed_mix(place, choice, seen), is_dated)
    return stored, summed


def rows(sql: str, params: dict[str, Any], is_dated: bool) -> list[tuple[Any, ...]]:
    """As far as they are shown: the largest where it bought anything, who came and went of people and teams alone."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    return [
        (*row[:3], *(row[3:5] if (row[3] or 0) > 0 else ()), *(row[5:] if is_dated else ())) for row in found
    ]
