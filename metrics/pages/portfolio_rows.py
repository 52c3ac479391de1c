"""The rows of the portfolio: one statement that sorts, cuts a page, and reads only that page's figures."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator
from django.db import connection

from accounts.portfolio.filters import PortfolioFilter
from accounts.portfolio.models import AccountQuerySet
from metrics.kpis.voice import health_score
from metrics.models import Run
from metrics.pages.account_figures import (
    CHANGE,
    PIPELINE,
    RETENTION,
    REVENUE,
    change_share,
    complete,
    days_until,
    dictionaries,
    last_year,
    record,
    summed,
    this_month,
)
from metrics.pages.account_health import NOTED, state_of

PAGE = 50
SOON = 90
"""Days before a notice date from which it is marked."""
URGENT = 14

NEXT_CONTRACT = """
    SELECT DISTINCT ON (account_id) account_id, notice_date AS notice, UPPER(during) - 1 AS last_day,
           COALESCE(notice_date, UPPER(during) - 1) AS deadline
      FROM accounts_contract
     WHERE outcome = 'open' AND UPPER(during) > %(today)s
     ORDER BY account_id, COALESCE(notice_date, UPPER(during) - 1), id"""
"""Each account's next contract to be decided: by the date of notice, or the last day where there is none."""

FIGURES = """LEFT JOIN metrics_scopefigures {name}
           ON {name}.scope = 'account' AND {name}.kind = 'accounts' AND {name}.view = 'as-was'
          AND {name}.key = {account}
          AND {name}.starts = %({name}_starts)s AND {name}.ends = %({name}_ends)s
          AND {name}.valid_to IS NULL"""
OWNER = """LEFT JOIN accounts_assignment s
           ON s.account_id = {account} AND s.role = 'owner' AND s.during @> %(today)s::date
    LEFT JOIN accounts_user u ON u.id = s.user_id"""
NEXT_ACTION = """LEFT JOIN LATERAL (
        SELECT text, due_on FROM accounts_action
         WHERE account_id = {account} AND status = 'open' ORDER BY due_on NULLS LAST, id LIMIT 1) n ON TRUE"""
KIND = """LEFT JOIN accounts_classification k ON k.account_id = {account} AND k.during @> %(today)s::date
    LEFT JOIN accounts_tier t ON t.id = k.tier_id"""


@dataclass(frozen=True)
class Sort:
    """What a column is sorted by, and what has to be joined to know it; `total` over a group of companies."""

    key: str
    joins: str = ""
    total: str = ""


def one_part(name: str, column: str) -> str:
    """From the column that holds this part of an account's figures alone."""
    return f"CASE WHEN {name}.id IS NOT NULL THEN COALESCE({name}.{column}, 0) END"


def retained(table: str, over: str = "") -> str:
    kept, base = (f"{over}({summed(terms, table)})" for terms in (RETENTION.numerator, RETENTION.denominator))
    return f"{kept} * 100 / NULLIF({base}, 0)"


HEALTHS = f"NULLIF({one_part('now', 'healthy_accounts')}, 0)"
YEAR = FIGURES.format(name="year", account="a.id")
NOW = FIGURES.format(name="now", account="a.id")
SORTS = {
    "name": Sort("UPPER(a.name)", total="UPPER(MIN(a.root_name))"),
    "tier": Sort("t.position * 1000 + t.id", KIND.format(account="a.id"), "MIN(t.position * 1000 + t.id)"),
    "owner": Sort("UPPER(u.name)", OWNER.format(account="a.id"), "UPPER(MIN(u.name))"),
    "revenue": Sort(one_part("year", "revenue_now"), YEAR, f"SUM({one_part('year', 'revenue_now')})"),
    "change": Sort(one_part("year", "delta"), YEAR, f"SUM({one_part('year', 'delta')})"),
    "nrr": Sort(retained("year"), YEAR, retained("year", "SUM")),
    "health": Sort(
        f"{one_part('now', 'health_sum')} / {HEALTHS}",
        NOW,
        f"SUM({one_part('now', 'health_sum')}) / SUM({HEALTHS})",
    ),
    "renewal": Sort("c.deadline", f"LEFT JOIN ({NEXT_CONTRACT}) c ON c.account_id = a.id", "MIN(c.deadline)"),
    "pipeline": Sort(
        f"NULLIF({one_part('now', 'pipeline_amount')}, 0)",
        NOW,
        f"NULLIF(SUM({one_part('now', 'pipeline_amount')}), 0)",
    ),
}

