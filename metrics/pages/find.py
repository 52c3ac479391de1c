"""What the palette finds: accounts, customers' people, colleagues and definitions; only what one may open."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Account, Contact, Membership, Organisation, Role, Team, User
from kamplan.permissions import signed_in
from metrics.access import sees_everything, visible_kpis
from metrics.models import Scope
from metrics.urls_for import scorecard_url

AT_MOST = 6


@dataclass(frozen=True)
class Found:
    label: str
    sub: str
    url: str


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    user = signed_in(request)
    found = found_by(user, words) if words else []
    return render(request, "portfolio/find.html", {"found": found})


def found_by(user: User, words: str) -> list[Found]:
    return [
        *accounts(user, words),
        *contacts(user, words),
        *people(user, words),
        *definitions(user, words),
    ]


def nearest(words: str) -> Case:
    """Names that begin with the words come before those that only hold them."""
    return Case(When(name__istartswith=words, then=Value(0)), default=Value(1), output_field=IntegerField())


def accounts(user: User, words: str) -> Iterator[Found]:
    visible = Account.objects.visible_to(user).active().named_like(words)
    for pk, name, city, parent in visible.order_by(nearest(words), "name").values_list(
        "pk", "name", "city", "parent__name"
    )[:AT_MOST]:
        sub = " · ".join(part for part in (parent, city) if part)
        yield Found(name, sub or "account", reverse("portfolio:account", kwargs={"pk": pk}))


def contacts(user: User, words: str) -> Iterator[Found]:
    """People of customers, with where they are; those who left as well, since one looks for them too."""
    visible = Contact.objects.visible_to(user).known().named_like(words)
    for pk, name, title, account, account_name in visible.order_by(nearest(words), "name", "pk").values_list(
        "pk", "name", "title", "account", "account__name"
    )[:AT_MOST]:
        sub = " · ".join(part for part in (title, account_name) if part)
        yield Found(name, sub, f"{reverse('stakeholders:map', args=[account])}?contact={pk}")


def people(user: User, words: str) -> Iterator[Found]:
    """Account managers whose scorecard the person may open."""
    if sees_everything(user):
        seen = Q()
    elif user.role == Role.LEAD:
        today = Organisation.current().today()
        members = Membership.objects.filter(team__in=Team.objects.led_by(user), during__contains=today)
        seen = Q(pk=user.pk) | Q(pk__in=members.values("user"))
    elif user.role == Role.MANAGER:
        seen = Q(pk=user.pk)
    else:
        return
    holders = User.objects.filter(seen, name__icontains=words, role__in=[Role.MANAGER, Role.LEAD])
    for pk, name in holders.order_by(nearest(words), "name").values_list("pk", "name")[:AT_MOST]:
        yield Found(name, "scorecard", scorecard_url(Scope.OWNER, pk))


def definitions(user: User, words: str) -> Iterator[Found]:
    wanted = words.casefold()
    names = [kpi for kpi in visible_kpis(user) if wanted in kpi.name.casefold()]
    for kpi in sorted(names, key=lambda kpi: not kpi.name.casefold().startswith(wanted))[:AT_MOST]:
        yield Found(kpi.name, "definition", reverse("metrics:kpi", args=[kpi.id]))
