"""Plain functions that make one row each, with a believable default for what a test does not care about."""

import datetime
import functools
import itertools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.fields import days
from accounts.models import (
    Account,
    AccountState,
    Action,
    Answer,
    Assignment,
    Campaign,
    Classification,
    Contact,
    Contract,
    CostToServe,
    ExchangeRate,
    Goal,
    Grant,
    Industry,
    Lead,
    Membership,
    Objective,
    Opportunity,
    OpportunityPhase,
    OpportunitySplit,
    OpportunityStage,
    Order,
    OrderLine,
    Organisation,
    Plan,
    Product,
    ProductCategory,
    Quota,
    Region,
    Request,
    Review,
    Role,
    Signal,
    SignalKind,
    SoftFact,
    Spend,
    Survey,
    SurveyInvitation,
    Team,
    Tie,
    Tier,
    Touch,
    User,
    Wave,
)
from accounts.surveys.answering import note_answer
from accounts.surveys.ready import start_survey
from metrics.models import Run, Scope, Target

PASSWORD = "a long and boring sentence"
# Before everything that tests are about, and no earlier: a recompute makes figures for every month since then.
LONG_AGO = datetime.date(2023, 1, 1)
Amount = int | str | Decimal
Day = datetime.date | str

_count = itertools.count(1)


def moment(days: int = 0) -> datetime.datetime:
    """Now, or so many days from now at the same hour of the organisation's clock, whatever its clocks did since."""
    return timezone.localtime(timezone=Organisation.current().zone) + datetime.timedelta(days=days)


def day(value: Day) -> datetime.date:
    """A date, also from `2026-01-31`."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def span(first: Day, until: Day | None) -> Any:
    return days(day(first), day(until) if until is not None else None)


@functools.cache
def hashed(password: str) -> str:
    """Hashing is slow on purpose; once a password is enough for a whole suite."""
    return make_password(password)


def make_user(name: str = "", role: str = Role.MANAGER, *, password: str = PASSWORD, **fields: Any) -> User:
    number = next(_count)
    name = name or f"Person {number}"
    fields.setdefault("email", f"{name.lower().replace(' ', '.')}.{number}@kamplan.example")
    user: User = User.objects.create(password=hashed(password), name=name, role=role, **fields)
    return user


def make_team(name: str = "", *, lead: User | None = None, parent: Team | None = None, **fields: Any) -> Team:
    return Team.objects.create(name=name or f"Team {next(_count)}", lead=lead, parent=parent, **fields)


def make_membership(user: User, team: Team, first: Day = LONG_AGO, until: Day | None = None) -> Membership:
    return Membership.objects.create(user=user, team=team, during=span(first, until))


def make_account(
    name: str = "", *, owner: User | None = None, since: Day = LONG_AGO, **fields: Any
) -> Account:
    """An account; `owner` looks after it from `since` on."""
    account = Account.objects.create(name=name or f"Account {next(_count)}", **fields)
    if owner is not None:
        make_assignment(account, owner, since)
    return account


def make_assignment(
    account: Account,
    user: User,
    first: Day = LONG_AGO,
    until: Day | None = None,
    *,
    role: str = Assignment.AccountRole.OWNER,
) -> Assignment:
    return Assignment.objects.create(account=account, user=user, role=role, during=span(first, until))


def make_grant(viewer: User, **what: Any) -> Grant:
    """`account=`, `team=` or nothing, which is the whole company."""
    return Grant.objects.create(viewer=viewer, whole_company=not what, **what)


def make_classification(
    account: Account,
    first: Day = LONG_AGO,
    until: Day | None = None,
    *,
    tier: Tier | str | None = None,
    industry: Industry | str | None = None,
    region: Region | str | None = None,
    is_target: bool | None = None,
) -> Classification:
    """Tier, industry and region by row or by name; a name that is new makes its row."""
    if isinstance(tier, str):
        tier = Tier.objects.get_or_create(name=tier)[0]
    if isinstance(industry, str):
        industry = Industry.objects.get_or_create(name=industry)[0]
    if isinstance(region, str):
        region = Region.objects.get_or_create(name=region)[0]
    return Classification.objects.create(
        account=account,
        tier=tier,
        industry=industry,
        region=region,
        is_target=is_target,
        during=span(first, until),
    )


def make_product(name: str = "", category: ProductCategory | str | None = None, **fields: Any) -> Product:
    if isinstance(category, str):
        category = ProductCategory.objects.get_or_create(name=category)[0]
    return Product.objects.create(name=name or f"Product {next(_count)}", category=category, **fields)


def make_order(
    account: Account | None,
    date: Day,
    amount: Amount = 100,
    *,
    lines: Iterable[Mapping[str, Any]] | None = None,
    seller: User | None = None,
    **fields: Any,
) -> Order:
    """An order of one line over `amount`, or of the `lines` given as OrderLine's fields."""
    amount = Decimal(amount)
    fields.setdefault("number", f"O-{next(_count)}")
    fields.setdefault("kind", Order.Kind.CREDIT_NOTE if amount < 0 else Order.Kind.ORDER)
    fields.setdefault("currency", account.currency if account else "EUR")
    order = Order.objects.create(account=account, date=day(date), seller=seller, **fields)
    OrderLine.objects.bulk_create(
        [OrderLine(order=order, **line) for line in (lines if lines is not None else [{"amount": amount}])]
    )
    return order


