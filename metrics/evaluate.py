"""Parts of KPIs: sums over scopes and periods, made from the facts in a few statements, however many accounts.

A level says how facts become the rows of a scope: whole accounts credited to their owner at the period's start
(account credit), single rows to the person they name (row credit), or whole accounts to today's owner (current
book). Every statement serves any number of periods.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from accounts.periods import Day, Period, add_months
from metrics.expressions import Windowed
from metrics.kpi import Definition, Interval, Kpi, Term, every_part
from metrics.models import Scope, View


@dataclass(frozen=True)
class Level:
    """How the facts are grouped: `keys` inside, the scopes outside."""

    name: str
    view: View
    is_row_credit: bool
    keys: str
    join: str
    outer: str
    grouping: str


TEAM_CLOSURE = """team_closure AS (
    WITH RECURSIVE below AS (
        SELECT id AS above_id, id FROM accounts_team
        UNION SELECT below.above_id, t.id FROM accounts_team t JOIN below ON t.parent_id = below.id)
    SELECT above_id, id FROM below)"""

AT_START = "f.month = GREATEST(p.starts, f.began)"
STAMPS = f"""
    MAX(f.owner_id) FILTER (WHERE {AT_START}) AS owner_id, MAX(f.team_id) FILTER (WHERE {AT_START}) AS team_id,
    MAX(f.tier_id) FILTER (WHERE {AT_START}) AS tier_id, MAX(f.region_id) FILTER (WHERE {AT_START}) AS region_id,
    MAX(f.industry_id) FILTER (WHERE {AT_START}) AS industry_id,
    BOOL_OR(f.is_target) FILTER (WHERE {AT_START}) AS is_target,"""

SEGMENTS = """
    CASE GROUPING(owner_id, tier_id, industry_id, region_id, target)
         WHEN 31 THEN 'company' WHEN 15 THEN 'owner' WHEN 23 THEN 'tier' WHEN 27 THEN 'industry'
         WHEN 29 THEN 'region' ELSE 'target' END AS scope,
    CASE GROUPING(owner_id, tier_id, industry_id, region_id, target)
         WHEN 31 THEN NULL WHEN 15 THEN owner_id WHEN 23 THEN tier_id WHEN 27 THEN industry_id
         WHEN 29 THEN region_id ELSE target END AS key"""

LEVELS: dict[str, Level] = {
    level.name: level
    for level in (
        Level(
            "segments",
            View.AS_WAS,
            False,
            "f.account_id",
            "",
            f"SELECT starts, ends, {SEGMENTS}",
            "GROUP BY GROUPING SETS ((starts, ends), (starts, ends, owner_id), (starts, ends, tier_id),"
            " (starts, ends, industry_id), (starts, ends, region_id), (starts, ends, target))",
        ),
        Level(
            "teams",
            View.AS_WAS,
            False,
            "f.account_id",
            "LEFT JOIN team_closure c ON c.id = leaf.team_id",
            "SELECT starts, ends, 'team' AS scope, above_id AS key",
            "GROUP BY starts, ends, above_id",
        ),
        Level(
            "row owners",
            View.AS_WAS,
            True,
            "f.account_id, f.person_id",
            "",
            "SELECT starts, ends, 'owner' AS scope, person_id AS key",
            "GROUP BY starts, ends, person_id",
        ),
        Level(
            "row teams",
            View.AS_WAS,
            True,
            "f.account_id, c.above_id",
            "",
            "SELECT starts, ends, 'team' AS scope, above_id AS key",
            "GROUP BY starts, ends, above_id",
        ),
        Level(
            "book owners",
            View.CURRENT_BOOK,
            False,
            "f.account_id",
            "LEFT JOIN book ON book.account_id = leaf.account_id",
            "SELECT starts, ends, 'owner' AS scope, holder_id AS key",
            "GROUP BY starts, ends, holder_id",
        ),
        Level(
            "book teams",
            View.CURRENT_BOOK,
            False,
            "f.account_id",
            "LEFT JOIN book ON book.account_id = leaf.account_id"
            " LEFT JOIN team_closure c ON c.id = book.holder_team_id",
            "SELECT starts, ends, 'team' AS scope, above_id AS key",
            "GROUP BY starts, ends, above_id",
        ),
        Level(
            "accounts",
            View.AS_WAS,
            False,
            "f.account_id",
            "",
            "SELECT starts, ends, 'account' AS scope, account_id AS key",
            "GROUP BY starts, ends, account_id",
        ),
    )
}


@dataclass(frozen=True)
class Facts:
    """Which version of the facts is read, and of which accounts."""

    relation: str = "metrics_accountmonth"
    book_month: Day | None = None
    where: str = "TRUE"
    params: dict[str, object] = field(default_factory=dict)

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


def period_rows(periods: Sequence[Period], current_month: Day) -> tuple[str, dict[str, object]]:
    """A VALUES list with the bounds of every window of every period."""
    rows, params = [], {}
    for index, period in enumerate(periods):
        bounds = {
            "starts": period.start,
            "ends": period.end,
            "t12_starts": add_months(period.end, -12),
            "last_year_starts": add_months(period.start, -12),
            "last_year_ends": add_months(period.end, -12),
            "start_month": add_months(period.start, -1),
            "end_month": min(add_months(period.end, -1), current_month),
        }
        rows.append("(" + ", ".join(f"%({name}_{index})s::date" for name in bounds) + ")")
        params.update({f"{name}_{index}": value for name, value in bounds.items()})
    names = "starts, ends, t12_starts, last_year_starts, last_year_ends, start_month, end_month"
    return f"period ({names}) AS (VALUES {', '.join(rows)})", params


def side(terms: tuple[Term, ...]) -> str:
    return " ".join(f"{'+' if term.sign > 0 else '-'} {term.part.expression.sql()}" for term in terms).lstrip("+ ")


def sums(definitions: Sequence[Definition]) -> dict[str, str]:
    """Name to per-account expression: the parts, the gaps of rates, and the second moments for intervals."""
    found = {part.name: part.expression.sql() for part in every_part(tuple(definitions))}
    found["accounts"] = "(CASE WHEN account_id IS NULL THEN 0 ELSE 1 END)"
    for leaf in sorted(leaves_of(definitions), key=lambda leaf: leaf.column):
        if leaf.measure.is_money:
            found[gap_name(leaf)] = gap(leaf)
    for kpi in definitions:
        if isinstance(kpi, Kpi) and kpi.interval == Interval.LINEARISED:
            y, x = side(kpi.numerator), side(kpi.denominator)
            found[f"{kpi.id}:yy"] = f"({y}) * ({y})"
            found[f"{kpi.id}:xy"] = f"({x}) * ({y})"
            found[f"{kpi.id}:xx"] = f"({x}) * ({x})"
            found[f"{kpi.id}:m"] = f"(CASE WHEN ({y}) <> 0 OR ({x}) <> 0 THEN 1 ELSE 0 END)"
    return found


def leaves_of(definitions: Sequence[Definition]) -> set[Windowed]:
    return {leaf for part in every_part(tuple(definitions)) for leaf in part.expression.leaves()}


def gap_name(leaf: Windowed) -> str:
    return f"gap:{leaf.column}"


def gap(leaf: Windowed) -> str:
    """How many rows of this leaf have no rate, and whether the account has none on the period's first day."""
    counted = f"gap_{leaf.column}"
    return f"({counted} + CASE WHEN rate IS NULL AND {leaf.column} <> 0 THEN 1 ELSE 0 END)" if (
        leaf.at_start_rate
    ) else counted


