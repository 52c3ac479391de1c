"""From what a file calls an account, a person or a product to the row that is meant."""

from django.db import models

from accounts.engagement.advocacy import LossReason
from accounts.engagement.models import Department, Request, SignalKind
from accounts.exchange import staging
from accounts.exchange.columns import Kind
from accounts.exchange.staging import MAX_REFUSALS, execute, fetch, quote
from accounts.exchange.values import Shares
from accounts.fields import Sourced
from accounts.people.models import User
from accounts.plans.models import Goal, Objective, Risk, SwotEntry
from accounts.portfolio.fit import IcpCriterion
from accounts.portfolio.models import Industry, Region, Tier
from accounts.revenue.marketing import Lead
from accounts.revenue.models import Product, ProductCategory
from accounts.stakeholders.models import Contact

# What people call a row, best first; the external id comes before all of them.
WORDS: dict[type[models.Model], tuple[str, ...]] = {
    User: ("email", "name"),
    Product: ("code", "name"),
    Lead: ("company",),
    Contact: ("email", "name"),
    SignalKind: ("code", "name"),
    Goal: ("title",),
    Objective: ("title",),
    SwotEntry: ("text",),
    Risk: ("text",),
    Request: ("number", "subject"),
}
MAY_BE_CREATED = (Tier, Industry, Region, ProductCategory, LossReason, IcpCriterion, Department)
MOST_SUGGESTIONS = 50
HINT = " Did you mean "


def resolve(kind: Kind, given: set[str], source: str, create_missing: bool) -> dict[str, int]:
    """Make `import_resolved`: the staged rows with an id beside each name; returns what was created."""
    created: dict[str, int] = {}
    for name, model in kind.lookups.items():
        _find(kind, name, model, source)
        if name in given and create_missing and model in MAY_BE_CREATED and (number := _create(name, model)):
            created[str(model._meta.verbose_name_plural)] = number
            _find(kind, name, model, source)
    plain = [name for name in kind.lookups if not isinstance(kind.types[name], Shares)]
    columns = "".join(f", {quote('l_' + name)}.id AS {quote(name + '__id')}" for name in plain)
    joins = "".join(
        f" LEFT JOIN import_lookup_{name} {quote('l_' + name)} "
        f"ON {quote('l_' + name)}.value = r.{quote(name)}"
        for name in plain
    )
    execute(
        f"CREATE TEMP TABLE import_resolved ON COMMIT DROP AS SELECT r.*{columns} FROM import_rows r{joins}"
    )
    for name, model in kind.lookups.items():
        if name in given:
            _refuse_unknown(kind, name, model)
    execute("DELETE FROM import_resolved WHERE file_row IN (SELECT file_row FROM import_refused)")
    execute("ANALYZE import_resolved")
    return created


def _named(kind: Kind, name: str) -> str:
    """The rows and the texts to look up, as SQL."""
    if isinstance(kind.types[name], Shares):
        return (
            f"SELECT r.file_row, s.person AS value FROM import_rows r "
            f"CROSS JOIN LATERAL jsonb_to_recordset(r.{quote(name)}) AS s(person text, share text)"
        )
    return f"SELECT r.file_row, r.{quote(name)} AS value FROM import_rows r WHERE r.{quote(name)} IS NOT NULL"


def _words(model: type[models.Model]) -> tuple[str, ...]:
    return WORDS.get(model, ("name",))


