"""A lead's talk with an account manager: what changed since the last one, and what to come back to.

Retention and growth stand apart, nothing is added up, nobody is compared with anybody."""

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import (
    Account,
    Action,
    Assignment,
    Contact,
    DecisionRole,
    OneOnOne,
    Organisation,
    User,
)
from accounts.portfolio.frame import with_kind
from kamplan.formats import day
from kamplan.permissions import HOLDS_ONE_ON_ONES, allowed, oneself
from metrics.access import may_see
from metrics.kpi import Group
from metrics.models import Scope
from metrics.pages import week_facts, week_rules
from metrics.pages.choice import BEFORE, Choice, load_runs, read_choice
from metrics.pages.places import find_place
from metrics.pages.plan_list import rows_of, with_plan
from metrics.pages.scorecards import GROUPS, one_scorecard
from metrics.pages.week_facts import Facts
from metrics.reading import newest_run, reading

SHOWN = 8
NEEDED = (DecisionRole.SPONSOR, DecisionRole.DECISION_MAKER, DecisionRole.CHAMPION)


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = OneOnOne
        fields = ["note"]
        labels = {"note": "Note for next time"}
        help_texts = {"note": "Only you read it."}
        widgets = {"note": forms.Textarea(attrs={"rows": 6})}


@dataclass(frozen=True)
class Gap:
    """An account in which somebody is missing that each account needs."""

    account: Account
    missing: str


@require_http_methods(["GET", "POST"])
@allowed(*HOLDS_ONE_ON_ONES)
def one_on_one(request: HttpRequest, manager: int) -> HttpResponse:
    user = oneself(request, "Notes of talks are read by their author only.")
    today = Organisation.current().today()
    person = User.objects.filter(pk=manager, is_active=True).exclude(pk=user.pk).first()
    if person is None or not may_see(user, Scope.OWNER, manager, today):
        raise Http404
    talks = OneOnOne.objects.visible_to(user).filter(manager=person)
    current = talks.filter(held_on=today).first() or OneOnOne(lead=user, manager=person, held_on=today)
    form = NoteForm(request.POST or None, instance=current)
    if request.method == "POST" and form.is_valid():
        keep(user, person, today, form.cleaned_data["note"])
        messages.success(request, "Kept for next time.", f"one-on-one-{manager}")
        return redirect("metrics:one_on_one", manager=manager)
    last = talks.filter(held_on__lt=today).first()
    with reading():
        context = {
            **numbers(user, person, last, today),
            **portfolio(user, person, today),
            "person": person,
            "today": today,
            "last": last,
            "earlier": list(talks.filter(held_on__lt=today)[1:6]),
            "form": form,
            "is_noted": bool(current.pk),
        }
    return render(request, "metrics/one_on_one.html", context, status=422 if form.is_bound else 200)


def keep(user: User, person: User, today: datetime.date, note: str) -> None:
    """One note a day; the run that was looked at is what the next talk compares with."""
    run = newest_run()
    OneOnOne.objects.update_or_create(
        lead=user, manager=person, held_on=today, defaults={"note": note, "run": run.pk if run else None}
    )


# ----------------------------------------------------------------------------------------------- numbers


def compared_run(last: OneOnOne | None) -> str:
    """The newest run that can still be read and was there when the last talk was held; else the period before."""
    if last is None:
        return BEFORE
    earlier = [run for run in load_runs() if (run.pk <= last.run if last.run else run.as_of <= last.held_on)]
    return str(earlier[0].pk) if earlier else BEFORE


def numbers(user: User, person: User, last: OneOnOne | None, today: datetime.date) -> dict[str, Any]:
    """The scorecard's own rows, compared with the run of the last talk."""
    choice = read_choice({"compare": compared_run(last)}, Organisation.current(), user)
    if choice is None:
        return {}
    card = one_scorecard(user, find_place(Scope.OWNER, person.pk, today), choice)
    titles = {GROUPS[group][0] for group in (Group.RETENTION, Group.GROWTH)}
    groups = [group for group in card["groups"] if group.title in titles]
    rows = [row for group in card["groups"] for row in group.rows]
    return {
        "choice": choice,
        "groups": sorted(groups, key=lambda group: group.title, reverse=True),
        "mix": card["mix"],
        "changed": [row for row in rows if row.change_direction],
        "since": since_words(choice, last),
        "restated_count": card["restated_count"],
    }


def since_words(choice: Choice, last: OneOnOne | None) -> str:
    if last is not None and choice.compared.by_run and choice.compared.run.as_of <= last.held_on:
        return f"since the talk of {day(last.held_on)}"
    if choice.compared.by_run:
        return choice.compared.since
    why = "no run of the last talk is kept" if last is not None else "there was no talk yet"
    return f"against {choice.compared.words}: {why}"


# --------------------------------------------------------------------------------------------- portfolio


def portfolio(user: User, person: User, today: datetime.date) -> dict[str, Any]:
    """Plans, coverage and promises of the accounts this person owns today, in a statement each."""
    held = Assignment.objects.on(today).owners().filter(user=person)
    mine = Account.objects.visible_to(user, today).active().filter(pk__in=held.values("account"))
    accounts = {each.pk: each for each in with_kind(mine, today).order_by("name")}
    facts = Facts(user, today, Organisation.current().reporting_currency, accounts)
    plans = rows_of(
        user, list(with_plan(mine, today).order_by("name")), newest_run(), Organisation.current(), today
    )
    gaps = coverage_gaps(facts)
    key = week_facts.key_people(facts) if accounts else []
    cold = [each for each in (week_rules.cold(one, None, today) for one in key) if each is not None]
    overdue = (
        Action.objects.visible_to(user, today).overdue(today).filter(owner=person).select_related("account")
    )
    return {
        "accounts_count": len(accounts),
        "plans": [each for each in plans if each.plan is not None],
        "without_plan": [each.account for each in plans if each.plan is None],
        "gaps": gaps[:SHOWN],
        "gaps_count": len(gaps),
        "covered": len(accounts) - len(gaps),
        "key_count": len(key),
        "cold": [(each, accounts[each.account]) for each in cold[:SHOWN]],
        "cold_count": len(cold),
        "overdue": list(overdue[:SHOWN]),
        "overdue_count": overdue.count(),
    }


def coverage_gaps(facts: Facts) -> list[Gap]:
    """Accounts without a known sponsor, decision maker or champion."""
    there: dict[int, set[str]] = {}
    rows = (
        Contact.objects.visible_to(facts.user, facts.today)
        .filter(account__in=facts.ids)
        .present(facts.today)
        .known()
        .with_opinions()
        .order_by()
        .values_list("account", "decision_role")
    )
    for account, role in rows:
        there.setdefault(account, set()).add(role or "")
    words = {
        DecisionRole.SPONSOR: "sponsor",
        DecisionRole.DECISION_MAKER: "decision maker",
        DecisionRole.CHAMPION: "champion",
    }
    found = []
    for pk, account in facts.accounts.items():
        missing = [words[role] for role in NEEDED if role not in there.get(pk, set())]
        if missing:
            found.append(Gap(account, ", ".join(missing)))
    return found
