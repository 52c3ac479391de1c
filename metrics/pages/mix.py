"""The portfolio's mix: how many accounts of which tiers there were at the period's start, and who came and went."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Account, User
from accounts.periods import add_months, first_of_month
from kamplan import formats
from kamplan.charts import MixPart
from metrics.evaluate import Facts
from metrics.levels import TEAM_CLOSURE
from metrics.models import Scope, View
from metrics.pages import words
from metrics.pages.choice import Choice
from metrics.pages.places import Place
from metrics.pages.portfolio_rows import visible_sql
from metrics.reading import facts_of


@dataclass(frozen=True)
class Mix:
    title: str
    lead: str
    parts: Sequence[MixPart]
    notes: Sequence[str]


# The rows of the period's first day; of an account that began later, those of its first month.
STARTED = """(
    SELECT * FROM {relation} f WHERE f.month = %(start)s AND f.account_id IS NOT NULL
     UNION ALL
    SELECT * FROM {relation} f WHERE f.month = f.began AND f.month > %(start)s AND f.month < %(end)s
                                 AND f.account_id IS NOT NULL)"""
COLUMNS = {
    Scope.OWNER: "f.owner_id",
    Scope.TIER: "f.tier_id",
    Scope.INDUSTRY: "f.industry_id",
    Scope.REGION: "f.region_id",
    Scope.TARGET: "f.is_target::int",
}
HELD = (Scope.OWNER, Scope.TEAM)


def belongs(place: Place) -> str:
    """SQL condition: this row belongs to the scope. Equality, where there is a key, for only that is looked up."""
    if place.scope == Scope.COMPANY:
        return "TRUE"
    if place.scope == Scope.TEAM:
        ours = "f.team_id IN (SELECT c.id FROM team_closure c WHERE c.above_id = %(key)s)"
        return ours if place.key is not None else "f.team_id IS NULL"
    column = COLUMNS[Scope(place.scope)]
    return f"{column} = %(key)s" if place.key is not None else f"{column} IS NULL"


def is_held(place: Place) -> str:
    """SQL condition: this row is of today's book of a person or team."""
    if place.scope not in HELD:
        return "FALSE"
    if place.scope == Scope.TEAM:
        return "f.holder_team_id IN (SELECT c.id FROM team_closure c WHERE c.above_id = %(key)s)"
    return "f.holder_id = %(key)s" if place.key is not None else "f.holder_id IS NULL"


def held_accounts(place: Place, view: str, facts: Facts) -> str:
    """SELECT of the accounts that belong to a scope: at the period's start, or today's book."""
    if view == View.CURRENT_BOOK and place.scope in HELD:
        return (
            f"SELECT DISTINCT ON (f.account_id) f.account_id, f.tier_id FROM {facts.relation} f"
            f" WHERE f.month = %(book_month)s AND f.account_id IS NOT NULL AND {is_held(place)}"
            " ORDER BY f.account_id"
        )
    started = STARTED.format(relation=facts.relation)
    return (
        f"SELECT DISTINCT ON (f.account_id) f.account_id, f.tier_id FROM {started} f"
        f" WHERE {belongs(place)} ORDER BY f.account_id"
    )


def find_mix(user: User, place: Place, choice: Choice) -> Mix | None:
    """In one statement, however many accounts; the largest is named to who may see it."""
    seen, own = visible_sql(Account.objects.visible_to(user, choice.organisation.today()))
    facts = facts_of(choice.run, choice.newest)
    held_at_end = is_held(place)
    is_personal = place.scope in HELD and choice.view == View.AS_WAS
    # A person's few accounts are looked up; of a larger scope everyone's year is read at once.
    few = "AND f.account_id IN (SELECT account_id FROM held)" if place.scope == Scope.OWNER else ""
    sql = f"""
    WITH {TEAM_CLOSURE},
    held AS ({held_accounts(place, choice.view, facts)}),
    bought AS (
      SELECT f.account_id, SUM(f.revenue) AS revenue
        FROM {facts.relation} f WHERE f.month >= %(before)s AND f.month < %(start)s {few}
       GROUP BY 1),
    worth AS (
      SELECT h.account_id, h.tier_id, COALESCE(b.revenue, 0) AS revenue
        FROM held h LEFT JOIN bought b ON b.account_id = h.account_id),
    later AS (
      SELECT DISTINCT f.account_id FROM {facts.relation} f
       WHERE {str(is_personal).upper()} AND f.month = %(last_month)s AND f.account_id IS NOT NULL
         AND {held_at_end})
    SELECT t.name, COUNT(*), SUM(revenue), MAX(revenue),
           (SELECT a.name FROM accounts_account a
             WHERE a.id = (array_agg(worth.account_id ORDER BY worth.revenue DESC))[1] AND a.id IN ({seen})),
           (SELECT COUNT(*) FROM later l WHERE NOT EXISTS (SELECT 1 FROM held h WHERE h.account_id = l.account_id)),
           COUNT(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM later l WHERE l.account_id = worth.account_id))
      FROM worth LEFT JOIN accounts_tier t ON t.id = worth.tier_id
     GROUP BY t.id ORDER BY t.position NULLS LAST, t.name
    """
    start, end = choice.period.start, choice.period.end
    params = {
        **facts.params,
        **own,
        "start": start,
        "end": end,
        "before": add_months(start, -12),
        "last_month": min(add_months(end, -1), first_of_month(choice.run.as_of)),
        "book_month": first_of_month(choice.run.as_of),
        "key": place.key,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    if not rows:
        return None
    return make_mix(choice, rows, is_personal)


def make_mix(choice: Choice, rows: Sequence[Any], dated: bool) -> Mix:
    currency = choice.organisation.reporting_currency
    accounts = sum(row[1] for row in rows)
    revenue = sum((Decimal(row[2]) for row in rows), Decimal(0))
    parts = [
        MixPart(tier_words(row[0], row[1], Decimal(row[2]), revenue), max(row[2] if revenue > 0 else row[1], 0),
                min(place + 1, 4))
        for place, row in enumerate(rows)
    ]  # fmt: skip
    largest = max(rows, key=lambda row: row[3] or 0)
    notes = []
    if accounts > 1 and revenue > 0 and largest[3]:
        share = formats.number(Decimal(largest[3]) * 100 / revenue)
        notes.append(f"largest: {largest[4] or 'one account'}, {share}{words.NBSP}%")
    if dated:
        notes += moved_words(rows[0][5], sum(row[6] for row in rows))
    count = f"{formats.number(accounts)} account{'s' * (accounts != 1)}"
    when = "in the 12 months before" if choice.period.start <= choice.run.as_of else ""
    return Mix(
        f"{count}, {formats.money(revenue, currency)}", f"{lead_words(choice)}; revenue {when}", parts, notes
    )


def lead_words(choice: Choice) -> str:
    if choice.view == View.CURRENT_BOOK:
        return "Today's book"
    return f"What there was to work with on {formats.day(choice.period.start)}"


def tier_words(name: str | None, count: int, revenue: Decimal, total: Decimal) -> str:
    name = name or "no tier"
    share = f", {formats.number(revenue * 100 / total)}{words.NBSP}%" if total > 0 else ""
    return f"{name}: {formats.number(count)}{share}"


def moved_words(taken: int, handed: int) -> list[str]:
    found = []
    if taken:
        found.append(f"{taken} taken over")
    if handed:
        found.append(f"{handed} handed on")
    return [" and ".join(found) + " in the period"] if found else []
