"""Open contracts by the day on which they are decided, with what speaks for and against their renewal.

Everything that the rules need comes with the contracts in one statement. A rule without input is silent: it
neither warns nor reassures.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Literal

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import Organisation, RenewalCall, Risk
from accounts.periods import add_months
from accounts.plans.renewals import HORIZON_DAYS, call_due_since
from accounts.portfolio.models import AccountQuerySet
from kamplan.formats import day
from metrics.models import Run
from metrics.pages.account_figures import dictionaries, last_year
from metrics.pages.portfolio_rows import visible_sql

FEWER_BY = Decimal(25)
LEFT_DAYS = 365
SEVERE = Risk.Severity.CRITICAL
ENOUGH_RULES = 2
Call = RenewalCall.Call


@dataclass(frozen=True)
class Finding:
    """A rule that speaks; `plain` is for those who may not see what we think of people."""

    words: str
    plain: str = ""


@dataclass(frozen=True)
class Signal:
    """What the rows say about a renewal, without anybody's opinion of it."""

    findings: Sequence[Finding]
    checked: Sequence[str]
    silent: Sequence[str]

    @property
    def state(self) -> str:
        if len(self.findings) > 1:
            return "at_risk"
        if self.findings:
            return "watch"
        return "fine" if len(self.checked) >= ENOUGH_RULES else "unknown"

    @property
    def mark(self) -> str:
        return {"at_risk": "short", "watch": "watch", "fine": "on_target", "unknown": "no_data"}[self.state]

    @property
    def words(self) -> str:
        return WORDS[self.state]

    def evidence(self, sees_opinions: bool) -> list[str]:
        return [each.words if sees_opinions or not each.plain else each.plain for each in self.findings]


WORDS = {
    "at_risk": "at risk",
    "watch": "watch",
    "fine": "looks fine",
    "unknown": "too little known",
}
CALL_MARKS = {Call.RENEWS: "on_target", Call.SMALLER: "watch", Call.LOST: "short", Call.UNKNOWN: "no_data"}
CONTRADICTIONS = {"at_risk": {Call.RENEWS}, "fine": {Call.SMALLER, Call.LOST}}


@dataclass(frozen=True)
class Said:
    """The newest call of a contract."""

    call: str
    expected_value: Decimal | None
    reason: str
    author: str
    made_on: datetime.date

    @property
    def words(self) -> str:
        return str(Call(self.call).label)

    @property
    def mark(self) -> str:
        return CALL_MARKS[Call(self.call)]


@dataclass(frozen=True)
class Renewal:
    id: int
    account_id: int
    account: str
    owner: str
    number: str
    name: str
    annual_value: Decimal
    currency: str
    value: Decimal | None
    """A year, in the reporting currency; nothing where no rate is known."""
    first_day: datetime.date
    last_day: datetime.date
    notice: datetime.date | None
    deadline: datetime.date
    today: datetime.date
    signal: Signal
    said: Said | None

    @property
    def days(self) -> int:
        return (self.deadline - self.today).days

    @property
    def deadline_state(self) -> str:
        return "overdue" if self.days < 0 else "watch" if self.days <= 30 else ""

    @property
    def deadline_words(self) -> str:
        if self.days < 0:
            return f"{-self.days} day{'s' if self.days < -1 else ''} ago"
        return "today" if self.days == 0 else "1 day left" if self.days == 1 else f"{self.days} days left"

    @property
    def disagrees(self) -> bool:
        return self.said is not None and self.said.call in CONTRADICTIONS.get(self.signal.state, set())

    @property
    def has_ended(self) -> bool:
        """Then a decision is missing, not an expectation."""
        return self.last_day < self.today

    @property
    def call_due_since(self) -> datetime.date | None:
        said = self.said
        if self.has_ended:
            return None
        return call_due_since(
            self.deadline, self.today, said.call if said else "", said.made_on if said else None
        )

    @property
    def lacks_call(self) -> bool:
        return self.call_due_since is not None

    @property
    def lacking_words(self) -> str:
        """Why a call is asked for."""
        since = self.call_due_since
        if since is None:
            return ""
        if self.said and self.said.call == Call.UNKNOWN and self.said.made_on >= since:
            return "“don’t know” no longer counts"
        return f"call due since {day(since)}"


