"""Every account with its plan or without one: state, progress, what is late, how fresh it is."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import (
    CharField,
    Count,
    DateField,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import (
    Account,
    Action,
    Assignment,
    Goal,
    Objective,
    Organisation,
    Plan,
    Risk,
    SwotEntry,
    User,
)
from kamplan.components import Choice
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in
from metrics.models import Run
from metrics.pages.plan_figures import Stand, period_words, stands_of, tally
from metrics.pages.plan_lines import OLD_DAYS
from metrics.pages.portfolio import page_number
from metrics.reading import newest_run, reading

ON_A_PAGE = 50
NONE = "none"
STATES = (
    ("", "All"),
    (NONE, "No plan"),
    (Plan.Status.DRAFT.value, "Draft"),
    (Plan.Status.SUBMITTED.value, "Waits for approval"),
    (Plan.Status.APPROVED.value, "Approved"),
)
NEEDS = (("", "every plan"), ("late", "with overdue actions"), ("old", "not verified for 90 days"))


@dataclass(frozen=True)
class PlanFilter:
    """The state of the page, read from the address; what is unknown counts for nothing."""

    q: str = ""
    state: str = ""
    needs: str = ""
    owner: str = ""

    @classmethod
    def from_query(cls, asked: Mapping[str, str]) -> "PlanFilter":
        state, needs, owner = (asked.get(name, "") for name in ("state", "needs", "owner"))
        return cls(
            q=asked.get("q", "").strip()[:100],
            state=state if state in dict(STATES) else "",
            needs=needs if needs in dict(NEEDS) else "",
            owner=owner if owner.isdecimal() and len(owner) < 12 else "",
        )

    def query(self, **changes: str) -> str:
        values = {"q": self.q, "state": self.state, "needs": self.needs, "owner": self.owner, **changes}
        text = urlencode({name: value for name, value in values.items() if value})
        return f"?{text}" if text else "?"

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.state or self.needs or self.owner)


@dataclass
class Row:
    """One account on the page."""

    account: Any
    plan: Plan | None
    tally: dict[str, int]
    period: str
    objectives: int = 0
    actions_open: int = 0
    actions_late: int = 0
    verified_on: datetime.date | None = None
    is_old: bool = False

    @property
    def good(self) -> str:
        return f"{self.tally['good']} on plan"

    @property
    def bad(self) -> str:
        return f"{self.tally['bad']} behind plan"

    @property
    def open(self) -> str:
        return f"{self.tally['open']} undecided"


@require_GET
@allowed(*READS_WORK)
def plan_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    organisation = Organisation.current()
    today = organisation.today()
    view = PlanFilter.from_query(request.GET.dict())
    with reading():
        run = newest_run()
        visible = with_plan(Account.objects.visible_to(user, today), today)
        searched = by_owner(by_name(visible, view.q), view.owner, today)
        counts = state_counts(searched)
        page = Paginator(narrow(searched, view, today), ON_A_PAGE).get_page(page_number(request))
        rows = rows_of(user, list(page.object_list), run, organisation, today)
        owners = owner_choices(visible, today)
    context = {
        "page": page,
        "rows": rows,
        "view": view,
        "run": run,
        "chips": [
            Choice(words, view.query(state=state), state == view.state, str(counts.get(state, 0)))
            for state, words in STATES
        ],
        "needs": NEEDS,
        "owners": owners if len(owners) > 1 else [],
        "may_begin": user.role in EDITS_ACCOUNTS,
        "has_accounts": bool(sum(counts.values())) or view.is_narrowed,
    }
    return render(request, "plans/plan_list.html", context)


def with_plan(accounts: Any, today: datetime.date) -> Any:
    """Archived accounts are left out; `plan_pk` and `plan_state` are those of today's open plan, else the next."""
    plans = Plan.objects.filter(account=OuterRef("pk"), during__endswith__gt=today)
    nearest = plans.exclude(status=Plan.Status.CLOSED).order_by("during")
    return (
        accounts.filter(archived_at__isnull=True)
        .annotate(
            plan_pk=Subquery(nearest.values("pk")[:1]),
            plan_state=Coalesce(
                Subquery(nearest.values("status")[:1]), Value(NONE), output_field=CharField()
            ),
        )
        .order_by("name", "pk")
    )


def by_name(accounts: Any, text: str) -> Any:
    return accounts.filter(name__icontains=text) if text else accounts


def by_owner(accounts: Any, owner: str, today: datetime.date) -> Any:
    if not owner:
        return accounts
    return accounts.filter(
        pk__in=owners_of(accounts.order_by().values("pk"), today).filter(user=int(owner)).values("account")
    )


