"""Waves are written down, tried out, sent and closed. Who is asked is decided when one opens."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.people.models import Organisation, User
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact
from accounts.surveys import waves
from accounts.surveys.answering import note_answer
from accounts.surveys.building import languages_of
from accounts.surveys.forms import NoteForm, ScheduleForm, WaveForm
from accounts.surveys.letters import put_test
from accounts.surveys.models import SurveyInvitation, Wave
from accounts.surveys.questions import Survey
from accounts.surveys.views import crumbs
from kamplan.components import Choice
from kamplan.form_page import edit_page, form_page
from kamplan.permissions import EDITS_ACCOUNTS, SENDS_SURVEYS, allowed, signed_in, visible_or_404
from kamplan.waking import wake


def own_wave(request: HttpRequest, pk: int) -> Any:
    """A wave that this person may change; who only sees it gets 403."""
    user = signed_in(request)
    found = visible_or_404(Wave, user, pk=pk)
    if not Wave.objects.editable_by(user).filter(pk=pk).exists():
        raise PermissionDenied
    return found


def wave_crumbs(wave: Wave) -> list[Choice]:
    return [*crumbs(), Choice(wave.name, reverse("surveys:wave", args=[wave.pk]))]


@require_http_methods(["GET", "POST"])
@allowed(*SENDS_SURVEYS)
def wave_add(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    initial = {"survey": request.GET.get("survey"), "name": named(user, request.GET.get("survey", ""))}
    form = WaveForm(request.POST or None, instance=Wave(created_by=user), user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        wave = form.save()
        messages.success(request, "The wave is a draft. Look at whom it asks, then send it.", "wave-new")
        return redirect("surveys:wave", pk=wave.pk)
    return form_page(request, form, "New wave", reverse("surveys:list"), crumbs=crumbs(), kept="wave-new")


def named(user: User, survey: str) -> str:
    """A first name for the wave: its survey and the month."""
    found = Survey.objects.visible_to(user).filter(pk=survey).first() if survey.isdecimal() else None
    return f"{found.name}, {Organisation.current().today():%B %Y}"[:120] if found else ""


@require_http_methods(["GET", "POST"])
@allowed(*SENDS_SURVEYS)
def wave_edit(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        wave = own_wave(request, pk)
        if wave.state != Wave.State.DRAFT:
            messages.error(request, "Only a draft can be changed.")
            return redirect("surveys:wave", pk=pk)
        form = WaveForm(request.POST or None, instance=wave, user=signed_in(request))
        back = reverse("surveys:wave", args=[pk])
        return edit_page(request, form, f"Edit {wave.name}", back, crumbs=wave_crumbs(wave))


@require_POST
@allowed(*SENDS_SURVEYS)
def wave_test(request: HttpRequest, pk: int) -> HttpResponse:
    wave = own_wave(request, pk)
    user, language = signed_in(request), request.POST.get("language", "")
    put_test(user, wave, language if language in languages_of(wave.survey) else wave.survey.language)
    messages.success(request, f"A copy is on its way to {user.email}.")
    return redirect("surveys:wave", pk=pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def wave_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    wave = own_wave(request, pk)
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["opens_at"][0]))
    elif not wave.survey.questions.exists():
        messages.error(request, "The questionnaire has no question yet.")
    elif waves.schedule(wave, form.cleaned_data["opens_at"]):
        now = form.cleaned_data["opens_at"] <= timezone.now()
        messages.success(request, "It goes out within a minute." if now else "It is scheduled.")
        transaction.on_commit(lambda: wake("accounts.tasks.survey_waves"))
    return redirect("surveys:wave", pk=pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def wave_call_back(request: HttpRequest, pk: int) -> HttpResponse:
    if waves.call_back(own_wave(request, pk)):
        messages.success(request, "It is a draft again; nobody was asked.")
    else:
        messages.error(request, "It went out already.")
    return redirect("surveys:wave", pk=pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def wave_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Closed before its day, or opened again until then."""
    wave = own_wave(request, pk)
    if waves.close(wave):
        messages.success(request, "Closed: links that were not used do not work any more.")
    elif waves.open_again(wave):
        messages.success(request, "It is open again.")
    return redirect("surveys:wave", pk=pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def wave_discard(request: HttpRequest, pk: int) -> HttpResponse:
    wave = own_wave(request, pk)
    if wave.state != Wave.State.DRAFT:
        messages.error(request, "Only a draft can be thrown away.")
        return redirect("surveys:wave", pk=pk)
    token = waves.discard(signed_in(request), wave)
    messages.success(request, f"“{wave.name}” is thrown away.")
    return redirect(f"{reverse('surveys:list')}?undo={token}")


@require_POST
@allowed(*SENDS_SURVEYS)
def wave_restore(request: HttpRequest, token: str) -> HttpResponse:
    wave = waves.restore(signed_in(request), token)
    if wave is None:
        messages.error(request, "It is too late to take this back.")
        return redirect("surveys:list")
    messages.success(request, "The draft is back.")
    return redirect("surveys:wave", pk=wave.pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def invitation_bounced(request: HttpRequest, pk: int) -> HttpResponse:
    """A mail came back; pressed again, it did not after all."""
    user = signed_in(request)
    found: Any = get_object_or_404(SurveyInvitation.objects.visible_to(user).select_related("contact"), pk=pk)
    came_back = waves.mark_bounced(found)
    messages.success(request, "Noted: the mail came back." if came_back else "Noted: the address works.")
    return redirect(f"{reverse('surveys:wave', args=[found.wave_id])}?part=people")


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def answer_add(request: HttpRequest, account: int) -> HttpResponse:
    """An answer that came by another way, as on the telephone."""
    user, today = signed_in(request), Organisation.current().today()
    owner = visible_or_404(Account, user, pk=account)
    contacts = Contact.objects.visible_to(user).filter(account=owner).known().present(today)
    form = NoteForm(request.POST or None, contacts=contacts, initial={"contact": request.GET.get("contact")})
    back = reverse("surveys:of_account", args=[account])
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        note_answer(
            owner,
            given["contact"],
            answered_at=timezone.now(),
            nps=given["nps"],
            csat5=given["csat5"],
            comment=given["comment"],
        )
        messages.success(request, "The answer is noted.", f"answer-{account}")
        return redirect(back)
    place = [Choice(owner.name, back)]
    return form_page(
        request, form, "Note an answer", back, of=owner.name, crumbs=place, kept=f"answer-{account}"
    )


@require_POST
@allowed(*EDITS_ACCOUNTS)
def contact_peace(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody wants no surveys, or may be asked again."""
    user = signed_in(request)
    contact = visible_or_404(Contact, user, pk=pk)
    peace = waves.leave_in_peace(contact, Organisation.current().today())
    messages.success(
        request, f"{contact.name} is asked no more." if peace else f"{contact.name} may be asked again."
    )
    return redirect("surveys:of_account", account=contact.account_id)
