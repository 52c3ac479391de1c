"""The pages about the API: one's tokens, and what can be asked."""

from dataclasses import dataclass
from typing import Any

from allauth.core.internal.ratelimit import consume, respond_429
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.people.proof import proves_identity
from kamplan.components import Choice
from kamplan.permissions import oneself, signed_in
from metrics.api import tokens
from metrics.api.tokens import A_MINUTE, ApiScope, ApiToken

LIFETIMES = ((7, "a week"), (30, "30 days"), (90, "90 days"), (365, "a year"))
SHOWN = 50


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What for", max_length=100, help_text="As: the sheet of the controllers. Only you see it."
    )
    scopes = forms.MultipleChoiceField(
        label="It may read", choices=ApiScope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label="It works for", choices=LIFETIMES, coerce=int, initial=90)
    proof = forms.CharField(
        label="Your password, or a code of your authenticator app",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        max_length=128,
    )


@sensitive_post_parameters("proof")
@require_http_methods(["GET", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """One's own tokens; POST makes one, which is shown in this answer and never again."""
    user = own(request)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return page(request, user, form)
    if not consume(request, app="allauth.account", action="reauthenticate", user=user):
        return respond_429(request)  # type: ignore[no-any-return]
    if not proves_identity(user, form.cleaned_data["proof"]):
        form.add_error("proof", "This is neither your password nor a valid code.")
    elif tokens.has_enough(user):
        form.add_error(None, f"You have {tokens.AT_ONCE} working tokens. Revoke one first.")
    if form.errors:
        return page(request, user, form)
    _, secret = tokens.make(
        user, form.cleaned_data["name"], form.cleaned_data["scopes"], form.cleaned_data["days"]
    )
    return page(request, user, TokenForm(), secret)


def own(request: HttpRequest) -> User:
    """A secret of one's own is made by nobody who only looks through one's eyes."""
    return oneself(request, "Somebody's tokens are shown to nobody else.")


def page(request: HttpRequest, user: User, form: TokenForm, secret: str = "") -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "address": settings.SITE_URL + reverse("api:me"),
        "tokens": ApiToken.objects.visible_to(user)[:SHOWN],
        "a_minute": A_MINUTE,
        "crumbs": [Choice("Your profile", reverse("people:profile"))],
    }
    return render(request, "metrics/api_tokens.html", context, status=422 if form.is_bound else 200)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """At once and for good: a new token is made quickly, so there is no way back."""
    if tokens.revoke(own(request), pk):
        messages.success(request, "The token no longer works.")
    return redirect("api:token_list")


@login_not_required
def unknown(request: HttpRequest, address: str) -> JsonResponse:
    """A program that asks for what is not there gets no page made for people."""
    return JsonResponse({"detail": "Not found."}, status=404)


@dataclass(frozen=True)
class Parameter:
    name: str
    where: str
    usual: str
    says: str


def parameter_of(given: dict[str, Any]) -> Parameter:
    """Whatever has a fixed list of values shows the list."""
    schema = given["schema"]
    values: list[str] = next(
        (each["enum"] for each in (schema, *schema.get("allOf", ())) if "enum" in each), []
    )
    usual = schema.get("default")
    says = [", ".join(values), given.get("description", "")]
    return Parameter(
        given["name"],
        "address" if given["in"] == "path" else "query",
        "required" if given.get("required") else "–" if usual in (None, "") else str(usual),
        ". ".join(each for each in says if each),
    )


@dataclass(frozen=True)
class Operation:
    path: str
    summary: str
    parameters: list[Parameter]

    @property
    def steps(self) -> list[str]:
        """Between them a phone may break the line."""
        return self.path.strip("/").split("/")


@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """Made of the schema that programs read."""
    from metrics.api.api import api

    signed_in(request)
    schema = api.get_openapi_schema()
    operations = [
        Operation(
            path,
            details["get"].get("description", ""),
            [parameter_of(each) for each in details["get"].get("parameters", [])],
        )
        for path, details in schema["paths"].items()
    ]
    context = {
        "operations": operations,
        "a_minute": A_MINUTE,
        "schema_url": reverse("api:openapi-json"),
        "address": settings.SITE_URL + reverse("api:me"),
        "crumbs": [
            Choice("Your profile", reverse("people:profile")),
            Choice("API tokens", reverse("api:token_list")),
        ],
    }
    return render(request, "metrics/api_docs.html", context)