def make_stage(
    name: str = "", *, qualified: bool = True, probability: Amount = "0.5", **fields: Any
) -> OpportunityStage:
    name = name or f"Stage {next(_count)}"
    stage, _ = OpportunityStage.objects.get_or_create(
        name=name, defaults={"qualified": qualified, "probability": Decimal(probability), **fields}
    )
    return stage


def make_opportunity(
    account: Account | None,
    opened_on: Day = "2026-01-05",
    amount: Amount | None = 1000,
    *,
    outcome: str = Opportunity.Outcome.OPEN,
    closed_on: Day | None = None,
    phases: Iterable[tuple[OpportunityStage | str, Day, Day | None]] = (),
    splits: Mapping[User, Amount] | None = None,
    **fields: Any,
) -> Opportunity:
    """A deal; `phases` as (stage, first day, until), `splits` as {user: share}."""
    fields.setdefault("name", f"Deal {next(_count)}")
    fields.setdefault("currency", account.currency if account else "EUR")
    deal = Opportunity.objects.create(
        account=account,
        opened_on=day(opened_on),
        amount=None if amount is None else Decimal(amount),
        outcome=outcome,
        closed_on=None if closed_on is None else day(closed_on),
        **fields,
    )
    for stage, first, until in phases:
        stage = make_stage(stage) if isinstance(stage, str) else stage
        OpportunityPhase.objects.create(opportunity=deal, stage=stage, during=span(first, until))
    OpportunitySplit.objects.bulk_create(
        [
            OpportunitySplit(opportunity=deal, user=user, share=Decimal(s))
            for user, s in (splits or {}).items()
        ]
    )
    return deal


def make_contract(
    account: Account,
    first: Day = "2026-01-01",
    until: Day | None = "2027-01-01",
    annual_value: Amount = 12000,
    **fields: Any,
) -> Contract:
    """A contract of the days `[first, until)`; its last day is the day before `until`."""
    fields.setdefault("number", f"C-{next(_count)}")
    fields.setdefault("currency", account.currency)
    if fields.get("notice_date") is not None:
        fields["notice_date"] = day(fields["notice_date"])
    return Contract.objects.create(
        account=account, during=span(first, until), annual_value=Decimal(annual_value), **fields
    )


def make_quota(user: User, starts_on: Day = "2026-01-01", amount: Amount = 10000, **fields: Any) -> Quota:
    return Quota.objects.create(user=user, starts_on=day(starts_on), amount=Decimal(amount), **fields)


def make_rate(currency: str, rate: Amount, date: Day = LONG_AGO, quote: str = "EUR") -> ExchangeRate:
    """From this date on one unit of `currency` is worth `rate` units of `quote`."""
    return ExchangeRate.objects.create(currency=currency, quote=quote, date=day(date), rate=Decimal(rate))


def make_review(account: Account, on: Day = "2026-12-01", **fields: Any) -> Review:
    """A planned review that looks back on the third quarter of 2026."""
    fields.setdefault("title", "Quarterly review")
    fields.setdefault("period_start", day("2026-07-01"))
    fields.setdefault("period_end", day("2026-10-01"))
    return Review.objects.create(account=account, on=day(on), **fields)


