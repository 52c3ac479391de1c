"""The page of one account: its figures, its group, its deals and contracts, and what happened."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.engagement.promises import SHOWN, next_of
from accounts.engagement.timeline import recent_of
from accounts.models import Account, Contract, Organisation, Tier, User
from accounts.periods import Day, Period
from accounts.portfolio.frame import header, shown_account
from accounts.portfolio.models import AccountQuerySet
from accounts.revenue.deals import every_deal, open_deals
from accounts.stakeholders.coverage import coverage_of
from kamplan.charts import plain
from kamplan.components import Figure
from kamplan.formats import UNKNOWN, day, format_value, money, number
from kamplan.permissions import READS_WORK, Secret, may_see, signed_in
from metrics.access import may_see_kpi
from metrics.kpi import Definition, Kpi
from metrics.kpis.engagement import engagement_score, penetration_rate
from metrics.kpis.voice import data_completeness, health_score
from metrics.models import Alert, Run, Scope, Target
from metrics.needs import wants_book, wants_company
from metrics.pages import account_facts as facts
from metrics.pages.account_figures import (
    PIPELINE,
    RETENTION,
    REVENUE,
    TREND_MONTHS,
    last_year,
    this_month,
)
from metrics.pages.account_health import Health, health_of
from metrics.pages.band import band_of
from metrics.pages.plan_figures import Found, Planned, asked_by
from metrics.pages.plan_overview import plan_section, plans_of
from metrics.pages.portfolio import page_number
from metrics.pages.renewal_rows import Renewal
from metrics.pages.warnings import Line, lines
from metrics.reading import newest_run, reading
from metrics.result import Result
from metrics.results import results
from metrics.status import is_too_few, status_of
from metrics.status_line import message
from metrics.targets import Targets
from metrics.urls_for import explain_url

FIGURES: tuple[Kpi, ...] = (REVENUE, RETENTION, penetration_rate, PIPELINE)
HEALTH: tuple[Kpi, ...] = (health_score, data_completeness)
LABELS = {REVENUE.id: "Revenue, 12 months"}


@require_GET
def account_overview(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    organisation = Organisation.current()
    today = organisation.today()
    with reading():
        visible = Account.objects.visible_to(user, today)
        account = shown_account(with_what_there_is(visible), pk, today)
        run = newest_run()
        plans = plans_of(user, account.pk, today)
        found = read_numbers(user, account.pk, run, plans)
        context = {
            **frame(user, account, visible, organisation, run, "overview"),
            **numbers(user, account, found, run, organisation),
            "deals": open_deals(account, today),
            "recent": recent_of(request, user, account.pk, today),
            "next": next_of(user, account.pk, today, SHOWN) if user.role in READS_WORK else None,
            "facts": profile(account),
            **warnings_of(user, account, today),
            "covers": coverage_of(user, account, today, rhythm(account)),
            **plan_section(user, plans, found, run, organisation),
        }
        recorded = facts.recorded_months(account.pk, run) if run else {}
        months = facts.revenue_by_month(recorded, run) if run else []
        if run and may_see_kpi(user, engagement_score):
            context["band"] = band_of(account.pk, tier_of(account), recorded, run)
        renewal = facts.next_renewal(visible, pk, run, organisation) if account.has_contracts else None
    context |= {"renewal": renewal, "has_contracts": account.has_contracts}
    if renewal and user.role in READS_WORK:
        context |= outlook(user, renewal.contract)
    context |= columns(months)
    return render(request, "portfolio/account.html", context)


@require_GET
def account_revenue(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    organisation = Organisation.current()
    today = organisation.today()
    with reading():
        visible = Account.objects.visible_to(user, today)
        account = shown_account(visible, pk, today)
        run = newest_run()
        period = last_year(run) if run else None
        months = facts.revenue_by_month(facts.recorded_months(account.pk, run), run) if run else []
        everything = request.GET.get("closed") == "all"
        opened, closed = every_deal(account, today, None if everything else facts.DEALS_READ)
        categories = facts.revenue_by_category(account.pk, period.start, period.end) if period else []
        context = {
            **frame(user, account, visible, organisation, run, "revenue"),
            **columns(months),
            "categories": categories,
            "category_totals": (
                sum(each.now or 0 for each in categories),
                sum(each.before or 0 for each in categories),
                sum(each.change or 0 for each in categories),
            ),
            "period": period,
            "orders": facts.orders_page(account, page_number(request)),
            "deals": opened,
            "closed": closed if everything else closed[: facts.CLOSED_SHOWN],
            "has_more_closed": not everything and len(closed) > facts.CLOSED_SHOWN,
            "contracts": facts.contracts_of(account),
        }
    return render(request, "portfolio/account_revenue.html", context)


def with_what_there_is(visible: AccountQuerySet) -> AccountQuerySet:
    """Contracts and targets of its own are looked for only where an account has some."""
    contracts = Contract.objects.filter(account=OuterRef("pk"))
    targets = Target.objects.filter(scope=Scope.ACCOUNT, key=OuterRef("pk"))
    return visible.annotate(has_contracts=Exists(contracts), has_targets=Exists(targets))


def frame(
    user: User, account: Any, visible: AccountQuerySet, organisation: Organisation, run: Run | None, tab: str
) -> dict[str, Any]:
    """What both parts of the page show: header, tabs, group."""
    today = organisation.today()
    return {
        **header(user, account, tab, today),
        "run": run,
        "figures_message": message(run),
        "currency": organisation.reporting_currency,
        "family": facts.family_of(account.pk, visible, run, today) if account.is_in_group else None,
        "period_end": day(last_year(run).last_day, year=True) if run else "",
    }


def warnings_of(user: User, account: Account, today: Day) -> dict[str, list[Line]]:
    """What this account is warned of and nobody put off, the red ones first; apart from it, good news."""
    if user.role not in READS_WORK:
        return {}
    rows = Alert.objects.of_account(user, account.pk).waiting(today).with_play()
    found = lines(rows.select_related("account", "acknowledged_by"))
    return {
        "warnings": [each for each in found if not each.alert.is_news],
        "news": [each for each in found if each.alert.is_news],
    }


def tier_of(account: Any) -> Tier | None:
    """That of today."""
    kind = getattr(account, "kind", None)
    return kind.tier if kind else None


def rhythm(account: Any) -> int | None:
    """How many days may pass without a talk, by the tier of today."""
    tier = tier_of(account)
    return tier.cadence_days if tier else None


def profile(account: Account) -> list[tuple[str, str, str]]:
    """The facts that are edited in their place: field, label, text."""
    from accounts.portfolio.forms import INLINE

    return [(name, label, getattr(account, name)) for name, label in INLINE.items()]


def seen_kpis(user: User) -> list[Kpi]:
    return [kpi for kpi in (*FIGURES, *HEALTH) if may_see_kpi(user, kpi, Scope.ACCOUNT)]


def years_to(run: Run) -> list[Period]:
    """The trailing years of the trends, oldest first."""
    return [last_year(run).moved(-back) for back in range(TREND_MONTHS)][::-1]


def read_numbers(user: User, account: int, run: Run | None, plans: Sequence[Planned]) -> Found:
    """The four figures, the health, and what the plan looks at: by one statement over the account's own facts.

    What is made of others' figures, too, would cost more along the trends than by itself."""
    if run is None:
        return {}

    def read(kpis: Iterable[Definition], periods: Iterable[Period]) -> Found:
        return results(
            list(dict.fromkeys(kpis)),
            list(dict.fromkeys(periods)),
            Scope.ACCOUNT,
            [account],
            run=run,
            newest=run,
            reader=user,
        )

    kpis, periods = asked_by(plans)
    own = [kpi for kpi in kpis if is_of_itself(kpi)]
    others = [kpi for kpi in kpis if kpi not in own]
    found = read([*seen_kpis(user), *own], [*years_to(run), this_month(run), *periods])
    return {**found, **read(others, periods)} if others else found