def _find(kind: Kind, name: str, model: type[models.Model], source: str) -> None:
    """Make `import_lookup_<name>`: each text with the one id of its best match, if there is one best."""
    table = quote(model._meta.db_table)
    ways = []
    params: list[str] = []
    if issubclass(model, Sourced):
        ways.append(
            f"SELECT w.value, t.id, 1 FROM wanted w "
            f"JOIN {table} t ON t.external_id = w.value AND t.source = %s"
        )
        ways.append(f"SELECT w.value, t.id, 2 FROM wanted w JOIN {table} t ON t.external_id = w.value")
        params.append(source)
    for rank, word in enumerate(_words(model), 3):
        ways.append(
            f"SELECT w.value, t.id, {rank} FROM wanted w "
            f"JOIN {table} t ON lower(t.{quote(word)}) = lower(w.value)"
        )
    execute(f"DROP TABLE IF EXISTS pg_temp.import_lookup_{name}")
    execute(
        f"CREATE TEMP TABLE import_lookup_{name} ON COMMIT DROP AS "
        f"WITH wanted AS (SELECT DISTINCT value FROM ({_named(kind, name)}) named), "
        f"found (value, id, way) AS ({' UNION ALL '.join(ways)}), "
        f"best AS (SELECT value, id, way, min(way) OVER (PARTITION BY value) AS best_way FROM found) "
        f"SELECT w.value, CASE WHEN count(DISTINCT b.id) = 1 THEN min(b.id) END AS id, "
        f"count(DISTINCT b.id) AS found "
        f"FROM wanted w LEFT JOIN best b ON b.value = w.value AND b.way = b.best_way GROUP BY w.value",
        *params,
    )


def _create(name: str, model: type[models.Model]) -> int:
    texts = [
        text for (text,) in fetch(f"SELECT value FROM import_lookup_{name} WHERE found = 0 ORDER BY value")
    ]
    limit = model._meta.get_field("name").max_length or 0  # type: ignore[union-attr]
    fresh = {text.lower(): text for text in texts if len(text) <= limit}
    model._default_manager.bulk_create([model(name=text) for text in fresh.values()])
    return len(fresh)


def _refuse_unknown(kind: Kind, name: str, model: type[models.Model]) -> None:
    in_file = _own_names(kind, model)
    rows = fetch(
        f"SELECT n.file_row, n.value, l.found FROM ({_named(kind, name)}) n "
        f"JOIN import_lookup_{name} l ON l.value = n.value "
        f"WHERE l.id IS NULL AND (l.found > 1 OR NOT ({in_file})) ORDER BY n.file_row LIMIT {MAX_REFUSALS}"
    )
    nearest = _nearest(model, sorted({value for _, value, found in rows if not found}))
    noun = str(model._meta.verbose_name)
    staging.refuse(
        [
            staging.Refusal(row, name, staging.shown(value), _reason(noun, value, found, nearest.get(value)))
            for row, value, found in rows
        ]
    )


def _own_names(kind: Kind, model: type[models.Model]) -> str:
    """Whether a text names another line of the same file (the company above, the team above), as SQL."""
    if model is not kind.parts[0].model:
        return "FALSE"
    return (
        "EXISTS (SELECT FROM import_rows o WHERE o.external_id = n.value OR lower(o.name) = lower(n.value))"
    )


def _reason(noun: str, value: str, found: int, nearest: str | None) -> str:
    if found:
        return f"{found} rows of {noun} are called “{staging.shown(value)}”: use the external id."
    hint = f"{HINT}“{nearest}”?" if nearest else ""
    return f"There is no {noun} “{staging.shown(value)}”.{hint}"


def without_hint(reason: str) -> str:
    """For those who do not see what there is: a hint quotes the row that comes nearest."""
    return reason.partition(HINT)[0]


def _nearest(model: type[models.Model], texts: list[str]) -> dict[str, str]:
    words = [*_words(model), *(["external_id"] if issubclass(model, Sourced) else [])]
    names = " UNION ALL ".join(
        f"SELECT {quote(word)} AS word FROM {quote(model._meta.db_table)} WHERE {quote(word)} <> ''"
        for word in words
    )
    return dict(
        fetch(
            f"SELECT w.value, n.word FROM unnest(%s::text[]) AS w(value) CROSS JOIN LATERAL ("
            f"SELECT word, similarity(word, w.value) AS near FROM ({names}) all_names "
            f"ORDER BY near DESC, word LIMIT 1) n WHERE n.near >= 0.3",
            texts[:MOST_SUGGESTIONS],
        )
    )
