"""Pages about people: oneself, teams, users, invitations, elevation, “view as”, and the audit history."""

from allauth.core.internal.ratelimit import consume, respond_429
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.people import history, invitations, looking, sessions
from accounts.people.forms import (
    AuditFilter,
    ElevationForm,
    GrantForm,
    InviteForm,
    NewPasswordForm,
    ProfileForm,
    UserFilter,
)
from accounts.people.models import Elevation, Grant, Organisation, Team, User
from accounts.people.proof import proves_identity
from accounts.portfolio.models import Account
from kamplan.permissions import (
    CONFIGURES,
    GRANTS,
    KEEPS_STAFFING,
    READS_TEAMS,
    allowed,
    oneself,
    signed_in,
    visible_or_404,
)

PAGE = 50
OWN_LOGINS = "Where somebody is logged in is shown to nobody else."


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your name is saved.")
        return redirect("people:profile")
    second = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return render(
        request,
        "people/profile.html",
        {"form": form, "person": user, "has_totp": "totp" in second, "has_codes": "recovery_codes" in second},
        status=422 if form.is_bound else 200,
    )


@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    """Where one is logged in."""
    user = oneself(request, OWN_LOGINS)
    found = sessions.logins(user, request.session.session_key)
    return render(request, "people/session_list.html", {"logins": found})


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one other session of one's own, or all of them."""
    user = oneself(request, OWN_LOGINS)
    ended = sessions.end(user, request.session.session_key, request.POST.get("session", ""))
    messages.success(request, f"{ended} other login{' is' if ended == 1 else 's are'} ended.")
    return redirect("people:session_list")


@require_GET
@allowed(*READS_TEAMS)
def team_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    today = Organisation.current().today()
    teams = Team.objects.visible_to(user).select_related("lead", "parent")
    people = Count("memberships", filter=Q(memberships__during__contains=today))
    context = {
        "teams": teams.annotate(people=people).order_by("name", "pk"),  # what is counted loses its order
        "may_grant": user.role in GRANTS,
        "may_count": user.role in KEEPS_STAFFING,
    }
    return render(request, "people/team_list.html", context)


@require_GET
@allowed(*READS_TEAMS)
def team(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    today = Organisation.current().today()
    found = visible_or_404(Team, user, pk=pk)
    owned = Q(
        assignments__role="owner",
        assignments__during__contains=today,
        assignments__account__in=Account.objects.visible_to(user, today),
    )
    members = User.objects.filter(memberships__team=found, memberships__during__contains=today)
    members = members.annotate(accounts_owned=Count("assignments__account", filter=owned, distinct=True))
    context = {
        "team": found,
        "members": members.order_by("name", "pk"),
        "sub_teams": found.sub_teams.select_related("lead"),
        "sees_accounts": not user.is_staff or user.is_elevated,
        "may_count": user.role in KEEPS_STAFFING,
    }
    return render(request, "people/team.html", context)


@require_http_methods(["GET", "POST"])
@allowed(*CONFIGURES)
def user_list(request: HttpRequest) -> HttpResponse:
    """Every user, to filter; POST invites a new one."""
    user = signed_in(request)
    invite = InviteForm(request.POST if request.method == "POST" else None, prefix="new")
    if request.method == "POST" and invite.is_valid():
        with transaction.atomic():
            new = invite.save()
            invitations.invite(new, by=user)
        messages.success(request, f"{new} is invited: a mail with a link is on its way.")
        return redirect("people:user_list")
    filters = UserFilter(request.GET)
    pages = Paginator(_filtered(filters), PAGE)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "users": pages.get_page(request.GET.get("page")),
        "filters": filters,
        "invite": invite,
        "query": query.urlencode(),
        "is_filtered": bool(query),
    }
    return render(request, "people/user_list.html", context, status=422 if invite.is_bound else 200)


def _filtered(filters: UserFilter) -> QuerySet[User]:
    today = Organisation.current().today()
    users: QuerySet[User] = User.objects.with_team(today).with_invitation()
    wanted = filters.cleaned_data if filters.is_valid() else {}
    if wanted.get("q"):
        users = users.filter(Q(name__icontains=wanted["q"]) | Q(email__icontains=wanted["q"]))
    if wanted.get("role"):
        users = users.filter(role=wanted["role"])
    if wanted.get("team"):
        users = users.filter(memberships__team=wanted["team"], memberships__during__contains=today)
    active = wanted.get("active", "")
    if active != "all":
        users = users.filter(is_active=active != "no")
    return users


@require_POST
@allowed(*CONFIGURES)
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    try:
        invitations.invite(person, by=signed_in(request))
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(
            request, f"A new invitation is on its way to {person}; the earlier one no longer works."
        )
    return redirect("people:user_list")


@require_POST
@allowed(*CONFIGURES)
def set_active(request: HttpRequest, pk: int, active: bool) -> HttpResponse:
    """Let a person log in, or not any more: their sessions end with their next request."""
    person = get_object_or_404(User, pk=pk)
    if person == request.user:
        raise PermissionDenied("You cannot shut yourself out.")
    person.is_active = active
    person.save(update_fields=["is_active"])
    messages.success(request, f"{person} may {'' if active else 'no longer '}log in.")
    return redirect("people:user_list")


