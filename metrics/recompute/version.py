"""The facts that figures are summed from: those of one run, and of which accounts."""

from dataclasses import dataclass

from accounts.periods import Day, Period
from metrics.evaluate import Facts
from metrics.recompute.summed import COUNTS, EVERYTHING, Summed


@dataclass(frozen=True)
class Version:
    """The facts of one run, which accounts of them, and whether their figures are added or taken away."""

    name: str
    facts: Facts
    as_of: Day
    sign: str = ""
    changed_only: bool = False
    summed: Summed = EVERYTHING
    periods: tuple[Period, ...] = ()
    """The periods whose figures are made of it."""
    months: frozenset[Day] = frozenset()
    """The months whose totals anything looks up."""
    rows_since: Day = Day.min
    """The first month whose rows are credited to persons."""

    @property
    def total(self) -> str:
        """The temporary table of its running totals."""
        return f"run_total_{self.name}"

    @property
    def groups(self) -> str:
        """The temporary table of the groups that its accounts belong to."""
        return f"run_group_{self.name}"

    @property
    def grouped(self) -> str:
        """The temporary table of the totals of these groups."""
        return f"run_grouped_{self.name}"

    @property
    def rows(self) -> str:
        """The temporary table of its facts that rows are credited from."""
        return f"run_row_{self.name}"

    @property
    def people(self) -> str:
        """The temporary table of the sums of these rows by person and month."""
        return f"run_people_{self.name}"

    @property
    def opened(self) -> str:
        """The temporary table of those that go by what their account was when they were opened."""
        return f"run_opened_{self.name}"

    @property
    def classes(self) -> str:
        """The temporary table of the sums of these by class and month."""
        return f"run_class_{self.name}"

    def since(self, month: Day) -> str:
        """The condition on its facts, of which those before the month are left unread."""
        # As an array, by which an index finds the few accounts; nobody's rows count as one account.
        of_changed = """ AND (f.account_id = ANY(ARRAY(SELECT account_key FROM run_moved))
                              OR f.account_id IS NULL AND EXISTS (SELECT 1 FROM run_moved WHERE account_key = 0))"""
        return f"f.month >= DATE '{month}'{of_changed if self.changed_only else ''}"


def number(name: str) -> str:
    """A count as integer: adding integers costs a fraction of adding decimals."""
    return f"f.{name}::int" if name in COUNTS else f"f.{name}"