def gap_measure(leaf: Windowed) -> str:
    from metrics.sources import SOURCE_OF

    source = SOURCE_OF[leaf.measure.name]
    return source.own_no_rate if leaf.at_start_rate else source.no_rate


def inner_columns(definitions: Sequence[Definition]) -> str:
    """One aggregate per measure and window in use."""
    columns = []
    for leaf in sorted(leaves_of(definitions), key=lambda leaf: leaf.column):
        columns.append(f"{leaf.aggregate()} AS {leaf.column}")
        if leaf.measure.is_money:
            condition = leaf.window.condition
            columns.append(
                f"COALESCE(SUM(f.{gap_measure(leaf)}) FILTER (WHERE {condition}), 0) AS gap_{leaf.column}"
            )
    return ",\n    ".join(columns)


def statement(
    level: Level, definitions: Sequence[Definition], periods: Sequence[Period], facts: Facts, current_month: Day
) -> tuple[str, dict[str, object]]:
    """SQL that yields `starts, ends, scope, key, parts` for every scope of the level and every period.

    `parts` is an object of the sums that are not 0.
    """
    values, params = period_rows(periods, current_month)
    named = sums(definitions)
    row_team = "JOIN" if level.name == "row teams" else ""
    closure_join = "LEFT JOIN team_closure c ON c.id = f.person_team_id" if row_team else ""
    aggregates = ",\n  ".join(
        f'NULLIF(SUM({sql}), 0) AS "{name}"' for name, sql in named.items()
    )
    book = f"""book AS (SELECT DISTINCT account_id, holder_id, holder_team_id FROM {facts.relation} f
                 WHERE f.month = %(book_month)s AND account_id IS NOT NULL)"""
    sql = f"""
    WITH {values}, {TEAM_CLOSURE}, {book},
    leaf AS (
      SELECT p.starts, p.ends, {level.keys}, MAX(f.currency) AS currency, {STAMPS}
        {inner_columns(definitions)}
        FROM period p
        JOIN {facts.relation} f ON f.month >= p.last_year_starts AND f.month < p.ends
        {closure_join}
       WHERE {facts.where}
       GROUP BY p.starts, p.ends, {level.keys}),
    valued AS (
      SELECT leaf.*, {"c.above_id, " if "closure c" in level.join else ""}
             {"book.holder_id, " if "book" in level.join else ""}
             is_target::int AS target,
             CASE WHEN leaf.currency = org.reporting_currency THEN 1 ELSE r.rate END AS rate
        FROM leaf CROSS JOIN accounts_organisation org
        LEFT JOIN metrics_dailyrate r ON r.currency = leaf.currency AND r.day = leaf.starts
        {level.join}),
    summed AS (
      {level.outer}, {aggregates}
        FROM valued {level.grouping})
    SELECT starts, ends, scope, key, jsonb_strip_nulls(to_jsonb(summed) - '{{starts,ends,scope,key}}'::text[]) AS parts
      FROM summed
    """
    return sql, {**params, **facts.params, "book_month": facts.book_month or current_month}
