"""What each account gave to a number: the parts per account, summed by the same SQL as the number itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.periods import Period, first_of_month
from metrics import evaluate
from metrics.evaluate import Facts
from metrics.kpi import Kpi
from metrics.levels import TEAM_CLOSURE
from metrics.loading import levels_of
from metrics.models import Run, Scope, View
from metrics.needs import is_by_row
from metrics.pages.places import Place
from metrics.reading import facts_of

Parts = dict[str, Decimal]
KEY_COLUMNS = {
    Scope.OWNER: "owner_id",
    Scope.TEAM: "team_id",
    Scope.TIER: "tier_id",
    Scope.INDUSTRY: "industry_id",
    Scope.REGION: "region_id",
    Scope.TARGET: "is_target",
}
PREFIX = "of_"
"""Before the parameters of one of several statements in one."""
SAME_KEY = "IS NOT DISTINCT FROM %(key)s::bigint"


@dataclass(frozen=True)
class Statement:
    """SQL whose relation `parts` holds one row per account (and period), and the condition of the scope."""

    relations: str
    condition: str
    params: dict[str, Any]


def statement(
    kpi: Kpi, place: Place, view: str, periods: Sequence[Period], run: Run, newest: Run
) -> Statement:
    facts = narrowed(facts_of(run, newest), kpi, place, view, run)
    current_month = first_of_month(run.as_of)
    values = evaluate.period_rows(periods, current_month)
    params = {**facts.params, "book_month": facts.book_month or current_month, "key": place.key}
    if is_by_row(kpi, place.scope, view, run):
        level = next(level for level in levels_of(place.scope, view) if level.is_row_credit)
        regrouped = evaluate.regrouped(level, [kpi], "leaf")
        condition = f"{level.regroup} {SAME_KEY}"
        if level.by_opening:
            condition = f"scope = '{place.scope}' AND key {SAME_KEY}"
        relations = f"""
    WITH {values}, {TEAM_CLOSURE},
    leaf AS ({evaluate.row_leaves(level, evaluate.reaches([kpi])[0], facts)}),
    parts AS ({evaluate.parted([kpi], regrouped, [level.regroup])})"""
        return Statement(relations, condition, params)
    column = key_column(place.scope, view)
    keys = [column] if column else []
    relations = f"""
    WITH {values}, {TEAM_CLOSURE},
    leaf AS ({evaluate.account_leaves([kpi], facts, view, keys)}),
    parts AS ({evaluate.parted([kpi], "leaf", keys)})"""
    return Statement(relations, scope_condition(place.scope, column), params)


def key_column(scope: str, view: str) -> str:
    """By which column of an account it belongs to a scope; the account itself stands in every row anyway."""
    if scope in {Scope.COMPANY, Scope.ACCOUNT}:
        return ""
    if scope in {Scope.OWNER, Scope.TEAM} and view == View.CURRENT_BOOK:
        return "holder_id" if scope == Scope.OWNER else "holder_team_id"
    return KEY_COLUMNS[Scope(scope)]


def scope_condition(scope: str, column: str) -> str:
    """Which rows of `parts` belong to the scope."""
    if scope == Scope.COMPANY:
        return "TRUE"
    if scope == Scope.TEAM:
        return (
            f"CASE WHEN %(key)s::bigint IS NULL THEN {column} IS NULL ELSE EXISTS (SELECT 1 FROM team_closure c"
            f" WHERE c.id = parts.{column} AND c.above_id = %(key)s::bigint) END"
        )
    return f"{'target' if scope == Scope.TARGET else column or 'account_id'} {SAME_KEY}"


def narrowed(facts: Facts, kpi: Kpi, place: Place, view: str, run: Run) -> Facts:
    """Reads only accounts that can concern the scope, where that is known beforehand."""
    if place.key is None:
        return facts
    if place.scope == Scope.ACCOUNT:
        return facts.of("f.account_id = %(key)s", key=place.key)
    if place.scope != Scope.OWNER:
        return facts
    if is_by_row(kpi, place.scope, view, run):
        return facts.of("f.person_id = %(key)s", key=place.key)
    if view == View.CURRENT_BOOK:
        book = "o.holder_id = %(key)s AND o.month = %(book_month)s"
        held = f"SELECT o.account_id FROM {facts.relation} o WHERE {book}"
    else:
        held = evaluate.held_at_start(facts.relation, "o.owner_id = %(key)s")
    # As an array it reaches the index below the two tables of an earlier run; joined, all their rows would be read.
    among = f"f.account_id = ANY(ARRAY({held}))"
    return facts.of(among, key=place.key)


def per_account(
    kpi: Kpi, place: Place, view: str, wanted: Sequence[tuple[Period, Run]], newest: Run
) -> list[dict[int | None, Parts]]:
    """The parts of every account in the scope, for each period and run asked for, by one statement.

    Accounts that gave nothing are left out."""
    names = [part.name for part in kpi.parts()]
    columns = ", ".join(f'"{name}"' for name in names)
    something = " OR ".join(f'"{name}" <> 0' for name in names)
    selects: list[str] = []
    params: dict[str, Any] = {}
    for number, (period, run) in enumerate(wanted):
        made = statement(kpi, place, view, [period], run, newest)
        prefix = f"{PREFIX}{number}_"
        select = (
            f"SELECT * FROM ({made.relations} SELECT {number} AS number, account_id, {columns} FROM parts"
            f" WHERE {made.condition} AND ({something})) made_{number}"
        )
        selects.append(select.replace("%(", f"%({prefix}"))
        params.update({f"{prefix}{name}": value for name, value in made.params.items()})
    found: list[dict[int | None, Parts]] = [{} for _ in wanted]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), params)
        for number, account, *values in cursor.fetchall():
            found[number][account] = {
                name: Decimal(value or 0) for name, value in zip(names, values, strict=True)
            }
    return found


def sums_statement(
    kpi: Kpi, place: Place, view: str, period: Period, run: Run, newest: Run
) -> tuple[str, dict[str, Any]]:
    """What a person may run to get numerator, denominator and n of one number."""
    made = statement(kpi, place, view, [period], run, newest)

    def side(terms: Sequence[object]) -> str:
        text = " ".join(
            f'{"+" if term.sign > 0 else "-"} COALESCE(SUM("{term.part.name}"), 0)'  # type: ignore[attr-defined]
            for term in terms
        )
        return text.removeprefix("+ ")

    columns = [f"{side(kpi.numerator)} AS numerator"]
    if kpi.denominator:
        columns.append(f"{side(kpi.denominator)} AS denominator")
    if kpi.n:
        columns.append(f'COALESCE(SUM("{kpi.n.name}"), 0) AS n')
    return (
        f"{made.relations}\n    SELECT {', '.join(columns)}\n      FROM parts WHERE {made.condition}",
        made.params,
    )
