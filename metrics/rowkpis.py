"""Evaluates the recipes of KPIs that are made of single rows: in a run over many periods, or for one page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from accounts.periods import Day, Period, add_months
from metrics.evaluate import Facts, period_rows
from metrics.levels import TEAM_CLOSURE
from metrics.recipes import RELATIONS
from metrics.recipes.recipe import STAMP, Recipe
from metrics.sources import prepared

IN_RUN = "stamp AS NOT MATERIALIZED (SELECT * FROM run_period_stamp)"

# Looked up row by row: nobody knows yet how few rows a recipe makes of them, and then the planner would read all of
# them for each.
LOOKED_UP = {
    "booked": "person_id, date",
    "contacted": "id",
    "inside": "id",
    "revenue": "account_id, month",
    "standing": "account_id, month",
    "period_stamp": "starts, ends, account_id",
}


def make_run_relations(of_recipes: Mapping[Recipe, Sequence[Period]], facts: Facts, as_of: Day) -> None:
    """Temporary tables of the relations that these recipes read for their periods, for the length of a run.

    Most recipes ask whose an account was at the start of each period: that, too, is found out once.
    """
    periods = sorted({period for some in of_recipes.values() for period in some})
    values = period_rows(periods, as_of.replace(day=1))
    needed: dict[str, Day] = {}
    for recipe, some in of_recipes.items():
        for name in recipe.relations:
            needed[name] = min(needed.get(name, as_of), first_day(recipe, some, as_of))
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE run_period_stamp ON COMMIT DROP AS"
            f" WITH {values}, {facts_sql(facts)}, {STAMP} SELECT * FROM stamp ORDER BY starts, ends, account_id",
            facts.params,
        )
        for name, since in needed.items():
            relation = prepared.in_run(RELATIONS[name])
            cursor.execute(
                f"CREATE TEMP TABLE run_{name} ON COMMIT DROP AS WITH {facts_sql(facts)} {relation}",
                {**facts.params, "since": since},
            )
        for name in (*needed, "period_stamp"):
            if name in LOOKED_UP:
                cursor.execute(f"CREATE INDEX ON run_{name} ({LOOKED_UP[name]})")
            cursor.execute(f"ANALYZE run_{name}")


def first_day(recipe: Recipe, periods: Sequence[Period], as_of: Day) -> Day:
    """The first day whose rows the recipe reads from its relations for these periods."""
    days = [min(period.start, add_months(period.end, -recipe.reaches_back)) for period in periods]
    return min([*days, as_of])


def facts_sql(facts: Facts) -> str:
    return f"facts AS NOT MATERIALIZED (SELECT * FROM {facts.relation} f WHERE {facts.where})"


def statement(
    recipe: Recipe, periods: Sequence[Period], facts: Facts, as_of: Day, in_run: bool = False
) -> tuple[str, dict[str, Any]]:
    """SQL that yields `starts, ends, scope, key, figures` (an object) for every scope and period."""
    values = period_rows(periods, as_of.replace(day=1))
    values = values.replace("period (", "bounds (", 1)
    # Outside a run they are made here, once for all periods.
    relations = ", ".join(
        f"{name} AS "
        + (f"NOT MATERIALIZED (SELECT * FROM run_{name})" if in_run else f"MATERIALIZED ({RELATIONS[name]})")
        for name in recipe.relations
    )
    with_relations = f", {relations}" if relations else ""
    sql = f"""
    WITH {values},
    period AS (SELECT *, LEAST(ends - 1, %(as_of)s::date) AS day FROM bounds), {TEAM_CLOSURE},
    {facts_sql(facts)}{with_relations}
    {recipe_body(recipe, in_run)}
    """
    return sql, {**facts.params, "as_of": as_of, "since": first_day(recipe, periods, as_of)}


def recipe_body(recipe: Recipe, in_run: bool) -> str:
    """The recipe with its last SELECT (behind the mark) wrapped into one object per scope."""
    text = recipe.text.replace(STAMP, IN_RUN).replace(recipe.of_accounts, "") if in_run else recipe.text
    relations, figures = text.split("-- figures")
    return (
        f"{relations}, made AS ({figures})"
        " SELECT starts, ends, scope, key,"
        " jsonb_strip_nulls(to_jsonb(made) - '{starts,ends,scope,key}'::text[]) AS figures FROM made"
    )