ROWS = """
    WITH visible AS ({visible}),
    chosen AS (
        SELECT c.id, c.account_id, c.number, c.name, c.annual_value, c.currency, c.notice_date AS notice,
               LOWER(c.during) AS first_day, UPPER(c.during) - 1 AS last_day,
               COALESCE(c.notice_date, UPPER(c.during) - 1) AS deadline
          FROM accounts_contract c
         WHERE c.account_id IN (SELECT id FROM visible) AND c.outcome = 'open' AND UPPER(c.during) IS NOT NULL
           AND COALESCE(c.notice_date, UPPER(c.during) - 1) <= %(until)s AND {which}),
    among AS (SELECT DISTINCT account_id AS id FROM chosen),
    talks AS (
        SELECT id, account_id, at FROM accounts_touch
         WHERE account_id IN (SELECT id FROM among) AND direction IN ('inbound', 'two_way') AND at <= %(now)s),
    spoken AS (SELECT account_id, MAX(at) AS at FROM talks GROUP BY 1),
    heard AS (
        SELECT w.contact_id, MAX(t.at) AS at FROM talks t
          JOIN accounts_touch_contacts w ON w.touch_id = t.id GROUP BY 1),
    roles AS (
        SELECT DISTINCT ON (f.contact_id) f.contact_id, f.value, p.account_id, p.name, p.left_on
          FROM accounts_softfact f JOIN accounts_contact p ON p.id = f.contact_id
         WHERE p.account_id IN (SELECT id FROM among) AND f.kind = 'role'
         ORDER BY f.contact_id, f.noted_on DESC, f.id DESC),
    people AS (
        SELECT r.account_id, jsonb_agg(jsonb_build_object(
                   'role', r.value, 'name', r.name, 'left_on', r.left_on, 'heard', h.at) ORDER BY r.name) AS people
          FROM roles r LEFT JOIN heard h USING (contact_id)
         WHERE r.value IN ('sponsor', 'champion') GROUP BY 1),
    asked AS (
        SELECT account_id, COUNT(*) AS requests, COUNT(*) FILTER (
                   WHERE resolved_at IS NULL AND (due_on < %(today)s
                      OR (first_answer_at IS NULL AND answer_due_at < %(now)s))) AS overdue
          FROM accounts_request
         WHERE account_id IN (SELECT id FROM among)
           AND (resolved_at IS NULL OR opened_at > %(now)s - INTERVAL '1 year') GROUP BY 1),
    plans AS (
        SELECT p.account_id, COUNT(r.id) AS risks, MIN(r.text) AS risk
          FROM accounts_plan p
          LEFT JOIN accounts_risk r ON r.plan_id = p.id AND r.closed_on IS NULL AND r.severity >= %(severe)s
         WHERE p.account_id IN (SELECT id FROM among) AND p.status <> 'closed' AND p.during @> %(today)s::date
         GROUP BY 1),
    sold AS (
        SELECT account_id, COALESCE(SUM(revenue) FILTER (WHERE month >= %(recent)s), 0) AS recent,
               COALESCE(SUM(revenue) FILTER (WHERE month < %(recent)s), 0) AS before
          FROM metrics_accountmonth
         WHERE account_id IN (SELECT id FROM among) AND month >= %(before)s AND month < %(end)s GROUP BY 1),
    said AS (
        SELECT DISTINCT ON (k.contract_id) k.contract_id, k.call, k.expected_value, k.reason, k.made_on,
               u.name AS author
          FROM accounts_renewalcall k JOIN accounts_user u ON u.id = k.author_id
         WHERE k.contract_id IN (SELECT id FROM chosen)
         ORDER BY k.contract_id, k.made_on DESC, k.id DESC)
    SELECT chosen.*, a.name AS account, COALESCE(u.name, '') AS owner,
           chosen.annual_value * CASE WHEN chosen.currency = %(currency)s THEN 1 ELSE r.rate END AS value,
           t.cadence_days AS cadence, spoken.at AS heard,
           people.people, asked.requests, asked.overdue, plans.risks, plans.risk, sold.recent, sold.before,
           said.call, said.expected_value, said.reason, said.made_on, said.author
      FROM chosen
      JOIN accounts_account a ON a.id = chosen.account_id
      LEFT JOIN accounts_assignment s
             ON s.account_id = a.id AND s.role = 'owner' AND s.during @> %(today)s::date
      LEFT JOIN accounts_user u ON u.id = s.user_id
      LEFT JOIN accounts_classification k ON k.account_id = a.id AND k.during @> %(today)s::date
      LEFT JOIN accounts_tier t ON t.id = k.tier_id
      LEFT JOIN metrics_dailyrate r ON r.currency = chosen.currency AND r.day = %(rates_on)s
      LEFT JOIN spoken ON spoken.account_id = a.id
      LEFT JOIN people ON people.account_id = a.id
      LEFT JOIN asked ON asked.account_id = a.id
      LEFT JOIN plans ON plans.account_id = a.id
      LEFT JOIN sold ON sold.account_id = a.id
      LEFT JOIN said ON said.contract_id = chosen.id
     ORDER BY chosen.deadline, UPPER(a.name), chosen.id"""


