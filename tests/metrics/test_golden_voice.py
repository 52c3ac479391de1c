"""Worked examples of what customers and our own people say, of health and of warnings: rows, a run, its results."""

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.engagement.health import HealthWeight
from accounts.fields import days
from accounts.models import (
    Account,
    AccountState,
    AdvocacyAction,
    EmployeeResult,
    EmployeeWave,
    Headcount,
    Leaver,
    LossInterview,
    LossReason,
    Milestone,
    MilestoneCheck,
    Outcome,
    ReferenceConsent,
    Tier,
)
from accounts.surveys.employees import rules
from accounts.surveys.employees.rules import Sums, sums_of_enps, sums_of_scale
from metrics.models import Alert, Scope
from metrics.pages.explanation import beside_of
from metrics.pages.words import sub_line
from tests.factories import (
    make_account,
    make_answer,
    make_assignment,
    make_classification,
    make_contact,
    make_contract,
    make_fact,
    make_goal,
    make_order,
    make_plan,
    make_survey_invitation,
    make_team,
    make_touch,
    make_user,
    make_wave,
)
from tests.metrics.engine import day, period, result, run
from tests.metrics.test_golden import close_to, plain, shape
from tests.surveys_employees.test_rules import is_shown, mixed, teams

pytestmark = pytest.mark.django_db

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("golden_voice.json").read_text())
YEAR = period("2025-01-01", "2026-01-01")
AS_OF = "2025-12-31"
Inputs = dict[str, Any]
RECIPES: dict[tuple[str, frozenset[str]], Callable[[Inputs], Any]] = {}


def recipe(kpi: str, *names: str) -> Callable[[Callable[[Inputs], Any]], Callable[[Inputs], Any]]:
    def keep(function: Callable[[Inputs], Any]) -> Callable[[Inputs], Any]:
        RECIPES[kpi, frozenset(names)] = function
        return function

    return keep


def answer(kpi: str) -> Any:
    run(AS_OF)
    return result(kpi, YEAR).value


def at(text: str) -> str:
    return f"{text}T10:00:00+00:00"


def say_nps(scores: list[int | None], account: Account | None = None, on: str = "2025-05-05") -> None:
    account = account or make_account()
    for score in scores:
        make_answer(account, make_contact(account), at(on), nps=score, comment="all the same")


@recipe("nps", "promoters", "passives", "detractors")
def nps_of_counts(given: Inputs) -> Any:
    say_nps([10] * given["promoters"] + [7] * given["passives"] + [6] * given["detractors"])
    return answer("nps")


@recipe("nps_interval", "promoters", "passives", "detractors")
def nps_interval(given: Inputs) -> Any:
    say_nps([9] * given["promoters"] + [8] * given["passives"] + [0] * given["detractors"])
    run(AS_OF)
    return result("nps", YEAR).interval


@recipe("nps", "scores")
def nps_of_scores(given: Inputs) -> Any:
    account = make_account()
    say_nps(given["scores"], account)
    for contact in account.contacts.all():  # what they said before does not count twice
        make_answer(account, contact, at("2025-02-02"), nps=0)
    if not given["scores"]:
        make_order(account, "2025-05-01", 10)
    if None in given["scores"]:
        account.survey_answers.filter(answered_at__lt=at("2025-03-01")).delete()
    return answer("nps")


@recipe("nps_mean", "scores")
def mean_of_scores(given: Inputs) -> Any:
    say_nps(given["scores"])
    return answer("nps_mean")


def say_by_account(accounts: list[list[int]]) -> None:
    for scores in accounts:
        account = make_account()
        say_nps(list(scores), account)
        if not scores:
            make_order(account, "2025-05-01", 10)


@recipe("nps_by_account", "accounts")
def accounts_by_mean(given: Inputs) -> Any:
    say_by_account(given["accounts"])
    return answer("nps_by_account")


@recipe("nps_by_account_interval", "accounts")
def interval_of_accounts(given: Inputs) -> Any:
    say_by_account(given["accounts"])
    run(AS_OF)
    return result("nps_by_account", YEAR).interval


@recipe("csat", "answers")
def csat(given: Inputs) -> Any:
    account = make_account()
    for mark in given["answers"]:
        make_answer(account, make_contact(account), at("2025-05-05"), csat5=mark)
    make_answer(account, None, at("2024-12-31"), csat5=1)
    run(AS_OF)
    assert result("csat_mean", YEAR).value == Decimal(2 * sum(given["answers"])) / len(given["answers"])
    return result("csat", YEAR).value


