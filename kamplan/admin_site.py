"""The admin panel: for administrators who logged in with an authenticator app, and nobody else."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from accounts.people.history import is_content
from accounts.people.models import User
from kamplan.panel import is_elevated

OWN_APPS = frozenset({"accounts", "metrics"})


class Panel(AdminSite):
    site_header = "kamplan: settings"
    site_title = "kamplan"
    index_title = "Settings"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Models of libraries stay out: the keys of authenticator apps are among them."""
        one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if one else list(model_or_iterable)
        super().register([m for m in models if m._meta.app_label in OWN_APPS], admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if not isinstance(user, User):
            return False
        if not (user.is_active and user.is_staff):
            raise PermissionDenied
        return logged_in_with_app(request, user)

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """What was done here lately; what was done to account content is named during an elevation only."""
        entries: QuerySet[LogEntry] = super().get_log_entries(request)
        if is_elevated(request):
            return entries
        closed = [model for model in self._registry if is_content(model)]
        return entries.exclude(content_type__in=ContentType.objects.get_for_models(*closed).values())

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No form of its own: on to whichever step of our login is missing."""
        back = request.GET.get("next", reverse("admin:index"))
        user = request.user
        if not isinstance(user, User):
            return redirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
        if self.has_permission(request):
            return redirect("admin:index")
        if not has_app(user):
            messages.info(request, "The settings need an authenticator app: please set one up first.")
            return redirect("mfa_activate_totp")
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': back})}")


def has_app(user: User) -> bool:
    found: bool = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    return found


def logged_in_with_app(request: HttpRequest, user: User) -> bool:
    """A code of an app (or one of its recovery codes) opened or confirmed this session."""
    if not has_app(user):
        return False
    return any(one.get("method") == "mfa" for one in get_authentication_records(request, user))
