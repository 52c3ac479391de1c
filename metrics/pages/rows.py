"""The rows behind a number: what its source lists, in the window and scope that counted."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Account, User
from accounts.periods import Day, first_of_month
from kamplan.permissions import Secret, may_see
from metrics.access import sees_every_account
from metrics.expressions import Window, Windowed, window_of
from metrics.kpi import Credit, Definition, Kpi, RowKpi
from metrics.levels import BY_OPENING, TEAM_CLOSURE
from metrics.models import Scope, View
from metrics.needs import CLASSES
from metrics.pages.choice import Choice
from metrics.pages.mix import held_accounts
from metrics.pages.places import Place
from metrics.reading import facts_of
from metrics.recipes import RECIPES
from metrics.recipes.quotas import QUOTA_WINDOWS
from metrics.recipes.recipe import Behind
from metrics.sources import SOURCE_OF
from metrics.sources.health import COMPLETENESS, HEALTH
from metrics.sources.source import Source, columns_of
from metrics.sources.voice import OPINIONS
from metrics.sources.warnings import OPEN_WARNINGS, WARNINGS

PAGE = 50
CLASS_COLUMNS = {
    Scope.TIER: "tier_id",
    Scope.INDUSTRY: "industry_id",
    Scope.REGION: "region_id",
    Scope.TARGET: "is_target::int",
}
# What is missing of an account says which roles its people have.
TELLING = frozenset(source.name for source in (*OPINIONS, COMPLETENESS, HEALTH, OPEN_WARNINGS, WARNINGS))


@dataclass(frozen=True)
class RowSet:
    """The rows that one measure counts in one window."""

    label: str
    source: Source
    aggregate: str
    window: Window
    by_row: bool
    """Rows go to the person they name, not whole accounts to their owner."""
    is_money: bool = False
    at_start_rate: bool = False
    in_quota: bool = False
    for_targets: str = ""
    """The condition on rows that were for target accounts or for others, where their account does not say it."""
    by_opening: bool = False
    """Rows go by what their account was when they were opened."""
    column: str = ""
    """The column of the facts that holds the same sum by month."""
    dated: str = ""
    """The condition on rows, and how it is said, where it is none of the windows."""
    when: str = ""
    account: int | None = None
    """Of this account alone, as far as its rows are of the place."""

    @property
    def words(self) -> str:
        return f"{self.label}, {self.when or self.window.words}"


def row_sets(kpi: Definition) -> list[RowSet]:
    """Every kind of row that enters a number: what its numerator counts first."""
    if isinstance(kpi, RowKpi):
        recipe = RECIPES[kpi.recipe_name]
        return [of_behind(each, recipe.goes_by_opening) for each in recipe.behind]
    if not isinstance(kpi, Kpi):
        return []
    found: dict[tuple[str, Window], RowSet] = {}
    for term in (*kpi.numerator, *kpi.denominator):
        # Amounts first: they say more than counts of the same rows.
        leaves = sorted(
            term.part.expression.leaves(), key=lambda leaf: (not leaf.measure.is_money, leaf.column)
        )
        for leaf in leaves:
            found.setdefault((leaf.measure.name, leaf.window), of_leaf(leaf, kpi))
    return list(found.values())


def of_leaf(leaf: Windowed, kpi: Kpi) -> RowSet:
    source = SOURCE_OF[leaf.measure.name]
    name = f"{leaf.measure.name}_own" if leaf.at_start_rate else leaf.measure.name
    aggregate = next(column.aggregate for column in columns_of(source) if column.name == name)
    return RowSet(
        leaf.measure.label or source.label,
        source,
        aggregate,
        leaf.window,
        kpi.credit == Credit.ROW,
        leaf.measure.is_money,
        leaf.at_start_rate,
        by_opening=kpi.goes_by_opening,
        column=name,
    )


def of_behind(rows: Behind, by_opening: bool) -> RowSet:
    return RowSet(
        rows.label,
        rows.source,
        rows.aggregate,
        rows.window,
        rows.by_row,
        rows.is_money,
        in_quota=rows.in_quota,
        for_targets=rows.for_targets,
        by_opening=by_opening,
        dated=rows.dated,
        when=rows.when,
    )


@dataclass(frozen=True)
class Row:
    date: Day
    account_id: int | None
    account: str
    label: str
    detail: str
    booked: Decimal | None
    currency: str
    counted: Decimal


@dataclass(frozen=True)
class Found:
    """One page of rows, and what all of them add up to."""

    rows: list[Row]
    count: int
    total: Decimal
    hidden_count: int
    hidden_total: Decimal

    @property
    def shown_count(self) -> int:
        return self.count - self.hidden_count


def statement(row_set: RowSet, place: Place, choice: Choice) -> tuple[str, dict[str, Any]]:
    """SELECT of the counted rows: id, date, account, label, detail, booked, currency, counted."""
    period, run = choice.period, choice.run
    first, end = window_of(row_set.window, period)
    last = min(end - datetime.timedelta(days=1), row_set.source.until(run.as_of))
    params: dict[str, Any] = {
        "first": first,
        "last": last,
        "start": period.start,
        "end": period.end,
        "book_month": first_of_month(run.as_of),
        "key": place.key,
        "day": min(end - datetime.timedelta(days=1), run.as_of),
    }
    dated = row_set.dated or "r.date >= %(first)s AND r.date <= %(last)s"
    if row_set.source.is_stock:
        dated = "TRUE"
    relations = [TEAM_CLOSURE]
    joins = ""
    if row_set.in_quota:
        relations.append(QUOTA_WINDOWS)
        dated = """EXISTS (SELECT 1 FROM quota q WHERE q.user_id = COALESCE(r.person_id, owner.user_id)
                      AND q.starts_on >= %(start)s AND q.starts_on < %(end)s AND r.date >= q.starts_on
                      AND r.date < COALESCE(q.ends_on, 'infinity'::date))"""
    by_row = row_set.by_row and place.scope in {Scope.OWNER, Scope.TEAM} and choice.view == View.AS_WAS
    among, condition = "TRUE", "TRUE"
    if by_row or row_set.in_quota:
        joins = """LEFT JOIN accounts_assignment owner ON owner.account_id = r.account_id
                         AND owner.role = 'owner' AND owner.during @> r.date"""
    if by_row:
        condition = credited_to(place.scope)
    elif row_set.for_targets and place.scope == Scope.TARGET:
        condition = row_set.for_targets.format(flag="(%(key)s::int)::boolean")
    elif row_set.by_opening and place.scope in CLASSES and run.settings.get(BY_OPENING):
        joins += f"""
          LEFT JOIN accounts_classification opened
                 ON opened.account_id = r.account_id AND opened.during @> r.{row_set.source.classed_on}"""
        condition = f"opened.{CLASS_COLUMNS[Scope(place.scope)]} IS NOT DISTINCT FROM %(key)s::bigint"
    elif place.scope == Scope.ACCOUNT:
        among = "o.account_id = %(key)s"
    elif place.scope != Scope.COMPANY:
        facts = facts_of(run, choice.newest)
        params.update(facts.params)
        relations.append(f"held AS ({held_accounts(place, choice.view, facts)})")
        among = "o.account_id IN (SELECT account_id FROM held)"
    if row_set.account is not None:
        among = f"({among}) AND o.account_id = %(account)s"
        params["account"] = row_set.account
    rate = "1"
    if row_set.at_start_rate:
        joins += """
          LEFT JOIN accounts_account own_account ON own_account.id = r.account_id
         CROSS JOIN accounts_organisation own_org
          LEFT JOIN metrics_dailyrate start_rate ON start_rate.day = %(start)s
                AND start_rate.currency = COALESCE(own_account.currency, own_org.reporting_currency)"""
        rate = """CASE WHEN COALESCE(own_account.currency, own_org.reporting_currency) = own_org.reporting_currency
                       THEN 1 ELSE COALESCE(start_rate.rate, 0) END"""
    source = row_set.source.select(among, days="(SELECT %(day)s::date AS day)")
    sql = f"""
    WITH {", ".join(relations)}
    SELECT r.id, r.date, r.account_id, r.label, r.detail, r.booked, r.currency,
           one.counted * {rate} AS counted
      FROM ({source}) r
      {joins}
     CROSS JOIN LATERAL (SELECT {row_set.aggregate} AS counted FROM (SELECT r.*) each) one
     WHERE {dated} AND {condition} AND one.counted <> 0"""
    return sql, params


def credited_to(scope: str) -> str:
    person = "COALESCE(r.person_id, owner.user_id)"
    if scope == Scope.OWNER:
        return f"{person} IS NOT DISTINCT FROM %(key)s::bigint"
    return f"""CASE WHEN %(key)s::bigint IS NULL
        THEN NOT EXISTS (SELECT 1 FROM accounts_membership m WHERE m.user_id = {person}
                            AND m.during @> {MEMBER_DAY.format(person=person)})
        ELSE EXISTS (SELECT 1 FROM accounts_membership m JOIN team_closure c ON c.id = m.team_id
                      WHERE m.user_id = {person} AND m.during @> {MEMBER_DAY.format(person=person)}
                        AND c.above_id = %(key)s::bigint) END"""


# A person counts for the team of the month's first day; in the first month of all, for the first team.
MEMBER_DAY = """GREATEST(date_trunc('month', r.date)::date,
    CASE WHEN date_trunc('month', r.date) = (SELECT date_trunc('month', MIN(LOWER(b.during)))
                                               FROM accounts_membership b WHERE b.user_id = {person})
         THEN (SELECT MIN(LOWER(b.during)) FROM accounts_membership b WHERE b.user_id = {person}) END)"""


def visible_rows(user: User, row_set: RowSet, choice: Choice) -> tuple[str, dict[str, Any]]:
    """The condition, over rows called `x`, of those that this person may see: in their accounts, and no opinions for
    those from whom they are hidden. Every list of rows asks it, whatever it is written to."""
    if is_opinion(row_set) and not may_see(user, Secret.OPINION):
        return "FALSE", {}
    if sees_every_account(user):
        return "TRUE", {}
    seen = Account.objects.visible_to(user, choice.organisation.today())
    return "x.account_id = ANY(%(seen)s)", {"seen": list(seen.values_list("pk", flat=True))}


def unlisted_words(user: User, row_set: RowSet) -> str:
    """Why rows are counted and not listed, behind how many they are."""
    if is_opinion(row_set) and not may_see(user, Secret.OPINION):
        return "that are not for this role one by one"
    return "in accounts you may not see"


def is_opinion(row_set: RowSet) -> bool:
    """Whether single rows tell what somebody at a customer thinks, or what we concluded from it."""
    return row_set.source.name in TELLING


def find_rows(
    user: User, row_set: RowSet, place: Place, choice: Choice, page: int, size: int | None = PAGE
) -> Found:
    """A page of rows of accounts this person may see; the others only as count and sum."""
    sql, params = statement(row_set, place, choice)
    visible, seen = visible_rows(user, row_set, choice)
    params.update(seen)
    limit = ""
    if size is not None:
        params.update(limit=size, offset=(page - 1) * size)
        limit = "LIMIT %(limit)s OFFSET %(offset)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT COUNT(*), COALESCE(SUM(counted), 0), COUNT(*) FILTER (WHERE NOT COALESCE({visible}, FALSE)),
                       COALESCE(SUM(counted) FILTER (WHERE NOT COALESCE({visible}, FALSE)), 0)
                  FROM ({sql}) x""",
            params,
        )
        count, total, hidden_count, hidden_total = cursor.fetchone()
        cursor.execute(
            f"""SELECT x.date, x.account_id, COALESCE(a.name, ''), x.label, x.detail, x.booked, x.currency, x.counted
                  FROM ({sql}) x LEFT JOIN accounts_account a ON a.id = x.account_id
                 WHERE {visible} ORDER BY x.date DESC, x.id DESC, x.counted DESC {limit}""",
            params,
        )
        rows = [Row(*values) for values in cursor.fetchall()]
    return Found(rows, count, Decimal(total), hidden_count, Decimal(hidden_total))


