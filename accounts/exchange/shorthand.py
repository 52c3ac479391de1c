"""Columns and expressions that many kinds of files share."""

from accounts.exchange.columns import Column
from accounts.exchange.values import Date

IN_SOURCE = ("source", "external_id")
PERSON = ("manager", "person", "employee", "sales person", "salesperson", "sales rep", "rep", "mitarbeiter")
CUSTOMER = ("customer", "reseller", "company", "client", "account id", "customer id", "kunde", "kundennummer")
FROM = ("start", "start date", "valid from", "since", "first day", "begin", "von", "ab")
TO = ("until", "valid to", "end", "end date", "bis")


def external_id(help: str, *aliases: str, required: bool = False) -> Column:
    return Column("external_id", help, required=required, aliases=("id", "key", "external key", *aliases))


def account(required: bool = True, help: str = "External id or name of the account.") -> Column:
    return Column("account", help, required=required, aliases=CUSTOMER)


def person(name: str, field: str, help: str, required: bool = False, *aliases: str) -> Column:
    return Column(name, help, field=field, required=required, aliases=(*aliases, *PERSON))


def span(first: str, until: str) -> str:
    """A range as SQL; a backward one becomes empty, which the models' constraints then refuse by line."""
    return f"CASE WHEN {until} < {first} THEN 'empty'::daterange ELSE daterange({first}, {until}) END"


FIRST_DAY = Column("from", "First day.", field="during", required=True, aliases=FROM, holds=Date())
DAY_AFTER = Column(
    "to", "First day on which it no longer holds; empty: open.", field="during", aliases=TO, holds=Date()
)
DATED = (FIRST_DAY, DAY_AFTER)