@require_http_methods(["GET", "POST"])
@allowed(*GRANTS)
def grant_list(request: HttpRequest) -> HttpResponse:
    """What viewers may see; POST grants one thing more."""
    user = signed_in(request)
    form = GrantForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        grant = form.save(commit=False)
        grant.granted_by = user
        grant.save()
        messages.success(request, f"{grant.viewer} may now see it.")
        return redirect("people:grant_list")
    grants = Grant.objects.visible_to(user).select_related("viewer", "account", "team", "granted_by")
    context = {"form": form, "grants": grants.order_by("viewer__name", "pk")}
    return render(request, "people/grant_list.html", context, status=422 if form.is_bound else 200)


@require_POST
@allowed(*GRANTS)
def remove_grant(request: HttpRequest, pk: int) -> HttpResponse:
    grant = visible_or_404(Grant, signed_in(request), pk=pk)
    grant.delete()
    messages.success(request, f"{grant.viewer} no longer sees it.")
    return redirect("people:grant_list")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """Choose a password with the link of an invitation; looking at the page does not use the link up."""
    if not consume(request, app="allauth.account", action="invitation", config={"invitation": "30/m/ip"}):
        return _private(respond_429(request))
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    found = invitations.open_invitation(token)
    if found is not None and request.method == "POST" and form.is_valid():
        try:
            user = invitations.accept(token, form.cleaned_data["password"])
        except ValidationError as refusal:
            form.add_error("password", refusal)
        else:
            if user is not None:
                return _private(_log_in(request, user))
            found = None
    # Used, replaced, run out or never written: the same page for all of them.
    status = 410 if found is None else 422 if form.is_bound else 200
    return _private(render(request, "people/invitation.html", {"form": form, "found": found}, status=status))


def _log_in(request: HttpRequest, user: User) -> HttpResponse:
    if Authenticator.objects.filter(user=user).exists():
        # An invitation proves the mailbox, not the second factor.
        return redirect("account_login")
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    messages.success(request, "Welcome. Your password is set.")
    return redirect("/")


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@sensitive_post_parameters("proof")
@require_http_methods(["GET", "POST"])
@allowed(*CONFIGURES)
def elevation(request: HttpRequest) -> HttpResponse:
    """Ask for half an hour of account content, with a reason and a proof of who is asking."""
    user = signed_in(request)
    form = ElevationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if not consume(request, app="allauth.account", action="reauthenticate", user=user):
            return respond_429(request)  # type: ignore[no-any-return]
        if proves_identity(user, form.cleaned_data["proof"]):
            looking.begin_elevation(request, user, form.cleaned_data["reason"])
            messages.success(request, "You may read account content for 30 minutes. This is logged.")
            return redirect("people:elevation")
        form.add_error("proof", "This is neither your password nor a valid code.")
    earlier = Elevation.objects.select_related("user")[:20]
    context = {"form": form, "earlier": earlier, "minutes": Elevation.LENGTH.seconds // 60}
    return render(request, "people/elevation.html", context, status=422 if form.is_bound else 200)


@require_POST
@allowed(*CONFIGURES)
def end_elevation(request: HttpRequest) -> HttpResponse:
    looking.end_elevation(request, signed_in(request))
    messages.success(request, "The elevation has ended.")
    return redirect("people:elevation")


@require_POST
@allowed(*CONFIGURES)
def view_as(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    whom = get_object_or_404(User, pk=pk)
    if not looking.may_be_viewed_as(whom):
        raise PermissionDenied("Nobody is viewed as an administrator, nor as a person who may not log in.")
    current: Elevation | None = request.elevation  # type: ignore[attr-defined]
    if current is None:
        messages.info(request, f"To view the pages as {whom}, say why first.")
        return redirect("people:elevation")
    looking.begin_view_as(request, user, current, whom)
    return redirect("/")


@require_POST
def stop_view_as(request: HttpRequest) -> HttpResponse:
    """Open to every role: while it is needed, the request has the role of the person viewed as."""
    looking.end_view_as(request)
    return redirect("people:user_list" if getattr(request, "real_user", None) else "/")


stop_view_as.ends_view_as = True  # type: ignore[attr-defined]


@require_GET
@allowed(*CONFIGURES)
def audit(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    filters = AuditFilter(request.GET, models=history.tracked_choices())
    wanted = filters.cleaned_data if filters.is_valid() else {}
    page = history.newest(
        model=wanted.get("model", ""),
        since=wanted.get("since"),
        until=wanted.get("until"),
        before=request.GET.get("before", ""),
        with_content=user.is_elevated,
        size=PAGE,
    )
    query = request.GET.copy()
    query.pop("before", None)
    context = {"page": page, "filters": filters, "query": query.urlencode(), "is_filtered": bool(query)}
    return render(request, "people/audit.html", context)
