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
from metrics.pages.figures import usual_of
from metrics.pages.places import Place
from metrics.pages.portfolio_rows import visible_sql
from metrics.pages.stored import in_run, in_spans, of_place
from metrics.reading import facts_of
from metrics.recipes.mix import MIX


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
Seen = tuple[str, dict[str, Any]]
"""SELECT of the accounts that may be named, with its parameters."""


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
        ours = "f.holder_team_id IN (SELECT c.id FROM team_closure c WHERE c.above_id = %(key)s)"
        return ours if place.key is not None else "f.holder_team_id IS NULL"
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


# Tier by tier; what is said of the whole scope stands in every row.
STORED_MIX = """
    WITH stored AS MATERIALIZED (
        SELECT figures -> '{mix}' AS mix FROM metrics_scopefigures WHERE {condition} AND kind = 'single')
    SELECT t.name, (part ->> 1)::int, (part ->> 2)::numeric, (mix ->> 'most')::numeric,
           (SELECT a.name FROM accounts_account a WHERE a.id = (mix ->> 'largest')::bigint AND a.id IN ({seen})),
           COALESCE((mix ->> 'taken')::int, 0), COALESCE((mix ->> 'handed')::int, 0)
      FROM stored CROSS JOIN LATERAL jsonb_array_elements(mix -> 'tiers') part
      LEFT JOIN accounts_tier t ON t.id = (part ->> 0)::bigint
     ORDER BY t.position NULLS LAST, t.name"""
SUMMED_MIX = """
    WITH {closure},
    held AS ({held}),
    bought AS (
      SELECT f.account_id, SUM(f.revenue) AS revenue
        FROM {relation} f WHERE f.month >= %(before)s AND f.month < %(start)s {few}
       GROUP BY 1),
    worth AS (
      SELECT h.account_id, h.tier_id, COALESCE(b.revenue, 0) AS revenue
        FROM held h LEFT JOIN bought b ON b.account_id = h.account_id),
    later AS (
      SELECT DISTINCT f.account_id FROM {relation} f
       WHERE f.month = %(last_month)s AND f.account_id IS NOT NULL AND {held_at_end}),
    largest AS (SELECT account_id, revenue FROM worth ORDER BY revenue DESC, account_id LIMIT 1)
    SELECT t.name, COUNT(*), SUM(w.revenue), (SELECT revenue FROM largest),
           (SELECT a.name FROM accounts_account a JOIN largest l ON l.account_id = a.id WHERE a.id IN ({seen})),
           (SELECT COUNT(*) FROM later l WHERE NOT EXISTS (SELECT 1 FROM held h WHERE h.account_id = l.account_id)),
           (SELECT COUNT(*) FROM held h WHERE NOT EXISTS (SELECT 1 FROM later l WHERE l.account_id = h.account_id))
      FROM worth w LEFT JOIN accounts_tier t ON t.id = w.tier_id
     GROUP BY t.id ORDER BY t.position NULLS LAST, t.name"""


def find_mix(user: User, place: Place, choice: Choice) -> Mix | None:
    """In one statement, however many accounts; the largest is named to who may see it.

    Read as the run stored it; of other periods, and of today's book, summed from the facts."""
    seen = visible_sql(Account.objects.visible_to(user, choice.organisation.today()))
    is_personal = place.scope in HELD
    is_book = is_personal and choice.view == View.CURRENT_BOOK
    rows: list[Any] = []
    if not is_book and choice.period.span in usual_of(choice.run):
        rows = fetched(*stored_mix(place, choice, seen))
    # Nothing is stored by a run of an earlier version, or where there was no account.
    rows = rows or fetched(*summed_mix(place, choice, seen))
    return make_mix(choice, rows, is_personal=is_personal, is_book=is_book) if rows else None


def stored_mix(place: Place, choice: Choice, seen: Seen) -> tuple[str, dict[str, Any]]:
    accounts, own = seen
    params = dict(own)
    where = of_place(0, (place.scope, [place.key], View.AS_WAS), params)
    condition = f"{where} AND {in_run(choice.run)} AND {in_spans([choice.period.span])}"
    return STORED_MIX.format(mix=MIX, condition=condition, seen=accounts), params


def summed_mix(place: Place, choice: Choice, seen: Seen) -> tuple[str, dict[str, Any]]:
    facts = facts_of(choice.run, choice.newest)
    start, end = choice.period.start, choice.period.end
    accounts, own = seen
    sql = SUMMED_MIX.format(
        closure=TEAM_CLOSURE,
        held=held_accounts(place, choice.view, facts),
        relation=facts.relation,
        # A person's few accounts are looked up; of a larger scope everyone's year is read at once.
        few="AND f.account_id IN (SELECT account_id FROM held)" if place.scope == Scope.OWNER else "",
        held_at_end=is_held(place),
        seen=accounts,
    )
    return sql, {
        **facts.params,
        **own,
        "start": start,
        "end": end,
        "before": add_months(start, -12),
        "last_month": min(add_months(end, -1), first_of_month(choice.run.as_of)),
        "book_month": first_of_month(choice.run.as_of),
        "key": place.key,
    }


def fetched(sql: str, params: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[Any] = cursor.fetchall()
    return found


def make_mix(choice: Choice, rows: Sequence[Any], *, is_personal: bool, is_book: bool) -> Mix:
    currency = choice.organisation.reporting_currency
    accounts = sum(row[1] for row in rows)
    revenue = sum((Decimal(row[2]) for row in rows), Decimal(0))
    parts = [
        MixPart(tier_words(row[0], row[1], Decimal(row[2]), revenue), max(row[2] if revenue > 0 else row[1], 0),
                min(place + 1, 4))
        for place, row in enumerate(rows)
    ]  # fmt: skip
    most, largest, taken, handed = rows[0][3:]
    notes = []
    if accounts > 1 and revenue > 0 and most:
        share = formats.number(Decimal(most) * 100 / revenue)
        notes.append(f"largest: {largest or 'one account'}, {share}{words.NBSP}%")
    if is_personal and not is_book:
        notes += moved_words(taken, handed)
    count = f"{formats.number(accounts)} account{'s' * (accounts != 1)}"
    lead = book_words(choice) if is_book else start_words(choice)
    return Mix(f"{count}, {formats.money(revenue, currency)}", lead, parts, notes)


def book_words(choice: Choice) -> str:
    """Today's accounts, but the year before the period: both days are named."""
    whose = f"The book of {formats.day(choice.run.as_of)}" if choice.is_past_run else "Today's book"
    before = formats.day(choice.period.start)
    return f"{whose}, every account whole; revenue in the 12 months before {before}"


def start_words(choice: Choice) -> str:
    start = formats.day(choice.period.start)
    return f"What there was to work with on {start}; revenue in the 12 months before"


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
