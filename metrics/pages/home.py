"""Home: the week of a manager, the team of a lead, the company, the machinery behind it."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.exchange.models import Import
from accounts.first_steps import first_steps
from accounts.models import Account, Contract, Membership, Opportunity, Organisation, Role, Team, Tier, User
from accounts.periods import Period
from accounts.plans.counts import remember_week
from accounts.portfolio.filters import PortfolioFilter
from accounts.portfolio.models import AccountQuerySet
from accounts.revenue.deals import with_stage
from kamplan.components import Figure
from kamplan.formats import day, format_value, money, share
from kamplan.permissions import EDITS_ACCOUNTS, signed_in
from metrics.kpis import KPI
from metrics.models import Run, RunAttempt, Scope, View
from metrics.pages.account_figures import (
    PIPELINE,
    RETENTION,
    REVENUE,
    TREND_MONTHS,
    change_share,
    last_year,
    this_month,
)
from metrics.pages.figures import PageComputer
from metrics.pages.portfolio_rows import SOON, URGENT, Row, account_page
from metrics.pages.week import my_week
from metrics.reading import newest_run, reading
from metrics.result import Result
from metrics.results import results
from metrics.status import status_of
from metrics.targets import Targets
from metrics.urls_for import explain_url, scorecard_url

AT_MOST = 6
USUAL = KPI["sales_cycle_median"]
COMPANY = (REVENUE, RETENTION, PIPELINE, KPI["win_rate"])
TEAM = (REVENUE, KPI["growth_contribution"], RETENTION, PIPELINE)


@dataclass(frozen=True)
class Item:
    """One thing to look at: its cause in a sentence, what it is worth, and one deed."""

    cause: str
    account: Account
    value: str
    value_note: str
    state: str
    words: str
    deed: str
    url: str


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if user.role in {Role.MARKETING, Role.VIEWER}:
        return redirect("portfolio:list")
    organisation = Organisation.current()
    today = organisation.today()
    context: dict[str, Any] = {
        "today": today,
        "currency": organisation.reporting_currency,
        "organisation": organisation,
    }
    if user.role == Role.ADMINISTRATOR:
        return render(request, "portfolio/home_administrator.html", {**context, **machinery(user)})
    visible = Account.objects.visible_to(user, today).active()
    with reading():
        run = newest_run()
        context |= {
            "run": run,
            "period_end": day(last_year(run).last_day, year=True) if run else "",
            "renewals": renewals(user, visible, today),
        }
        if user.role == Role.HEAD:
            context |= company(user, run)
        else:
            context |= my_week(user, organisation, run)
        if user.role == Role.LEAD:
            context |= team(user, visible, run, today)
        elif user.role == Role.MANAGER:
            context |= book(visible, run, today, organisation.reporting_currency)
    if user.role == Role.MANAGER:
        remember_week(request, today, len(context["week"]))
    return render(request, f"portfolio/home_{user.role}.html", context)


# --------------------------------------------------------------------------------------------- near things


def renewals(user: User, accounts: AccountQuerySet, today: datetime.date) -> list[Item]:
    """Undecided contracts whose notice date (or last day, where none is known) lies in the next 90 days."""
    last_day = ExpressionWrapper(F("during__endswith") - Value(1), output_field=DateField())
    waiting = (
        Contract.objects.filter(account__in=accounts, outcome=Contract.Outcome.OPEN)
        .annotate(deadline=Coalesce("notice_date", last_day))
        .filter(deadline__gte=today, deadline__lte=today + datetime.timedelta(days=SOON))
        .select_related("account")
        .order_by("deadline", "pk")
    )
    may_edit = user.role in EDITS_ACCOUNTS
    return [renewal(each, today, may_edit) for each in waiting[: 2 * AT_MOST]]


def renewal(contract: Any, today: datetime.date, may_edit: bool) -> Item:
    left = (contract.deadline - today).days
    what = "Notice by" if contract.notice_date else "Ends on"
    return Item(
        cause=f"{what} {day(contract.deadline)}: contract {contract.number} is not decided.",
        account=contract.account,
        value=money(contract.annual_value, contract.currency),
        value_note="a year",
        state="overdue" if left <= URGENT else "watch",
        words="today" if left == 0 else f"{left} day{'' if left == 1 else 's'} left",
        deed="Decide" if may_edit else "Look",
        url=reverse("revenue:contract_decide", kwargs={"pk": contract.pk})
        if may_edit
        else reverse("portfolio:account", kwargs={"pk": contract.account_id}),
    )


def slow_deals(accounts: AccountQuerySet, usual: Decimal | None, today: datetime.date) -> list[Item]:
    """Open deals that take longer than the middle one of those won."""
    if usual is None:
        return []
    latest = today - datetime.timedelta(days=int(usual) + 1)
    began = Coalesce("first_contact_on", "opened_on")
    slow = (
        Opportunity.objects.filter(account__in=accounts, outcome=Opportunity.Outcome.OPEN)
        .annotate(began=began)
        .filter(began__lte=latest)
        .select_related("account")
    )
    return [
        slow_deal(each, usual, today)
        for each in with_stage(slow).order_by(F("amount").desc(nulls_last=True))[:AT_MOST]
    ]


def slow_deal(deal: Any, usual: Decimal, today: datetime.date) -> Item:
    age = (today - deal.began).days
    return Item(
        cause=f"“{deal.name}” is open for {age} days; the usual deal is won after {int(usual)}.",
        account=deal.account,
        value=money(deal.amount, deal.currency),
        value_note=deal.stage_name or "no stage",
        state="watch",
        words=f"{age - int(usual)} days longer",
        deed="Look at it",
        url=f"{reverse('portfolio:account', kwargs={'pk': deal.account_id})}#deals",
    )


def falls(accounts: AccountQuerySet, run: Run | None, today: datetime.date, currency: str) -> list[Item]:
    """The accounts whose revenue fell most."""
    page = account_page(accounts, PortfolioFilter(), run, today, 1)
    return [
        fall(row, -row.change, currency)
        for row in page.object_list
        if row.change is not None and row.change < 0
    ][:AT_MOST]


def fall(row: Row, lost: Decimal, currency: str) -> Item:
    part = f" ({share(-row.change_share)})" if row.change_share is not None else ""
    cause = f"Revenue fell by {money(lost, currency)}{part} against the 12 months before."
    if not row.revenue:
        cause = f"No revenue in 12 months; {money(lost, currency)} in the 12 before."
    return Item(
        cause=cause,
        account=Account(pk=row.id, name=row.name),
        value=money(row.revenue, currency),
        value_note="12 months",
        state="",
        words=f"Tier {row.tier}" if row.tier else "",
        deed="See what",
        url=reverse("portfolio:account_revenue", kwargs={"pk": row.id}),
    )


def book(accounts: AccountQuerySet, run: Run | None, today: datetime.date, currency: str) -> dict[str, Any]:
    usual = None
    if run:
        year = last_year(run)
        usual = results([USUAL], [year], run=run)[USUAL.id, year, None].value
    return {
        "has_accounts": accounts.exists(),
        "slow": slow_deals(accounts, usual, today),
        "usual": usual,
        "falls": falls(accounts, run, today, currency),
    }


# -------------------------------------------------------------------------------------------- team, company


@dataclass(frozen=True)
class Line:
    """A person, team or tier with its figures."""

    name: str
    sub: str
    url: str
    revenue: Result | None
    change: Result | None
    retention: Result | None
    pipeline: Result | None
    meet_url: str = ""
    """The page of a talk with this person."""

    @property
    def change_share(self) -> Decimal | None:
        if self.revenue is None or self.change is None:
            return None
        return change_share(self.revenue.value, self.change.numerator)


def line(
    name: str,
    sub: str,
    url: str,
    found: dict[Any, Result],
    year: Period,
    now: Period,
    key: int | None,
    meet_url: str = "",
) -> Line:
    return Line(
        name,
        sub,
        url,
        found.get((REVENUE.id, year, key)),
        found.get(("growth_contribution", year, key)),
        found.get((RETENTION.id, year, key)),
        found.get((PIPELINE.id, now, key)),
        meet_url,
    )


def team(user: User, accounts: AccountQuerySet, run: Run | None, today: datetime.date) -> dict[str, Any]:
    """The people of the lead's teams in the order of the alphabet, with the accounts they hold today."""
    teams = Team.objects.led_by(user)
    members = list(
        Membership.objects.filter(team__in=teams, during__contains=today, user__role=Role.MANAGER)
        .select_related("user", "team")
        .order_by("user__name", "pk")
    )
    found: dict[Any, Result] = {}
    lines = []
    if run and members:
        year, now = last_year(run), this_month(run)
        keys = [each.user_id for each in members]
        found = results(TEAM, [year, now], Scope.OWNER, keys, View.CURRENT_BOOK, run)
        lines = [
            line(
                each.user.name,
                each.team.name,
                scorecard_url(Scope.OWNER, each.user_id),
                found,
                year,
                now,
                each.user_id,
                reverse("metrics:one_on_one", args=[each.user_id]),
            )
            for each in members
        ]
    return {"lines": lines, "has_members": bool(members), "has_accounts": accounts.exists()}


