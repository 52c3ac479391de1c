"""Worked examples of engagement, coverage, interaction and effort.

One portfolio and one run for all of them: each example has an account, an owner or a tier of its own.
"""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.engagement.reference import add_signal_kinds
from accounts.fields import days
from accounts.models import (
    Account,
    Contract,
    Department,
    InternalRequest,
    Opportunity,
    Signal,
    SignalKind,
    SignalWeight,
    Tier,
    Touch,
    WhitespaceCell,
)
from accounts.periods import Period
from metrics.models import Scope, Threshold
from metrics.result import Result
from metrics.sources import signals as signal_sources
from metrics.sources import touches
from tests.factories import (
    make_account,
    make_classification,
    make_contact,
    make_opportunity,
    make_request,
    make_touch,
    make_user,
)
from tests.metrics.engine import day, period, report_in, result, run
from tests.metrics.test_golden import close_to, plain, shape

pytestmark = pytest.mark.django_db

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_engagement.json").read_text())
YEAR = period("2025-01-01", "2026-01-01")
AS_OF = "2025-12-31"
Inputs = dict[str, Any]
Ask = Callable[[], Any]
RECIPES: dict[tuple[str, frozenset[str]], Callable[[Inputs], Ask]] = {}


def recipe(kpi: str, *names: str) -> Callable[[Callable[[Inputs], Ask]], Callable[[Inputs], Ask]]:
    """How the inputs of these names become rows, and what is asked after the run."""

    def keep(function: Callable[[Inputs], Ask]) -> Callable[[Inputs], Ask]:
        RECIPES[kpi, frozenset(names)] = function
        return function

    return keep


def at(date: str, time: str = "10:00") -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{date}T{time}+00:00")


def of(kpi: str, account: Account, when: Period = YEAR) -> Result:
    return result(kpi, when, Scope.ACCOUNT, account.pk)


def signals(account: Account, kind: str, number: int, first: str = "2025-11-03", **fields: Any) -> None:
    """One a day, so that no cap hides any."""
    found = SignalKind.objects.get(code=kind)
    Signal.objects.bulk_create(
        Signal(account=account, kind=found, at=at(first) + datetime.timedelta(days=n), **fields)
        for n in range(number)
    )


def in_tier(number: int, owner: Any = None, **fields: Any) -> tuple[Tier, list[Account]]:
    """So many accounts in a tier of their own."""
    tier = Tier.objects.create(name=f"Tier {Tier.objects.count()}")
    accounts = [make_account(owner=owner) for _ in range(number)]
    for account in accounts:
        make_classification(account, "2024-01-01", tier=tier, **fields)
    return tier, accounts


# ------------------------------------------------------------------------------------ engagement


@recipe("engagement_score", "weights", "events")
def score(given: Inputs) -> Ask:
    account = make_account(since="2025-01-01", owner=make_user())
    for kind, number in given["events"].items():
        signals(account, {"content_download": "download"}.get(kind, kind), number)
    signals(account, "demo_request", 1, "2025-09-30")
    return lambda: of("engagement_score", account).value


@recipe("engagement_band", "score", "thresholds")
def band(given: Inputs) -> Ask:
    return banded(make_account(), given["score"])


