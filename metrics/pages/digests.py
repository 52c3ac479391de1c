"""One's own digests: how they are wanted, what the next one would say, and the link that ends them."""

import base64
from typing import Any

from allauth.core.internal.ratelimit import consume
from csp.decorators import csp
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.outbox import Letter
from kamplan.permissions import signed_in
from metrics.digests.changes import changes_for
from metrics.digests.due import next_morning
from metrics.digests.forms import DigestForm
from metrics.digests.letters import context_of, letter
from metrics.digests.models import Digest, DigestKind, DigestSettings, wants
from metrics.digests.stopping import read_stop, stop

GONE, TOO_MANY = 410, 429
LIMIT = {"digest_stop": "60/m/ip"}
RECENT = 10

# A mail brings its own styles and pictures and nothing else: no script, no form, no other address.
AS_MAIL = csp(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)


@require_http_methods(["GET", "POST"])
def digest_settings(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not wants(user):
        return render(request, "metrics/digest_none.html")
    chosen = DigestSettings.of(user)
    form = DigestForm(request.POST if request.method == "POST" else None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your digests are saved.")
        return redirect("metrics:digest_settings")
    context = {
        "form": form,
        "next": next_morning(chosen, timezone.now()) if not form.is_bound else None,
        "zone": chosen.zone,
        "sent": Digest.objects.visible_to(user).reached().select_related("message")[:RECENT],
    }
    return render(request, "metrics/digest_settings.html", context, status=422 if form.is_bound else 200)


@require_GET
def digest_preview(request: HttpRequest) -> HttpResponse:
    """What would be sent now; looking at it changes nothing."""
    user = signed_in(request)
    if not wants(user):
        return render(request, "metrics/digest_none.html")
    return render(request, "metrics/digest_preview.html", preview_of(user))


@require_GET
@AS_MAIL
def digest_as_mail(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not wants(user):
        raise Http404
    chosen = DigestSettings.of(user)
    return HttpResponse(shown(letter(changes_for(user, chosen, timezone.now()), chosen)))


def preview_of(user: User) -> dict[str, Any]:
    chosen, now = DigestSettings.of(user), timezone.now()
    changes = changes_for(user, chosen, now)
    return {**context_of(changes, chosen), "whom": user, "chosen": chosen, "next": next_morning(chosen, now)}


def shown(mail: Letter) -> str:
    """The HTML of a mail with its pictures inside it, as a browser can show it."""
    html = mail.html
    for name, png in mail.images.items():
        html = html.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(png).decode()}")
    return html


@csrf_exempt
@login_not_required
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def digest_stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link in every digest, and the button of mail programs (RFC 8058). Only a POST ends anything: programs open
    the links of mails, too."""
    found = read_stop(token)
    if found is None:
        within = consume(request, app="kamplan", action="digest_stop", config=LIMIT, limit_get=True)
        return private(render(request, "metrics/digest_stop.html", status=GONE if within else TOO_MANY))
    user, kind = found
    if request.method == "POST":
        stop(user, kind)
    context = {
        "found": True,
        "is_done": request.method == "POST",
        "kind": DigestKind(kind).label if kind else "",
    }
    return private(render(request, "metrics/digest_stop.html", context))


def private(response: HttpResponse) -> HttpResponse:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
