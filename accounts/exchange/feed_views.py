"""The calendar feed: its public address, and the page on which one makes and revokes it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.exchange import feeds
from accounts.exchange.models import CalendarFeed
from accounts.people.models import Organisation, User
from kamplan.permissions import READS_WORK, allowed, oneself


@login_not_required
@never_cache
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Read by a calendar program, which cannot log in: the address is the secret."""
    reader = feeds.reader_of(token)
    if reader is None:
        raise Http404
    content = feeds.calendar_of(reader, Organisation.current().today())
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="kamplan.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@require_GET
@allowed(*READS_WORK)
def calendar_feed(request: HttpRequest) -> HttpResponse:
    return feed_page(request, own(request))


@require_POST
@allowed(*READS_WORK)
def calendar_make(request: HttpRequest) -> HttpResponse:
    """A new address, shown in this answer and never again."""
    user = own(request)
    path = reverse("exchange:calendar", kwargs={"token": feeds.make(user)})
    return feed_page(request, user, f"{settings.SITE_URL}{path}")


@require_POST
@allowed(*READS_WORK)
def calendar_revoke(request: HttpRequest) -> HttpResponse:
    if feeds.revoke(own(request)):
        messages.success(request, "The address no longer works.")
    return redirect("exchange:calendar_feed")


def own(request: HttpRequest) -> User:
    """A secret of one's own is made by nobody who only looks through one's eyes."""
    return oneself(request, "Somebody's calendar address is shown to nobody else.")


def feed_page(request: HttpRequest, user: User, address: str = "") -> HttpResponse:
    working = CalendarFeed.objects.visible_to(user).filter(revoked_at__isnull=True).first()
    return render(request, "exchange/calendar_feed.html", {"feed": working, "address": address})
