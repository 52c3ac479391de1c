"""Reads the whitespace board of a group: a constant number of statements, however many companies it has."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Account, WhitespaceCell
from accounts.periods import Period, PeriodKind, latest_complete
from accounts.portfolio.models import AccountQuerySet
from metrics.models import Run
from metrics.pages.account_figures import dictionaries, last_year
from metrics.pages.portfolio_rows import visible_sql
from metrics.pages.whitespace_rows import ZERO, Alike, Board, Cell, Column, Holder, Line, Unit
from metrics.sources.orders import ORDER_LINES

AT_MOST_COLUMNS = 10
FEWEST_ALIKE = 5
"""Below so many accounts nothing is said about what accounts like this one buy."""
CENT = Decimal("0.01")


class Rates:
    """The rates of one day into the reporting currency; what has none is counted and left out."""

    def __init__(self, currency: str, day: datetime.date) -> None:
        self.missing = 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT currency, rate FROM metrics_dailyrate WHERE day = %s", [day])
            self.rates = {currency: Decimal(1), **dict(cursor.fetchall())}

    def reporting(self, amount: Decimal | None, currency: str) -> Decimal | None:
        if amount is None or currency in self.rates:
            return None if amount is None else amount * self.rates[currency]
        self.missing += 1
        return None

    def own(self, amount: Decimal, currency: str) -> Decimal | None:
        rate = self.rates.get(currency)
        return (amount / rate).quantize(CENT) if rate else None


def board_of(
    account: Account, visible: AccountQuerySet, run: Run | None, today: datetime.date, currency: str
) -> Board:
    """The group of this account, as far as the person may see it: a constant number of statements."""
    period = last_year(run) if run else latest_complete(PeriodKind.T12, today)
    rates_on = run.as_of if run else today
    root_name, units, hidden = units_of(account, visible, today)
    columns = columns_of(period)
    for unit in units:
        unit.cells = [Cell(unit, column, currency=currency) for column in columns]
    cells = {(cell.unit.id, cell.column.id): cell for unit in units for cell in unit.cells}
    rates = Rates(currency, rates_on)
    missing = fill_won(units, cells, period)
    fill_open(units, cells, rates)
    fill_notes(cells, rates, today)
    fill_alike(units, columns, cells, period, today)
    return Board(
        columns,
        units,
        lines_of(units, root_name),
        hidden,
        root_name,
        period,
        rates_on,
        currency,
        missing + rates.missing,
    )


UNITS = """
    WITH RECURSIVE visible AS ({visible}),
    up AS (SELECT id, parent_id, name FROM accounts_account WHERE id = %(account)s
            UNION ALL
           SELECT a.id, a.parent_id, a.name FROM accounts_account a JOIN up ON a.id = up.parent_id),
    down AS (SELECT id, parent_id, name AS root_name FROM up WHERE parent_id IS NULL
              UNION ALL
             SELECT a.id, a.parent_id, down.root_name FROM accounts_account a JOIN down ON a.parent_id = down.id)
    SELECT a.id, a.name, a.currency, a.parent_id, a.city AS place, down.root_name,
           a.id IN (SELECT id FROM visible) AS seen, a.archived_at IS NOT NULL AS archived,
           k.tier_id, COALESCE(t.name, '') AS tier, k.industry_id, COALESCE(i.name, '') AS industry
      FROM down JOIN accounts_account a USING (id)
      LEFT JOIN accounts_classification k ON k.account_id = a.id AND k.during @> %(today)s::date
      LEFT JOIN accounts_tier t ON t.id = k.tier_id
      LEFT JOIN accounts_industry i ON i.id = k.industry_id
     ORDER BY UPPER(a.name), a.id"""


def units_of(account: Account, visible: AccountQuerySet, today: datetime.date) -> tuple[str, list[Unit], int]:
    """The group's name, its companies that may be seen (in order of the tree), and how many may not."""
    seen, params = visible_sql(visible)
    with connection.cursor() as cursor:
        cursor.execute(UNITS.format(visible=seen), {**params, "account": account.pk, "today": today})
        found = dictionaries(cursor)
    parents = {each["id"]: each["parent_id"] for each in found}
    kept = {
        each["id"] for each in found if each["seen"] and (not each["archived"] or each["id"] == account.pk)
    }
    units = [unit_of(each, nearest(each["parent_id"], parents, kept)) for each in found if each["id"] in kept]
    hidden = sum(not each["seen"] and not each["archived"] for each in found)
    return found[0]["root_name"], in_order(units), hidden