REVENUE_SQL = complete(REVENUE, "x", summed(REVENUE.numerator, "x"))
PIPELINE_SQL = complete(PIPELINE, "y", summed(PIPELINE.numerator, "y"))
SHOWN = f"""
    SELECT a.id, a.name, a.city, a.country, a.archived_at, a.parent_id, p.name AS parent,
           t.name AS tier, k.is_target, u.id AS owner_id, u.name AS owner,
           c.notice, c.last_day, c.deadline,
           CASE WHEN year.id IS NOT NULL THEN {REVENUE_SQL} END AS revenue,
           CASE WHEN year.id IS NOT NULL THEN {complete(REVENUE, "x", "COALESCE(x.delta, 0)")} END AS change,
           {complete(RETENTION, "x", retained("x"))} AS nrr,
           {complete(RETENTION, "x", summed(RETENTION.numerator, "x"))} AS kept,
           {complete(RETENTION, "x", summed(RETENTION.denominator, "x"))} AS base,
           CASE WHEN now.id IS NOT NULL THEN {PIPELINE_SQL} END AS pipeline,
           CASE WHEN y.healthy_accounts > 0 THEN y.health_sum END AS health,
           CASE WHEN x.healthy_accounts > 0 THEN x.health_sum END AS health_before,
           n.text AS next_text, n.due_on AS next_due,
           {{extra}}
      FROM {{chosen}} chosen
      JOIN accounts_account a ON a.id = chosen.id
      LEFT JOIN accounts_account p ON p.id = a.parent_id
      {OWNER.format(account="a.id")}
      {KIND.format(account="a.id")}
      LEFT JOIN ({NEXT_CONTRACT} ) c ON c.account_id = a.id
      {NEXT_ACTION.format(account="a.id")}
      {YEAR}
      {NOW}
      LEFT JOIN {record("x", "year.figures", [REVENUE, CHANGE, RETENTION, health_score])} ON TRUE
      LEFT JOIN {record("y", "now.figures", [PIPELINE, health_score])} ON TRUE"""

# The topmost company of each account, whoever may see it.
ROOTS = """roots AS (
    WITH RECURSIVE down AS (
        SELECT id, id AS root_id, name AS root_name FROM accounts_account WHERE parent_id IS NULL
         UNION ALL
        SELECT a.id, down.root_id, down.root_name FROM accounts_account a JOIN down ON a.parent_id = down.id)
    SELECT * FROM down)"""


@dataclass(frozen=True)
class Row:
    """An account in the portfolio, or a group of companies with their sums."""

    id: int
    name: str
    city: str = ""
    country: str = ""
    archived: bool = False
    parent: str = ""
    tier: str = ""
    is_target: bool = False
    owner_id: int | None = None
    owner: str = ""
    revenue: Decimal | None = None
    change: Decimal | None = None
    nrr: Decimal | None = None
    pipeline: Decimal | None = None
    kept: Decimal | None = None
    base: Decimal | None = None
    health: Decimal | None = None
    health_before: Decimal | None = None
    next_text: str = ""
    next_due: datetime.date | None = None
    is_late: bool = False
    notice: datetime.date | None = None
    last_day: datetime.date | None = None
    days: int | None = None
    companies: int = 0
    is_child: bool = False
    is_linked: bool = True

    @property
    def change_share(self) -> Decimal | None:
        return change_share(self.revenue, self.change)

    @property
    def health_state(self) -> str:
        return state_of(self.health)

    @property
    def health_change(self) -> Decimal | None:
        """Since the end of the last whole month; nothing where it hardly moved, or on the last day of that month."""
        if self.health is None or self.health_before is None:
            return None
        change = self.health - self.health_before
        return change if abs(change) >= NOTED else None

    @property
    def deadline(self) -> datetime.date | None:
        return self.notice or self.last_day

    @property
    def deadline_state(self) -> str:
        """Marked only where there is something to do soon."""
        if self.days is None or self.days > SOON:
            return ""
        return "overdue" if self.days <= URGENT else "watch"

    @property
    def deadline_words(self) -> str:
        if self.days is None:
            return ""
        if self.days < 0:
            return "notice date has passed"
        words = "today" if self.days == 0 else "1 day left" if self.days == 1 else f"{self.days} days left"
        return words if self.notice else f"{words}, no notice date"

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.city, self.country) if part)


def visible_sql(accounts: AccountQuerySet) -> tuple[str, dict[str, Any]]:
    """The accounts as SQL with named parameters, to stand in a WITH."""
    try:
        sql, positional = accounts.order_by().values("id").query.sql_with_params()
    except EmptyResultSet:
        return "SELECT 0::bigint AS id WHERE FALSE", {}
    names = [f"seen_{index}" for index in range(len(positional))]
    return sql % tuple(f"%({name})s" for name in names), dict(zip(names, positional, strict=True))


def bounds(run: Run | None, today: datetime.date) -> dict[str, Any]:
    """The two stored periods; without a run there are none and every figure is unknown."""
    year, now = (last_year(run), this_month(run)) if run else (None, None)
    return {
        "today": today,
        "year_starts": year and year.start,
        "year_ends": year and year.end,
        "now_starts": now and now.start,
        "now_ends": now and now.end,
    }