@recipe("csat_interval", "k", "n")
def csat_interval(given: Inputs) -> Any:
    account = make_account()
    for number in range(given["n"]):
        make_answer(account, None, at("2025-05-05"), csat10=10 if number < given["k"] else 2)
    run(AS_OF)
    return result("csat", YEAR).interval


@recipe("response_rate", "num", "den")
def response_rate(given: Inputs) -> Any:
    account = make_account()
    wave = make_wave(make_user())
    asked = datetime.datetime.fromisoformat(at("2025-04-04"))
    for number in range(given["den"]):
        answered = asked + datetime.timedelta(days=400) if number < given["num"] else None
        make_survey_invitation(wave, make_contact(account), invited_at=asked, answered_at=answered)
    make_survey_invitation(wave, make_contact(account), invited_at=asked, delivered_at=None)
    return answer("response_rate")


@recipe("referenceable_clients", "num", "den")
def references(given: Inputs) -> Any:
    for number in range(given["den"] + 1):
        account = make_account()
        if number < given["den"]:
            make_order(account, "2025-06-01", 10)
        taken_back = day("2025-12-31") if number >= given["num"] else None
        ReferenceConsent.objects.create(
            account=account, during=days(day("2025-02-01"), None), revoked_on=taken_back
        )
    return answer("referenceable_clients")


@recipe("advocacy_actions", "referrals", "testimonials", "mentions_pos", "mentions_neg")
def advocacy(given: Inputs) -> Any:
    account = make_account()
    for name, kind, good in (
        ("referrals", "referral", True),
        ("testimonials", "testimonial", True),
        ("mentions_pos", "mention", True),
        ("mentions_neg", "mention", False),
    ):
        for _ in range(given[name]):
            AdvocacyAction.objects.create(account=account, on=day("2025-05-05"), kind=kind, is_positive=good)
    return answer("advocacy_actions")


def lose(account: Account) -> None:
    make_contract(account, "2024-01-01", "2025-07-01", outcome="lost")


@recipe("exit_interview_rate", "num", "den")
def exit_interviews(given: Inputs) -> Any:
    for number in range(given["den"]):
        account = make_account()
        lose(account)
        held = day("2025-07-20") if number < given["num"] else None
        LossInterview.objects.create(account=account, lost_on=day("2025-07-01"), interviewed_on=held)
    return answer("exit_interview_rate")


@recipe("churn_reason_mix", "reasons")
def churn_reasons(given: Inputs) -> Any:
    for name, number in given["reasons"].items():
        reason = None if name == "unknown" else LossReason.objects.create(name=name)
        for _ in range(number):
            LossInterview.objects.create(account=make_account(), lost_on=day("2025-07-01"), reason=reason)
    run(AS_OF)
    found = result("churn_reason_mix", YEAR)
    assert (found.value, found.n) == (max(each.value for each in found.slices), 8)
    return {each.name: each.value for each in found.slices}


def make_step(goal: Any, on_track: bool | None, due: str = "2026-03-01", seen: str = "2025-11-01") -> None:
    step = Milestone.objects.create(goal=goal, title="Step", due_on=day(due), first_due_on=day(due))
    if on_track is not None:
        MilestoneCheck.objects.create(milestone=step, on=day(seen), on_track=on_track)


def make_outcome(goal: Any, met: bool | None, due: str = "2025-10-01") -> None:
    measured = None if met is None else day(due)
    Outcome.objects.create(
        goal=goal, title="Result", due_on=day(due), first_due_on=day(due), met=met, measured_on=measured
    )


@recipe("outcome_leading", "num", "den")
def leading(given: Inputs) -> Any:
    goal = make_goal(make_plan(make_account(), "2025-01-01", "2026-01-01"))
    for number in range(given["den"]):
        make_step(goal, number < given["num"])
    make_step(goal, None)
    return answer("outcome_leading")


@recipe("outcome_achievement", "num", "den")
def achievement(given: Inputs) -> Any:
    goal = make_goal(make_plan(make_account(), "2025-01-01", "2026-01-01"))
    for number in range(given["den"]):
        make_outcome(goal, number < given["num"])
    make_outcome(goal, None)
    make_outcome(goal, False, "2026-01-01")
    return answer("outcome_achievement")


