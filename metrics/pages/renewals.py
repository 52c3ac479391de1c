"""Renewals: every open contract by notice date, the system's signal beside the manager's own call."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account, Assignment, Organisation, RenewalCall, Team, User
from accounts.periods import PeriodKind, period_of
from accounts.plans.answers import page_behind, told
from accounts.plans.renewals import CallForm, way_back
from accounts.portfolio.models import AccountQuerySet
from accounts.revenue.deals import visible_contract
from kamplan.components import Choice
from kamplan.formats import money
from kamplan.permissions import (
    EDITS_ACCOUNTS,
    READS_TEAMS,
    READS_WORK,
    Secret,
    allowed,
    may_see,
    signed_in,
)
from metrics.pages.renewal_rows import WORDS, Renewal, renewals
from metrics.reading import newest_run, reading

PAGE = 50


@dataclass(frozen=True)
class Chip:
    key: str
    words: str
    takes: Callable[[Renewal], bool]


def chips_of(organisation: Organisation) -> list[Chip]:
    quarter = period_of(PeriodKind.QUARTER, organisation.today())
    return [
        Chip("", "All", lambda row: True),
        Chip("disagree", "They disagree", lambda row: row.disagrees),
        Chip("missing", "Call missing", lambda row: row.lacks_call),
        Chip("quarter", "This quarter", lambda row: quarter.start <= row.deadline < quarter.end),
        Chip("overdue", "Notice date passed", lambda row: row.days < 0),
    ]


@dataclass(frozen=True)
class State:
    """All contracts of one signal: how many, and what they are worth a year."""

    mark: str
    words: str
    count: int
    value: str


@require_GET
@allowed(*READS_WORK)
def renewal_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    with reading():
        context = list_context(request.GET, user)
    return render(request, "plans/renewals.html", context)


def list_context(query: QueryDict, user: User) -> dict[str, Any]:
    organisation = Organisation.current()
    visible = Account.objects.visible_to(user, organisation.today()).active()
    teams = list(Team.objects.visible_to(user).order_by("name")) if user.role in READS_TEAMS else []
    whose = query.get("whose", "")
    rows = renewals(narrowed(visible, whose, user, organisation, teams), newest_run(), organisation)
    chips = chips_of(organisation)
    chosen = next((chip for chip in chips if chip.key == query.get("show", "")), chips[0])
    shown = in_order([row for row in rows if chosen.takes(row)])
    page = Paginator(shown, PAGE).get_page(query.get("page"))
    return {
        "page": page,
        "groups": groups(page.object_list),
        "states": states(rows, organisation.reporting_currency),
        "total": total(rows),
        "unrated": sum(row.value is None for row in rows),
        "chips": [chip_choice(query, chip, chosen, rows) for chip in chips],
        "whose": whose_choices(query, user, teams, whose),
        "is_filtered": bool(chosen.key or whose),
        "has_rows": bool(rows),
        "currency": organisation.reporting_currency,
        "today": organisation.today(),
        "may_edit": user.role in EDITS_ACCOUNTS,
        "sees_opinions": may_see(user, Secret.OPINION),
        "must_elevate": user.is_staff and not getattr(user, "is_elevated", False),
    }


def narrowed(
    visible: AccountQuerySet, whose: str, user: User, organisation: Organisation, teams: list[Team]
) -> AccountQuerySet:
    """One's own accounts, those of a team one may see, or all that one sees."""
    today = organisation.today()
    if whose == "mine":
        return visible.filter(
            pk__in=Assignment.objects.owners().on(today).filter(user=user).values("account")
        )
    team = next((team for team in teams if whose == f"team-{team.pk}"), None)
    if team is None:
        return visible
    below = Team.objects.filter(pk=team.pk).with_sub_teams()
    return visible.filter(pk__in=Assignment.objects.owned_by_teams(below, today).values("account"))


def in_order(rows: Iterable[Renewal]) -> list[Renewal]:
    """Where signal and call contradict each other first; then by date."""
    return sorted(rows, key=lambda row: not row.disagrees)


def groups(rows: Iterable[Renewal]) -> list[tuple[str, list[Renewal]]]:
    found = list(rows)
    disagreeing = [row for row in found if row.disagrees]
    others = [row for row in found if not row.disagrees]
    titled = [("Signal and call disagree", disagreeing), ("By notice date", others)]
    return [(title, part) for title, part in titled if part]