def renewals(
    accounts: AccountQuerySet,
    run: Run | None,
    organisation: Organisation,
    *,
    contract: int | None = None,
    until: datetime.date | None = None,
) -> list[Renewal]:
    """Open contracts due within the horizon (or the one asked for), the nearest first; one statement."""
    today = organisation.today()
    seen, params = visible_sql(accounts)
    end = last_year(run).end if run else None
    horizon = until or today + datetime.timedelta(days=HORIZON_DAYS)
    params |= {
        "until": datetime.date.max if contract else horizon,
        "contract": contract,
        "today": today,
        "now": timezone.now(),
        "severe": SEVERE,
        "end": end,
        "recent": add_months(end, -3) if end else None,
        "before": add_months(end, -6) if end else None,
        "currency": organisation.reporting_currency,
        "rates_on": run.as_of if run else today,
    }
    which = "c.id = %(contract)s" if contract else "TRUE"
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(visible=seen, which=which), params)
        return [renewal_of(each, organisation, today) for each in dictionaries(cursor)]


def renewal_of(found: dict[str, Any], organisation: Organisation, today: datetime.date) -> Renewal:
    said = None
    if found["call"]:
        said = Said(**{field.name: found[field.name] for field in fields(Said)})
    given = {field.name: found[field.name] for field in fields(Renewal) if field.name in found}
    signal = signal_of(Evidence.of(found, organisation, today))
    return Renewal(**given, today=today, signal=signal, said=said)


# ------------------------------------------------------------------------------------------------ the rules


@dataclass(frozen=True)
class Person:
    role: str
    name: str
    left_on: datetime.date | None
    heard: datetime.date | None

    def is_there(self, today: datetime.date) -> bool:
        return self.left_on is None or self.left_on > today


@dataclass(frozen=True)
class Evidence:
    """What is known about an account; None is unknown, never 0."""

    today: datetime.date
    cadence: int | None = None
    heard: datetime.date | None = None
    people: Sequence[Person] = ()
    requests: int | None = None
    overdue: int = 0
    risks: int | None = None
    risk: str = ""
    recent: Decimal | None = None
    before: Decimal | None = None

    @classmethod
    def of(cls, found: dict[str, Any], organisation: Organisation, today: datetime.date) -> "Evidence":
        zone = organisation.zone

        def local(at: datetime.datetime | None) -> datetime.date | None:
            return at.astimezone(zone).date() if at else None

        people = [
            Person(
                each["role"],
                each["name"],
                parse_date(each["left_on"]) if each["left_on"] else None,
                local(parse_datetime(each["heard"])) if each["heard"] else None,
            )
            for each in loaded(found["people"])
        ]
        return cls(
            today,
            found["cadence"],
            local(found["heard"]),
            people,
            found["requests"],
            found["overdue"] or 0,
            found["risks"],
            found["risk"] or "",
            found["recent"],
            found["before"],
        )