def account_page(
    accounts: AccountQuerySet,
    view: PortfolioFilter,
    run: Run | None,
    today: datetime.date,
    number: int,
    size: int | None = PAGE,
) -> Page[Row]:
    """One page of accounts, sorted; the total comes with it. Without a size all of them, for a file."""
    visible, params = visible_sql(accounts)
    sort = SORTS[view.column]
    direction = "DESC" if view.is_descending else "ASC"
    chosen = f"""(
        SELECT a.id, ROW_NUMBER() OVER () AS place, (SELECT COUNT(*) FROM visible) AS total FROM (
            SELECT a.id FROM accounts_account a JOIN visible USING (id) {sort.joins}
             ORDER BY {sort.key} {direction} NULLS LAST, UPPER(a.name), a.id
             LIMIT %(limit)s OFFSET %(offset)s) a)"""
    shown = SHOWN.format(chosen=chosen, extra="chosen.total")
    sql = f"WITH visible AS ({visible}) {shown} ORDER BY chosen.place"
    return cut(sql, {**params, **bounds(run, today)}, number, today, size=size)


def group_page(
    accounts: AccountQuerySet, view: PortfolioFilter, run: Run | None, today: datetime.date, number: int
) -> Page[Row]:
    """One page of groups of companies, each with its companies below; single companies stand alone."""
    visible, params = visible_sql(accounts)
    sort = SORTS[view.column]
    direction = "DESC" if view.is_descending else "ASC"
    chosen = f"""(
        SELECT m.id, g.place, g.root_id, g.root_name, g.total FROM (
            SELECT root_id, root_name, total, ROW_NUMBER() OVER () AS place FROM (
                SELECT a.root_id, MIN(a.root_name) AS root_name, COUNT(*) OVER () AS total
                  FROM members a {sort.joins}
                 GROUP BY a.root_id
                 ORDER BY {sort.total} {direction} NULLS LAST, UPPER(MIN(a.root_name)), a.root_id
                 LIMIT %(limit)s OFFSET %(offset)s) g) g
          JOIN members m ON m.root_id = g.root_id)"""
    extra = "chosen.total, chosen.root_id, chosen.root_name, chosen.place"
    sql = f"""
        WITH visible AS ({visible}), {ROOTS},
        members AS (SELECT a.id, a.name, r.root_id, r.root_name
                      FROM accounts_account a JOIN roots r USING (id) JOIN visible USING (id))
        {SHOWN.format(chosen=chosen, extra=extra)}
        ORDER BY chosen.place, a.id <> chosen.root_id, UPPER(a.name), a.id"""
    return cut(sql, {**params, **bounds(run, today)}, number, today, grouped=True)


def cut(
    sql: str,
    params: dict[str, Any],
    number: int,
    today: datetime.date,
    *,
    grouped: bool = False,
    size: int | None = PAGE,
) -> Page[Row]:
    """The page of this number, or the first one where there is none of it."""
    number = max(number, 1)
    offset = (number - 1) * (size or 0)
    found = fetch(sql, {**params, "limit": size, "offset": offset})
    if not found and number > 1:
        return cut(sql, params, 1, today, grouped=grouped)
    total = found[0]["total"] if found else 0
    rows = rolled_up(found, today) if grouped else [row_of(each, today) for each in found]
    return Page(rows, number, Paginator(range(total), size or max(total, 1)))  # type: ignore[arg-type]


