"""Medians of deals won."""

from metrics.recipes.recipe import (
    CREDITED,
    EVERYWHERE,
    MEDIAN,
    OPENED,
    OPENED_AS,
    ORDERED,
    Behind,
    Recipe,
)
from metrics.sources.deals import CLOSED_DEALS

DEALS = EVERYWHERE | {"opportunity", "opportunitysplit", "assignment", "classification"}

# A deal whose credit is split has one row a person, each with the amount of the whole deal.
RELATIONS = {
    "deal": f"""
        SELECT r.id, r.account_id, r.date, COALESCE(r.person_id, owner.user_id) AS person_id,
               SUM(r.amount) OVER (PARTITION BY r.id) AS amount, r.days,
               ROW_NUMBER() OVER (PARTITION BY r.id) = 1 AS is_first, {OPENED_AS}
          FROM ({CLOSED_DEALS.select()}) r {CREDITED} {OPENED.format(day=CLOSED_DEALS.classed_on)}
         WHERE r.is_won AND r.date >= %(since)s""",
}

RECIPES = {
    "median_deal_size": Recipe(
        MEDIAN.format(relation="deal", x="r.amount", condition="TRUE"),
        "deals won",
        DEALS,
        (Behind("deals won", CLOSED_DEALS, "SUM(amount) FILTER (WHERE is_won)", is_money=True),),
        ("deal",),
        interval=ORDERED,
        made_of="opportunity",
        goes_by_opening=True,
    ),
    "sales_cycle_median": Recipe(
        MEDIAN.format(relation="deal", x="r.days", condition="r.days >= 0"),
        "deals won",
        DEALS,
        (Behind("days to win", CLOSED_DEALS, "SUM(days) FILTER (WHERE is_won AND days >= 0)"),),
        ("deal",),
        interval=ORDERED,
        made_of="opportunity",
        goes_by_opening=True,
    ),
}