def measured(row_set: RowSet, place: Place, choice: Choice) -> Decimal | None:
    """What the facts of the shown run hold for this measure and window, where that is one plain sum."""
    if not row_set.column or row_set.at_start_rate:
        return None
    if place.scope not in {Scope.COMPANY, Scope.OWNER, Scope.ACCOUNT}:
        return None
    facts = facts_of(choice.run, choice.newest)
    first, end = window_of(row_set.window, choice.period)
    condition = {
        Scope.COMPANY: "TRUE",
        Scope.OWNER: "f.person_id IS NOT DISTINCT FROM %(key)s::bigint",
        Scope.ACCOUNT: "f.account_id = %(key)s",
    }[Scope(place.scope)]
    if place.scope == Scope.OWNER and not (row_set.by_row and choice.view == View.AS_WAS):
        # Whole accounts: of whoever had them at the start, or has them today.
        condition = (
            f"f.account_id IN (SELECT account_id FROM ({held_accounts(place, choice.view, facts)}) held)"
        )
    if row_set.account is not None:
        condition = f"{condition} AND f.account_id = %(account)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COALESCE(SUM(f.{row_set.column}), 0) FROM {facts.relation} f"
            f" WHERE f.month >= %(first)s AND f.month < %(end)s AND {condition}",
            {
                **facts.params,
                "first": first,
                "end": end,
                "start": choice.period.start,
                "book_month": first_of_month(choice.run.as_of),
                "key": place.key,
                "account": row_set.account,
            },
        )
        return Decimal(cursor.fetchone()[0])


@dataclass(frozen=True)
class HistoryCount:
    model: str
    label: str
    count: int


def history_since(row_set: RowSet, since: datetime.datetime) -> Sequence[HistoryCount]:
    """What the audit history says was added, changed or removed since; orders keep no such history."""
    table = {
        "closed": ("deals", "accounts_opportunityevent"),
        "opened": ("deals", "accounts_opportunityevent"),
        "open": ("deals", "accounts_opportunityevent"),
        "live": ("contracts", "accounts_contractevent"),
        "due": ("contracts", "accounts_contractevent"),
    }.get(row_set.source.name)
    if table is None:
        return []
    words = {"insert": "added", "update": "changed", "delete": "removed"}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pgh_label, COUNT(DISTINCT pgh_obj_id) FROM {table[1]} WHERE pgh_created_at > %s GROUP BY 1",
            [since],
        )
        return [HistoryCount(table[0], words.get(label, label), count) for label, count in cursor.fetchall()]
