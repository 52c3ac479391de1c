"""Who may do what: the one place where rights are defined.

Three walls stand in front of every page: a middleware asks for a login, reads start at `visible_to(user)`
(see `visible_or_404`), and a view that not every role may use carries `allowed` or `writes`.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.people.models import Role, User

View = Callable[..., HttpResponseBase]
AnyModel = TypeVar("AnyModel", bound=Model)

EVERYONE = frozenset(Role)
# Settings, users, imports, audit.
CONFIGURES = frozenset({Role.ADMINISTRATOR})
READS_RUNS = frozenset({Role.HEAD, Role.ADMINISTRATOR})
READS_TEAMS = frozenset({Role.LEAD, Role.HEAD, Role.ADMINISTRATOR})
EDITS_ACCOUNTS = frozenset({Role.MANAGER, Role.LEAD, Role.HEAD, Role.ADMINISTRATOR})
# Touches, plans, whitespace, renewals and reviews: everyone with the account but marketing.
READS_WORK = EVERYONE - {Role.MARKETING}
APPROVES_PLANS = frozenset({Role.LEAD, Role.HEAD})
HOLDS_ONE_ON_ONES = frozenset({Role.LEAD, Role.HEAD})
ASSIGNS = frozenset({Role.LEAD, Role.HEAD, Role.ADMINISTRATOR})
SETS_TARGETS = frozenset({Role.LEAD, Role.HEAD, Role.ADMINISTRATOR})
SETS_WEIGHTS = frozenset({Role.HEAD, Role.ADMINISTRATOR})
CHOOSES_BOARD = frozenset({Role.HEAD})
# What is kept about a person: handed out and erased; an administrator sees customers' people only while elevated.
KEEPS_PERSONS = frozenset({Role.HEAD, Role.ADMINISTRATOR})
GRANTS = frozenset({Role.HEAD, Role.ADMINISTRATOR})
# Employee surveys: who asks, and who reads what was released (each the own part of it).
# Asking customers: a manager their own, leads and heads those they see.
SENDS_SURVEYS = frozenset({Role.MANAGER, Role.LEAD, Role.HEAD})
RUNS_EMPLOYEE_WAVES = frozenset({Role.HEAD, Role.ADMINISTRATOR})
READS_EMPLOYEE_PANEL = RUNS_EMPLOYEE_WAVES | {Role.MANAGER, Role.LEAD}
# How many people teams have and who left: no names, but in a small team a reason for leaving is one.
KEEPS_STAFFING = frozenset({Role.HEAD, Role.ADMINISTRATOR})
READS_FORECASTS = frozenset({Role.MANAGER, Role.LEAD, Role.HEAD, Role.ADMINISTRATOR})
EDITS_CAMPAIGNS = frozenset({Role.MARKETING, Role.HEAD, Role.ADMINISTRATOR})

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Secret(StrEnum):
    """Kinds of fields that not everyone who sees an account may see."""

    CONTRACT_VALUE = "contract value"
    COST = "cost, margin or what is expected of a customer"
    OPINION = "opinion about a person"


HIDDEN: dict[str, frozenset[Secret]] = {
    Role.MARKETING: frozenset({Secret.CONTRACT_VALUE, Secret.COST, Secret.OPINION}),
    Role.VIEWER: frozenset({Secret.OPINION}),
}
HIDES_OPINIONS = frozenset(role for role, secrets in HIDDEN.items() if Secret.OPINION in secrets)


def may_see(user: User, secret: Secret) -> bool:
    return secret not in HIDDEN.get(user.role, frozenset())


def allowed(*roles: str) -> Callable[[View], View]:
    """The view is for these roles; everyone else who is logged in gets 403."""
    return _guard(frozenset(roles), safe_methods=False)


def writes(*roles: str) -> Callable[[View], View]:
    """Everyone may look; only these roles may send POST and the like, everyone else gets 403."""
    return _guard(frozenset(roles), safe_methods=True)


def _guard(roles: frozenset[str], *, safe_methods: bool) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            looks = safe_methods and request.method in SAFE_METHODS
            if not looks and signed_in(request).role not in roles:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.allowed_roles = roles  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(request: HttpRequest) -> User:
    """The person in front of the page; only behind the login wall."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def oneself(request: HttpRequest, refusal: str) -> User:
    """The person in front of the page, where nobody may look through another's eyes."""
    if request.real_user is not None:  # type: ignore[attr-defined]
        raise PermissionDenied(refusal)
    return signed_in(request)


def visible_or_404(model: type[AnyModel], user: User, **lookup: Any) -> AnyModel:
    """The one row of this model that the person may see; a stranger learns not even that it exists."""
    visible = model._default_manager.visible_to(user)  # type: ignore[attr-defined]
    found: AnyModel = get_object_or_404(visible, **lookup)
    return found
