"""What moved a number that has no parts: how many rows it was made of then and now, and the way to them."""

from dataclasses import dataclass, replace

from kamplan.formats import plural
from metrics.kpi import Derived
from metrics.pages.explain_rows import allowed_sets
from metrics.pages.explanation import Explanation
from metrics.pages.making import capital
from metrics.pages.rows import find_rows
from metrics.urls_for import explain_url


@dataclass(frozen=True)
class RowSide:
    """One kind of rows that a number is made of: how many there were and are, each with the way to them."""

    name: str
    then: str
    now: str
    then_url: str
    now_url: str


def row_sides(explained: Explanation) -> list[RowSide]:
    """What has no parts moved by its rows; they are today's, so only another period has others."""
    choice, place = explained.choice, explained.place
    compared = choice.compared
    if isinstance(explained.kpi, Derived) or compared.period == choice.period:
        return []
    asked = {name: value for name, value in choice.asked.items() if name != "run"}
    then_run = "" if compared.run.pk == choice.newest.pk else str(compared.run.pk)
    then = replace(choice, period=compared.period, asked={**asked, "run": then_run})
    found = []
    for number, rows in enumerate(allowed_sets(explained)):
        counts = [find_rows(explained.user, rows, place, side, 1, size=1).count for side in (then, choice)]
        urls = [
            explain_url(
                explained.kpi.id, place.scope, place.key, side.period, choice.view,
                run=side.asked.get("run", ""), rows=1, set=number,
            )
            for side in (then, choice)
        ]  # fmt: skip
        texts = [plural(count, "row") for count in counts]
        found.append(RowSide(capital(rows.words), *texts, *(f"{url}#rows" for url in urls)))
    return found
