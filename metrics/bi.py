"""What a BI tool may read: the facts, the stored figures, the runs, and the names behind their ids.

The names come through functions that read only what is named here: no contacts, no opinions, no answers. A
function's text is not tied to the tables it reads, so it never stands in the way of a migration."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from metrics.models import STAMPS, AccountMonth, AccountMonthPast, ScopeFigures
from metrics.sources import COLUMNS, SOURCES

SCHEMA = "bi"
TABLES = (AccountMonth, AccountMonthPast, ScopeFigures)


@dataclass(frozen=True)
class View:
    """A dimension: its columns with type and where they come from."""

    name: str
    says: str
    columns: Sequence[tuple[str, str, str]]
    source: str


VIEWS = (
    View(
        "run",
        "One published recompute; its number is what “as of run N” means.",
        (
            ("id", "bigint", "id"),
            ("as_of", "date", "as_of"),
            ("published_at", "timestamptz", "published_at"),
            ("cause", "text", "cause"),
            ("reporting_currency", "text", "settings ->> 'reporting_currency'"),
        ),
        "metrics_run",
    ),
    View(
        "account",
        "Key accounts.",
        (
            ("id", "bigint", "id"),
            ("external_id", "text", "external_id"),
            ("name", "text", "name"),
            ("part_of_id", "bigint", "parent_id"),
            ("city", "text", "city"),
            ("country", "text", "country"),
            ("currency", "text", "currency"),
            ("archived_on", "date", "archived_at::date"),
        ),
        "accounts_account",
    ),
    View(
        "person",
        "Our people, as owners, holders and credited persons: names only.",
        (("id", "bigint", "id"), ("name", "text", "name"), ("role", "text", "role")),
        "accounts_user",
    ),
    View(
        "team",
        "Teams, each below another or on top.",
        (
            ("id", "bigint", "id"),
            ("name", "text", "name"),
            ("above_id", "bigint", "parent_id"),
            ("lead_id", "bigint", "lead_id"),
        ),
        "accounts_team",
    ),
    *(
        View(
            name,
            says,
            (("id", "bigint", "id"), ("name", "text", "name"), ("position", "integer", "position")),
            f"accounts_{name}",
        )
        for name, says in (("tier", "Tiers."), ("industry", "Industries."), ("region", "Regions."))
    ),
    View(
        "target",
        "What a number is to reach; the newest that has begun holds until the next.",
        (
            ("id", "bigint", "id"),
            ("kpi", "text", "kpi"),
            ("scope", "text", "scope"),
            ("key", "bigint", "key"),
            ("period_kind", "text", "period_kind"),
            ("starts", "date", "starts"),
            ("value", "numeric", "value"),
        ),
        "metrics_target",
    ),
)


def make_views() -> None:
    """The schema as it is described here; whatever stood in it before goes."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for view in VIEWS:
            shape = ", ".join(f'"{name}" {kind}' for name, kind, _ in view.columns)
            chosen = ", ".join(f"{source}" for _, _, source in view.columns)
            cursor.execute(
                f"CREATE FUNCTION {SCHEMA}.{view.name}_rows() RETURNS TABLE ({shape}) LANGUAGE sql STABLE"
                f" SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT {chosen} FROM {view.source} $$"
            )
            cursor.execute(f"REVOKE ALL ON FUNCTION {SCHEMA}.{view.name}_rows() FROM PUBLIC")
            cursor.execute(f"CREATE VIEW {SCHEMA}.{view.name} AS SELECT * FROM {SCHEMA}.{view.name}_rows()")


def may_make_roles() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        found: bool = cursor.fetchone()[0]
    return found


def is_taken(name: str) -> bool:
    """Whether a role of this name does something else: kamplan's own, an operator's, an owner of anything, a member."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (
                 SELECT FROM pg_roles r WHERE r.rolname = %s
                    AND (r.rolname = current_user OR r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls
                         OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
                         OR EXISTS (SELECT FROM pg_database d WHERE d.datdba = r.oid)
                         OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relpersistence <> 't')))""",
            [name],
        )
        found: bool = cursor.fetchone()[0]
    return found