def banded(account: Account, score: int) -> Ask:
    left = score
    for kind, worth in (("demo_request", 10), ("download", 3), ("site_visit", 1)):
        signals(account, kind, left // worth)
        left %= worth

    def ask() -> str:
        beside = of("engagement_band", account).beside
        (name,) = [name.removeprefix("accounts_") for name, number in beside.items() if number]
        return name

    return ask


@recipe("engagement_band", "score", "thresholds_of_tier")
def band_of_tier(given: Inputs) -> Ask:
    """Limits of a tier go before the usual 10, 25 and 50."""
    tier, (account,) = in_tier(1)
    for name, value in given["thresholds_of_tier"].items():
        Threshold.objects.create(name=f"band_{name}", tier=tier, value=value, during=days(day("2025-06-01")))
    return banded(account, given["score"])


@recipe("engagement_score_decayed", "events", "half_life")
def decayed(given: Inputs) -> Ask:
    account = make_account()
    for worth, age in given["events"]:
        first = day(AS_OF) - datetime.timedelta(days=age)
        signals(account, {10: "demo_request", 3: "download"}[worth], 1, first.isoformat())
    return lambda: of("engagement_score_decayed", account).value


@recipe("meaningful_engagement", "hot", "cold")
def meaning(given: Inputs) -> Ask:
    tier, accounts = in_tier(given["hot"][1] + given["cold"][1])
    hot, cold = accounts[: given["hot"][1]], accounts[given["hot"][1] :]
    # Customers at the start of one of the year's half-years only, so that each of them counts once.
    during = days(day("2024-12-01"), day("2025-06-30"))
    Contract.objects.bulk_create(
        Contract(account=each, number=f"M-{each.pk}", annual_value=100, during=during) for each in accounts
    )
    kind = SignalKind.objects.get(code="demo_request")
    Signal.objects.bulk_create(
        Signal(account=each, kind=kind, at=at("2024-12-03") + datetime.timedelta(days=n))
        for each in hot
        for n in range(3)
    )
    Opportunity.objects.bulk_create(
        Opportunity(account=each, name="More", kind="upsell", outcome="won", amount=5, currency="EUR",
                    opened_on=day("2025-01-05"), closed_on=day("2025-02-05"))
        for each in (*hot[: given["hot"][0]], *cold[: given["cold"][0]])
    )  # fmt: skip
    return lambda: result("meaningful_engagement", YEAR, Scope.TIER, tier.pk).value


# ------------------------------------------------------------------------------------- marketing


@recipe("web_visits", "visits")
def visits(given: Inputs) -> Ask:
    account = make_account()
    signals(account, "site_visit", given["visits"])
    return lambda: of("web_visits", account).value


@recipe("social_interactions", "mentions", "likes")
def social(given: Inputs) -> Ask:
    account = make_account()
    signals(account, "social", given["mentions"] + given["likes"])
    return lambda: of("social_interactions", account).value


def people(account: Account, base: str, number: int, part: str, some: int) -> None:
    """Everybody got it; some did more, and the first of them did it twice."""
    contacts = [make_contact(account) for _ in range(number)]
    for kind, those in ((base, contacts), (part, contacts[:some] + contacts[:1])):
        found = SignalKind.objects.get(code=kind)
        Signal.objects.bulk_create(
            Signal(account=account, kind=found, contact=each, at=at("2025-11-03"), subject="News")
            for each in those
        )


@recipe("email_open_rate", "opened", "sent", "bounced")
def opened(given: Inputs) -> Ask:
    account = make_account()
    people(account, "email_delivered", given["sent"] - given["bounced"], "email_open", given["opened"])
    return lambda: of("email_open_rate", account).value


@recipe("email_response_rate", "num", "den")
def answered(given: Inputs) -> Ask:
    account = make_account()
    people(account, "email_delivered", given["den"], "email_reply", given["num"])
    return lambda: of("email_response_rate", account).value


@recipe("event_participation_rate", "num", "den")
def came(given: Inputs) -> Ask:
    account = make_account()
    people(account, "event_invited", given["den"], "event_attended", given["num"])
    return lambda: of("event_participation_rate", account).value


# -------------------------------------------------------------------------------------- coverage


@recipe("penetration_rate", "num", "den")
def penetration(given: Inputs) -> Ask:
    account = make_account(owner=make_user())
    key = [make_contact(account, key_during=days(day("2025-01-01"))) for _ in range(given["den"])]
    make_contact(account)
    make_touch(account, at=at("2025-10-01"), direction="inbound", contacts=key[: given["num"]])
    make_touch(account, at=at("2025-12-01"), direction="outbound", contacts=key)
    make_touch(account, at=at("2025-09-30"), direction="two_way", contacts=key)

    def ask() -> Any:
        found = of("penetration_rate", account)
        assert (found.reason == "no_map") == (given["den"] == 0)
        return found.value

    return ask


@recipe("account_coverage", "num", "den")
def mapped(given: Inputs) -> Ask:
    tier, accounts = in_tier(given["den"], is_target=True)
    for account in accounts[: given["num"]]:
        make_contact(account, key_during=days(day("2025-01-01")))
    return lambda: result("account_coverage", YEAR, Scope.TIER, tier.pk).value


@recipe("interaction_gap", "touches", "start", "as_of")
def gap(given: Inputs) -> Ask:
    """All a day earlier: what is asked about is the last day of a month."""
    account = make_account()
    for date in given["touches"]:
        make_touch(account, at=at(date) - datetime.timedelta(days=1))
    silent = make_account(owner=make_user())
    until = period("2025-03-01", given["as_of"])

    def ask() -> Any:
        assert of("interaction_gap", silent, until).reason == "never"
        return {
            "longest": of("interaction_gap_longest", account, until).value,
            "since_last": of("interaction_gap", account, until).value,
        }

    return ask


# -------------------------------------------------------------------------------------- activity


def exchanged(number: int, direction: str, account: Account) -> None:
    Touch.objects.bulk_create(
        Touch(account=account, channel="call", direction=direction, at=at("2025-11-03"))
        for _ in range(number)
    )


@recipe("touches_inbound", "directions")
def inbound(given: Inputs) -> Ask:
    account = make_account()
    exchanged(given["directions"].count("in"), "inbound", account)
    exchanged(given["directions"].count("out"), "outbound", account)
    return lambda: of("touches_inbound", account).value


@recipe("touches_outbound", "directions")
def outbound(given: Inputs) -> Ask:
    account = make_account()
    exchanged(given["directions"].count("in"), "inbound", account)
    exchanged(given["directions"].count("out"), "outbound", account)
    return lambda: of("touches_outbound", account).value


@recipe("inbound_share", "inbound", "outbound")
def begun(given: Inputs) -> Ask:
    account = make_account()
    exchanged(given["inbound"], "inbound", account)
    exchanged(given["outbound"], "outbound", account)

    def ask() -> Any:
        found = of("inbound_share", account)
        return {"touches": found.n, "inbound_share": found.value}

    return ask


@recipe("time_with_customer", "minutes")
def time(given: Inputs) -> Ask:
    account = make_account()
    for channel, minutes in zip(("meeting", "video", "call"), given["minutes"], strict=True):
        make_touch(account, at=at("2025-11-03"), channel=channel, minutes=minutes)
    make_touch(account, at=at("2025-11-03"), channel="mail", minutes=30)
    return lambda: of("time_with_customer", account).value


@recipe("outreach_reach", "touched_accounts")
def reach(given: Inputs) -> Ask:
    owner = make_user()
    accounts = {name: make_account(owner=owner) for name in {*given["touched_accounts"], "nobody called"}}
    for name in given["touched_accounts"]:
        make_touch(accounts[name], at=at("2025-11-03"), direction="outbound")
    return lambda: result("outreach_reach", YEAR, Scope.OWNER, owner.pk).value


@recipe("first_response_time", "inbound", "answer")
def response(given: Inputs) -> Ask:
    owner = make_user()
    when = {name: datetime.datetime.fromisoformat(given[name] + "+00:00") for name in given}
    make_request(make_account(), owner=owner, opened_at=when["inbound"], first_answer_at=when["answer"])
    make_request(make_account(), owner=owner, opened_at=when["inbound"])

    def ask() -> Any:
        found = result("first_response_time", YEAR, Scope.OWNER, owner.pk)
        assert (found.n, found.beside["waiting"], found.beside["p90"]) == (1, 1, found.value)
        return found.value

    return ask


@recipe("resolution_time", "opened", "resolved")
def resolution(given: Inputs) -> Ask:
    owner = make_user()
    when = {name: datetime.datetime.fromisoformat(given[name] + "+00:00") for name in given}
    make_request(make_account(), owner=owner, opened_at=when["opened"], resolved_at=when["resolved"])
    return lambda: result("resolution_time", YEAR, Scope.OWNER, owner.pk).value


@recipe("internal_request_time", "hours", "due")
def internal(given: Inputs) -> Ask:
    """What the example says in hours is kept in days."""
    owner, department = make_user(), Department.objects.create(name="Service")
    asked = day("2025-05-02")
    for number in given["hours"]:
        InternalRequest.objects.create(
            account=make_account(), department=department, asked_by=owner, subject="Part", asked_on=asked,
            due_on=asked + datetime.timedelta(days=given["due"]), done_on=asked + datetime.timedelta(days=number),
        )  # fmt: skip

    def ask() -> Any:
        found = result("internal_request_time", YEAR, Scope.OWNER, owner.pk)
        return {"median": found.value, "overdue": found.beside["overdue"] * 100}

    return ask


@recipe("acquisition_rate", "won", "contacted")
def acquired(given: Inputs) -> Ask:
    owner = make_user()
    channels = {"call": "call", "email": "mail", "visit": "meeting"}
    for name, number in given["contacted"].items():
        accounts = Account.objects.bulk_create(Account(name=f"{name} {n}") for n in range(number))
        Touch.objects.bulk_create(
            Touch(
                account=each, actor=owner, channel=channels[name], direction="outbound", at=at("2025-03-03")
            )
            for each in accounts
        )
        for account in accounts[: given["won"][name]]:
            make_opportunity(account, "2025-04-01", 5, outcome="won", closed_on="2025-08-01")
        make_opportunity(accounts[-1], "2025-04-01", 5, outcome="won", closed_on="2025-09-01")

    def ask() -> Any:
        found = result("acquisition_rate", YEAR, Scope.OWNER, owner.pk)
        assert (found.numerator, found.denominator) == (15, 400)
        names = {"call": "call", "mail": "email", "meeting": "visit"}
        return {names[each.name]: each.value for each in found.slices}

    return ask


def decided(account: Account, outcome: str, number: int) -> None:
    deal = make_opportunity(account, "2025-03-01", 5, outcome=outcome, closed_on="2025-06-01")
    Touch.objects.bulk_create(
        Touch(account=account, opportunity=deal, channel="call", direction="two_way",
              at=at("2025-03-02") + datetime.timedelta(days=n))
        for n in range(number)
    )  # fmt: skip
    make_touch(account, at=at("2025-06-02"), opportunity=deal)


@recipe("touches_to_closure", "won")
def closure(given: Inputs) -> Ask:
    owner = make_user()
    account = make_account(owner=owner)
    for number in given["won"]:
        decided(account, "won", number)
    decided(account, "lost", 30)
    return lambda: {
        "mean": result("touches_to_closure", YEAR, Scope.OWNER, owner.pk).value,
        "median": result("touches_to_closure_median", YEAR, Scope.OWNER, owner.pk).value,
    }


@recipe("touches_per_win", "won", "lost")
def per_win(given: Inputs) -> Ask:
    account = make_account()
    for outcome in ("won", "lost"):
        for number in given[outcome]:
            decided(account, outcome, number)
    return lambda: of("touches_per_win", account).value


@recipe("ideal_touches", "reached", "won_at", "min_n")
def ideal(given: Inputs) -> Ask:
    tier, (account,) = in_tier(1)
    ends = [now - after for now, after in zip(given["reached"], [*given["reached"][1:], 0], strict=True)]
    for number, (stopped, won) in enumerate(zip(ends, given["won_at"], strict=True), 1):
        for place in range(stopped):
            decided(account, "won" if place < won else "lost", number)
    return lambda: result("ideal_touches", YEAR, Scope.TIER, tier.pk).value


# ----------------------------------------------------------------------------------------- focus


@recipe("effort", "emails", "calls", "meeting_minutes")
def effort(given: Inputs) -> Ask:
    account = make_account()
    for _ in range(given["emails"]):
        make_touch(account, at=at("2025-10-03"), channel="mail", direction="outbound")
    for _ in range(given["calls"]):
        make_touch(account, at=at("2025-10-03"), channel="call")
    make_touch(account, at=at("2025-10-03"), channel="meeting", minutes=given["meeting_minutes"])
    return lambda: of("effort", account).value


# ------------------------------------------------------------------------------------------ tests


def is_of_the_whole(case: dict[str, Any]) -> bool:
    """Shares of the company's potential and effort need a company of their own."""
    return case["kpi"] == "impact_effort_index"


def name(case: dict[str, Any]) -> str:
    return f"{case['kpi']}: {case['case']}"


def prepare() -> None:
    report_in("EUR")
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)