def make_run(as_of: Day = "2026-01-31", **fields: Any) -> Run:
    """A published run that found nothing."""
    fields.setdefault("published_at", timezone.now())
    return Run.objects.create(as_of=day(as_of), cause=fields.pop("cause", Run.Cause.MANUAL), **fields)


def make_contact(account: Account, name: str = "", **fields: Any) -> Contact:
    """A person at a customer, known for long."""
    fields.setdefault("since", LONG_AGO)
    contact: Contact = Contact.objects.create(
        account=account, name=name or f"Contact {next(_count)}", **fields
    )
    return contact


def make_fact(contact: Contact, kind: str, value: str, on: Day = "2026-01-31", **fields: Any) -> SoftFact:
    """What somebody thinks of a person; confirmed unless a test says otherwise."""
    fields.setdefault("basis", "confirmed")
    return SoftFact.objects.create(contact=contact, kind=kind, value=value, noted_on=day(on), **fields)


def make_tie(
    account: Account, contact: Contact | None = None, other: Contact | None = None, **fields: Any
) -> Tie:
    """One person who influences another."""
    fields.setdefault("kind", "influences")
    fields.setdefault("noted_on", LONG_AGO)
    ends = contact or make_contact(account), other or make_contact(account)
    return Tie.objects.create(contact=ends[0], other=ends[1], **fields)


def make_touch(
    account: Account, actor: User | None = None, at: datetime.datetime | str | None = None, **fields: Any
) -> Touch:
    """A call that just happened; `contacts` are who it was with."""
    contacts = fields.pop("contacts", ())
    when = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at or timezone.now()
    fields.setdefault("channel", "call")
    touch: Touch = Touch.objects.create(account=account, actor=actor, at=when, **fields)
    touch.contacts.set(contacts)
    return touch


def make_action(account: Account, text: str = "Send the price list", **fields: Any) -> Action:
    if fields.get("due_on") is not None:
        fields["due_on"] = day(fields["due_on"])
        fields.setdefault("first_due_on", fields["due_on"])
    action: Action = Action.objects.create(account=account, text=text, **fields)
    return action


def make_request(account: Account, subject: str = "Firmware rollback", **fields: Any) -> Request:
    fields.setdefault("opened_at", timezone.now() - datetime.timedelta(hours=2))
    request: Request = Request.objects.create(account=account, subject=subject, **fields)
    return request


def make_signal(account: Account, kind: str = "site_visit", **fields: Any) -> Signal:
    """The kinds of the first migration are not there after a test that empties tables."""
    found, _ = SignalKind.objects.get_or_create(code=kind, defaults={"name": kind.replace("_", " ")})
    fields.setdefault("at", timezone.now())
    signal: Signal = Signal.objects.create(account=account, kind=found, **fields)
    return signal


def make_plan(account: Account, first: Day = "2026-01-01", until: Day = "2027-01-01", **fields: Any) -> Plan:
    """A draft for the days `[first, until)`."""
    fields.setdefault("name", f"Plan {day(first).year}")
    plan: Plan = Plan.objects.create(account=account, during=span(first, until), **fields)
    return plan


def make_goal(plan: Plan, title: str = "Fewer stops of line 2", **fields: Any) -> Goal:
    fields.setdefault("position", Goal.objects.filter(plan=plan).count() + 1)
    goal: Goal = Goal.objects.create(plan=plan, title=title, **fields)
    return goal


def make_objective(plan: Plan, title: str = "Grow with them", kpi: str = "", **fields: Any) -> Objective:
    """Due on the plan's last day; the amounts as numbers or text."""
    fields.setdefault("position", Objective.objects.filter(plan=plan).count() + 1)
    fields.setdefault("due_on", plan.last_day)
    fields.setdefault("first_due_on", fields["due_on"])
    for name in ("baseline", "target"):
        if fields.get(name) is not None:
            fields[name] = Decimal(fields[name])
    objective: Objective = Objective.objects.create(plan=plan, title=title, kpi=kpi, **fields)
    return objective


def make_campaign(
    name: str = "", first: Day = "2026-01-01", until: Day | None = None, **fields: Any
) -> Campaign:
    """A campaign of the days `[first, until)`."""
    return Campaign.objects.create(
        name=name or f"Campaign {next(_count)}", during=span(first, until), **fields
    )


