"""Parts of KPIs: sums over scopes and periods, made from the facts in a few statements, however many accounts.

Every statement serves any number of periods.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.periods import Day, Period, add_months
from metrics.expressions import Window
from metrics.kpi import Definition, Kpi
from metrics.leaves import aggregates, leaf_columns, leaves_of_names, over_scope, per_account
from metrics.levels import OPENED, STAMPS, TEAM_CLOSURE, Level, definitions_for
from metrics.models import View


@dataclass(frozen=True)
class Facts:
    """Which version of the facts is read, and of which accounts."""

    relation: str = "metrics_accountmonth"
    book_month: Day | None = None
    where: str = "TRUE"
    params: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def as_of_run(cls, run: int, book_month: Day) -> "Facts":
        """The rows that were published by this run: those of both tables that were valid then."""
        from metrics.recompute.stage import FACT_COLUMNS

        names = ", ".join(FACT_COLUMNS)
        relation = f"""(
            SELECT {names} FROM metrics_accountmonth WHERE valid_from <= %(run)s
             UNION ALL
            SELECT {names} FROM metrics_accountmonthpast WHERE valid_from <= %(run)s AND valid_to > %(run)s)"""
        return cls(relation, book_month, params={"run": run})

    def of(self, where: str, **params: object) -> "Facts":
        """The same version, only of some rows."""
        return Facts(self.relation, self.book_month, where, {**self.params, **params})


def window_bounds(period: Period, current_month: Day) -> dict[str, Day]:
    """The bounds of every window of a period, and the months whose totals they are made of.

    The last months of a year that has just begun lie ahead: what is known then ends where they would begin.
    """
    end_month = min(add_months(period.end, -1), current_month)
    return {
        "starts": period.start,
        "ends": period.end,
        "t12_starts": add_months(period.end, -12),
        "t3_starts": add_months(period.end, -3),
        "t6_starts": add_months(period.end, -6),
        "last_year_starts": add_months(period.start, -12),
        "last_year_ends": add_months(period.end, -12),
        "start_month": add_months(period.start, -1),
        "end_month": end_month,
        "last_year_start_month": add_months(period.start, -13),
        "last_year_end_month": add_months(period.end, -13),
        "t3_start_month": min(add_months(period.end, -4), end_month),
        "t6_start_month": min(add_months(period.end, -7), end_month),
    }


def period_rows(periods: Sequence[Period], current_month: Day) -> str:
    """A VALUES list with the bounds of every window of every period.

    Each once, or its rows would count twice: on the last day of a month the last whole year and the one that ends
    with the current month are the same. The days are written out: statements of a run hold a thousand of them each,
    and finding that many parameters in their text took a sixth of the run in a small world.
    """
    distinct = {each.span: each for each in periods}.values()
    every = [window_bounds(period, current_month) for period in distinct]
    names = ", ".join(every[0]) if every else ""
    rows = ", ".join("(" + ", ".join(f"DATE '{day}'" for day in bounds.values()) + ")" for bounds in every)
    return f"period ({names}) AS (VALUES {rows})"


def held_at_start(relation: str, condition: str) -> str:
    """SELECT the accounts that met a condition on their rows `o` when a period started, or when they began in it.

    By equality, for then only these rows are looked up; needs the relation `period`."""
    select = f"SELECT o.account_id FROM period p JOIN {relation} o ON {condition} AND"
    return f"""{select} o.month = p.starts
             UNION ALL {select} o.month = o.began AND o.month > p.starts AND o.month < p.ends"""


HOLDERS = """
        LEFT JOIN (SELECT DISTINCT account_id, holder_id, holder_team_id FROM {relation} b
                    WHERE b.month = %(book_month)s) book ON book.account_id = f.account_id"""


AT_START = "FILTER (WHERE f.month = GREATEST(p.starts, f.began))"
KEYS_OF_ACCOUNT = (*STAMPS, "is_target", "holder_id", "holder_team_id")
"""By what whole accounts are grouped: what they were at the period's start, and whose they are today.

