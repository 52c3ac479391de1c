"""Running a wave: listed, drafted, opened, reminded of, closed, released. No page here shows an answer."""

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.people.models import Organisation, User
from accounts.surveys.employees import actions, labels
from accounts.surveys.employees.forms import AnswerForm, ConfirmForm, WaveForm
from accounts.surveys.employees.models import Employee, EmployeeWave
from accounts.surveys.employees.release import release
from accounts.surveys.employees.rules import Dimension
from accounts.surveys.employees.words import PROMISE
from accounts.way_back import UNDO_SECONDS
from kamplan.components import Choice
from kamplan.permissions import RUNS_EMPLOYEE_WAVES, allowed, signed_in, visible_or_404
from kamplan.waking import wake

WAVES_A_PAGE = 20
INVALID = 422
SALT = "kamplan.surveys.employees"
DRAFTED = [
    "name",
    "introduction",
    "k",
    "asks_comment",
    "comment_k",
    "by_team",
    "teams_as",
    "by_site",
    "by_tenure",
]
MARKS = {"draft": "waiting", "open": "running", "closing": "running", "closed": "waiting", "released": "done"}
DIMENSIONS = {Dimension.TEAM: "Teams", Dimension.SITE: "Sites", Dimension.TENURE: "Years with us"}


def crumbs(wave: EmployeeWave | None = None) -> list[Choice]:
    found = [Choice("Employee surveys", reverse("employees:wave_list"))]
    return [*found, Choice(wave.name, reverse("employees:wave", args=[wave.pk]))] if wave else found


@require_GET
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_list(request: HttpRequest) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    waves = EmployeeWave.objects.visible_to(user)
    context = {
        "page": Paginator(waves, WAVES_A_PAGE).get_page(request.GET.get("page")),
        "marks": MARKS,
        "employees": Employee.objects.visible_to(user).working_on(today).count(),
        "undo": request.GET.get("undo", "") if unsigned(user, request.GET.get("undo", "")) else "",
        "is_administrator": user.is_staff,
    }
    return render(request, "surveys/employees/wave_list.html", context)


@require_http_methods(["GET", "POST"])
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_add(request: HttpRequest) -> HttpResponse:
    user, today = signed_in(request), Organisation.current().today()
    last = EmployeeWave.objects.visible_to(user).first()
    texts = list(last.statements.values_list("text", flat=True)) if last else list(actions.STATEMENTS)
    initial = {
        **({name: getattr(last, name) for name in DRAFTED if name != "name"} if last else {}),
        "closes_on": today + datetime.timedelta(days=14),
        "statements": "\n".join(texts),
    }
    return drafted(request, EmployeeWave(created_by=user), "New employee survey", initial)


@require_http_methods(["GET", "POST"])
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_edit(request: HttpRequest, pk: int) -> HttpResponse:
    wave = visible_or_404(EmployeeWave, signed_in(request), pk=pk)
    if wave.state != EmployeeWave.State.DRAFT:
        messages.error(request, "The wave was opened: its questions and promises stay as they are.")
        return redirect("employees:wave", pk=pk)
    texts = wave.statements.values_list("text", flat=True)
    return drafted(request, wave, f"Edit {wave.name}", {"statements": "\n".join(texts)})


def drafted(request: HttpRequest, wave: EmployeeWave, title: str, initial: dict[str, Any]) -> HttpResponse:
    form = WaveForm(request.POST if request.method == "POST" else None, instance=wave, initial=initial)
    if form.is_valid():
        with transaction.atomic():
            saved = form.save()
            actions.save_statements(saved, form.cleaned_data["statements"])
        messages.success(request, "The draft is saved. Nobody was asked yet.")
        return redirect("employees:wave", pk=saved.pk)
    is_new = wave.pk is None
    context = {
        "form": form,
        "title": title,
        "crumbs": crumbs(None if is_new else wave),
        "kept": f"employee-wave-{wave.pk or 'new'}",
        "back": reverse("employees:wave_list") if is_new else reverse("employees:wave", args=[wave.pk]),
    }
    return render(
        request, "surveys/employees/wave_form.html", context, status=INVALID if form.is_bound else 200
    )


@require_GET
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave(request: HttpRequest, pk: int) -> HttpResponse:
    return shown(request, visible_or_404(EmployeeWave, signed_in(request), pk=pk))


def shown(request: HttpRequest, wave: EmployeeWave, form: ConfirmForm | None = None) -> HttpResponse:
    """What may be said of a wave in its state: of an open one who is asked, and a rounded share of answers."""
    today = Organisation.current().today()
    context = {
        "wave": wave,
        "mark": MARKS[wave.state],
        "crumbs": crumbs(),
        "groups": groups_asked(wave, today),
        "asked": asked_by(wave, today),
        "promise": PROMISE,
        "may_remind": wave.state == EmployeeWave.State.OPEN
        and today not in {wave.opened_on, wave.reminded_on},
        "confirm": form or ConfirmForm(wave),
    }
    status = INVALID if form is not None else 200
    return render(request, "surveys/employees/wave.html", context, status=status)


