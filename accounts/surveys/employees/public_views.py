"""The page behind an employee's link. Nobody is logged in here: the link is the only right, and it works once.

A GET changes nothing, since programs open the links of mails, too. Nothing about who looks or when is kept, the page
does not depend on a login, and no address is counted for links that work."""

from typing import Any

from allauth.core.internal.ratelimit import consume
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.people.models import Organisation
from accounts.surveys.employees import actions
from accounts.surveys.employees.forms import AnswerForm
from accounts.surveys.employees.words import PROMISE

GONE, INVALID, TOO_MANY = 410, 422, 429
# Only links that do not work count: a whole office behind one address may answer at once.
LIMIT = {"employee_survey": "60/m/ip"}


@csrf_exempt
@login_not_required
@sensitive_variables("token")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """A form that knows the link's secret needs no cookie against forgery: who could forge it could answer."""
    wave = actions.open_to(token)
    if wave is None:
        return closed(request)
    form = AnswerForm(wave, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"wave": wave, "form": form}
        return page("surveys/employees/answer.html", context, INVALID if form.is_bound else 200)
    if not actions.submit(token, form.given()):
        return closed(request)
    return page("surveys/employees/answered.html", {})


# Viewing as somebody else keeps the address of every page: this one's is a secret.
answer.ends_view_as = True  # type: ignore[attr-defined]


def closed(request: HttpRequest) -> HttpResponse:
    """Used, run out, closed or invented: byte for byte the same, so that nobody learns who answered."""
    within = consume(request, app="kamplan", action="employee_survey", config=LIMIT)
    return page("surveys/employees/gone.html", {}, GONE if within else TOO_MANY)


def page(template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Drawn without the request."""
    shared = {"language": "en", "organisation": Organisation.current(), "promise": PROMISE}
    headers = {
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return HttpResponse(render_to_string(template, {**shared, **context}), status=status, headers=headers)
