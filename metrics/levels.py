"""How facts become the rows of a scope.

Whole accounts credited to their owner at the period's start (account credit), single rows to the person they name
(row credit) or to what their account was when they were opened, or whole accounts to today's owner (current book).
"""

from collections.abc import Sequence
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
    """Row credit: the columns that, with the account, make one cluster."""
    by_opening: bool = False
    """Only of what goes by the class that an account had when its rows were opened."""


TEAM_CLOSURE = """team_closure AS (
    WITH RECURSIVE below AS (
        SELECT id AS above_id, id FROM accounts_team
        UNION SELECT below.above_id, t.id FROM accounts_team t JOIN below ON t.parent_id = below.id)
    SELECT above_id, id FROM below)"""

STAMPS = ("owner_id", "team_id", "tier_id", "industry_id", "region_id")

# What the rows of a fact were when they were opened: as its stamps say, or as it names itself.
OPENED = {
    "tier_id": "CASE WHEN f.opened_as = '' THEN f.tier_id ELSE NULLIF(split_part(f.opened_as, ',', 1), '')::bigint END",
    "industry_id": "CASE WHEN f.opened_as = '' THEN f.industry_id"
    " ELSE NULLIF(split_part(f.opened_as, ',', 2), '')::bigint END",
    "region_id": "CASE WHEN f.opened_as = '' THEN f.region_id"
    " ELSE NULLIF(split_part(f.opened_as, ',', 3), '')::bigint END",
    "target": "CASE WHEN f.opened_as = '' THEN f.is_target::int"
    " ELSE NULLIF(split_part(f.opened_as, ',', 4), '')::int END",
}
EACH_CLASS = """CROSS JOIN LATERAL (VALUES ('tier', {0}.tier_id), ('industry', {0}.industry_id),
                                        ('region', {0}.region_id), ('target', {0}.target::bigint)) s(scope, key)"""

BY_OPENING = "deals_by_opening"
"""In the settings of a run: it told rows apart by what their account was when they were opened."""

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
            "row classes",
            View.AS_WAS,
            True,
            EACH_CLASS.format("leaf"),
            "SELECT starts, ends, scope, key",
            "GROUP BY starts, ends, scope, key",
            regroup="scope, key",
            by_opening=True,
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
    return credited_by_row(KPIS, level)


def credited_by_row(definitions: Sequence[Definition], level: Level) -> tuple[Definition, ...]:
    return tuple(
        kpi
        for kpi in definitions
        if isinstance(kpi, Kpi) and kpi.credit == Credit.ROW and (kpi.goes_by_opening or not level.by_opening)
    )
