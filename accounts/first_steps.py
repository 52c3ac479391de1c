"""From an empty installation to the first scorecard: what is done, and where the next step is taken."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.urls import reverse

from accounts.models import Account, Assignment, Contract, Opportunity, Order, Organisation, User


@dataclass(frozen=True)
class Step:
    """One step; `link` says what its page is for."""

    title: str
    words: str
    link: str
    url: str
    is_done: bool


def first_steps(user: User, has_figures: bool) -> list[Step]:
    """All steps while one is open, none afterwards. That something exists tells nothing about an account."""
    has_facts = any(model.objects.exists() for model in (Order, Opportunity, Contract))
    if has_figures and has_facts:
        return []
    upload = reverse("exchange:import_start")
    return [
        Step(
            "Your authenticator app",
            "The settings open with it only.",
            "Set it up",
            reverse("mfa_activate_totp"),
            Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        ),
        Step(
            "The organisation",
            "Its name, time zone, reporting currency and fiscal year: every number depends on them.",
            "Open its settings",
            settings_url(),
            Organisation.current().name != Organisation().name,
        ),
        Step(
            "People and teams",
            "Invite them one by one, or import teams and then users.",
            "Invite people",
            reverse("people:user_list"),
            User.objects.filter(is_active=True).exclude(pk=user.pk).exists(),
        ),
        Step(
            "Accounts",
            "The customers that you look after, from a CSV or a workbook, with a dry run before anything is written.",
            "Import accounts",
            f"{upload}?kind=accounts",
            Account.objects.exists(),
        ),
        Step(
            "Who looks after them",
            "One owner for every account and day; scorecards of people and teams are made of it.",
            "Import assignments",
            f"{upload}?kind=assignments",
            Assignment.objects.exists(),
        ),
        Step(
            "What they bought and signed",
            "Orders, opportunities or contracts: what there is. Everything else can follow.",
            "Import orders",
            f"{upload}?kind=orders",
            has_facts,
        ),
        Step(
            "The first numbers",
            "They come by themselves every night, and now if you ask for them.",
            "Recompute now",
            reverse("metrics:run_list"),
            has_figures and has_facts,
        ),
    ]


def settings_url() -> str:
    """The one row of settings, or the form that makes it."""
    if Organisation.objects.exists():
        return reverse("admin:accounts_organisation_change", args=[1])
    return reverse("admin:accounts_organisation_add")