def loaded(value: Any) -> list[dict[str, Any]]:
    """A JSON column of a plain statement, read or as text."""
    return (json.loads(value) if isinstance(value, str) else value) or []


Answer = Finding | Literal[False] | None
"""A finding; False where the rule looked and found nothing; None where it has no input."""


def signal_of(evidence: Evidence) -> Signal:
    findings, checked, silent = [], [], []
    for name, rule in RULES:
        answer = rule(evidence)
        if answer is None:
            silent.append(name)
            continue
        checked.append(name)
        if answer:
            findings.append(answer)
    return Signal(findings, checked, silent)


def contact_rule(evidence: Evidence) -> Answer:
    """The sponsor, or where none is known anybody, has not talked with us within the rhythm."""
    rhythm = evidence.cadence
    if rhythm is None or evidence.heard is None:
        return None
    sponsors = [p for p in evidence.people if p.role == "sponsor" and p.is_there(evidence.today)]
    if not sponsors:
        silent = (evidence.today - evidence.heard).days
        if silent <= rhythm:
            return False
        return Finding(f"nobody has been heard from for {silent} days, the rhythm is {rhythm}")
    best = max(sponsors, key=lambda p: p.heard or datetime.date.min)
    if best.heard is None:
        return Finding(f"sponsor {best.name} has never been heard from", "an important person is silent")
    silent = (evidence.today - best.heard).days
    if silent <= rhythm:
        return False
    tail = f"has been silent for {silent} days, the rhythm is {rhythm}"
    return Finding(f"sponsor {best.name} {tail}", f"an important person {tail}")


def champion_rule(evidence: Evidence) -> Answer:
    """A champion left within a year, and nobody is one now."""
    champions = [p for p in evidence.people if p.role == "champion"]
    if not champions:
        return None
    if any(p.is_there(evidence.today) for p in champions):
        return False
    last = max(champions, key=lambda p: p.left_on or datetime.date.min)
    if last.left_on is None or (evidence.today - last.left_on).days > LEFT_DAYS:
        return False
    when = day(last.left_on)
    return Finding(
        f"champion {last.name} left on {when}, nobody has taken the part",
        f"an important person left on {when}",
    )


def revenue_rule(evidence: Evidence) -> Answer:
    """Three whole months against the three before them."""
    if evidence.recent is None or evidence.before is None or evidence.before <= 0:
        return None
    less = (evidence.before - evidence.recent) * 100 / evidence.before
    if less < FEWER_BY:
        return False
    return Finding(f"revenue of the last 3 months is {less:.0f}\u00a0% below the 3 before")


def request_rule(evidence: Evidence) -> Answer:
    if evidence.requests is None:
        return None
    if not evidence.overdue:
        return False
    return Finding(f"{evidence.overdue} request{'' if evidence.overdue == 1 else 's'} overdue")


def risk_rule(evidence: Evidence) -> Answer:
    """Risks of the plan that are critical and still open."""
    if evidence.risks is None:
        return None
    if not evidence.risks:
        return False
    more = f" and {evidence.risks - 1} more" if evidence.risks > 1 else ""
    return Finding(f"critical risk in the plan: {evidence.risk.rstrip('.')}{more}")


RULES = (
    ("contact within the rhythm", contact_rule),
    ("champion", champion_rule),
    ("revenue of 3 months", revenue_rule),
    ("requests", request_rule),
    ("critical risks of the plan", risk_rule),
)