def nearest(above: int | None, parents: dict[int, int | None], kept: set[int]) -> int | None:
    """The next company above that is on the board."""
    while above is not None and above not in kept:
        above = parents.get(above)
    return above


def unit_of(found: dict[str, Any], parent: int | None) -> Unit:
    names = ("id", "name", "currency", "place", "tier_id", "tier", "industry_id", "industry")
    return Unit(parent_id=parent, **{name: found[name] for name in names})


def in_order(units: list[Unit]) -> list[Unit]:
    """Each company before those below it."""
    below: dict[int | None, list[Unit]] = defaultdict(list)
    for unit in units:
        below[unit.parent_id].append(unit)

    def walk(parent: int | None) -> Iterable[Unit]:
        for unit in below[parent]:
            yield unit
            yield from walk(unit.id)

    return list(walk(None))


def lines_of(units: list[Unit], root_name: str) -> list[Line]:
    """Companies under the sums of their groups; the whole group first."""
    below: dict[int | None, list[Unit]] = defaultdict(list)
    for unit in units:
        below[unit.parent_id].append(unit)

    def everything(unit: Unit) -> list[Unit]:
        return [unit, *(one for child in below[unit.id] for one in everything(child))]

    def walk(unit: Unit, depth: int) -> Iterable[Line]:
        if not below[unit.id]:
            yield Line(unit, unit.name, depth, [unit], False)
            return
        yield Line(unit, unit.name, depth, everything(unit), True)
        yield Line(unit, f"{unit.name} itself", depth + 1, [unit], False)
        for child in below[unit.id]:
            yield from walk(child, depth + 1)

    tops = below[None]
    if len(tops) == 1:
        return list(walk(tops[0], 0))
    whole = [Line(None, root_name, 0, units, True)]
    return [*whole, *(line for top in tops for line in walk(top, 1))]


def columns_of(period: Period) -> list[Column]:
    """The categories that somebody gave a column; where nobody did, the ten that sell most."""
    chosen = "SELECT id, name FROM accounts_productcategory WHERE whitespace_position IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(f"{chosen} ORDER BY whitespace_position")
        found = cursor.fetchall()
        if not found:
            cursor.execute(BEST_SELLING, {"start": period.start, "end": period.end, "n": AT_MOST_COLUMNS})
            found = cursor.fetchall()
    return [Column(*each) for each in found]


BEST_SELLING = f"""
    SELECT c.id, c.name FROM accounts_productcategory c LEFT JOIN (
        SELECT p.category_id, SUM(x.amount) AS amount
          FROM ({ORDER_LINES.select()}) x
          JOIN accounts_orderline l ON l.id = x.id JOIN accounts_product p ON p.id = l.product_id
         WHERE x.date >= %(start)s AND x.date < %(end)s
         GROUP BY 1) sold ON sold.category_id = c.id
     ORDER BY sold.amount DESC NULLS LAST, c.name LIMIT %(n)s"""

WON = f"""
    SELECT x.account_id, p.category_id,
           COALESCE(SUM(x.amount) FILTER (WHERE x.date >= %(start)s AND x.date < %(end)s), 0) AS won,
           COALESCE(SUM(x.amount_own) FILTER (WHERE x.date >= %(start)s AND x.date < %(end)s), 0) AS won_own,
           COUNT(*) FILTER (WHERE x.date >= %(start)s AND x.date < %(end)s
                              AND x.booked <> 0 AND x.amount IS NULL) AS missing,
           BOOL_OR(x.booked > 0) AS ever
      FROM ({ORDER_LINES.select("o.account_id = ANY(%(units)s)")}) x
      JOIN accounts_orderline l ON l.id = x.id
      LEFT JOIN accounts_product p ON p.id = l.product_id
     GROUP BY 1, 2"""


def fill_won(units: list[Unit], cells: dict[tuple[int, int], Cell], period: Period) -> int:
    """What was invoiced in the 12 months; returns how many amounts have no rate."""
    by_id = {unit.id: unit for unit in units}
    with connection.cursor() as cursor:
        cursor.execute(WON, {"units": list(by_id), "start": period.start, "end": period.end})
        found = dictionaries(cursor)
    for each in found:
        cell = cells.get((each["account_id"], each["category_id"]))
        if cell is None:
            by_id[each["account_id"]].other_won += each["won"]
            continue
        cell.won, cell.won_own, cell.ever_bought = each["won"], each["won_own"], bool(each["ever"])
    return sum(each["missing"] for each in found)