def company(user: User, run: Run | None) -> dict[str, Any]:
    """Four figures of the company, and its tiers."""
    if run is None:
        return {}
    year, now = last_year(run), this_month(run)
    years = [year.moved(-back) for back in range(TREND_MONTHS)][::-1]
    organisation = Organisation.current()
    whole = PageComputer(run, run, Scope.COMPANY, [None], View.AS_WAS, organisation, user)
    found = whole.all(COMPANY, [*years, now])
    targets = Targets.of([(Scope.COMPANY, None)], [kpi.id for kpi in COMPANY])
    figures = []
    for kpi in COMPANY:
        shown = now if kpi is PIPELINE else year
        periods = [*years[1:], now] if kpi is PIPELINE else years
        result = found[kpi.id, shown, None]
        target = targets.value(kpi, Scope.COMPANY, None, shown)
        figures.append(
            company_figure(result, target, [found[kpi.id, period, None].value for period in periods])
        )
    tiers = PageComputer(run, run, Scope.TIER, None, View.AS_WAS, organisation, user).all(TEAM, [year, now])
    keys = {key for _, _, key in tiers}
    lines = [
        line(f"Tier {each.name}", "", scorecard_url(Scope.TIER, each.pk), tiers, year, now, each.pk)
        for each in Tier.objects.all()
        if each.pk in keys
    ]
    return {"figures": figures, "lines": lines}


