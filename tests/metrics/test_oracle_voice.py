"""What customers say, against plain loops over the rows: every scope, one small random portfolio, one run."""

import datetime
from collections import defaultdict
from math import isclose
from typing import Any

import pytest

from accounts.models import (
    Account,
    AdvocacyAction,
    Answer,
    AnswerItem,
    Assignment,
    LossInterview,
    SurveyInvitation,
)
from accounts.periods import Period, add_months
from metrics.models import Run, Scope
from tests.factories import make_answer, make_contact, make_survey_invitation, make_wave
from tests.metrics.engine import all_keys, day, facts, run, stored
from tests.metrics.loops_of_standing import (
    STANDING,
    StandingLoops,
    add_goals,
    add_health,
    change_standing,
)
from tests.metrics.portfolio import Portfolio, make_portfolio
from tests.metrics.test_oracle import read_world

pytestmark = pytest.mark.django_db

Day = datetime.date
Key = int | None
KPIS = ("nps", "nps_mean", "csat", "csat_mean", "response_rate", "advocacy_actions")
WHEN = (
    Period(day("2024-06-01"), day("2025-06-01")),
    Period(day("2025-01-01"), day("2025-04-01")),
    Period(day("2024-10-01"), day("2024-11-01")),
)


def noon(on: Day) -> datetime.datetime:
    return datetime.datetime.combine(on, datetime.time(12), datetime.UTC)


def add_voices(made: Portfolio) -> None:
    random = made.random
    wave = make_wave(made.users[0])
    for account in made.accounts:
        people = [make_contact(account) for _ in range(3)]
        for _ in range(random.randint(0, 8)):
            who = random.choice((*people, None))
            marks: dict[str, Any] = random.choice(
                (
                    {"nps": random.randint(0, 10)},
                    {"csat5": random.randint(1, 5)},
                    {"csat10": random.randint(1, 10)},
                )
            )
            make_answer(account, who, noon(made.some_day()), **marks)
        for contact in people[: random.randint(0, 3)]:
            at = noon(made.some_day())
            answered = at + datetime.timedelta(days=3) if random.random() < 0.5 else None
            make_survey_invitation(
                wave,
                contact,
                invited_at=at,
                answered_at=answered,
                delivered_at=at if random.random() < 0.8 else None,
            )
        for _ in range(random.randint(0, 3)):
            AdvocacyAction.objects.create(
                account=account, on=made.some_day(), kind="mention", is_positive=random.random() < 0.7
            )
        if random.random() < 0.4:
            LossInterview.objects.create(account=account, lost_on=made.some_day())
    add_health(made)
    add_goals(made)


