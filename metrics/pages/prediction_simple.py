"""What stands where a model has too little to learn from: no forecast, only what has been, and called that."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Organisation, User
from accounts.periods import PeriodKind, latest_complete
from metrics.access import may_see, may_see_kpi
from metrics.kpis import KPI
from metrics.models import FittedModel, Run, Scope, View
from metrics.pages import words
from metrics.pages.figures import PageComputer
from metrics.results import Key, Result
from metrics.urls_for import explain_url

Name = FittedModel.Name
SIMPLE = {
    Name.ORDERS: ("account_revenue", "it bought for {value} in the last 12 months."),
    Name.RENEWALS: (
        "renewal_rate_count",
        "of all our contracts that came to their end in the last 12 months {value} were renewed ({sub}).",
    ),
}
OF_ACCOUNT = {Name.ORDERS}


@dataclass(frozen=True)
class Simple:
    text: str
    url: str
    """Empty where the reader may not open it."""


def simple_variants(user: User, account: int, run: Run, models: Sequence[str]) -> dict[str, Simple]:
    """For these models, what is known without one; nothing where that has no value either."""
    found = {}
    for name in models:
        kpi, text = SIMPLE[Name(name)]
        scope, key = (Scope.ACCOUNT, account) if name in OF_ACCOUNT else (Scope.COMPANY, None)
        result = figure(run, kpi, scope, key) if may_see_kpi(user, KPI[kpi]) else None
        if result is not None and result.value is not None:
            opens = scope == Scope.ACCOUNT or may_see(user, scope, key)
            url = explain_url(kpi, scope, key, result.period) if opens else ""
            counted = words.sub_line(result, Organisation.current().reporting_currency)
            found[name] = Simple(text.format(value=words.value_text(result), sub=counted), url)
    return found


def figure(run: Run, kpi: str, scope: Scope, key: Key) -> Result:
    organisation = Organisation.current()
    period = latest_complete(PeriodKind.T12, run.as_of, organisation.fiscal_year_start)
    computer = PageComputer(run, run, scope, [key], View.AS_WAS, organisation)
    return computer.all([KPI[kpi]], [period])[kpi, period, key]