Whether it was a target account is always known: numbers ask for it."""


def key_of_account(name: str, of_book: bool) -> str:
    if name in STAMPS:
        return f"MAX(f.{name}) {AT_START} AS {name}"
    # Whose account it is today is looked up only where that counts.
    return f"MAX({f'book.{name}' if of_book else 'NULL::bigint'}) AS {name}"


def account_leaves(
    definitions: Sequence[Definition], facts: Facts, view: str, keys: Sequence[str] = KEYS_OF_ACCOUNT
) -> str:
    """SELECT one row per period and account, straight from the facts; needs the relation `period`."""
    of_book = view == View.CURRENT_BOOK
    columns = [key_of_account(name, of_book) for name in keys if name != "is_target"]
    book = HOLDERS.format(relation=facts.relation) if of_book else ""
    return f"""
      SELECT p.starts, p.ends, f.account_id, MAX(f.currency) AS currency,
        BOOL_OR(f.is_target) {AT_START} AS is_target, {"".join(f"{column}, " for column in columns)}
        {aggregates(definitions)}
        FROM period p
        JOIN {facts.relation} f ON f.month >= p.last_year_starts AND f.month < p.ends
        {book}
       WHERE {facts.where}
       GROUP BY p.starts, p.ends, f.account_id
      HAVING BOOL_OR(f.month >= p.starts)"""


@dataclass(frozen=True)
class Reach:
    """Row credit reads the rows of one window; its definitions are those whose window begins in the same month."""

    begins: str
    whole: Window
    definitions: tuple[Definition, ...]


def reaches(definitions: Sequence[Definition]) -> list[Reach]:
    """The definitions of row credit by the first month they read, those of the period itself first."""
    found: dict[str, list[Kpi]] = {Window.NOW.begins: []}
    for kpi in definitions:
        assert isinstance(kpi, Kpi)
        (window,) = kpi.windows
        found.setdefault(window.begins, []).append(kpi)
    whole = {window.begins: window for window in (Window.T12, Window.T3, Window.T6, Window.NOW)}
    return [Reach(begins, whole[begins], tuple(some)) for begins, some in found.items() if some]


def filled(names: Sequence[str], sums: dict[str, str], is_first: bool) -> str:
    """The sums of one reach in the columns of all of them; accounts are counted once, where the period is read."""
    return ", ".join(
        f'{sums[name]} AS "{name}"'
        if name in sums and (is_first or name != "accounts")
        else f'NULL::numeric AS "{name}"'
        for name in names
    )


def row_leaves(level: Level, reach: Reach, facts: Facts) -> str:
    """SELECT one row per period, account, and either credited person with their team, or class at the opening."""
    keys = OPENED if level.by_opening else {name: f"f.{name}" for name in ("person_id", "person_team_id")}
    named = ", ".join(f"{sql} AS {name}" for name, sql in keys.items())
    measures = sorted({column.measure for column in leaf_columns(reach.definitions)})
    something = " OR ".join(f"f.{measure} <> 0" for measure in measures)
    return f"""
      SELECT p.starts, p.ends, f.account_id, {named}, MAX(f.currency) AS currency,
        {aggregates(reach.definitions, whole=reach.whole)}
        FROM period p
        JOIN {facts.relation} f ON f.month >= p.{reach.begins} AND f.month < p.ends
       WHERE {facts.where} AND ({something})
       GROUP BY p.starts, p.ends, f.account_id, {", ".join(keys.values())}"""


def parted(
    definitions: Sequence[Definition], leaves: str, keys: Sequence[str], names: frozenset[str] | None = None
) -> str:
    """SELECT the parts of every leaf (all, or those named), with the keys it is grouped by later."""
    expressions = ",\n        ".join(
        f'NULLIF({sql}, 0) AS "{name}"'
        for name, sql in per_account(definitions).items()
        if names is None or name in names
    )
    at_start = sorted(
        {leaf for leaf in leaves_of_names(definitions, names) if leaf.at_start_rate},
        key=lambda leaf: leaf.column,
    )
    values = "".join(f", {leaf.column} * COALESCE(rate, 0) AS {leaf.valued}" for leaf in at_start)
    columns = ["is_target::int AS target" if key == "is_target" else key for key in keys]
    # OFFSET 0 keeps the planner from writing each layer's expressions out wherever the next one uses them.
    return f"""
      SELECT {", ".join(("starts", "ends", "account_id", *columns))}, {expressions}
        FROM (SELECT rated.*{values}
                FROM (SELECT leaf.*, CASE WHEN leaf.currency = org.reporting_currency THEN 1 ELSE r.rate END AS rate
                        FROM {leaves} leaf CROSS JOIN accounts_organisation org
                        LEFT JOIN metrics_dailyrate r ON r.currency = leaf.currency AND r.day = leaf.starts
                      OFFSET 0) rated
              OFFSET 0) valued
      OFFSET 0"""


def regrouped(level: Level, definitions: Sequence[Definition], leaves: str) -> str:
    """Row credit: the rows of one account credited to one person, team or class are one cluster."""
    names = ", ".join(f"SUM({column.name}) AS {column.name}" for column in leaf_columns(definitions))
    return f"""(SELECT starts, ends, account_id, {level.regroup}, MAX(currency) AS currency, {names}
                  FROM {leaves} leaf {level.join} GROUP BY starts, ends, account_id, {level.regroup})"""


def summed(level: Level, definitions: Sequence[Definition], parts: str) -> str:
    """The relation `summed`: the sums of every scope of the level, from a relation of parts."""
    sums = ",\n  ".join(f'NULLIF(SUM({sql}), 0) AS "{name}"' for name, sql in over_scope(definitions).items())
    return f"summed AS ({level.outer}, {sums} FROM {parts} leaf {level.join} {level.grouping})"


def summed_rows(level: Level, facts: Facts) -> str:
    """The relation `summed` of row credit: the sums of every reach beside each other."""
    names = list(over_scope(definitions_for(level)))
    selects = []
    for place, reach in enumerate(reaches(definitions_for(level))):
        clusters = regrouped(level, reach.definitions, f"({row_leaves(level, reach, facts)})")
        parts = parted(reach.definitions, clusters, [level.regroup])
        sums = {name: f"SUM({sql})" for name, sql in over_scope(reach.definitions).items()}
        selects.append(
            f"{level.outer}, {filled(names, sums, place == 0)} FROM ({parts}) leaf {level.grouping}"
        )
    sums_of_all = ", ".join(f'NULLIF(SUM("{name}"), 0) AS "{name}"' for name in names)
    return f"""summed AS (SELECT starts, ends, scope, key, {sums_of_all}
                         FROM ({" UNION ALL ".join(selects)}) reached GROUP BY 1, 2, 3, 4)"""


ARGUMENTS = 90
"""How many arguments one call of a function may have, with some to spare."""


def as_object(names: Sequence[str]) -> str:
    """An object of these columns without those that are NULL; text is made faster than by to_jsonb."""
    texts = [f"""'"{name}":' || "{name}\"""" for name in names]
    pieces = [
        f"NULLIF(CONCAT_WS(',', {', '.join(texts[first : first + ARGUMENTS])}), '')"
        for first in range(0, len(texts), ARGUMENTS)
    ]
    return f"('{{' || CONCAT_WS(',', {', '.join(pieces)}) || '}}')::jsonb"


