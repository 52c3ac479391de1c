"""Every figure of a review in one plain structure: the page and each document read this, and nothing else.

Amounts stand in it twice: as exact text for charts and spreadsheets, and as the words the page shows. A held
review keeps its structure as it was shown. Opinions about people are never part of it."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q

from accounts.models import (
    Account,
    Action,
    Contact,
    Opportunity,
    Organisation,
    Review,
    Risk,
    User,
    WhitespaceCell,
)
from accounts.periods import Period, PeriodKind, latest_complete
from kamplan import formats
from kamplan.templatetags.kam import STATES
from metrics.access import may_see_kpi
from metrics.kpi import Definition
from metrics.kpis import KPI
from metrics.models import Run, Scope
from metrics.pages import account_facts, words
from metrics.pages.choice import period_words
from metrics.reading import newest_run
from metrics.result import Result
from metrics.results import results
from metrics.status import change_between, is_exact, status_of
from metrics.targets import Targets
from metrics.urls_for import explain_url

KPI_IDS = (
    "account_revenue",
    "revenue_growth",
    "nrr",
    "grr",
    "open_pipeline",
    "win_rate",
    "avg_order_value",
    "purchase_frequency",
    "nps",
    "response_rate",
)
OF_ONE_ACCOUNT = frozenset({"account_revenue", "revenue_growth", "nrr", "grr", "purchase_frequency"})
"""Numbers whose unit is the account: of a single one they are exact, and their n is always 1."""
PROMISES_SHOWN = 30
DEALS_SHOWN = 20
PEOPLE_SHOWN = 15

Day = datetime.date


def usual_period(as_of: Day) -> Period:
    """The last whole quarter: a review looks back on it."""
    return latest_complete(PeriodKind.QUARTER, as_of)


def figures_of(review: Review, user: User, run: Run | None = None) -> dict[str, Any]:
    """What was shown when the review was held; before that, what the newest run says."""
    kept: dict[str, Any] | None = review.figures if review.status == Review.Status.HELD else None
    return as_shown_to(user, kept) if kept else review_figures(review, user, run or newest_run())


def as_shown_to(user: User, kept: dict[str, Any]) -> dict[str, Any]:
    """What was kept is what its owner saw: a reader who may not see a number today does not see that of then."""
    seen = [
        each
        for each in kept["kpis"]
        if each["id"] not in KPI or may_see_kpi(user, KPI[each["id"]], Scope.ACCOUNT)
    ]
    return {**kept, "kpis": seen}


def review_figures(review: Review, user: User, run: Run | None) -> dict[str, Any]:
    organisation = Organisation.current()
    today = organisation.today()
    period = Period(review.period_start, review.period_end, kind_of(review.period_start, review.period_end))
    promises = promises_of(review, user, today)
    return {
        "run": run.pk if run else None,
        "as_of": run.as_of.isoformat() if run else "",
        "as_of_words": formats.day(run.as_of, year=True) if run else "",
        "currency": organisation.reporting_currency,
        "period": {
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
            "words": period_words(period),
        },
        "promises": promises,
        "tally": tally(promises),
        "kpis": kpis(review, user, period, run, organisation) if run else [],
        "months": months(review.account_id, run) if run else [],
        "categories": categories(review.account_id, period),
        "whitespace": whitespace_moves(review, user, period),
        "deals": won_deals(review.account, user, period),
        "risks": risks(review, user, today),
        "people": people(review, user, period, today),
    }


def kind_of(start: Day, end: Day) -> PeriodKind:
    """The name of a span, so that targets and words fit it."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months == 3 and start.month % 3 == 1:
        return PeriodKind.QUARTER
    if months == 12:
        return PeriodKind.YEAR if start.month == 1 else PeriodKind.T12
    return PeriodKind.MONTH if months == 1 else PeriodKind.CUSTOM


# ---------------------------------------------------------------------------------------------- numbers


def kpis(
    review: Review, user: User, period: Period, run: Run, organisation: Organisation
) -> list[dict[str, Any]]:
    """The account's own numbers of the period, each beside the period before and its target."""
    account = review.account_id
    wanted = [KPI[each] for each in KPI_IDS if may_see_kpi(user, KPI[each], Scope.ACCOUNT)]
    before = period.moved(-period.months)
    found = results(wanted, [period, before], Scope.ACCOUNT, [account], run=run, reader=user)
    targets = Targets.of([(Scope.ACCOUNT, account)], [kpi.id for kpi in wanted])
    return [
        number(
            found[kpi.id, period, account],
            found[kpi.id, before, account],
            targets.value(kpi, Scope.ACCOUNT, account, period),
            organisation.reporting_currency,
        )
        for kpi in wanted
    ]


