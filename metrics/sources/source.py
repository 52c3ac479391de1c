"""Where the measures come from: one declaration a kind of fact.

A source is a SELECT that yields one row per fact: account, date, the person the row itself names (if any), the
columns its measures aggregate, and what a person reads in the drill-down (`label`, `detail`, `amount`,
`currency`). The recompute groups it by account, month and credited person; the explain page lists the very same
rows. Placeholders: `{among}` narrows the accounts, `{days}` is a relation of days (stocks only).
"""

import re
from dataclasses import dataclass
from functools import cached_property

from accounts.periods import Day, first_of_month, last_day_of_month
from metrics.expressions import Measure


@dataclass(frozen=True)
class Beginning:
    """A table with an account and the day of a row, as SQL."""

    table: str
    day: str
    lacks_account: bool = False
    is_moment: bool = False
    """Not a day yet, but a moment, of which only the first is brought to the zone of the organisation."""

    @property
    def first(self) -> str:
        if self.is_moment:
            return (
                f"(MIN({self.day}) AT TIME ZONE (SELECT time_zone FROM accounts_organisation LIMIT 1))::date"
            )
        return f"MIN({self.day})"


@dataclass(frozen=True)
class Source:
    """Rows of one kind and the measures made of them."""

    name: str
    label: str
    account: str
    rows: str
    measures: tuple[Measure, ...]
    is_stock: bool = False
    lacks_account: bool = False
    """Some of its rows belong to no account."""
    began: tuple["Beginning", ...] = ()
    """The tables whose rows begin an account's history, and that of what belongs to no account."""
    may_be_planned: bool = False
    """Some of its rows lie ahead: they count from their day on, not from their month on."""
    moment: str = ""
    """The column with the moment of a row, by which most of millions of rows can be left unread."""
    added_up: str = ""
    """Fewer rows that add up to the same over all accounts, for the check that facts and rows balance."""
    classed_on: str = ""
    """The column with the day whose tier, industry, region and target flag of the account a row goes by, whenever it
    counts; without one it goes by those of the period's first day, with everything else of the account."""

    def until(self, as_of: Day) -> Day:
        """The last day whose rows a run up to `as_of` counts."""
        return as_of if self.may_be_planned else last_day_of_month(first_of_month(as_of))

    def since(self, among: str) -> str:
        """Some accounts' rows, and of them those of `since` or later; a day more for the time zones."""
        return f"{among} AND {self.moment} >= %(since)s::date - 1" if self.moment else among

    def select(self, among: str = "TRUE", days: str = "") -> str:
        """The rows as SQL, narrowed to some accounts; a stock needs its relation of days."""
        return self.rows.format(among=among, days=days)

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables its rows come from, as the queue names them."""
        found = re.findall(r"\b(?:accounts|metrics)_\w+", self.rows)
        return frozenset(name.removeprefix("accounts_") for name in found)

    @property
    def is_owners(self) -> bool:
        """A stock whose rows name nobody: all of it belongs to whoever owns the account on the day."""
        return self.is_stock and "NULL::bigint AS person_id" in self.rows

    @property
    def has_money(self) -> bool:
        return any(measure.is_money for measure in self.measures)

    @property
    def no_rate(self) -> str:
        """The measure that counts rows without a rate into the reporting currency."""
        return f"{self.name}_no_rate"

    @property
    def own_no_rate(self) -> str:
        """The measure that counts rows without a rate into the account's own currency."""
        return f"{self.name}_own_no_rate"


def money(name: str, amount: str, currency: str) -> str:
    """Two columns: the amount in the reporting currency, and in the account's own, at the day's rate."""
    into_reporting = f"CASE WHEN {currency} = org.reporting_currency THEN 1 ELSE r.rate END"
    own_currency = "COALESCE(a.currency, org.reporting_currency)"
    own_into_reporting = f"CASE WHEN {own_currency} = org.reporting_currency THEN 1 ELSE own.rate END"
    return f"""
    ROUND(({amount}) * {into_reporting}, 6) AS {name},
    CASE WHEN {currency} = {own_currency} THEN ({amount})::numeric
         ELSE ROUND(({amount}) * {into_reporting} / {own_into_reporting}, 6) END AS {name}_own"""


def rates(account: str, currency: str, day: str) -> str:
    return f"""
    CROSS JOIN accounts_organisation org
    LEFT JOIN accounts_account a ON a.id = {account}
    LEFT JOIN metrics_dailyrate r ON r.currency = {currency} AND r.day = {day}
    LEFT JOIN metrics_dailyrate own
           ON own.currency = COALESCE(a.currency, org.reporting_currency) AND own.day = {day}"""


@dataclass(frozen=True)
class Column:
    """One column of the facts: a measure, its value in the account's own currency, or a count of gaps."""

    name: str
    aggregate: str
    is_money: bool


def columns_of(source: Source) -> list[Column]:
    """The columns that a source fills, money twice, and the counts of rows without a rate."""
    found = []
    for measure in source.measures:
        aggregate = f"COALESCE({measure.aggregate}, 0)" if measure.is_money else measure.aggregate
        found.append(Column(measure.name, aggregate, measure.is_money))
        if measure.is_money:
            own = aggregate
            for name in ("amount", "weighted", "kept"):
                own = own.replace(f"SUM({name})", f"SUM({name}_own)")
            found.append(Column(f"{measure.name}_own", own, True))
    if source.has_money:
        found.append(Column(source.no_rate, "COUNT(*) FILTER (WHERE booked <> 0 AND amount IS NULL)", False))
        found.append(
            Column(source.own_no_rate, "COUNT(*) FILTER (WHERE booked <> 0 AND amount_own IS NULL)", False)
        )
    return found
