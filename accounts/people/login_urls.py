"""Login, passwords and second factors: the pages of allauth that are used here, by the names it gives them.

Left out on purpose: sign-up, e-mail addresses of one's own choosing, codes by mail."""

import functools
import time
from collections.abc import Callable

from allauth.account import views
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path

Answer = Callable[[HttpRequest], HttpResponse]
FLOOR = 0.2


def unhurried(view: Answer) -> Answer:
    """No answer to a POST comes sooner than this: writing a letter takes longer than not finding anybody."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = view(request)
        if request.method == "POST":
            time.sleep(max(0.0, FLOOR - (time.perf_counter() - begun)))
        return response

    return answer


urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", unhurried(views.password_reset), name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include("allauth.mfa.urls")),
]