def is_of_itself(kpi: Definition) -> bool:
    """Made of the account's facts alone."""
    return isinstance(kpi, Kpi) and not wants_company(kpi, Scope.ACCOUNT) and not wants_book(kpi)


def numbers(
    user: User, account: Any, found: Found, run: Run | None, organisation: Organisation
) -> dict[str, Any]:
    if run is None:
        return {"figures": []}
    kpis = seen_kpis(user)
    shown = [kpi for kpi in FIGURES if kpi in kpis]
    made: dict[str, Any] = {"figures": figures(shown, account, found, run, organisation)}
    if set(HEALTH) <= set(kpis):
        made["health"] = health(user, found, account.pk, run)
    return made


def figures(
    kpis: Sequence[Kpi], account: Any, found: Found, run: Run, organisation: Organisation
) -> list[Figure]:
    """Four numbers with their trend of trailing years; the stock of deals by the month."""
    years, now = years_to(run), this_month(run)
    places = [(Scope.ACCOUNT, account.pk)] if account.has_targets else []
    targets = Targets.of(places, [kpi.id for kpi in kpis])
    made = []
    for kpi in kpis:
        shown = now if kpi is PIPELINE else years[-1]
        periods = [*years[1:], now] if kpi is PIPELINE else years
        target = targets.value(kpi, Scope.ACCOUNT, account.pk, shown)
        points = [found[kpi.id, period, account.pk].value for period in periods]
        made.append(figure(found[kpi.id, shown, account.pk], target, points, organisation.reporting_currency))
    return made