def as_parts(definitions: Sequence[Definition]) -> str:
    """SELECT the sums of each scope as one object, from the relation `summed`."""
    return f"""
    SELECT * FROM (
        SELECT starts, ends, scope, key, {as_object(list(over_scope(definitions)))} AS parts FROM summed) made
     WHERE parts <> '{{}}'"""


def statement(
    level: Level,
    periods: Sequence[Period],
    facts: Facts,
    current_month: Day,
    only: Sequence[Definition] = (),
) -> tuple[str, dict[str, Any]]:
    """SQL that yields `starts, ends, scope, key, parts` for every scope of the level and every period.

    `parts` is an object of the sums that are not 0: of every number, or of some of those over whole accounts.
    """
    values = period_rows(periods, current_month)
    definitions = only or definitions_for(level)
    if level.is_row_credit:
        relations = summed_rows(level, facts)
    else:
        leaves = account_leaves(definitions, facts, level.view)
        parts = parted(definitions, "leaves", KEYS_OF_ACCOUNT)
        relations = f"leaves AS ({leaves}), parts AS ({parts}), {summed(level, definitions, 'parts')}"
    sql = f"WITH {values}, {TEAM_CLOSURE}, {relations} {as_parts(definitions)}"
    return sql, {**facts.params, "book_month": facts.book_month or current_month}
