"""How an account stands: its newest states, and what serving it cost in 12 months."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Sum
from django.http import QueryDict

from accounts.engagement.standing_forms import CostForm, StandingForm, StateForm
from accounts.engagement.states import AccountState
from accounts.people.models import Organisation, User
from accounts.periods import Period, trailing_year
from accounts.portfolio.models import Account
from accounts.revenue.costs import CostToServe

ROWS_A_PAGE = 12


@dataclass(frozen=True)
class Word:
    """The last word of one kind; without a state nobody said anything yet."""

    kind: str
    state: AccountState | None = None
    is_old: bool = False


@dataclass(frozen=True)
class Costs:
    """Bookings of 12 months in the reporting currency; `unconverted` ones have no rate and are in no sum."""

    period: Period
    total: Decimal | None
    by_kind: Sequence[tuple[str, Decimal]]
    bookings: int
    unconverted: int


def newest_words(user: User, account: Account, today: datetime.date) -> list[Word]:
    said = (
        AccountState.objects.of_account(user, account.pk).filter(date__lte=today).select_related("noted_by")
    )
    known = {each.kind: each for each in said.newest()}
    return [
        Word(label, known.get(kind), kind in known and known[kind].counts_until <= today)
        for kind, label in AccountState.Kind.choices
    ]


def costs_of_year(user: User, account: Account, today: datetime.date) -> Costs:
    """What was booked in the 12 months that end with the current one, as the figures of the account count."""
    period = trailing_year(today)
    booked = CostToServe.objects.of_account(user, account.pk).filter(
        date__gte=period.start, date__lt=period.end
    )
    sums = list(
        booked.converted()
        .order_by()
        .values("kind")
        .annotate(reported_sum=Sum("reported"), bookings=Count("pk"), converted=Count("reported"))
        .order_by(F("reported_sum").desc(nulls_last=True), "kind")
    )
    labels = dict(CostToServe.Kind.choices)
    known = [
        (str(labels[row["kind"]]), row["reported_sum"]) for row in sums if row["reported_sum"] is not None
    ]
    bookings = sum(row["bookings"] for row in sums)
    unconverted = bookings - sum(row["converted"] for row in sums)
    total = sum((amount for _, amount in known), Decimal(0)) if known else None
    return Costs(period, total, known, bookings, unconverted)


def standing_of(
    user: User, account: Account, asked: QueryDict, failed: StandingForm | None = None
) -> dict[str, Any]:
    """The page below the account's header; a form that failed is shown again as it was sent."""
    organisation = Organisation.current()
    today, currency = organisation.today(), organisation.reporting_currency
    states = (
        AccountState.objects.of_account(user, account.pk).order_by("-date", "kind").select_related("noted_by")
    )
    costs = (
        CostToServe.objects.of_account(user, account.pk).order_by("-date", "-pk").select_related("noted_by")
    )
    return {
        "words": newest_words(user, account, today),
        "states": Paginator(states, ROWS_A_PAGE).get_page(asked.get("states")),
        "year": costs_of_year(user, account, today),
        "costs": Paginator(costs, ROWS_A_PAGE).get_page(asked.get("costs")),
        "currency": currency,
        "state_form": failed if isinstance(failed, StateForm) else StateForm(None, account, today),
        "cost_form": failed
        if isinstance(failed, CostForm)
        else CostForm(None, account, today, currency=currency),
    }