OPEN = """
    SELECT account_id, category_id, currency, COUNT(*) AS deals, SUM(amount) AS amount
      FROM accounts_opportunity WHERE outcome = 'open' AND account_id = ANY(%(units)s) GROUP BY 1, 2, 3"""


def fill_open(units: list[Unit], cells: dict[tuple[int, int], Cell], rates: Rates) -> None:
    by_id = {unit.id: unit for unit in units}
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"units": list(by_id)})
        found = dictionaries(cursor)
    for each in found:
        cell = cells.get((each["account_id"], each["category_id"]))
        if cell is None:
            by_id[each["account_id"]].loose_deals += each["deals"]
            continue
        cell.deals += each["deals"]
        cell.open += rates.reporting(each["amount"], each["currency"]) or ZERO


def fill_notes(cells: dict[tuple[int, int], Cell], rates: Rates, today: datetime.date) -> None:
    """What somebody wrote into the cells: who has it, what is spent, since when we think so."""
    units = {unit for unit, _ in cells}
    for row in WhitespaceCell.objects.filter(account__in=units).select_related("author"):
        cell = cells.get((row.account_id, row.category_id))
        if cell is None:
            continue
        cell.row = row
        cell.spend = (
            ZERO if row.holder == Holder.NOT_NEEDED else rates.reporting(row.yearly_spend, row.currency)
        )
        cell.age = (today - row.noted_on).days


ALIKE = """
    WITH kinds AS (
        SELECT k.account_id, k.industry_id, k.tier_id FROM accounts_classification k
          JOIN accounts_account a ON a.id = k.account_id AND a.archived_at IS NULL
         WHERE k.during @> %(today)s::date AND k.industry_id = ANY(%(industries)s)),
    owned AS (
        SELECT o.account_id, p.category_id FROM accounts_order o
          JOIN accounts_orderline l ON l.order_id = o.id JOIN accounts_product p ON p.id = l.product_id
         WHERE o.account_id IN (SELECT account_id FROM kinds) AND p.category_id = ANY(%(columns)s)
           AND o.date >= %(start)s AND o.date < %(end)s
         GROUP BY 1, 2 HAVING SUM(l.amount) > 0),
    counted AS (
        SELECT account_id, industry_id, tier_id, NULL::bigint AS category_id FROM kinds
         UNION ALL
        SELECT account_id, industry_id, tier_id, category_id FROM kinds JOIN owned USING (account_id))
    SELECT industry_id, tier_id, category_id, GROUPING(tier_id) = 0 AS of_tier, COUNT(*)
      FROM counted GROUP BY GROUPING SETS ((industry_id, tier_id, category_id), (industry_id, category_id))"""


def fill_alike(
    units: list[Unit],
    columns: list[Column],
    cells: dict[tuple[int, int], Cell],
    period: Period,
    today: datetime.date,
) -> None:
    """Counts over all accounts, seen or not: they name nobody, and under five nothing is said."""
    industries = sorted({unit.industry_id for unit in units if unit.industry_id})
    params: dict[str, Any] = {
        "industries": industries,
        "columns": [column.id for column in columns],
        "today": today,
        "start": period.start,
        "end": period.end,
    }
    with connection.cursor() as cursor:
        cursor.execute(ALIKE, params)
        counts = {tuple(each[:4]): each[4] for each in cursor.fetchall()}
    for cell in cells.values():
        cell.alike = alike(cell, counts)


def alike(cell: Cell, counts: dict[tuple[Any, ...], int]) -> Alike | None:
    """Accounts of the same industry and tier; where they are too few, of the same industry."""
    unit = cell.unit
    itself = int(cell.won > 0)
    tries = [((unit.industry_id, unit.tier_id), True, f"tier {unit.tier} in {unit.industry}")]
    tries.append(((unit.industry_id, None), False, unit.industry))
    for (industry, tier), of_tier, words in tries:
        if of_tier and tier is None:
            continue
        others = counts.get((industry, tier, None, of_tier), 0) - 1
        if others >= FEWEST_ALIKE:
            owners = counts.get((industry, tier, cell.column.id, of_tier), 0) - itself
            return Alike(max(owners, 0), others, words)
    return None
