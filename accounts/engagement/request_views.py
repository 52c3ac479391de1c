"""What customers asked for, until it is answered and resolved; and what we asked other departments for it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.engagement import undo as way
from accounts.engagement.actions import answer_request, change, reopen_request, resolve_request
from accounts.engagement.forms import AnyRequestForm, InternalForm, RequestForm, ResolveForm
from accounts.engagement.models import InternalRequest, Request, RequestQuerySet
from accounts.engagement.views import around, edited, locked
from accounts.people.models import Organisation, Role, User
from accounts.portfolio.models import Account
from accounts.portfolio.views import say, with_toast
from kamplan.components import Choice
from kamplan.form_page import form_page, may_save
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in, visible_or_404

REQUESTS_A_PAGE = 30
STATES = {"": "Open", "unanswered": "Unanswered", "overdue": "Overdue", "resolved": "Resolved"}


@dataclass(frozen=True)
class State:
    """How a request stands, in one mark and a few words."""

    mark: str
    words: str


def state_of(request: Request) -> State:
    now = timezone.now()
    today = timezone.localtime(now).date()
    if request.resolved_at:
        return State("done", f"resolved after {age(request.resolved_at - request.opened_at)}")
    if request.first_answer_at is None:
        waits = age(now - request.opened_at)
        if request.answer_due_at and request.answer_due_at < now:
            return State(
                "overdue", f"no answer for {waits}, limit {age(request.answer_due_at - request.opened_at)}"
            )
        return State("waiting", f"no answer yet, {waits}")
    if request.due_on and request.due_on < today:
        late = (today - request.due_on).days
        return State("overdue", f"solution {late} day{'' if late == 1 else 's'} overdue")
    return State("running", f"answered after {age(request.first_answer_at - request.opened_at)}")


def age(span: Any) -> str:
    hours = span.total_seconds() / 3600
    if hours < 1:
        return f"{max(int(hours * 60), 1)} min"
    if hours < 48:
        return f"{hours:.0f} h"
    return f"{hours / 24:.0f} days"


def in_state(requests: RequestQuerySet, state: str) -> RequestQuerySet:
    now = timezone.now()
    if state == "resolved":
        return requests.filter(resolved_at__isnull=False).order_by("-resolved_at", "-pk")
    requests = requests.open().order_by(F("answer_due_at").asc(nulls_last=True), "opened_at", "pk")
    if state == "unanswered":
        return requests.unanswered()
    if state == "overdue":
        late = Q(first_answer_at__isnull=True, answer_due_at__lt=now)
        return requests.filter(late | Q(due_on__lt=timezone.localtime(now).date()))
    return requests


@require_GET
@allowed(*READS_WORK)
def request_list(request: HttpRequest) -> HttpResponse:
    """Requests of the accounts that the person may see: mine or all, open, unanswered, overdue, resolved."""
    user = signed_in(request)
    visible = Request.objects.visible_to(user)
    whose, state = request.GET.get("whose", ""), request.GET.get("state", "")
    state = state if state in STATES else ""
    chosen = visible.filter(owner=user) if whose == "mine" else visible
    found = in_state(chosen, state).select_related("account", "contact", "owner")
    page = Paginator(found, REQUESTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(each, state_of(each)) for each in page],
        "state": state,
        "whose": whose,
        "whose_choices": whose_choices(user, whose, state),
        "states": [Choice(words, address(whose, value), value == state) for value, words in STATES.items()],
        "is_filtered": bool(whose or state),
        "may_edit": user.role in EDITS_ACCOUNTS,
    }
    return render(request, "engagement/request_list.html", context)


def whose_choices(user: User, whose: str, state: str) -> list[Choice]:
    if user.role == Role.VIEWER:
        return []
    everybody = "My teams’" if user.role == Role.LEAD else "All"
    choices = (("mine", "Mine"), ("", everybody))
    return [Choice(words, address(value, state), value == whose) for value, words in choices]


def address(whose: str, state: str) -> str:
    parts = [f"{name}={value}" for name, value in (("whose", whose), ("state", state)) if value]
    return f"?{'&'.join(parts)}"


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def request_add(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    asked = Request(account=owner, owner=user)
    form = RequestForm(request.POST or None, instance=asked, today=Organisation.current().today())
    back = reverse("engagement:activity", kwargs={"account": account})
    return added(request, form, back, **around(form, owner))


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def request_new(request: HttpRequest) -> HttpResponse:
    """A request of the account that is chosen in the form."""
    user = signed_in(request)
    wanted = request.POST.get("account") or request.GET.get("account", "")
    accounts = Account.objects.visible_to(user).active()
    account = accounts.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 18 else None
    asked = Request(account=account, owner=user)
    form = AnyRequestForm(
        request.POST or None, instance=asked, user=user, today=Organisation.current().today()
    )
    back = reverse("engagement:request_list")
    around_it = {"crumbs": [Choice("Requests", back)], "kept": "request-new"}
    return added(request, form, back, **around_it, template="engagement/request_new.html")


def added(request: HttpRequest, form: RequestForm, back: str, **around_it: Any) -> HttpResponse:
    """The request that was saved, or the form for it."""
    if may_save(request, form):
        form.save()
        messages.success(request, "The request is added.", around_it["kept"])
        return redirect("engagement:request", pk=form.instance.pk)
    return form_page(request, form, "Add a request", back, **around_it)


@require_GET
@allowed(*READS_WORK)
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return render(request, "engagement/request.html", detail(user, visible_request(user, pk)))


def visible_request(user: User, pk: int) -> Request:
    related = ("account", "contact", "owner", "first_answer_by")
    found: Request = get_object_or_404(Request.objects.visible_to(user).select_related(*related), pk=pk)
    return found


def detail(user: User, asked: Request, **forms: Any) -> dict[str, Any]:
    internal = InternalRequest.objects.visible_to(user).filter(request=asked)
    return {
        "asked": asked,
        "account": asked.account,
        "state": state_of(asked),
        "today": Organisation.current().today(),
        "internal": list(internal.select_related("department", "asked_by").order_by("asked_on", "pk")),
        "may_edit": user.role in EDITS_ACCOUNTS,
        "resolve_form": forms.get("resolve_form") or ResolveForm(),
        "internal_form": forms.get("internal_form") or InternalForm(),
    }


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def request_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        asked = locked(Request, signed_in(request), pk, request.method == "POST")
        form = RequestForm(request.POST or None, instance=asked, today=Organisation.current().today())
        back = reverse("engagement:request", kwargs={"pk": pk})
        return edited(request, form, asked.account, "Edit a request", back)


def again(request: HttpRequest, pk: int, text: str, undo: str = "") -> HttpResponse:
    """The request after a change, with what happened."""
    user = signed_in(request)
    if not request.htmx:  # type: ignore[attr-defined]
        say(request, text, undo)
        return redirect("engagement:request", pk=pk)
    response = render(request, "engagement/_request.html", detail(user, visible_request(user, pk)))
    return with_toast(response, text, undo)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def request_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The first answer went out just now."""
    user = signed_in(request)
    with transaction.atomic():
        asked = locked(Request, user, pk, True)
        if asked.first_answer_at:
            return again(request, pk, "It was answered already.")
        back = answer_request(user, asked)
    return again(request, pk, "The first answer is noted.", back)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def request_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    form = ResolveForm(request.POST)
    with transaction.atomic():
        asked = locked(Request, user, pk, True)
        if asked.resolved_at or not form.is_valid():
            return again(
                request, pk, "It was resolved already." if asked.resolved_at else "That text is too long."
            )
        back = resolve_request(user, asked, form.cleaned_data["resolution"])
    return again(request, pk, "Resolved.", back)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def request_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    with transaction.atomic():
        asked = locked(Request, user, pk, True)
        if not asked.resolved_at:
            return again(request, pk, "It is open already.")
        back = reopen_request(user, asked)
    return again(request, pk, "Open again; its clock goes on since it was asked.", back)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def internal_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask another department for what this request needs."""
    user = signed_in(request)
    asked = locked(Request, user, pk, False)
    today = Organisation.current().today()
    row = InternalRequest(account=asked.account, request=asked, asked_by=user, asked_on=today)
    form = InternalForm(request.POST, instance=row)
    if not form.is_valid():
        context = detail(user, visible_request(user, pk), internal_form=form)
        template = "engagement/_request.html" if request.htmx else "engagement/request.html"  # type: ignore[attr-defined]
        return render(request, template, context, status=422)
    form.save()
    back = way.address(user, "created", [("internal", row.pk)])
    return again(request, pk, f"{row.department} is asked.", back)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def internal_done(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    with transaction.atomic():
        row = locked(InternalRequest, user, pk, True)
        done = None if row.done_on else Organisation.current().today()
        back = change(user, row, done_on=done)
    text = f"{row.subject}: {'done' if done else 'open again'}."
    if row.request_id is None:
        return redirect("engagement:activity", account=row.account_id)
    return again(request, row.request_id, text, back)