def number(now: Result, before: Result, target: Decimal | None, currency: str) -> dict[str, Any]:
    kpi: Definition = now.kpi
    state = state_of(now, target)
    change = change_between(before, now)
    known = now.value is not None
    counts_rows = kpi.id not in OF_ONE_ACCOUNT
    return {
        "id": kpi.id,
        "name": kpi.name,
        "unit": str(kpi.unit.value),
        "value": plain(now.value),
        "text": words.value_text(now) if known else formats.UNKNOWN,
        "low": plain(now.low),
        "high": plain(now.high),
        "range": words.range_text(now) or (sureness(now) if known else ""),
        "n": plain(now.n) if counts_rows else None,
        "sub": words.sub_line(now, currency) if known and counts_rows else "",
        "target": plain(target),
        "target_text": words.target_words(now, target),
        "status": state,
        "status_words": STATES[state][2],
        "before": plain(before.value),
        "before_text": words.value_text(before) if before.value is not None else formats.UNKNOWN,
        "change": change.state,
        "reason": "" if known else f"No data, because {words.reason_words(now)}.",
        "url": explain_url(kpi.id, Scope.ACCOUNT, now.key, now.period),
    }


def sureness(now: Result) -> str:
    """A number without a range is exact, or nobody knows how sure it is."""
    return "exact" if is_exact(now) or now.kpi.id in OF_ONE_ACCOUNT else "no range"


def state_of(result: Result, target: Decimal | None) -> str:
    """What one account was worth at both ends is known, not estimated from few accounts."""
    state = status_of(result, target)
    if state != "too_few" or result.kpi.id not in OF_ONE_ACCOUNT:
        return state
    if target is None or result.value is None:
        return "no_target"
    return "on_target" if result.value >= target else "short"


def plain(value: Decimal | None) -> str | None:
    """Exact text, with at most 6 places."""
    if value is None:
        return None
    return f"{value.quantize(Decimal('0.000001')).normalize():f}"


def months(account: int, run: Run) -> list[dict[str, Any]]:
    """Revenue of the last 12 months and of the same months a year before."""
    return [
        {
            "month": each.month.isoformat(),
            "label": formats.month(each.month),
            "amount": plain(each.amount),
            "before": plain(each.before),
        }
        for each in account_facts.revenue_by_month(account_facts.recorded_months(account, run), run)
    ]


def categories(account: int, period: Period) -> list[dict[str, Any]]:
    """Revenue by product category, beside the same months a year before."""
    currency = Organisation.current().reporting_currency
    earlier = period.moved(-12)
    now = {
        each.name: each.now for each in account_facts.revenue_by_category(account, period.start, period.end)
    }
    before = {
        each.name: each.now for each in account_facts.revenue_by_category(account, earlier.start, earlier.end)
    }
    names = sorted({*now, *before}, key=lambda name: (-(now.get(name) or 0), name))
    return [
        {
            "name": name,
            "now": plain(now.get(name) or Decimal(0)),
            "now_text": formats.money(now.get(name) or Decimal(0), currency),
            "before": plain(before.get(name) or Decimal(0)),
            "before_text": formats.money(before.get(name) or Decimal(0), currency),
        }
        for name in names
        if now.get(name) or before.get(name)
    ]


# --------------------------------------------------------------------------------------------- promises


def last_review(review: Review, user: User) -> Review | None:
    """The one held before this."""
    held = Review.objects.visible_to(user).held().filter(account=review.account_id, on__lte=review.on)
    found: Review | None = held.exclude(pk=review.pk).defer("figures").order_by("-on", "-pk").first()
    return found


def promises_of(review: Review, user: User, today: Day) -> list[dict[str, Any]]:
    """What was promised at the last review, and whatever else is open, with its state."""
    last = last_review(review, user)
    of_last = Q(review=last) if last else Q(pk__in=[])
    rows = (
        Action.objects.visible_to(user)
        .filter(account=review.account_id)
        .filter(of_last | Q(status=Action.Status.OPEN) & ~Q(review=review))
        .select_related("owner", "contact")[:PROMISES_SHOWN]
    )
    return [promise(each, today, last) for each in rows]


def promise(action: Any, today: Day, last: Review | None) -> dict[str, Any]:
    state, said = promise_state(action, today)
    ours = action.side == Action.Side.US
    return {
        "id": action.pk,
        "text": action.text,
        "side": "we" if ours else "they",
        "who": str(action.owner or "") if ours else str(action.contact or "the customer"),
        "due": action.due_on.isoformat() if action.due_on else "",
        "due_text": formats.day(action.due_on) if action.due_on else "no date",
        "state": state,
        "state_words": said,
        "of_last": last is not None and action.review_id == last.pk,
    }