def health(user: User, found: Found, account: int, run: Run) -> Health:
    """On the day of the run, against the end of the last whole month before it."""
    years, now = years_to(run), this_month(run)
    before = years[-1] if years[-1].last_day < run.as_of else years[-2]
    values = found[health_score.id, now, account], found[health_score.id, before, account]
    days = [run.as_of, before.last_day]
    return health_of(
        *values, found[data_completeness.id, now, account], days, sees_answers=may_see(user, Secret.OPINION)
    )


def figure(result: Result, target: Any, points: list[Any], currency: str) -> Figure:
    kpi = result.kpi
    # What one account is worth at both ends is known, not estimated from few.
    few = is_too_few(result) and kpi is not RETENTION
    state = "too_few" if few else status_of(result, target) if target is not None else ""
    return Figure(
        label=LABELS.get(kpi.id, kpi.name),
        value_text=format_value(result.value, kpi.unit, currency),
        url=explain_url(kpi.id, Scope.ACCOUNT, result.key, result.period),
        points=points,
        target=target,
        status=state if state not in {"no_data", "no_target"} else "",
        note=note(result, target, currency),
    )


def note(result: Result, target: Any, currency: str) -> str:
    """The line under a figure: its target, or what it was made of, or why there is none."""
    if result.value is None:
        return f"No data, because {result.reason_text}."
    if target is not None:
        return f"target {format_value(target, result.unit, currency)}"
    parts = result.parts
    if result.kpi is PIPELINE:
        weighted = money(parts["pipeline_weighted"], currency)
        deals = int(parts["pipeline_deals"])
        return f"{deals} deal{'' if deals == 1 else 's'}, weighted {weighted}" if deals else "no open deals"
    if result.kpi is RETENTION:
        return f"of {money(result.denominator, currency)} at the start"
    if result.kpi is penetration_rate:
        return f"{number(parts['key_people_engaged'])} of {number(parts['key_people'])} in 3 months"
    orders = int(parts.get("orders_now", 0))
    return f"{orders} order{'' if orders == 1 else 's'}" if orders else UNKNOWN


def outlook(user: User, contract: Renewal) -> dict[str, Any]:
    """What speaks for and against the renewal, and what the manager expects."""
    return {"outlook": contract, "evidence": contract.signal.evidence(may_see(user, Secret.OPINION))}


def columns(months: list[facts.Month]) -> dict[str, Any]:
    return {"months": bars(months), "has_revenue": any(each.amount or each.before for each in months)}


def bars(months: list[facts.Month]) -> list[dict[str, Any]]:
    """Two columns a month, in per cent of the drawing; credit notes can push one below the line."""
    amounts = [float(value) for each in months for value in (each.amount, each.before)]
    top, bottom = max([*amounts, 0.0]), min([*amounts, 0.0])
    span = (top - bottom) or 1.0
    zero = top / span * 100

    def column(value: Any) -> dict[str, str]:
        height = abs(float(value)) / span * 100
        return {"y": plain(zero - height if value > 0 else zero), "height": plain(height)}

    width = 100 / max(len(months), 1)
    return [
        {
            "month": each.month,
            "amount": each.amount,
            "before": each.before,
            "x_before": plain(index * width + width * 0.14),
            "x": plain(index * width + width * 0.5),
            "width": plain(width * 0.34),
            "now_bar": column(each.amount),
            "before_bar": column(each.before),
            "is_last": index == len(months) - 1,
        }
        for index, each in enumerate(months)
    ]
