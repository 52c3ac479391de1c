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
from metrics.result import Key, Result
from metrics.urls_for import explain_url

Name = FittedModel.Name
SIMPLE = {
    Name.ORDERS: (Scope.ACCOUNT, "account_revenue", "it bought for {value} in the last 12 months."),
    Name.RENEWALS: (
        Scope.COMPANY,
        "renewal_rate_count",
        "of all our contracts that came to their end in the last 12 months {value} were renewed ({sub}).",
    ),
}


@dataclass(frozen=True)
class Simple:
    text: str
    url: str


def simple_variants(user: User, account: int, run: Run, models: Sequence[str]) -> dict[str, Simple]:
    """For these models, what is known without one; nothing where that has no value, or is not for this person."""
    organisation = Organisation.current()
    found = {}
    for name in models:
        scope, kpi, text = SIMPLE[Name(name)]
        key = account if scope == Scope.ACCOUNT else None
        if not (may_see_kpi(user, KPI[kpi]) and may_see(user, scope, key)):
            continue
        result = figure(run, kpi, scope, key, organisation, user)
        if result.value is not None:
            counted = words.sub_line(result, organisation.reporting_currency)
            url = explain_url(kpi, scope, key, result.period)
            found[name] = Simple(text.format(value=words.value_text(result), sub=counted), url)
    return found


def figure(run: Run, kpi: str, scope: Scope, key: Key, organisation: Organisation, reader: User) -> Result:
    period = latest_complete(PeriodKind.T12, run.as_of, organisation.fiscal_year_start)
    computer = PageComputer(run, run, scope, [key], View.AS_WAS, organisation, reader, [KPI[kpi]])
    return computer.all([KPI[kpi]], [period])[kpi, period, key]