def test_every_worked_example_comes_out_of_the_engine() -> None:
    prepare()
    asked = [(case, RECIPES[shape(case)](case["inputs"])) for case in CASES if not is_of_the_whole(case)]

    run(AS_OF)

    found = {name(case): plain(ask()) for case, ask in asked}
    assert found == {name(case): close_to(case["expected"]) for case, _ in asked}
    assert {shape(case) for case, _ in asked} == set(RECIPES)


def test_potential_is_held_against_effort() -> None:
    """Half of the potential for a fifth of the effort; a tenth of it for none; the rest for the rest."""
    prepare()
    cases = {name(case): case for case in CASES if is_of_the_whole(case)}
    owner = make_user()
    served, neglected, rest = (make_account(owner=owner) for _ in range(3))
    elsewhere = make_account(owner=make_user())
    for account, potential, minutes in (
        (served, 500, 20), (neglected, 100, 0), (rest, 400, 80), (elsewhere, 3000, 10),
    ):  # fmt: skip
        estimate(account, potential)
        if minutes:
            make_touch(account, at=at("2025-11-03"), minutes=minutes)

    run(AS_OF)

    found = [plain(of("impact_effort_index", account).value) for account in (served, neglected)]
    assert found == [close_to(case["expected"]) for case in cases.values()]
    # A person's share is one of the company's: 1,000 of 4,000 for 100 of 110 minutes.
    assert plain(result("impact_effort_index", YEAR, Scope.OWNER, owner.pk).value) == close_to(
        0.25 / (100 / 110)
    )


def estimate(account: Account, spend: int) -> None:
    """What it could still spend, with a full score of fit."""
    from accounts.models import Fit, IcpCriterion, IcpWeight, ProductCategory

    category, _ = ProductCategory.objects.get_or_create(name="Pumps")
    criterion, is_new = IcpCriterion.objects.get_or_create(name="The only one")
    if is_new:
        IcpWeight.objects.all().delete()
        IcpWeight.objects.create(criterion=criterion, weight=Decimal(10), during=days(day("2020-01-01")))
    basis = {"noted_on": day("2025-01-01"), "basis": "confirmed"}
    WhitespaceCell.objects.create(
        account=account, category=category, yearly_spend=spend, currency="EUR", **basis
    )
    Fit.objects.create(account=account, criterion=criterion, match=1, **basis)


def test_the_rows_of_every_source_can_be_listed_for_one_day() -> None:
    for source in (*touches.SOURCES, *signal_sources.SOURCES):
        rows = source.select("o.account_id = 1", days="(SELECT DATE '2025-12-31' AS day)")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, date, label, detail, booked, currency FROM ({rows}) r")
            assert cursor.fetchall() == [], source.name
