"""Questionnaires: begun from a ready one, changed, translated, looked at, copied, put away."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.surveys import building
from accounts.surveys.forms import SettingsForm, StartForm, WordsForm
from accounts.surveys.letters import first_marks, questions_in, text_in
from accounts.surveys.public_forms import AnswerForm
from accounts.surveys.questions import LANGUAGES, QuestionKind, Survey
from accounts.surveys.ready import start_survey
from accounts.surveys.words import phrases
from kamplan.components import Choice
from kamplan.form_page import edit_page, form_page
from kamplan.permissions import EVERYONE, SENDS_SURVEYS, allowed, signed_in

READS_SURVEYS = EVERYONE


def crumbs(survey: Survey | None = None) -> list[Choice]:
    found = [Choice("Surveys", reverse("surveys:list"))]
    return [*found, Choice(survey.name, reverse("surveys:survey", args=[survey.pk]))] if survey else found


def survey_of(request: HttpRequest, pk: int, *, to_change: bool = False) -> Any:
    """With `is_locked`; 403 for who may read but not change it."""
    user = signed_in(request)
    found: Any = get_object_or_404(Survey.objects.visible_to(user).with_lock(), pk=pk)
    if to_change and not (user.role in SENDS_SURVEYS and building.may_change(found, user)):
        raise PermissionDenied
    return found


@require_http_methods(["GET", "POST"])
@allowed(*SENDS_SURVEYS)
def survey_add(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.POST or None, initial={"kind": Survey.Kind.NPS, "language": "en"})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        survey = start_survey(signed_in(request), given["kind"], given["name"], given["language"])
        messages.success(request, "The questionnaire is ready. Change what you like.")
        return redirect("surveys:survey", pk=survey.pk)
    return form_page(request, form, "New questionnaire", reverse("surveys:list"), crumbs=crumbs())


@require_http_methods(["GET", "POST"])
@allowed(*SENDS_SURVEYS)
def survey_edit(request: HttpRequest, pk: int) -> HttpResponse:
    survey = survey_of(request, pk, to_change=True)
    form = SettingsForm(request.POST or None, instance=survey)
    if survey.is_locked:
        # Which mark satisfies must not differ between two answers of one survey.
        form.fields["satisfied_from"].disabled = True
    back = reverse("surveys:survey", args=[pk])
    return edit_page(request, form, f"Settings of {form.stored['name']}", back, crumbs=crumbs(survey))


@require_http_methods(["GET", "POST"])
@allowed(*SENDS_SURVEYS)
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """The builder. Every button first keeps what was typed, then does what it says."""
    with transaction.atomic():
        found = survey_of(request, pk, to_change=request.method == "POST")
        language = language_in(found, request.GET.get("language", ""))
        form = WordsForm(found, language, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            form.save()
            return done(request, found, language)
    return builder(request, found, form)


def language_in(survey: Survey, wanted: str) -> str:
    return wanted if wanted in building.languages_of(survey) else survey.language


def builder(request: HttpRequest, survey: Any, form: WordsForm) -> HttpResponse:
    here = reverse("surveys:survey", args=[survey.pk])
    spoken = building.languages_of(survey)
    user = signed_in(request)
    context = {
        "survey": survey,
        "form": form,
        "parts": [(each, fields_of(form, f"q{each.pk}-")) for each in form.questions],
        "around": [form[name] for name in form.AROUND],
        "crumbs": crumbs(),
        "may_change": building.may_change(survey, user),
        "languages": [
            Choice(LANGUAGES[each], f"{here}?language={each}", each == form.language)
            for each in sorted(spoken, key=lambda each: (each != survey.language, each))
        ],
        "other_languages": [(code, name) for code, name in LANGUAGES.items() if code not in spoken],
        "kinds": QuestionKind.choices,
        "is_full": len(form.questions) >= building.MOST_QUESTIONS,
        "undo": request.GET.get("undo", ""),
        "waves": survey.waves.visible_to(user),
    }
    return render(request, "surveys/survey.html", context, status=422 if form.is_bound else 200)


def fields_of(form: WordsForm, prefix: str) -> list[Any]:
    return [form[name] for name in form.fields if name.startswith(prefix)]


def done(request: HttpRequest, survey: Any, language: str) -> HttpResponse:
    """What the pressed button asks for, after the texts were kept."""
    deed, _, what = request.POST.get("deed", "").partition(":")
    url = reverse("surveys:survey", args=[survey.pk])
    if deed == "speak" and request.POST.get("new_language") in LANGUAGES:
        wanted = request.POST["new_language"]
        if wanted not in building.languages_of(survey):
            building.add_language(survey, wanted)
            messages.success(request, f"{LANGUAGES[wanted]} is added: translate what stands here.")
        return redirect(f"{url}?language={wanted}")
    if deed == "unspeak" and language != survey.language:
        building.remove_language(survey, language)
        messages.success(request, f"{LANGUAGES[language]} is removed.")
        return redirect(url)
    anchor, undo = "", ""
    if deed in {"up", "down", "remove", "add"} and not survey.is_locked:
        anchor, undo = changed(request, survey, deed, what)
    else:
        messages.success(request, "Saved.")
    query = f"?language={language}" + (f"&undo={undo}" if undo else "")
    return redirect(f"{url}{query}{anchor}")


def changed(request: HttpRequest, survey: Any, deed: str, what: str) -> tuple[str, str]:
    """Questions come, go and move: where to look then, and the way back."""
    if deed == "add":
        kind = request.POST.get("new_kind", "")
        if kind in QuestionKind.values and survey.questions.count() < building.MOST_QUESTIONS:
            question = building.append_question(survey, kind)
            messages.success(request, "The question is added.")
            return f"#q{question.pk}", ""
        return "", ""
    question = get_object_or_404(survey.questions, pk=int(what) if what.isdecimal() else 0)
    if deed == "remove":
        undo = building.remove_question(signed_in(request), question)
        messages.success(request, "The question is removed.")
        return "", undo
    building.move_question(question, -1 if deed == "up" else 1)
    messages.success(request, "Moved.")
    return f"#q{question.pk}", ""


@require_POST
@allowed(*SENDS_SURVEYS)
def question_restore(request: HttpRequest, token: str) -> HttpResponse:
    survey = building.restore_question(signed_in(request), token)
    if survey is None:
        messages.error(request, "It is too late to take this back.")
        return redirect("surveys:list")
    messages.success(request, "The question is back.")
    return redirect("surveys:survey", pk=survey.pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def survey_copy(request: HttpRequest, pk: int) -> HttpResponse:
    found = survey_of(request, pk)
    copy = building.copy_survey(signed_in(request), found, building.free_name(found.name))
    messages.success(request, f"“{copy.name}” is a copy that you can change.")
    return redirect("surveys:survey", pk=copy.pk)


@require_POST
@allowed(*SENDS_SURVEYS)
def survey_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put away, or taken out again: the same button."""
    found = survey_of(request, pk, to_change=True)
    building.archive(found, found.archived_at is None)
    messages.success(request, "Put away." if found.archived_at else "It is in use again.")
    return redirect("surveys:survey", pk=pk)


@require_GET
@allowed(*SENDS_SURVEYS)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail and the page as a customer gets them; nothing can be sent from here."""
    found = survey_of(request, pk)
    language = language_in(found, request.GET.get("language", ""))
    words = phrases(language)
    context = {
        "survey": found,
        "text": text_in(found, language),
        "words": words,
        "language": language,
        "form": AnswerForm(questions_in(found, language), words),
        "first": first_marks(found, language),
        "crumbs": crumbs(found),
        "sender": signed_in(request),
        "languages": [
            Choice(LANGUAGES[each], f"?language={each}", each == language)
            for each in sorted(building.languages_of(found), key=lambda each: (each != found.language, each))
        ],
    }
    return render(request, "surveys/preview.html", context)
