"""What stands in front of every page: who is looking, as whom, and what may be kept of the answer."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from pghistory.middleware import HistoryMiddleware

from accounts.people import looking
from accounts.people.models import Organisation
from accounts.people.sessions import described

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class SessionLimits:
    """A login ends after hours without a request, and after some days in any case."""

    IDLE = 8 * 3600
    LONGEST = 7 * 24 * 3600
    # Writing the time at every request would be a write per page.
    GRAIN = 600

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if session.session_key is not None and SESSION_KEY in session:
            now = int(time.time())
            began, seen = session.setdefault("began", now), session.get("seen", now)
            if now - seen > self.IDLE or now - began > self.LONGEST:
                logout(request)
            elif "seen" not in session or now - seen > self.GRAIN:
                session["seen"] = now
                session["browser"] = described(request.headers.get("User-Agent", ""))
        return self.get_response(request)


class OrganisationTime:
    """Who is logged in reads every time in the organisation's time zone; its settings are read once a request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with Organisation.kept():
            if not request.user.is_authenticated:
                return self.get_response(request)
            with timezone.override(Organisation.current().zone):
                return self.get_response(request)


class LoginWall(LoginRequiredMiddleware):
    """Every page asks for a login; inside an htmx request the whole page goes to it, not a fragment."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        if not getattr(request, "htmx", False):
            response: HttpResponse = super().handle_no_permission(request, view_func)
            return response
        back = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
        query = urlencode({self.get_redirect_field_name(view_func): back})
        return HttpResponseClientRedirect(f"{self.get_login_url(view_func)}?{query}")


class Acting:
    """Sets the elevation of an administrator, or puts the person they view as in their place.

    Viewing as somebody is read-only, logged page by page, and never reaches their passwords or codes."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.real_user = None  # type: ignore[attr-defined]
        request.view_as = None  # type: ignore[attr-defined]
        request.elevation = None  # type: ignore[attr-defined]
        # Without a session there is nobody to look up, and a health check asks no database.
        if request.session.session_key is not None:
            looking.settle(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        if request.view_as is None:  # type: ignore[attr-defined]
            return
        if getattr(view, "ends_view_as", False):
            return
        if request.method not in {"GET", "HEAD", "OPTIONS"} or view.__module__.startswith("allauth."):
            raise PermissionDenied("Read only: you are viewing these pages as somebody else.")
        # The address of a page that asks for no login is a secret.
        if getattr(view, "login_required", True):
            looking.log_page(request)


class History(HistoryMiddleware):
    """Who changed a row, and by which page: as in the logs its route, since a path may be somebody's secret."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        try:
            route = resolve(request.path_info).route
        except Resolver404:
            route = ""
        return {**super().get_context(request), "url": f"/{route}"}


class NoZeroBytes:
    """No address is asked with a zero byte in its query: nobody types one, and the database takes no text with it."""

    ENCODED = "%00"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query = request.META.get("QUERY_STRING", "")
        while self.ENCODED in query:
            query = query.replace(self.ENCODED, "")
        request.META["QUERY_STRING"] = query
        return self.get_response(request)


class NoStore:
    """No answer of the application is kept by a browser or a proxy, unless its view said otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
