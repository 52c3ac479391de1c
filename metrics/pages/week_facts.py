"""What the rules of the week look at: one statement for each kind of fact, whatever the number of accounts."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import (
    Count,
    DateField,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.engagement.playbooks import NEWS
from accounts.models import (
    Account,
    Action,
    Assignment,
    Contact,
    Contract,
    Objective,
    Organisation,
    RenewalCall,
    Request,
    Review,
    Touch,
    User,
)
from accounts.periods import PeriodKind, add_months, last_day_of_month, latest_complete
from accounts.portfolio.frame import with_kind
from kamplan.permissions import Secret, may_see
from metrics.alerts.rules import RULE_OF
from metrics.models import AccountMonth, Alert, Run
from metrics.pages import week_rules as rules
from metrics.pages.warnings import Line
from metrics.pages.week_rules import (
    Asked,
    Ending,
    Fall,
    Gone,
    KeyPerson,
    Meeting,
    Promise,
    Stake,
    Warned,
)

Day = datetime.date
MONTHS_READ = 12 + rules.USUAL_MONTHS + 1
ZERO = Decimal(0)
OF_WARNINGS = (
    "detractor",
    "low_satisfaction",
    "nps_drop",
    "health_fall",
    "engagement_halved",
    "without_result",
)


@dataclass
class Facts:
    """Everything read for one person and day."""

    user: User
    today: Day
    currency: str
    accounts: dict[int, Any] = field(default_factory=dict)
    stakes: dict[int, Stake] = field(default_factory=dict)
    falls: dict[int, Fall] = field(default_factory=dict)
    recurring: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)
    month: Day | None = None
    promises: list[Promise] = field(default_factory=list)
    people: list[KeyPerson] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    worth: dict[int, tuple[Decimal, str]] = field(default_factory=dict)
    """What each ending contract is worth a year, in its own currency."""
    asked: list[Asked] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    reviews: list[Meeting] = field(default_factory=list)
    warned: list[Warned] = field(default_factory=list)
    warmer: list[Warned] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return list(self.accounts)

    def notice_in(self, account: int) -> int | None:
        """Days to the nearest notice date of an account."""
        days = [(each.deadline - self.today).days for each in self.endings if each.account == account]
        return min((each for each in days if each >= 0), default=None)


def read(user: User, organisation: Organisation, run: Run | None) -> Facts:
    today = organisation.today()
    facts = Facts(user, today, organisation.reporting_currency)
    facts.accounts = {each.pk: each for each in owned(user, today)}
    facts.promises = promises(facts)
    facts.asked = requests(facts)
    owing = {each.account for each in facts.promises} | {each.account for each in facts.asked}
    others = {each.pk: each for each in named(user, owing - set(facts.accounts), today)}
    if facts.accounts:
        read_contracts(facts)
        facts.people = key_people(facts)
        facts.gone = gone(facts)
        facts.reviews = reviews(facts)
        read_warnings(facts)
    facts.accounts |= others
    if run is not None and facts.accounts:
        read_figures(facts, run)
    return facts


def owned(user: User, today: Day) -> Any:
    """The accounts whose owner this person is today, with tier and rhythm."""
    held = Assignment.objects.on(today).owners().filter(user=user)
    mine = Account.objects.visible_to(user, today).active().filter(pk__in=held.values("account"))
    return with_kind(mine, today)


def named(user: User, accounts: Iterable[int], today: Day) -> Any:
    """Accounts of others in which this person owes something."""
    return with_kind(Account.objects.visible_to(user, today).filter(pk__in=list(accounts)), today)


def promises(facts: Facts) -> list[Promise]:
    """Open actions that are this person's, or nobody's on an account of theirs."""
    until = facts.today + datetime.timedelta(days=rules.ACTION_DAYS)
    mine = Q(owner=facts.user) | Q(owner__isnull=True, account__in=facts.ids)
    rows = Action.objects.visible_to(facts.user, facts.today).open().filter(mine, due_on__lte=until)
    return [
        Promise(pk, account, text, due_on, side == Action.Side.THEM)
        for pk, account, text, due_on, side in rows.values_list("pk", "account", "text", "due_on", "side")
    ]


def requests(facts: Facts) -> list[Asked]:
    now = timezone.now()
    mine = Q(owner=facts.user) | Q(owner__isnull=True, account__in=facts.ids)
    rows = Request.objects.visible_to(facts.user, facts.today).open().filter(mine)
    return [asked(each, now) for each in rows]


def read_warnings(facts: Facts) -> None:
    """Warnings that wait, but for those of which another rule of the week speaks, and good news."""
    rows = Alert.objects.visible_to(facts.user, facts.today).waiting(facts.today)
    rows = rows.filter(account__in=facts.ids, acknowledged_on__isnull=True, kind__in=(*OF_WARNINGS, *NEWS))
    found = [Line(alert, RULE_OF[alert.kind]) for alert in rows]
    facts.warned = by_account(line for line in found if not line.alert.is_news)
    facts.warmer = by_account(line for line in found if line.alert.is_news)


def by_account(rows: Iterable[Line]) -> list[Warned]:
    """One line an account: the gravest, and how many more there are."""
    found: dict[int, list[Line]] = {}
    for row in rows:
        found.setdefault(row.alert.account_id, []).append(row)
    return [
        Warned(
            account,
            lines[0].sentence,
            lines[0].next_step,
            lines[0].alert.is_red,
            lines[0].alert.opened_on,
            len(lines) - 1,
        )
        for account, lines in found.items()
    ]


def asked(row: Any, now: datetime.datetime) -> Asked:
    limit = row.answer_due_at
    return Asked(
        row.pk,
        row.account_id,
        row.number,
        row.subject,
        hours(now - row.opened_at),
        row.first_answer_at is not None,
        hours(now - limit) if limit else None,
        hours(limit - row.opened_at) if limit else None,
        row.due_on,
    )


def hours(span: datetime.timedelta) -> int:
    return int(span.total_seconds() // 3600)


def read_contracts(facts: Facts) -> None:
    """Undecided contracts with their deadline and the newest call."""
    last_day = ExpressionWrapper(F("during__endswith") - Value(1), output_field=DateField())
    newest = RenewalCall.objects.filter(contract=OuterRef("pk")).order_by("-made_on", "-pk")
    accounts = facts.ids
    rows = (
        Contract.objects.filter(account__in=accounts, outcome=Contract.Outcome.OPEN)
        .annotate(
            deadline=Coalesce("notice_date", last_day),
            call=Subquery(newest.values("call")[:1]),
            called_on=Subquery(newest.values("made_on")[:1]),
        )
        .filter(deadline__isnull=False)
        .filter(deadline__lte=facts.today + datetime.timedelta(days=rules.NOTICE_DAYS))
    )
    words = dict(RenewalCall.Call.choices)
    for each in rows:
        facts.endings.append(
            Ending(
                each.pk,
                each.account_id,
                each.number,
                each.deadline,
                each.notice_date is not None,
                each.call or "",
                str(words.get(each.call, "")),
                each.called_on,
            )
        )
        facts.worth[each.pk] = (each.annual_value, each.currency)


def key_people(facts: Facts) -> list[KeyPerson]:
    """Key people of today, with the last day on which they took part in a touch."""
    talks = (
        Touch.contacts.through.objects.filter(contact=OuterRef("pk"))
        .filter(touch__direction__in=["inbound", "two_way"], touch__at__lte=timezone.now())
        .order_by()
        .values("contact")
        .values(last=Max("touch__at"))
    )
    rows = (
        Contact.objects.visible_to(facts.user, facts.today)
        .filter(account__in=facts.ids)
        .key(facts.today)
        .known()
        .with_opinions()
        .annotate(last_talk=Subquery(talks))
    )
    zone = Organisation.current().zone
    sees = may_see(facts.user, Secret.OPINION)
    return [
        KeyPerson(
            each.pk,
            each.account_id,
            each.name,
            role_words(each.decision_role) if sees else "",
            each.last_talk.astimezone(zone).date() if each.last_talk else None,
            each.key_during.lower or each.since,
            cadence_of(facts.accounts[each.account_id]),
        )
        for each in rows
    ]


def role_words(role: str | None) -> str:
    """As an apposition, "the sponsor"; roles that do not weigh are left out."""
    names = {"sponsor": "the sponsor", "decision_maker": "the decision maker", "champion": "the champion"}
    return names.get(role or "", "")


def cadence_of(account: Any) -> int | None:
    kind = getattr(account, "kind", None)
    found: int | None = kind.tier.cadence_days if kind and kind.tier else None
    return found


def gone(facts: Facts) -> list[Gone]:
    """People who left in the last months without a successor, and what hung on them."""
    since = facts.today - datetime.timedelta(days=rules.LEFT_DAYS)
    rows = (
        Contact.objects.visible_to(facts.user, facts.today)
        .filter(account__in=facts.ids, left_on__gt=since, left_on__lte=facts.today, successor__isnull=True)
        .with_opinions()
        .annotate(
            hanging=Count(
                "objectives",
                filter=Q(objectives__status=Objective.Status.OPEN) & ~Q(objectives__plan__status="closed"),
                distinct=True,
            ),
            owed=Count("actions", filter=Q(actions__status=Action.Status.OPEN), distinct=True),
        )
    )
    sees = may_see(facts.user, Secret.OPINION)
    return [
        Gone(
            each.pk,
            each.account_id,
            each.name,
            role_words(each.decision_role) if sees else "",
            each.left_on,
            was_key(each),
            each.hanging,
            each.owed,
        )
        for each in rows
    ]


def was_key(contact: Any) -> bool:
    """A key person up to the day of leaving (which may have ended the days of being one)."""
    key = contact.key_during
    return bool(key) and (key.upper is None or key.upper >= contact.left_on)


def reviews(facts: Facts) -> list[Meeting]:
    until = facts.today + datetime.timedelta(days=rules.REVIEW_DAYS)
    rows = Review.objects.visible_to(facts.user, facts.today).planned()
    rows = rows.filter(account__in=facts.ids, on__lte=until)
    return [
        Meeting(each.pk, each.account_id, each.title, each.on, is_prepared(each))
        for each in rows.defer("figures")
    ]


def is_prepared(review: Any) -> bool:
    return bool(review.summary or review.wins or review.troubles or review.next_steps)


# ----------------------------------------------------------------------------------------------- figures


def read_figures(facts: Facts, run: Run) -> None:
    """What each account is worth, and whether its last whole month fell out of the usual."""
    last = latest_complete(PeriodKind.MONTH, run.as_of).start
    first = add_months(last, -(MONTHS_READ - 1))
    rows = (
        AccountMonth.objects.filter(account_id__in=facts.ids, month__gte=first)
        .order_by()
        .values_list("account_id", "month")
        .annotate(revenue=Sum("revenue"), recurring=Sum("recurring"), own=Sum("recurring_own"))
    )
    months: dict[int, dict[Day, tuple[Decimal, Decimal]]] = defaultdict(dict)
    own: dict[tuple[int, Day], Decimal] = {}
    for account, month, revenue, recurring, in_own_currency in rows:
        months[account][month] = (revenue, recurring)
        own[account, month] = in_own_currency
    facts.month = last_day_of_month(last)
    current = run.as_of.replace(day=1)
    for account, found in months.items():
        facts.stakes[account] = stake_of(found, current, last)
        fall = fall_of(found, last)
        if fall:
            facts.falls[account] = fall
        # In the customer's own currency: an exchange rate is not a smaller contract.
        before, now = (own.get((account, month), ZERO) for month in (add_months(last, -1), last))
        facts.recurring[account] = (before, now)


def stake_of(months: dict[Day, tuple[Decimal, Decimal]], current: Day, last: Day) -> Stake:
    """The yearly value of live contracts; without any the revenue of the last 12 whole months."""
    recurring = months.get(current, (ZERO, ZERO))[1]
    if recurring > 0:
        return Stake(recurring, is_contract=True)
    revenue = sum((revenue_of(months, add_months(last, -back)) for back in range(12)), ZERO)
    return Stake(revenue) if revenue > 0 else Stake()


def revenue_of(months: dict[Day, tuple[Decimal, Decimal]], month: Day) -> Decimal:
    return months.get(month, (ZERO, ZERO))[0]


def fall_of(months: dict[Day, tuple[Decimal, Decimal]], last: Day) -> Fall | None:
    """From month to month the revenue of 12 months changes by the new month less the same one a year before."""
    if min(months) > add_months(last, -(MONTHS_READ - 1)):
        return None
    newest_first = [add_months(last, -back) for back in range(rules.USUAL_MONTHS + 1)]
    changes = [
        revenue_of(months, month) - revenue_of(months, add_months(month, -12)) for month in newest_first
    ][::-1]
    year = sum((revenue_of(months, add_months(last, -1 - back)) for back in range(12)), ZERO)
    return rules.find_fall(last_day_of_month(last), changes, year)


# ---------------------------------------------------------------------------------------------- meetings


@dataclass(frozen=True)
class Appointment:
    """A planned touch or review of the next days, with what one should know before it."""

    at: datetime.datetime | None
    on: Day
    account: int
    account_name: str
    who: str
    subject: str
    silent_days: int | None
    promises: int
    promise: str
    kept: str = ""
    review: int | None = None

    @property
    def review_url(self) -> str:
        return reverse("plans:review", args=[self.review])


def appointments(user: User, organisation: Organisation, ids: list[int]) -> list[Appointment]:
    """The meetings of the next 7 days: those this person goes to, and the reviews of their accounts."""
    today = organisation.today()
    until = today + datetime.timedelta(days=7)
    found = [*planned_touches(user, organisation, until), *planned_reviews(user, today, until, ids)]
    midnight = datetime.datetime.min.time()
    return sorted(
        found,
        key=lambda each: (each.on, each.at is None, each.at.time() if each.at else midnight, each.account),
    )


def owed_to(account: str) -> Any:
    """Our open promises to an account, the nearest due first."""
    return Action.objects.filter(
        account=OuterRef(account), status=Action.Status.OPEN, side=Action.Side.US
    ).order_by(F("due_on").asc(nulls_last=True), "pk")


def planned_touches(user: User, organisation: Organisation, until: Day) -> list[Appointment]:
    zone = organisation.zone
    today = organisation.today()
    start, end = (datetime.datetime.combine(day, datetime.time(), zone) for day in (today, until))
    # One that has just begun is still ahead of whoever opens the page.
    since = timezone.now() - datetime.timedelta(hours=1)
    rows = Touch.objects.visible_to(user, today).filter(actor=user, at__gt=since, at__lt=end)
    # Until the day is over the last talk is one of an earlier day.
    before = Touch.objects.filter(
        account=OuterRef("account"), at__lt=start, direction__in=["inbound", "two_way"]
    ).order_by("-at")
    rows = rows.annotate(
        people=StringAgg("contacts__name", delimiter=", ", distinct=True, default=Value("")),
        last=Subquery(before.values("at")[:1]),
        owed=Subquery(owed_to("account").values("text")[:1]),
        owed_count=Coalesce(
            Subquery(owed_to("account").order_by().values("account").annotate(n=Count("pk")).values("n")[:1]),
            0,
        ),
    ).select_related("account")
    return [
        Appointment(
            at=each.at.astimezone(zone),
            on=each.at.astimezone(zone).date(),
            account=each.account_id,
            account_name=each.account.name,
            who=each.people or "",
            subject=each.subject,
            silent_days=(today - each.last.astimezone(zone).date()).days if each.last else None,
            promises=each.owed_count,
            promise=each.owed or "",
        )
        for each in rows
    ]


def planned_reviews(user: User, today: Day, until: Day, ids: list[int]) -> list[Appointment]:
    """With how many promises stand since the review before, and how many were kept."""
    rows = (
        Review.objects.visible_to(user, today)
        .planned()
        .filter(account__in=ids, on__gte=today, on__lt=until)
        .select_related("account")
        .defer("figures")
    )
    before = Review.objects.filter(
        account=OuterRef("account"), status=Review.Status.HELD, on__lt=OuterRef("on")
    )
    of_last = Action.objects.filter(review=OuterRef("last_review")).order_by().values("review")
    rows = rows.annotate(last_review=Subquery(before.order_by("-on").values("pk")[:1])).annotate(
        promised=Coalesce(Subquery(of_last.annotate(n=Count("pk")).values("n")), 0),
        kept=Coalesce(
            Subquery(of_last.filter(status=Action.Status.DONE).annotate(n=Count("pk")).values("n")), 0
        ),
    )
    return [
        Appointment(
            at=None,
            on=each.on,
            account=each.account_id,
            account_name=each.account.name,
            who="",
            subject=each.title,
            silent_days=None,
            promises=each.promised,
            promise="",
            kept=f"{each.kept} kept" if each.promised else "",
            review=each.pk,
        )
        for each in rows
    ]
