"""The registry of what is counted: every source, and the columns that they fill."""

from metrics.sources import (
    contracts,
    deals,
    funnel,
    health,
    orders,
    outcomes,
    signals,
    touches,
    value,
    voice,
    warnings,
)
from metrics.sources.source import Beginning, Column, Source, columns_of

SOURCES: tuple[Source, ...] = (
    *orders.SOURCES,
    *deals.SOURCES,
    *contracts.SOURCES,
    *touches.SOURCES,
    *signals.SOURCES,
    *funnel.SOURCES,
    *value.SOURCES,
    *voice.SOURCES,
    *outcomes.SOURCES,
    *health.SOURCES,
    *warnings.SOURCES,
)

# An account's history begins with its first row, or when somebody first looked after it.
BEGINNINGS: tuple[Beginning, ...] = (
    *(beginning for source in SOURCES for beginning in source.began),
    Beginning("accounts_assignment", "LOWER(during)"),
    Beginning("accounts_classification", "LOWER(during)"),
)
COLUMNS: tuple[Column, ...] = tuple(column for source in SOURCES for column in columns_of(source))
SOURCE_OF: dict[str, Source] = {measure.name: source for source in SOURCES for measure in source.measures}