def promise_state(action: Any, today: Day) -> tuple[str, str]:
    """Kept means: by the day that was promised at first."""
    promised = action.first_due_on or action.due_on
    if action.status == Action.Status.DROPPED:
        return "no_target", "dropped"
    if action.status == Action.Status.DONE:
        late = (action.closed_on - promised).days if promised else 0
        return ("watch", f"{late} day{'' if late == 1 else 's'} late") if late > 0 else ("done", "kept")
    late = (today - action.due_on).days if action.due_on else 0
    if late > 0:
        return "overdue", f"{late} day{'' if late == 1 else 's'} overdue"
    return "running", "open"


def tally(promises: Sequence[dict[str, Any]]) -> dict[str, int]:
    of_last = [each for each in promises if each["of_last"]]
    return {
        "promised": len(of_last),
        "kept": sum(each["state"] == "done" for each in of_last),
        "late": sum(each["state"] in {"watch", "overdue"} for each in of_last),
        "open": sum(each["state"] in {"running", "overdue"} for each in promises),
    }


# ------------------------------------------------------------------------------ whitespace, deals, risks


def whitespace_moves(review: Review, user: User, period: Period) -> list[dict[str, Any]]:
    """Cells whose holder changed in the period, from the history that triggers keep."""
    cells = WhitespaceCell.objects.visible_to(user).filter(account=review.account_id)
    history = WhitespaceCell.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
        pgh_obj__in=cells, pgh_created_at__date__lt=period.end
    )
    names = dict(cells.values_list("pk", "category__name"))
    holders = dict(WhitespaceCell.Holder.choices)
    before: dict[int, str] = {}
    now: dict[int, Any] = {}
    for each in history.order_by("pgh_obj", "pgh_id"):
        if each.pgh_created_at.date() < period.start:
            before[each.pgh_obj_id] = each.holder
        now[each.pgh_obj_id] = each
    return [
        {
            "category": names[pk],
            "from": str(holders[before.get(pk, WhitespaceCell.Holder.UNKNOWN)]),
            "to": str(holders[each.holder]),
            "name": each.holder_name,
        }
        for pk, each in now.items()
        if each.holder != before.get(pk, WhitespaceCell.Holder.UNKNOWN)
    ]


def won_deals(account: Account, user: User, period: Period) -> list[dict[str, Any]]:
    rows = Opportunity.objects.filter(
        account__in=Account.objects.visible_to(user).filter(pk=account.pk),
        outcome=Opportunity.Outcome.WON,
        closed_on__gte=period.start,
        closed_on__lt=period.end,
    ).select_related("category")
    return [
        {
            "name": each.name,
            "category": str(each.category or ""),
            "kind": str(each.get_kind_display()),
            "amount": plain(each.amount),
            "currency": each.currency,
            "text": formats.money(each.amount, each.currency),
            "on": each.closed_on.isoformat(),
            "on_text": formats.day(each.closed_on),
        }
        for each in rows.order_by("closed_on", "pk")[:DEALS_SHOWN]
        if each.closed_on is not None
    ]


def risks(review: Review, user: User, today: Day) -> list[dict[str, Any]]:
    """Open risks of today's plan, the severest first."""
    rows = Risk.objects.visible_to(user).filter(
        plan__account=review.account_id, plan__during__contains=today, closed_on__isnull=True
    )
    return [
        {
            "text": each.text,
            "severity": each.severity,
            "severity_words": str(each.get_severity_display()),
            "answer": each.answer,
            "owner": str(each.owner or ""),
        }
        for each in rows.select_related("owner").order_by("-severity", "position", "pk")
    ]


def people(review: Review, user: User, period: Period, today: Day) -> list[dict[str, Any]]:
    """Whom we talked with in the period, and key people with whom nobody did: dates, no opinions."""
    in_period = Q(
        touches__at__date__gte=period.start,
        touches__at__date__lt=period.end,
        touches__direction__in=["inbound", "two_way"],
    )
    ever = Q(touches__direction__in=["inbound", "two_way"], touches__at__date__lte=today)
    rows = (
        Contact.objects.visible_to(user)
        .filter(account=review.account_id)
        .known()
        .present(today)
        .annotate(
            talks=Count("touches", filter=in_period, distinct=True),
            last=Max("touches__at", filter=ever),
            is_key=Q(key_during__contains=today),
        )
        .filter(Q(talks__gt=0) | Q(is_key=True))
        .order_by("-is_key", "-talks", "name")
    )
    zone = Organisation.current().zone
    return [
        {
            "name": each.name,
            "title": each.title,
            "is_key": bool(each.is_key),
            "talks": each.talks,
            "last": each.last.astimezone(zone).date().isoformat() if each.last else "",
            "last_text": formats.day(each.last.astimezone(zone).date()) if each.last else "never",
        }
        for each in rows[:PEOPLE_SHOWN]
    ]