def make_role(name: str, password: str) -> None:
    """A login that reads these relations and nothing else; one of this name loses whatever it had before."""
    role = sql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        deed = sql.SQL("ALTER ROLE" if cursor.fetchone() else "CREATE ROLE")
        options = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5")
        secret = sql.Literal(password)
        cursor.execute(sql.SQL("{} {} {} PASSWORD {}").format(deed, role, options, secret))
        cursor.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role))
        cursor.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = '5min'").format(role))
        for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            cursor.execute(sql.SQL(f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {{}}").format(role))
        grant(cursor, role)


def grant(cursor: object, role: sql.Identifier) -> None:
    execute = cursor.execute  # type: ignore[attr-defined]
    execute(sql.SQL("GRANT USAGE ON SCHEMA public, {} TO {}").format(sql.Identifier(SCHEMA), role))
    for model in TABLES:
        table = sql.Identifier(model._meta.db_table)
        execute(sql.SQL("GRANT SELECT ON {} TO {}").format(table, role))
    for kind in ("TABLES", "FUNCTIONS"):
        right = "SELECT" if kind == "TABLES" else "EXECUTE"
        text = sql.SQL(f"GRANT {right} ON ALL {kind} IN SCHEMA {{}} TO {{}}")
        execute(text.format(sql.Identifier(SCHEMA), role))


# ---------------------------------------------------------------------------------------- documentation

STAMP_WORDS = {
    "person_team_id": "team of the credited person",
    "began": "the account's first month",
    "currency": "the account's own currency; columns that end in _own are in it",
    "owner_id": "owner on the month's first day",
    "team_id": "team of that owner",
    "tier_id": "tier on the month's first day",
    "industry_id": "industry on the month's first day",
    "region_id": "region on the month's first day",
    "is_target": "target account on the month's first day",
    "holder_id": "owner on the month's last day, or on the run's day",
    "holder_team_id": "team of that owner",
}
HEAD = """# Reading the numbers with a BI tool

Written by `manage.py bi_docs` from the definitions; do not edit it by hand.

```
BI_PASSWORD=… python manage.py bi_role kamplan_bi
```
makes (or renews) a PostgreSQL role that may log in and read what is listed here and nothing else: no contacts, no
opinions, no texts, no answers of employees, and of customers' answers only how many there were and their marks, added
up by account and month. Where one person answered, that is this person's mark. It reads everything of every account,
contract amounts included: give it to people who may see what a head of key accounts sees, and show others nothing made
of fewer than five answers, as the pages do. Run the command again after an upgrade, so that the names follow the
tables.

Its sessions begin read-only; one that ends that mode may make temporary tables, as everybody in PostgreSQL may, and
still changes nothing of kamplan's. A name that already stands for somebody else is refused.

Ratios are made of sums: sum numerator and denominator over what you want to see, then divide. Never average ratios.
Tier, industry, region and target flag of a row are those of its own month's first day. A KPI over a longer period takes
those of the period's first day: for the same figures join each account's row of the period's first month, and group by
what that one says. Numbers made of deals won and lost go by what the account was when each deal was opened: by the
row's own `opened_as`, and by its own tier, industry, region and flag where that is empty.
`manage.py kpi` prints any KPI for comparison, and the page of a number shows the statement that makes it.
"""


def document() -> str:
    facts = AccountMonth._meta.db_table
    text = [HEAD, "## Facts", ""]
    text += [
        f"`{facts}` holds one row per account, month, credited person and `opened_as`, as of the newest run. "
        f"`{AccountMonthPast._meta.db_table}` holds the rows that later runs replaced, valid in the runs "
        "`valid_from` up to but not including `valid_to`. No account: rows that belong to none, as spend. "
        "No person: unassigned.",
        "",
        "| column | what it is |",
        "|---|---|",
        "| `account_id` | `bi.account` |",
        "| `month` | first day of the month |",
        "| `person_id` | who is credited, `bi.person` |",
        "| `opened_as` | what the account was when the deals of this row were opened, where that is not what the row "
        "says for its month: tier, industry, region and flag (1 or 0), with commas between |",
    ]
    text += [f"| `{name}` | {STAMP_WORDS[name]} |" for name in STAMPS]
    text += ["| `valid_from` | the run that wrote the row |"]
    text += [f"| `{column.name}` | {words_of(column.name)} |" for column in COLUMNS]
    text += [
        "",
        "## Stored figures",
        "",
        f"`{ScopeFigures._meta.db_table}` holds the sums that every KPI is made of, for each scope and usual period: "
        "`scope`, `key` (id of the person, team, …; empty for the company), `starts`, `ends` (the first day after), "
        "`view`, `kind` (`accounts`: whole accounts to their owner, `rows`: rows to the person they name, or to what "
        "their account was when they were opened, `single`: "
        "made of single rows), `figures` (JSON, part to sum). The newest have no `valid_to`. "
        "What lists of accounts are sorted by stands in columns of its own besides, of accounts alone.",
        "",
        "## Names",
        "",
    ]
    for view in VIEWS:
        columns = ", ".join(f"`{name}`" for name, _, _ in view.columns)
        text += [f"- `{SCHEMA}.{view.name}`: {view.says} {columns}"]
    return "\n".join(text) + "\n"


def words_of(name: str) -> str:
    """What the measure behind a column counts."""
    if name.endswith("_no_rate"):
        return "rows without an exchange rate: where it is above 0, amounts of this month are incomplete"
    label = LABELS.get(name.removesuffix("_own"), name.replace("_", " "))
    return f"{label}, in the account's own currency" if name.endswith("_own") else label


LABELS = {
    measure.name: f"{measure.label or measure.name.replace('_', ' ')} ({source.label.lower()})"
    for source in SOURCES
    for measure in source.measures
}