def states(rows: Sequence[Renewal], currency: str) -> list[State]:
    found = []
    for state, words in WORDS.items():
        of_state = [row for row in rows if row.signal.state == state]
        if of_state:
            found.append(
                State(of_state[0].signal.mark, words, len(of_state), money(total(of_state), currency))
            )
    return found


def total(rows: Iterable[Renewal]) -> Decimal:
    return sum((row.value for row in rows if row.value is not None), Decimal(0))


def chip_choice(query: QueryDict, chip: Chip, chosen: Chip, rows: Sequence[Renewal]) -> Choice:
    count = sum(map(chip.takes, rows))
    return Choice(chip.words, changed(query, show=chip.key), chip is chosen, str(count))


def whose_choices(query: QueryDict, user: User, teams: list[Team], whose: str) -> list[Choice]:
    """Without a choice to make there is none."""
    choices = [("", "All I see")]
    if user.role in EDITS_ACCOUNTS and not user.is_staff:
        choices.append(("mine", "Mine"))
    choices += [(f"team-{team.pk}", team.name) for team in teams]
    return [Choice(words, changed(query, whose=key), key == whose) for key, words in choices]


def changed(query: QueryDict, **changes: str) -> str:
    parameters = query.copy()
    parameters.pop("page", None)
    for key, wanted in changes.items():
        parameters.pop(key, None)
        if wanted:
            parameters[key] = wanted
    return f"?{parameters.urlencode()}"


# ------------------------------------------------------------------------------------------------- one call


@require_http_methods(["GET", "POST"])
@allowed(*READS_WORK)
def renewal_call(request: HttpRequest, contract: int) -> HttpResponse:
    """What speaks for and against a renewal, what was said so far, and a new word about it."""
    user = signed_in(request)
    found = visible_contract(user, contract)
    may_edit = user.role in EDITS_ACCOUNTS
    organisation = Organisation.current()
    call = RenewalCall(contract=found, author=user, made_on=organisation.today())
    form = CallForm(request.POST or None, instance=call, today=organisation.today()) if may_edit else None
    if request.method == "POST":
        return call_made(request, user, form)
    return call_page(request, user, found.pk, form)


def call_made(request: HttpRequest, user: User, form: CallForm | None) -> HttpResponse:
    if form is None:
        return HttpResponse(status=403)
    contract = form.instance.contract
    if not form.is_valid():
        return call_page(request, user, contract.pk, form, status=422)
    form.save()
    text = f"{contract.account}, {contract.number}: {form.instance.get_call_display()}."
    undo = reverse("plans:renewal_call_take_back", kwargs={"token": way_back(form.instance)})
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, text)
        return redirect(after(request, reverse("plans:renewals")))
    match, query = page_behind(request)
    if match is None or match.view_name != "plans:renewals":
        query = QueryDict()
    with reading():
        context = list_context(query, user)
    return told(render(request, "plans/_renewals.html", context), text, undo, closes="side-dialog")


def after(request: HttpRequest, usual: str) -> str:
    """Back to the page that one came from, if it is one of ours."""
    wanted = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if wanted and ours else usual


def call_page(
    request: HttpRequest, user: User, contract: int, form: CallForm | None, status: int = 200
) -> HttpResponse:
    organisation = Organisation.current()
    with reading():
        visible = Account.objects.visible_to(user, organisation.today())
        rows = renewals(visible, newest_run(), organisation, contract=contract)
        if not rows:
            raise Http404
        calls = RenewalCall.objects.visible_to(user).filter(contract=contract).select_related("author")
        context = {
            "row": rows[0],
            "evidence": rows[0].signal.evidence(may_see(user, Secret.OPINION)),
            "calls": list(calls),
            "form": form,
            "currency": organisation.reporting_currency,
            "may_edit": user.role in EDITS_ACCOUNTS,
            "next": request.GET.get("next", ""),
        }
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "plans/renewal_call.html", context, status=status)
    response = render(request, "plans/_renewal_call.html", context, status=status)
    if status != 200:
        response.headers["HX-Retarget"] = "#side-dialog-body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response
