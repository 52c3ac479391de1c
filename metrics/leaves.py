"""What KPIs are made of: measures summed over windows (leaves), and the parts that are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.expressions import Expression, Window, Windowed
from metrics.kpi import GAP, Definition, Interval, Kpi, Term, every_part
from metrics.sources import SOURCE_OF


def side(terms: tuple[Term, ...]) -> str:
    """One side of a ratio over the parts of one account; NULL where it is 0."""
    if len(terms) == 1 and terms[0].sign > 0:
        return terms[0].part.name
    added = " ".join(f"{'+' if term.sign > 0 else '-'} COALESCE({term.part.name}, 0)" for term in terms)
    return f"NULLIF({added.lstrip('+ ')}, 0)"


def per_account(definitions: Sequence[Definition]) -> dict[str, str]:
    """Name to expression over leaves, once per account: the parts and the gaps of rates."""
    found = {part.name: part.expression.sql() for part in every_part(tuple(definitions))}
    found["accounts"] = "(CASE WHEN account_id IS NULL THEN 0 ELSE 1 END)"
    for leaf in sorted(leaves_of(definitions), key=lambda leaf: leaf.column):
        if leaf.measure.is_money:
            found[gap_name(leaf)] = gap(leaf)
    return found


def over_scope(definitions: Sequence[Definition]) -> dict[str, str]:
    """Name to expression over the parts of one account, to be summed: the parts, and second moments for intervals.

    Parts that are 0 are NULL by now, which a sum skips at no cost; most parts of most accounts are.
    """
    found = {name: f'"{name}"' for name in per_account(definitions)}
    for kpi in definitions:
        if isinstance(kpi, Kpi) and kpi.interval == Interval.LINEARISED:
            y, x = side(kpi.numerator), side(kpi.denominator)
            # Counts are integers; their squares need not be.
            found[f"{kpi.id}:yy"] = f"({y})::numeric * {y}"
            found[f"{kpi.id}:xy"] = f"({x})::numeric * {y}"
            found[f"{kpi.id}:xx"] = f"({x})::numeric * {x}"
            found[f"{kpi.id}:m"] = f"(CASE WHEN {y} IS NOT NULL OR {x} IS NOT NULL THEN 1 END)"
    return found


def leaves_of(definitions: Sequence[Definition]) -> set[Windowed]:
    return {leaf for part in every_part(tuple(definitions)) for leaf in part.expression.leaves()}


def linear_names(definitions: Sequence[Definition]) -> frozenset[str]:
    """Names whose sum over a scope follows from the sums of the measures, whatever accounts these belong to."""
    parts = {part.name for part in every_part(tuple(definitions)) if is_plain(part.expression)}
    gaps = {
        gap_name(leaf) for leaf in leaves_of(definitions) if leaf.measure.is_money and not leaf.at_start_rate
    }
    return frozenset(parts | gaps)


def is_plain(expression: Expression) -> bool:
    """Linear in measures alone; at the rate of the period's start it depends on each account's currency."""
    return expression.is_linear() and not any(leaf.at_start_rate for leaf in expression.leaves())


def clustered_names(definitions: Sequence[Definition]) -> frozenset[str]:
    """Names that have to be known of each account: what is not linear, and what intervals are made of."""
    of_intervals = {
        term.part.name
        for kpi in definitions
        if isinstance(kpi, Kpi) and kpi.interval == Interval.LINEARISED
        for term in (*kpi.numerator, *kpi.denominator)
    }
    return frozenset(per_account(definitions)) - linear_names(definitions) | of_intervals


def gap_name(leaf: Windowed) -> str:
    return f"{GAP}{leaf.column}"


def gap(leaf: Windowed) -> str:
    """How many rows of this leaf have no rate, and whether the account has none on the period's first day."""
    counted = f"gap_{leaf.column}"
    return (
        f"({counted} + CASE WHEN rate IS NULL AND {leaf.column} <> 0 THEN 1 ELSE 0 END)"
        if (leaf.at_start_rate)
        else counted
    )


def gap_measure(leaf: Windowed) -> str:
    source = SOURCE_OF[leaf.measure.name]
    return source.own_no_rate if leaf.at_start_rate else source.no_rate


@dataclass(frozen=True)
class LeafColumn:
    """One column of the leaves: a measure (or its count of missing rates) summed over a window."""

    name: str
    measure: str
    window: Window


def leaf_columns(definitions: Sequence[Definition], names: frozenset[str] | None = None) -> list[LeafColumn]:
    """The columns that these names (or all of the definitions) are made of."""
    found: dict[str, LeafColumn] = {}
    of_parts = leaves_of_names(definitions, names)
    for leaf in sorted(leaves_of(definitions), key=lambda leaf: leaf.column):
        has_gap = leaf.measure.is_money and (names is None or gap_name(leaf) in names)
        if leaf in of_parts or has_gap and leaf.at_start_rate:
            own = "_own" if leaf.at_start_rate else ""
            found[leaf.column] = LeafColumn(leaf.column, f"{leaf.measure.name}{own}", leaf.window)
        if has_gap:
            name = f"gap_{leaf.column}"
            found[name] = LeafColumn(name, gap_measure(leaf), leaf.window)
    return list(found.values())


def leaves_of_names(definitions: Sequence[Definition], names: frozenset[str] | None) -> set[Windowed]:
    """The leaves of the parts among these names."""
    return {
        leaf
        for part in every_part(tuple(definitions))
        if names is None or part.name in names
        for leaf in part.expression.leaves()
    }


def aggregates(definitions: Sequence[Definition], whole: Window | None = None) -> str:
    """One sum per measure and window in use; the rows of the window `whole` are all there are."""
    return ",\n        ".join(
        f"COALESCE(SUM(f.{column.measure})"
        + ("" if column.window == whole else f" FILTER (WHERE {column.window.condition})")
        + f", 0) AS {column.name}"
        for column in leaf_columns(definitions)
    )
