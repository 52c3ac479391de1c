"""How facts become the rows of a scope.

Whole accounts credited to their owner at the period's start (account credit), single rows to the person they name
(row credit), or whole accounts to today's owner (current book).
"""

from dataclasses import dataclass

from metrics.kpi import Credit, Definition, Kpi
from metrics.kpis import KPIS
from metrics.models import View
from metrics.recipes.recipe import EACH_SEGMENT, SEGMENTS


@dataclass(frozen=True)
class Level:
    """How leaves become the rows of a scope: `join` and `regroup` first, then `outer` grouped by `grouping`."""

    name: str
    view: View
    is_row_credit: bool
    join: str
    outer: str
    grouping: str
    regroup: str = ""
    """Row credit: the column that, with the account, makes one cluster."""


TEAM_CLOSURE = """team_closure AS (
    WITH RECURSIVE below AS (
        SELECT id AS above_id, id FROM accounts_team
        UNION SELECT below.above_id, t.id FROM accounts_team t JOIN below ON t.parent_id = below.id)
    SELECT above_id, id FROM below)"""

STAMPS = ("owner_id", "team_id", "tier_id", "industry_id", "region_id")

BY_TEAM = "SELECT starts, ends, 'team' AS scope, above_id AS key"
BY_EACH_TEAM = "GROUP BY starts, ends, above_id"

LEVELS: dict[str, Level] = {
    level.name: level
    for level in (
        Level(
            "segments",
            View.AS_WAS,
            False,
            "",
            f"SELECT starts, ends, {SEGMENTS}",
            EACH_SEGMENT,
        ),
        Level(
            "teams",
            View.AS_WAS,
            False,
            "LEFT JOIN team_closure c ON c.id = leaf.team_id",
            BY_TEAM,
            BY_EACH_TEAM,
        ),
        Level(
            "row owners",
            View.AS_WAS,
            True,
            "",
            "SELECT starts, ends, 'owner' AS scope, person_id AS key",
            "GROUP BY starts, ends, person_id",
            regroup="person_id",
        ),
        Level(
            "row teams",
            View.AS_WAS,
            True,
            "LEFT JOIN team_closure c ON c.id = leaf.person_team_id",
            BY_TEAM,
            BY_EACH_TEAM,
            regroup="above_id",
        ),
        Level(
            "book owners",
            View.CURRENT_BOOK,
            False,
            "",
            "SELECT starts, ends, 'owner' AS scope, holder_id AS key",
            "GROUP BY starts, ends, holder_id",
        ),
        Level(
            "book teams",
            View.CURRENT_BOOK,
            False,
            "LEFT JOIN team_closure c ON c.id = leaf.holder_team_id",
            BY_TEAM,
            BY_EACH_TEAM,
        ),
        Level(
            "accounts",
            View.AS_WAS,
            False,
            "",
            "SELECT starts, ends, 'account' AS scope, account_id AS key",
            "GROUP BY starts, ends, account_id",
        ),
    )
}


def definitions_for(level: Level) -> tuple[Definition, ...]:
    """Row credit is only ever asked of the KPIs whose credit it is."""
    if not level.is_row_credit:
        return KPIS
    return tuple(kpi for kpi in KPIS if isinstance(kpi, Kpi) and kpi.credit == Credit.ROW)
