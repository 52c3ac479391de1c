"""What the tests of imports share: a file's text in, an outcome out."""

from accounts.exchange import files, loading, mapping
from accounts.exchange.kinds import KINDS
from accounts.exchange.loading import Outcome


def imported(
    kind: str,
    content: str | bytes,
    *,
    write: bool = True,
    create_missing: bool = False,
    chosen: mapping.Mapping | None = None,
    source: str = "crm",
) -> Outcome:
    data = content.encode() if isinstance(content, str) else content
    source_file = files.Source("test.csv", data)
    guessed = chosen or mapping.guess(KINDS[kind], files.inspect(source_file).header)
    return loading.run(KINDS[kind], source_file, guessed, source, write=write, create_missing=create_missing)


def counts(outcome: Outcome, label: str) -> tuple[int, int, int]:
    """(created, changed, left alone)."""
    found = next(count for count in outcome.counts if count["label"] == label)
    return int(found["created"]), int(found["changed"]), int(found["unchanged"])


def reasons(outcome: Outcome) -> list[tuple[int | None, str, str]]:
    return [(refusal.row, refusal.column, refusal.reason) for refusal in outcome.refusals]