def owners_of(accounts: Any, today: datetime.date) -> Any:
    held = Assignment.objects.on(today).filter(account__in=accounts)
    return held.filter(role=Assignment.AccountRole.OWNER)


def owner_choices(accounts: Any, today: datetime.date) -> list[tuple[str, str]]:
    held = owners_of(accounts.order_by().values("pk"), today).order_by("user__name")
    return [(str(pk), name) for pk, name in held.values_list("user", "user__name").distinct()]


def state_counts(accounts: Any) -> dict[str, int]:
    """How many accounts each chip would show."""
    states = accounts.order_by().values_list("plan_state").annotate(count=Count("pk"))
    counts = dict(states)
    return {**counts, "": sum(counts.values())}


def narrow(accounts: Any, view: PlanFilter, today: datetime.date) -> Any:
    if view.state:
        accounts = accounts.filter(plan_state=view.state)
    if view.needs == "late":
        accounts = accounts.filter(Exists(late_actions(today)))
    if view.needs == "old":
        accounts = accounts.filter(plan_pk__isnull=False).annotate(verified=newest_verified())
        limit = today - datetime.timedelta(days=OLD_DAYS)
        accounts = accounts.filter(Q(verified__lt=limit) | Q(verified__isnull=True))
    return accounts


def late_actions(today: datetime.date) -> Any:
    plan = OuterRef("plan_pk")
    follows = Q(objective__plan=plan) | Q(swot_entry__plan=plan) | Q(risk__plan=plan)
    return Action.objects.overdue(today).filter(follows)


def newest_verified() -> Any:
    """The newest day on which a line of the plan was verified; `greatest` passes over what is unknown."""
    days = [
        Subquery(
            model.objects.filter(plan=OuterRef("plan_pk"))
            .order_by(F("verified_on").desc(nulls_last=True))
            .values("verified_on")[:1],
            output_field=DateField(),
        )
        for model in (Goal, Objective, SwotEntry, Risk)
    ]
    return Greatest(*days)


def rows_of(
    user: User, accounts: list[Any], run: Run | None, organisation: Organisation, today: datetime.date
) -> list[Row]:
    """What is shown of accounts that `with_plan` found, in statements that do not grow with them."""
    numbers = [each.plan_pk for each in accounts if each.plan_pk]
    plans = {each.pk: each for each in Plan.objects.visible_to(user, today).filter(pk__in=numbers)}
    objectives: dict[int, list[Objective]] = {}
    for objective in Objective.objects.filter(plan__in=list(plans)):
        objectives.setdefault(objective.plan_id, []).append(objective)
    wanted = [(plan, objectives.get(pk, [])) for pk, plan in plans.items()]
    found = stands_of(wanted, run, organisation, user, newest=run)
    verified, acts = verified_days(list(plans)), action_counts(list(plans), today)
    owners = dict(owners_of(accounts, today).values_list("account", "user__name"))
    limit = today - datetime.timedelta(days=OLD_DAYS)
    rows = []
    for account in accounts:
        account.owner_name = owners.get(account.pk, "")
        plan = plans.get(account.plan_pk)
        if plan is None:
            rows.append(Row(account, None, tally([]), ""))
            continue
        mine = objectives.get(plan.pk, [])
        day = verified.get(plan.pk)
        rows.append(
            Row(
                account,
                plan,
                tally(stands_for(found, mine)),
                period_words(plan),
                len(mine),
                *acts.get(plan.pk, (0, 0)),
                day,
                day is None or day < limit,
            )
        )
    return rows


def stands_for(found: dict[int, Stand], objectives: list[Objective]) -> list[Stand]:
    return [found[each.pk] for each in objectives]


def verified_days(plans: list[int]) -> dict[int, datetime.date]:
    newest: dict[int, datetime.date] = {}
    for model in (Goal, Objective, SwotEntry, Risk):
        rows = model.objects.filter(plan__in=plans, verified_on__isnull=False)
        for pk, day in rows.order_by().values_list("plan").annotate(newest=Max("verified_on")):
            newest[pk] = max(newest.get(pk, day), day)
    return newest


def action_counts(plans: list[int], today: datetime.date) -> dict[int, tuple[int, int]]:
    """Open and overdue actions of each plan."""
    plan = Coalesce("objective__plan", "swot_entry__plan", "risk__plan", output_field=IntegerField())
    follows = Q(objective__plan__in=plans) | Q(swot_entry__plan__in=plans) | Q(risk__plan__in=plans)
    open_ = Action.objects.open().filter(follows).order_by().annotate(in_plan=plan)
    counted = open_.values_list("in_plan").annotate(
        count=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today))
    )
    return {pk: (count, late) for pk, count, late in counted}