def asked_by(wave: EmployeeWave, today: datetime.date) -> int:
    if wave.state == EmployeeWave.State.DRAFT:
        return Employee.objects.working_on(today).count()
    return wave.invitations.count()


def groups_asked(wave: EmployeeWave, today: datetime.date) -> list[tuple[str, list[tuple[str, int, bool]]]]:
    """The groups with how many are asked, and whether they are too small from the outset."""
    if wave.state == EmployeeWave.State.DRAFT:
        found = [theirs for _, theirs in actions.audience(wave, today)]
    else:
        copied = wave.invitations.values_list("team_label", "site_label", "tenure_label")
        found = [labels.Labels(*row) for row in copied]
    counted = labels.sizes(wave, found)
    return [
        (
            words,
            [(label, n, n < wave.k) for (each, label), n in counted.items() if each == dimension],
        )
        for dimension, words in DIMENSIONS.items()
        if dimension in wave.dimensions
    ]


@require_GET
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The page as employees see it; nothing can be sent from here."""
    wave = visible_or_404(EmployeeWave, signed_in(request), pk=pk)
    context = {
        "wave": wave,
        "form": AnswerForm(wave),
        "promise": PROMISE,
        "organisation": Organisation.current(),
        "language": "en",
        "is_preview": True,
    }
    return render(request, "surveys/employees/answer.html", context)


# ------------------------------------------------------------------------------------------ deeds


def confirmed(
    request: HttpRequest, pk: int, deed: Callable[[EmployeeWave, datetime.date], str]
) -> HttpResponse:
    """Do what cannot be taken back, if the wave's name was typed."""
    wave = visible_or_404(EmployeeWave, signed_in(request), pk=pk)
    form = ConfirmForm(wave, request.POST)
    if not form.is_valid():
        return shown(request, wave, form)
    try:
        messages.success(request, deed(wave, Organisation.current().today()))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect("employees:wave", pk=pk)


@require_POST
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_open(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(wave: EmployeeWave, today: datetime.date) -> str:
        return f"{actions.open_wave(wave, today)} people are being asked by mail."

    return confirmed(request, pk, deed)


@require_POST
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_close(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(wave: EmployeeWave, today: datetime.date) -> str:
        if not actions.stop(wave):
            raise ValidationError("Only an open wave is closed.")
        transaction.on_commit(lambda: wake(actions.TASK))
        return "No answer is taken any more. What joins answers to people is being removed."

    return confirmed(request, pk, deed)


@require_POST
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_release(request: HttpRequest, pk: int) -> HttpResponse:
    def deed(wave: EmployeeWave, today: datetime.date) -> str:
        release(wave, today)
        return "The results are released, once and for good."

    return confirmed(request, pk, deed)


@require_POST
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_remind(request: HttpRequest, pk: int) -> HttpResponse:
    wave = visible_or_404(EmployeeWave, signed_in(request), pk=pk)
    if actions.remind(wave, Organisation.current().today()):
        messages.success(request, "Who has not answered is reminded by mail. Who that is, nobody is told.")
    else:
        messages.error(request, "Nobody was reminded: once a day at most, and only while the wave is open.")
    return redirect("employees:wave", pk=pk)


@require_POST
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_discard(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    wave = visible_or_404(EmployeeWave, user, pk=pk)
    draft = {name: getattr(wave, name) for name in DRAFTED}
    draft["closes_on"] = wave.closes_on.isoformat()
    texts = list(wave.statements.values_list("text", flat=True))
    token = signing.dumps([user.pk, draft, texts], salt=SALT, compress=True)
    if not actions.discard(wave, user):
        messages.error(request, "Only a draft is discarded; what people were asked is kept.")
        return redirect("employees:wave", pk=pk)
    return redirect(f"{reverse('employees:wave_list')}?undo={token}")


@require_POST
@allowed(*RUNS_EMPLOYEE_WAVES)
def wave_restore(request: HttpRequest, token: str) -> HttpResponse:
    """The way back from discarding, for a minute and for who did it."""
    user = signed_in(request)
    kept = unsigned(user, token)
    if kept is None:
        messages.error(request, "It is too late to take this back.")
        return redirect("employees:wave_list")
    draft, texts = kept
    with transaction.atomic():
        last = datetime.date.fromisoformat(draft.pop("closes_on"))
        wave = EmployeeWave.objects.create(created_by=user, closes_on=last, **draft)
        actions.save_statements(wave, texts)
    messages.success(request, "The draft is back.")
    return redirect("employees:wave", pk=wave.pk)


def unsigned(user: User, token: str) -> tuple[dict[str, Any], list[str]] | None:
    try:
        pk, draft, texts = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    return (draft, texts) if pk == user.pk else None
