"""Figures for pages: what the run stored is read at once, and nothing is asked twice."""

from functools import lru_cache
from typing import Any

from accounts.models import Organisation
from accounts.periods import Day, Period, usual_periods
from metrics.models import Run
from metrics.results import Computer, Key

__all__ = ["PageComputer"]

Span = tuple[Any, Any]


@lru_cache(maxsize=64)
def usual_spans(first: Day, as_of: Day, fiscal_start: int) -> frozenset[Span]:
    return frozenset((period.start, period.end) for period in usual_periods(first, as_of, fiscal_start))


class PageComputer(Computer):
    """Knows from the run which periods are stored, without asking the database for each set of figures."""

    def __init__(
        self,
        run: Run,
        newest: Run,
        scope: str,
        keys: list[Key] | None,
        view: str,
        organisation: Organisation,
    ) -> None:
        super().__init__(run, newest, scope, keys, view, organisation)
        self.loaded: set[tuple[str, Span]] = set()

    def load(self, scope: str, keys: list[Key] | None, periods: list[Period], view: str) -> None:
        """Each span once, however often it is asked for."""
        wanted = [each for each in periods if (scope, (each.start, each.end)) not in self.loaded]
        if wanted:
            self.loaded |= {(scope, (each.start, each.end)) for each in wanted}
            super().load(scope, keys, wanted, view)

    def stored_spans(self, periods: list[Period]) -> set[Span]:
        if self.run.first_month is None:
            return {(period.start, period.end) for period in periods}
        fiscal = int((self.run.settings or {}).get("fiscal_year_start") or 1)
        usual = usual_spans(self.run.first_month, self.run.as_of, fiscal)
        wanted = {(period.start, period.end) for period in periods}
        return wanted & usual