def fetch(sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return dictionaries(cursor)


def row_of(found: dict[str, Any], today: datetime.date, **more: Any) -> Row:
    return Row(
        id=found["id"],
        name=found["name"],
        city=found["city"],
        country=found["country"],
        archived=found["archived_at"] is not None,
        parent=found["parent"] or "",
        tier=found["tier"] or "",
        is_target=bool(found["is_target"]),
        owner_id=found["owner_id"],
        owner=found["owner"] or "",
        revenue=found["revenue"],
        change=found["change"],
        nrr=found["nrr"],
        kept=found["kept"],
        base=found["base"],
        pipeline=found["pipeline"],
        health=found["health"],
        health_before=found["health_before"],
        next_text=found["next_text"] or "",
        next_due=found["next_due"],
        is_late=found["next_due"] is not None and found["next_due"] < today,
        notice=found["notice"],
        last_day=found["last_day"],
        days=days_until(found["deadline"], today),
        **more,
    )


def rolled_up(found: list[dict[str, Any]], today: datetime.date) -> list[Row]:
    """A row of sums over each group of several companies, then its companies."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for each in found:
        groups.setdefault(each["root_id"], []).append(each)
    rows: list[Row] = []
    for root, members in groups.items():
        companies = [row_of(each, today, is_child=len(members) > 1) for each in members]
        if len(companies) > 1:
            rows.append(group_row(root, members[0]["root_name"], companies))
        rows.extend(companies)
    return rows


def group_row(root: int, name: str, companies: list[Row]) -> Row:
    base = total([each.base for each in companies])
    kept = total([each.kept for each in companies])
    next_one = min(
        (each for each in companies if each.deadline is not None),
        key=lambda each: each.deadline or datetime.date.max,
        default=None,
    )
    return Row(
        id=root,
        name=name,
        is_linked=any(each.id == root for each in companies),
        companies=len(companies),
        revenue=total([each.revenue for each in companies]),
        change=total([each.change for each in companies]),
        nrr=kept * 100 / base if base and kept is not None else None,
        pipeline=total([each.pipeline for each in companies]),
        health=mean([each.health for each in companies]),
        health_before=mean([each.health_before for each in companies]),
        notice=next_one.notice if next_one else None,
        last_day=next_one.last_day if next_one else None,
        days=next_one.days if next_one else None,
    )


def total(values: list[Decimal | None]) -> Decimal | None:
    """A sum that does not hide a gap: unknown if one of its parts is unknown."""
    if any(value is None for value in values):
        return None
    return sum((value for value in values if value is not None), Decimal(0))


def mean(values: list[Decimal | None]) -> Decimal | None:
    """Of those that are known."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) / len(known) if known else None


CHOICES = f"""
    WITH visible AS ({{visible}}), {{teams}},
    mine AS (SELECT k.tier_id, k.region_id, k.industry_id, k.is_target, s.user_id,
                    a.archived_at IS NOT NULL AS archived, m.team_id, COUNT(*) AS number
               FROM accounts_account a JOIN visible USING (id)
               {OWNER.format(account="a.id")}
               LEFT JOIN accounts_classification k ON k.account_id = a.id AND k.during @> %(today)s::date
               LEFT JOIN accounts_membership m ON m.user_id = s.user_id AND m.during @> %(today)s::date
              GROUP BY k.tier_id, k.region_id, k.industry_id, k.is_target, s.user_id, archived, m.team_id)
    SELECT 'tier' AS kind, t.id::text, t.name, t.position FROM accounts_tier t
                WHERE id IN (SELECT tier_id FROM mine)
     UNION ALL SELECT 'region', r.id::text, r.name, r.position FROM accounts_region r
                WHERE id IN (SELECT region_id FROM mine)
     UNION ALL SELECT 'industry', i.id::text, i.name, i.position FROM accounts_industry i
                WHERE id IN (SELECT industry_id FROM mine)
     UNION ALL SELECT 'owner', u.id::text, u.name, 0 FROM accounts_user u
                WHERE id IN (SELECT user_id FROM mine)
     UNION ALL SELECT 'owner', 'none', 'nobody', 1 WHERE EXISTS (SELECT 1 FROM mine WHERE user_id IS NULL)
     UNION ALL SELECT 'tier', 'none', 'no tier', 32767 WHERE EXISTS (SELECT 1 FROM mine WHERE tier_id IS NULL)
     UNION ALL SELECT 'team', x.id::text, x.name, 0 FROM accounts_team x
                WHERE id IN (SELECT c.above_id FROM mine JOIN closure c ON c.id = mine.team_id)
     UNION ALL SELECT 'target', 'yes', 'target accounts', 0 WHERE EXISTS (SELECT 1 FROM mine WHERE is_target)
     UNION ALL SELECT 'target', 'no', 'other accounts', 1
                WHERE EXISTS (SELECT 1 FROM mine WHERE NOT is_target)
     UNION ALL SELECT 'archived', 'yes', 'archived', 0 WHERE EXISTS (SELECT 1 FROM mine WHERE archived)
     UNION ALL SELECT 'any', '', COALESCE(SUM(number), 0)::text, 0 FROM mine
     ORDER BY 1, 4, 3"""
TEAMS = """closure AS (
    WITH RECURSIVE below AS (
        SELECT id AS above_id, id FROM accounts_team
         UNION SELECT below.above_id, t.id FROM accounts_team t JOIN below ON t.parent_id = below.id)
    SELECT above_id, id FROM below)"""


def filter_choices(accounts: AccountQuerySet, today: datetime.date) -> dict[str, list[tuple[str, str]]]:
    """Kind of filter to its values that occur among these accounts; `any` holds how many there are."""
    visible, params = visible_sql(accounts)
    found: dict[str, list[tuple[str, str]]] = {}
    for each in fetch(CHOICES.format(visible=visible, teams=TEAMS), {**params, "today": today}):
        found.setdefault(each["kind"], []).append((each["id"], each["name"]))
    return found