@recipe("outcome_discrepancy", "leading", "lagging")
def discrepancy(given: Inputs) -> Any:
    account = make_account(owner=make_user(), since="2024-01-01")
    plan = make_plan(account, "2024-07-01", "2026-01-01")
    goal, other = make_goal(plan), make_goal(plan)
    for number in range(10):
        make_step(goal, number < given["leading"] / 10, seen="2024-12-01")
        make_outcome(goal, number < given["lagging"] / 10)
    make_step(other, False, seen="2024-12-01")
    run(AS_OF)
    assert result("outcome_discrepancy", YEAR, Scope.ACCOUNT, account.pk).value == 30
    return result("outcome_discrepancy", YEAR).value


@recipe("data_completeness", "num", "den")
def completeness(given: Inputs) -> Any:
    """Owner, class, key person, decision maker and attitude are known; sponsor, champion and a plan are not."""
    account = make_account(owner=make_user(), since="2024-01-01")
    make_classification(account, "2024-01-01", tier="A", industry="Steel", region="North", is_target=True)
    person = make_contact(account, since=day("2024-02-01"), key_during=days(day("2024-02-01")))
    make_fact(person, "role", "decision_maker", "2024-03-01")
    make_fact(person, "support", "1", "2025-12-01")
    make_fact(person, "influence", "3", "2024-05-01")
    run(AS_OF)
    found = result("data_completeness", YEAR)
    assert (found.numerator, found.denominator) == (given["num"], given["den"])
    assert (found.beside["noted_facts"], found.beside["stale_facts"]) == (3, 2)
    return found.value


