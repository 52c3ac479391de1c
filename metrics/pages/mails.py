"""Mails, for administrators: what was sent and what became of it, digests to try out, the demonstration's mailbox."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Bounce, Message, User
from kamplan.components import Choice
from kamplan.permissions import CONFIGURES, allowed, signed_in
from metrics.digests import sink
from metrics.digests.letters import put_test
from metrics.digests.models import GETS_DIGESTS, DigestTrial
from metrics.pages.digests import AS_MAIL, preview_of

PAGE = 50
RECENT = 20
KIND_WORDS = {
    "digest": "Digest",
    "digest_test": "Digest, as a test",
    "invitation": "Invitation to log in",
    "notice": "Notice about a login",
    "password_reset": "New password",
    "run_failed": "A run failed",
    "survey": "Survey",
    "survey_test": "Survey, as a test",
}
MARKS = {"new": "waiting", "sending": "waiting", "sent": "done", "failed": "short", "unknown": "watch"}
RETURNED = "returned"


@dataclass(frozen=True)
class Row:
    """A mail as the list shows it; people at customers are account content."""

    message: Message
    is_elevated: bool

    @property
    def kind(self) -> str:
        return KIND_WORDS.get(self.message.kind, self.message.kind)

    @property
    def whom(self) -> str:
        if self.message.recipient is not None:
            return str(self.message.recipient)
        return str(self.message.contact) if self.is_elevated else "somebody at a customer"

    @property
    def bounce(self) -> Bounce | None:
        return getattr(self.message, "bounce", None)

    @property
    def mark(self) -> str:
        return "short" if self.bounce else MARKS[self.message.state]

    @property
    def words(self) -> str:
        return "came back" if self.bounce else self.message.get_state_display()

    @property
    def remark(self) -> str:
        if self.bounce:
            return f"{self.bounce.status}{', for good' if self.bounce.is_final else ', for now'}"
        return str(self.message.error)


@require_GET
@allowed(*CONFIGURES)
def mail_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    # Whom an employee survey reminded has not answered: that is for nobody.
    rows = Message.objects.filter(employee__isnull=True)
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    counts = rows.aggregate(
        **{each: Count("pk", filter=Q(state=each)) for each in Message.State.values},
        **{RETURNED: Count("pk", filter=Q(bounce__isnull=False))},
    )
    kinds = list(rows.order_by("kind").values_list("kind", flat=True).distinct())
    if state in Message.State.values:
        rows = rows.filter(state=state)
    elif state == RETURNED:
        rows = rows.filter(bounce__isnull=False)
    rows = rows.filter(kind=kind) if kind in kinds else rows
    page = Paginator(rows.select_related("recipient", "contact", "bounce"), PAGE).get_page(
        request.GET.get("page")
    )
    asked = {"state": state, "kind": kind}
    words = {"": "All", **dict(Message.State.choices), RETURNED: "came back"}
    context = {
        "page": page,
        "rows": [Row(each, user.is_elevated) for each in page.object_list],
        "states": [
            link(asked, "state", each, capfirst(label), str(counts[each]) if each else "")
            for each, label in words.items()
            if not each or counts[each]
        ],
        "kinds": [
            link(asked, "kind", each, KIND_WORDS.get(each, each) if each else "All kinds")
            for each in ["", *kinds]
        ],
        "is_filtered": bool(state or kind),
        "reads_bounces": bool(settings.BOUNCE_MAILBOX),
        "has_sink": bool(settings.MAIL_SINK),
    }
    return render(request, "metrics/mail_list.html", context)


def link(asked: dict[str, str], name: str, value: str, words: str, count: str = "") -> Choice:
    query = "&".join(f"{key}={each}" for key, each in {**asked, name: value}.items() if each)
    return Choice(words, f"?{query}", asked[name] == value, count)


@require_POST
@allowed(*CONFIGURES)
def address_works(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody found out that an address takes mails after all; every report about it is settled."""
    bounce = get_object_or_404(Bounce, pk=pk)
    Bounce.objects.current().of(bounce.address).update(
        cleared_at=timezone.now(), cleared_by=signed_in(request)
    )
    messages.success(request, "Mails go to this address again.")
    return redirect("metrics:mail_list")


# ------------------------------------------------------------------------------------------ digests, tried out


@require_GET
@allowed(*CONFIGURES)
def digest_trial(request: HttpRequest) -> HttpResponse:
    """Choose whose digest to look at or to send, and see who did so before."""
    people = User.objects.filter(is_active=True, role__in=GETS_DIGESTS).order_by("name", "pk")
    context = {
        "people": people.select_related("digest_settings"),
        "trials": DigestTrial.objects.select_related("by", "whom")[:RECENT],
        "is_elevated": signed_in(request).is_elevated,
    }
    return render(request, "metrics/mail_digest.html", context)


@require_GET
@allowed(*CONFIGURES)
def digest_of(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's next digest, as they would get it: account content, so only while elevated, and noted."""
    user, whom = signed_in(request), reader_or_404(pk)
    if not user.is_elevated:
        raise PermissionDenied("Account content is read only during an elevation.")
    DigestTrial.objects.create(by=user, whom=whom, what=DigestTrial.What.PREVIEW)
    return render(request, "metrics/digest_preview.html", preview_of(whom))


@require_POST
@allowed(*CONFIGURES)
def digest_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Sent to the person themselves, whose accounts it speaks of; so it needs no elevation."""
    user, whom = signed_in(request), reader_or_404(pk)
    DigestTrial.objects.create(by=user, whom=whom, what=DigestTrial.What.MAIL)
    put_test(whom, user)
    messages.success(request, f"A test is on its way to {whom}.")
    return redirect("metrics:mail_digest")


def reader_or_404(pk: int) -> User:
    found: User = get_object_or_404(User, pk=pk, is_active=True, role__in=GETS_DIGESTS)
    return found


# ------------------------------------------------------------------------------------------ the demonstration's mails


@require_GET
@allowed(*CONFIGURES)
def sink_list(request: HttpRequest) -> HttpResponse:
    """What the demonstration's mail server took, the newest first."""
    in_demonstration()
    page = Paginator(sink.keys(), PAGE).get_page(request.GET.get("page"))
    return render(
        request, "metrics/mail_sink.html", {"page": page, "mails": [sink.read(key) for key in page]}
    )


@require_GET
@allowed(*CONFIGURES)
def sink_mail(request: HttpRequest, key: str) -> HttpResponse:
    in_demonstration()
    return render(request, "metrics/mail_sink_mail.html", {"mail": mail_or_404(key)})


@require_GET
@AS_MAIL
@allowed(*CONFIGURES)
def sink_html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML of a mail as it would be shown in a mail program."""
    in_demonstration()
    return HttpResponse(mail_or_404(key).html)


def in_demonstration() -> None:
    if not settings.MAIL_SINK:
        raise Http404


def mail_or_404(key: str) -> Any:
    found = sink.read(key)
    if found is None:
        raise Http404
    return found