class Loops:
    """The rows as lists, and whose they are."""

    def __init__(self) -> None:
        self.held = list(Assignment.objects.filter(role="owner"))

    def owner(self, account: int, on: Day) -> Key:
        return next((a.user_id for a in self.held if a.account_id == account and on in a.during), None)

    def keys(self, scope: str, account: int, on: Day) -> Key:
        if scope == Scope.OWNER:
            return self.owner(account, on)
        return account if scope == Scope.ACCOUNT else None

    def values(self, when: Period, scope: str, as_of: Day) -> dict[tuple[str, Key], float]:
        last = min(when.end - datetime.timedelta(days=1), as_of)
        year_before = add_months_of_day(last + datetime.timedelta(days=1), -12)
        above: dict[tuple[str, Key], float] = defaultdict(float)
        below: dict[tuple[str, Key], float] = defaultdict(float)
        newest: dict[Any, Any] = {}
        for answer in Answer.objects.order_by("answered_at", "pk").prefetch_related("items"):
            on = answer.answered_at.date()
            key = self.keys(scope, answer.account_id, on)
            for item in answer.items.all():
                if item.kind == "nps" and year_before <= on <= last:
                    # Where nobody owned the account then, whoever does on the last day gets it.
                    whose = key if scope != Scope.OWNER else key or self.owner(answer.account_id, last)
                    newest[answer.contact_id or -answer.pk] = (whose, item.score)
                if item.kind in {"csat5", "csat10"} and when.start <= on < when.end:
                    below["csat", key] += 1
                    below["csat_mean", key] += 1
                    above["csat", key] += bool(item.satisfied)
                    above["csat_mean", key] += item.score * (2 if item.kind == "csat5" else 1)
        for key, score in newest.values():
            below["nps", key] += 1
            above["nps", key] += (score >= 9) - (score <= 6)
            below["nps_mean", key] += 1
            above["nps_mean", key] += score
        for asked in SurveyInvitation.objects.all():
            on = asked.invited_at.date()
            if when.start <= on < when.end and (asked.delivered_at or asked.answered_at):
                key = self.keys(scope, asked.account_id, on)
                below["response_rate", key] += 1
                above["response_rate", key] += asked.answered_at is not None
        found = {each: 100 * above[each] / number for each, number in below.items()}
        found |= {each: value / 100 for each, value in found.items() if each[0] in {"csat_mean", "nps_mean"}}
        for deed in AdvocacyAction.objects.all():
            if when.start <= deed.on < when.end:
                key = "advocacy_actions", self.keys(scope, deed.account_id, deed.on)
                found[key] = found.get(key, 0) + (1 if deed.is_positive else -1)
        return found


def add_months_of_day(on: Day, months: int) -> Day:
    first = add_months(on.replace(day=1), months)
    return first + (on - on.replace(day=1))


def test_every_scope_gives_what_plain_loops_give() -> None:
    made = make_portfolio(11, accounts=12)
    add_voices(made)
    run(made.as_of)
    loops, world = Loops(), read_world(made.as_of)
    wrong: list[Any] = []
    for when in WHEN:
        for scope in Scope.values:
            told = StandingLoops(world, when, scope).everything()
            assert scope != Scope.COMPANY or all(value is not None for value in told.values())
            expected: dict[tuple[str, Key], float | None] = {**told}
            kpis = STANDING
            if scope in (Scope.COMPANY, Scope.OWNER, Scope.ACCOUNT):
                expected |= loops.values(when, scope, made.as_of)
                kpis = (*KPIS, *STANDING)
            found = all_keys(kpis, when, scope)
            for each in sorted({*expected, *found}, key=str):
                value = found[each].value if each in found else None
                if not same(value, expected.get(each)):
                    wrong.append((str(when), scope, *each, value, expected.get(each)))
    assert wrong == []
    assert Account.objects.count() == 12

    edit(made)
    run(made.as_of)
    night = facts(), stored()
    run(made.as_of, Run.Cause.FULL)
    assert night == (facts(), stored())


def edit(made: Portfolio) -> None:
    """What people do in a day, and what they put right in what was long ago."""
    answers = list(Answer.objects.order_by("pk"))
    AnswerItem.objects.filter(answer=answers[0]).delete()
    answers[1].delete()
    answers[2].answered_at -= datetime.timedelta(days=200)
    answers[2].save()
    mark = AnswerItem.objects.filter(kind="nps").order_by("pk")[0]
    AnswerItem.objects.filter(pk=mark.pk).update(score=0)
    make_answer(made.accounts[0], None, noon(made.first + datetime.timedelta(days=300)), nps=10)
    asked = SurveyInvitation.objects.filter(answered_at=None).latest("pk")
    SurveyInvitation.objects.filter(pk=asked.pk).update(answered_at=asked.invited_at)
    AdvocacyAction.objects.filter(is_positive=False).update(is_positive=True)
    LossInterview.objects.latest("pk").delete()
    change_standing()


def same(found: Any, expected: float | None) -> bool:
    if found is None or expected is None:
        return not found and not expected
    return isclose(float(found), expected, rel_tol=1e-6, abs_tol=1e-4)
