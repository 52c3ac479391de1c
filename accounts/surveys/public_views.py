"""The page behind the link in the mail. Nobody is logged in here: the link is the only right, and it works once.

A GET changes nothing, since programs open the links of mails, too. A form that knows the link's secret needs no
cookie against forgery beside it: whoever could forge the post could answer as well."""

from typing import Any

from allauth.core.internal.ratelimit import consume
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.people.models import Organisation
from accounts.surveys.answering import open_invitation, stop_asking, submit
from accounts.surveys.letters import questions_in, text_in
from accounts.surveys.public_forms import AnswerForm
from accounts.surveys.words import phrases

GONE, INVALID, TOO_MANY = 410, 422, 429
# Only links that do not work count: an office of five hundred behind one address may answer at once.
LIMIT = {"survey": "60/m/ip"}


@csrf_exempt
@login_not_required
@sensitive_variables("token")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    invitation = open_invitation(token)
    if invitation is None:
        return closed(request)
    survey = invitation.wave.survey
    text = text_in(survey, invitation.language)
    words = phrases(text.language)
    data = request.POST if request.method == "POST" else None
    form = AnswerForm(questions_in(survey, text.language), words, data, request.GET.get("mark", "")[:2])
    context = {"text": text, "language": text.language, "words": words, "form": form}
    if not form.is_valid():
        return page("surveys/answer.html", context, INVALID if form.is_bound else 200)
    if submit(invitation, form.given()) is None:
        return closed(request)
    return page("surveys/answered.html", context)


@csrf_exempt
@login_not_required
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def answer_stop(request: HttpRequest, token: str) -> HttpResponse:
    """No more surveys, by the link or by a mail program's own button; the same answer for every link."""
    language = language_of(request)
    context = {"language": language, "words": phrases(language), "is_done": request.method == "POST"}
    if request.method == "POST":
        if not consume(request, app="kamplan", action="survey", config=LIMIT, limit_get=True):
            return page("surveys/closed.html", context, TOO_MANY)
        stop_asking(token)
    return page("surveys/stop.html", context)


def closed(request: HttpRequest) -> HttpResponse:
    """Used, run out, closed or invented: byte for byte the same, so that nobody learns which links exist."""
    language = language_of(request)
    within = consume(request, app="kamplan", action="survey", config=LIMIT, limit_get=True)
    context = {"language": language, "words": phrases(language)}
    return page("surveys/closed.html", context, GONE if within else TOO_MANY)


def language_of(request: HttpRequest) -> str:
    return get_language_from_request(request)[:2]


def page(template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Drawn without the request: the page depends on nobody's login."""
    content = render_to_string(template, {**context, "organisation": Organisation.current()})
    headers = {
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return HttpResponse(content, status=status, headers=headers)