def company_figure(result: Result, target: Decimal | None, points: list[Any]) -> Figure:
    state = status_of(result, target)
    currency = result.currency or "EUR"
    note = f"target {format_value(target, result.unit, currency)}" if target is not None else ""
    if result.value is None:
        note = f"No data, because {result.reason_text}."
    return Figure(
        label="Revenue, 12 months" if result.kpi is REVENUE else result.kpi.name,
        value_text=format_value(result.value, result.unit, currency),
        url=explain_url(result.kpi.id, result.scope, result.key, result.period),
        points=points,
        target=target,
        status=state if state not in {"no_data", "no_target"} else "",
        note=note,
    )


# ---------------------------------------------------------------------------------------------- machinery


def machinery(user: User) -> dict[str, Any]:
    """What is to be done first, the last runs, imports that wait, and people who cannot log in yet."""
    run = newest_run()
    steps = first_steps(user, run is not None and run.first_month is not None)
    waiting = User.objects.filter(is_active=True).filter(Q(password="") | Q(password__startswith="!"))
    return {
        "first_steps": steps,
        "next_step": next((step for step in steps if not step.is_done), None),
        "run": run,
        "attempt": RunAttempt.objects.first(),
        "imports": Import.objects.exclude(state__in=[Import.State.APPLIED, Import.State.DISCARDED])[:AT_MOST],
        "last_import": Import.objects.filter(state=Import.State.APPLIED).first(),
        "to_invite": waiting[:AT_MOST],
        "to_invite_count": waiting.count(),
        "people_count": User.objects.filter(is_active=True).count(),
    }
