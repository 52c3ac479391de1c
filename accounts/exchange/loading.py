"""One file, one transaction: stage, look up, compare, refuse, and write everything or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.apps import apps
from django.db import DataError, IntegrityError, transaction

from accounts.exchange import files, lookups, rules, staging
from accounts.exchange.changes import Change, listed
from accounts.exchange.columns import Kind
from accounts.exchange.images import Image
from accounts.exchange.mapping import Mapping, check
from accounts.exchange.staging import MAX_REFUSALS, Progress, Refusal, execute, fetch

Count = dict[str, int | str]
MANY = 1_000
# How far each step is when it begins, in percent; reading ends where the next one begins.
STEPS = {
    "Reading rows": 0,
    "Looking up names": 60,
    "Comparing": 65,
    "Checking": 80,
    "Writing": 85,
    "Done": 100,
}
# Any constant will do: imports wait for each other, and for nothing else.
IMPORT_LOCK = 7_311_001


@dataclass(frozen=True)
class Outcome:
    """What an import did, or would do."""

    rows: int = 0
    refused: int = 0
    counts: list[Count] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    layout: str = ""
    written: bool = False
    listed: list[Change] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return sum(int(count[state]) for count in self.counts for state in ("created", "changed", "removed"))


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def run(
    kind: Kind,
    source_file: files.Source,
    mapping: Mapping,
    source: str,
    *,
    write: bool,
    create_missing: bool = False,
    progress: Progress = silent,
    finish: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Import a file; without `write`, or where any row is refused, the database stays as it was.

    `finish` is called inside the transaction after everything was written.
    """
    layout = files.inspect(source_file)
    check(kind, mapping, layout.header)
    try:
        with transaction.atomic():
            execute("SELECT pg_advisory_xact_lock(%s)", IMPORT_LOCK)
            outcome = replace(
                _compare(kind, source_file, layout, mapping, source, create_missing, progress),
                layout=layout.words,
            )
            if not write or outcome.refused:
                outcome = replace(outcome, listed=listed(images(kind, mapping, source)))
                transaction.set_rollback(True)
                return outcome
            progress("Writing", 0, 1)
            _write(kind, mapping, source)
            outcome = replace(outcome, written=True)
            if finish:
                finish(outcome)
            staging.drop(kind)
    except (IntegrityError, DataError) as error:
        return Outcome(
            outcome.rows, 1, outcome.counts, [Refusal(None, "", "", _explained(error))], layout.words
        )
    progress("Done", 1, 1)
    return outcome


def images(kind: Kind, mapping: Mapping, source: str) -> list[Image]:
    parts = [Image(kind, number, frozenset(mapping.given), source) for number in range(len(kind.parts))]
    return [image for image in parts if image.is_used]


def _compare(
    kind: Kind,
    source_file: files.Source,
    layout: files.Layout,
    mapping: Mapping,
    source: str,
    create_missing: bool,
    progress: Progress,
) -> Outcome:
    staging.create(kind)
    rows = staging.stage(kind, source_file, layout, mapping, progress)
    progress("Looking up names", 1, 1)
    created = lookups.resolve(kind, mapping.given, source, create_missing)
    progress("Comparing", 1, 1)
    parts = images(kind, mapping, source)
    for image in parts:
        image.build()
    progress("Checking", 1, 1)
    for image in parts:
        rules.refuse_violations(image)
    _show_values()
    refusals = [
        Refusal(*row)
        for row in fetch(
            "SELECT file_row, file_column, value, reason FROM import_refused "
            f"ORDER BY file_row, file_column, reason LIMIT {MAX_REFUSALS}"
        )
    ]
    [(refused,)] = fetch("SELECT count(DISTINCT file_row) FROM import_refused")
    missing: list[Count] = [
        {"label": label, "created": number, "changed": 0, "unchanged": 0, "removed": 0}
        for label, number in created.items()
    ]
    return Outcome(rows, refused, [*missing, *(image.counts() for image in parts)], refusals)


def _show_values() -> None:
    """Put the value of the file beside refusals that speak of a column."""
    execute(
        "UPDATE import_refused f SET value = left(COALESCE(to_jsonb(r) ->> f.file_column, ''), 80) "
        "FROM import_rows r "
        "WHERE r.file_row = f.file_row AND f.value = '' AND f.file_column <> ''"
    )


def _write(kind: Kind, mapping: Mapping, source: str) -> None:
    for image in images(kind, mapping, source):
        counts = image.counts()
        changes = sum(int(counts[state]) for state in ("created", "changed", "removed"))
        if changes:
            image.apply()
        if changes >= MANY:
            # The next recompute may come before the database has looked at so many new rows by itself.
            execute(f"ANALYZE {image.table}")
    # What is checked at the end of the transaction is checked here, where it can still be explained.
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET CONSTRAINTS ALL DEFERRED")


def _explained(error: Exception) -> str:
    """The message of the constraint that said no, in its own words."""
    diagnostics = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    for model in apps.get_app_config("accounts").get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name and constraint.violation_error_message:
                detail = getattr(diagnostics, "message_detail", "") or ""
                return f"{constraint.violation_error_message} {detail}".strip()
    return str(getattr(diagnostics, "message_primary", None) or error).strip()