def make_spend(
    campaign: Campaign | None = None, date: Day = "2026-01-15", amount: Amount = 1000, **fields: Any
) -> Spend:
    return Spend.objects.create(
        campaign=campaign or make_campaign(), date=day(date), amount=Decimal(amount), **fields
    )


def make_cost(account: Account, date: Day = "2026-01-15", amount: Amount = 100, **fields: Any) -> CostToServe:
    cost: CostToServe = CostToServe.objects.create(
        account=account, date=day(date), amount=Decimal(amount), **fields
    )
    return cost


def make_state(
    account: Account, date: Day = "2026-01-15", kind: str = "usage", **fields: Any
) -> AccountState:
    """A number, if no level is given."""
    fields.setdefault("value", None if "level" in fields else Decimal(80))
    state: AccountState = AccountState.objects.create(account=account, date=day(date), kind=kind, **fields)
    return state


def make_lead(company: str = "", created_on: Day = "2026-01-10", **fields: Any) -> Lead:
    """A lead that just came in; its other days as dates or texts."""
    for name in ("mql_on", "sql_on", "converted_on", "customer_on", "dropped_on"):
        if fields.get(name) is not None:
            fields[name] = day(fields[name])
    lead: Lead = Lead.objects.create(
        company=company or f"Company {next(_count)}", created_on=day(created_on), **fields
    )
    return lead


def make_survey(kind: str = "nps", name: str = "", **fields: Any) -> Survey:
    """A questionnaire from its template: for `nps` a mark from 0 to 10, and why."""
    survey: Survey = start_survey(None, kind, name or f"Survey {next(_count)}")
    for field, value in fields.items():
        setattr(survey, field, value)
    survey.save()
    return survey


def make_wave(
    user: User, survey: Survey | None = None, *, opened: datetime.datetime | None = None, **fields: Any
) -> Wave:
    """A draft; with `opened` it runs since then, for three weeks."""
    if opened is not None:
        fields.setdefault("state", Wave.State.OPEN)
        fields.setdefault("opens_at", opened)
        fields.setdefault("closes_at", opened + datetime.timedelta(days=21))
    fields.setdefault("name", f"Wave {next(_count)}")
    wave: Wave = Wave.objects.create(survey=survey or make_survey(), created_by=user, **fields)
    return wave


def make_survey_invitation(wave: Wave, contact: Contact, **fields: Any) -> SurveyInvitation:
    """Delivered an hour after it was sent, unless a test says otherwise."""
    fields.setdefault("invited_at", wave.opens_at or timezone.now())
    fields.setdefault("delivered_at", fields["invited_at"] + datetime.timedelta(hours=1))
    fields.setdefault("language", wave.survey.language)
    invitation: SurveyInvitation = SurveyInvitation.objects.create(
        wave=wave, contact=contact, account=contact.account, **fields
    )
    return invitation


def make_answer(
    account: Account,
    contact: Contact | None = None,
    at: datetime.datetime | str | None = None,
    **marks: Any,
) -> Answer:
    """What a customer said: `nps`, `csat5`, `csat10`, `comment`; `invitation` for one of a wave."""
    when = datetime.datetime.fromisoformat(at) if isinstance(at, str) else at or timezone.now()
    invitation: SurveyInvitation | None = marks.pop("invitation", None)
    survey = marks.pop("survey", invitation.wave.survey if invitation else None)
    answer = note_answer(account, contact, answered_at=when, survey=survey, **marks)
    if invitation is not None:
        SurveyInvitation.objects.filter(pk=invitation.pk).update(answered_at=when)
        answer.wave, answer.invitation = invitation.wave, invitation
        answer.save(update_fields=["wave", "invitation"])
    return answer


def make_target(
    user: User | None = None, kpi: str = "account_revenue", value: Amount = 1000, **fields: Any
) -> Target:
    """A target of one person, or of the company."""
    usual = {"scope": Scope.OWNER if user else Scope.COMPANY, "key": user.pk if user else None}
    fields = {**usual, "starts": datetime.date(2020, 1, 1), **fields}
    return Target.objects.create(kpi=kpi, value=value, **fields)