@recipe("health_score", "weights", "scores")
def health(given: Inputs) -> Any:
    parts = {"nps": "satisfaction"}
    for part in HealthWeight.USUAL:
        name = "nps" if part == "satisfaction" else part
        HealthWeight.objects.create(
            part=part, weight=given["weights"].get(name, 0), during=days(day("2020-01-01"))
        )
    account = make_account(owner=make_user(), since="2024-01-01")
    make_classification(account, "2024-01-01", tier="A")
    Tier.objects.update(cadence_days=60)
    for name, score in given["scores"].items():
        part = parts.get(name, name)
        if score is None:
            continue
        if part == "satisfaction":
            say_nps([score // 10], account)
        elif part == "interaction":
            silent = 60 + round((100 - score) * 60 / 50)
            last = day(AS_OF) - datetime.timedelta(days=silent)
            make_touch(account, at=datetime.datetime.fromisoformat(at(str(last))))
        else:
            AccountState.objects.create(account=account, date=day("2025-11-01"), kind=part, value=score)
    run(AS_OF)
    assert result("health_score", YEAR).value == result("health_score", YEAR, Scope.ACCOUNT, account.pk).value
    return result("health_score", YEAR).value


@recipe("early_warning", "nps_prev", "nps_now", "days_since_touch")
def warnings(given: Inputs) -> Any:
    account = make_account(owner=make_user(), since="2024-01-01")
    make_classification(account, "2024-01-01", tier="A")
    Tier.objects.update(cadence_days=60)
    # 40 people each: of fewer, such a fall may be chance and is not said.
    say_nps(([10] * 5 + [7] * 4 + [0]) * 4, account, "2025-03-01")
    say_nps(([10] * 4 + [7] * 3 + [0] * 3) * 4, account, "2025-08-01")
    last = day(AS_OF) - datetime.timedelta(days=given["days_since_touch"])
    make_touch(account, at=datetime.datetime.fromisoformat(at(str(last))))
    run(AS_OF)
    assert result("early_warning", YEAR).value == 2
    return sorted(Alert.objects.values_list("kind", flat=True), reverse=True)


@recipe("at_risk_revenue", "accounts")
def at_risk(given: Inputs) -> Any:
    for amount, is_red in given["accounts"]:
        account = make_account()
        make_contract(account, "2025-01-01", None, amount)
        for number in range(2 if is_red else 1):
            Alert.objects.create(
                account=account,
                kind="detractor" if is_red else "overdue_request",
                cause=f"answer:{number}",
                is_red=is_red,
                opened_on=day("2025-10-01"),
                # Seen after the day of this run, so that the run leaves it alone.
                seen_on=day("2026-01-01"),
            )
    return answer("at_risk_revenue")


@recipe("warning_to_action", "flag", "ack")
def to_action(given: Inputs) -> Any:
    common = {"kind": "detractor", "is_red": True, "seen_on": day("2026-01-01")}
    account = make_account(owner=make_user(), since="2024-01-01")
    Alert.objects.create(
        account=account, cause="a", opened_on=day(given["flag"]), acted_on=day(given["ack"]), **common
    )
    Alert.objects.create(account=account, cause="b", opened_on=day(given["flag"]), **common)
    return answer("warning_to_action")


# ------------------------------------------------------------------------------------ our own people


def release(item: str, sums: Sums | None, label: str = "", team: int | None = None, wave: Any = None) -> Any:
    """Released rows, as closing a wave writes them."""
    wave = wave or EmployeeWave.objects.create(
        name="Autumn", state="released", closes_on=day("2025-09-30"), closed_on=day("2025-10-01")
    )
    EmployeeResult.objects.create(
        wave=wave,
        dimension="team" if label else "company",
        label=label,
        team_key=team,
        item=item,
        hidden="" if sums else "few",
        **(
            {}
            if sums is None
            else {
                "n": sums.n,
                "asked": sums.n,
                "favourable": sums.favourable,
                "unfavourable": sums.unfavourable,
                "total": sums.total,
            }
        ),
    )
    return wave


def someone_is_there() -> None:
    make_order(make_account(), "2024-06-01", 10)


@recipe("enps", "scores")
def enps(given: Inputs) -> Any:
    someone_is_there()
    release("enps", sums_of_enps(given["scores"]))
    return answer("enps")


@recipe("employee_satisfaction", "answers", "k")
def employees(given: Inputs) -> Any:
    someone_is_there()
    few = len(given["answers"]) < given["k"]
    release("satisfaction", None if few else sums_of_scale(given["answers"]))
    return answer("employee_satisfaction")


@recipe("employee_satisfaction", "groups", "k")
def employees_by_team(given: Inputs) -> Any:
    """Which groups are shown is decided when a wave is released; only those have a value."""
    someone_is_there()
    sizes = given["groups"]
    labels = teams(sizes)
    hidden = rules.decide(labels, mixed(labels), given["k"])
    found = {name: make_team(name) for name in sizes}
    wave = None
    for name, number in sizes.items():
        sums = sums_of_scale([5, 2] + [4] * (number - 2)) if is_shown(hidden, name) else None
        wave = release("satisfaction", sums, name, found[name].pk, wave)
    run(AS_OF)
    values = {
        name: result("employee_satisfaction", YEAR, Scope.TEAM, team.pk).value for name, team in found.items()
    }
    return {name: value is not None for name, value in values.items()}


@recipe("attrition", "num", "den")
def attrition(given: Inputs) -> Any:
    someone_is_there()
    north, south = make_team("North"), make_team("South")
    Headcount.objects.create(team=north, on=day("2024-01-01"), number=10)
    for on, number in (("2024-06-01", given["den"] - 12), ("2025-07-01", given["den"] - 8)):
        Headcount.objects.create(team=south, on=day(on), number=number)
    for _ in range(given["num"]):
        Leaver.objects.create(team=north, left_on=day("2025-05-05"), reason="resigned")
    Leaver.objects.create(team=north, left_on=day("2025-05-05"), reason="moved")
    return answer("attrition")


def test_the_share_of_satisfied_answers_is_said_with_the_mean_of_the_marks() -> None:
    account = make_account()
    for mark in (5, 4, 4, 3, 1):
        make_answer(account, make_contact(account), at("2025-05-05"), csat5=mark)
    run(AS_OF)
    found = result("csat", YEAR)
    # 17 of 25 are 34 of 50, of five people 6.8 of 10.
    assert sub_line(found, "EUR") == "3 of 5 answers, mean 6.8"
    assert ("Mean mark", "6.8 of 10") in beside_of(found, "EUR")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kpi']}: {case['case']}")
def test_a_worked_example_comes_out_of_the_engine(case: dict[str, Any]) -> None:
    found = RECIPES[shape(case)](case["inputs"])

    assert plain(found) == close_to(case["expected"])


def test_every_worked_example_is_used_and_every_recipe_has_one() -> None:
    assert {shape(case) for case in CASES} == set(RECIPES)


def test_answers_are_credited_to_who_owned_the_account_then() -> None:
    before, after = make_user(), make_user()
    account = make_account()
    make_assignment(account, before, "2024-01-01", "2025-06-01")
    make_assignment(account, after, "2025-06-01")
    say_nps([10] * 3, account, "2025-03-01")
    say_nps([0], account, "2025-08-01")
    run(AS_OF)

    assert result("nps", YEAR, Scope.OWNER, before.pk).value == 100
    assert result("nps", YEAR, Scope.OWNER, after.pk).value == -100
    assert result("nps", YEAR).value == 50
