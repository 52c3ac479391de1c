"""Which role gets which answer from which page: one line for every named URL.

`tests/test_urls_are_closed.py` walks the URL configuration and fails on a URL that has no line here.
A line names the URL, then who gets something other than the usual refusal:

    everyone("home")                                     # every role 200
    only("people:user_list", ADMINISTRATOR)              # the others 403
    seen_by("portfolio:account", MANAGER, LEAD, HEAD, pk=lambda w: w.maya_account.pk)   # the others 404
    writes("metrics:recompute", HEAD, ADMINISTRATOR)     # a POST: the others 403, no token 403, GET 405

Arguments of the URL are values, or functions of the world: the cast, `maya_account` and `omar_account`,
where `maya` owns the one, `omar` the other, `lena` leads maya's team, and nothing is granted to `vic`.
`refused=404` where a page hides itself from the wrong person instead of refusing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.exchange.actions import upload
from accounts.people.invitations import invite, token_to_send
from accounts.people.models import Role

MANAGER, LEAD, HEAD = Role.MANAGER, Role.LEAD, Role.HEAD
MARKETING, VIEWER, ADMINISTRATOR = Role.MARKETING, Role.VIEWER, Role.ADMINISTRATOR
ALL = frozenset(Role)
# The account manager of the team that is asked about, and one of another team.
PEOPLE = {
    "maya": MANAGER,
    "omar": MANAGER,
    "lena": LEAD,
    "hana": HEAD,
    "mira": MARKETING,
    "vic": VIEWER,
    "adam": ADMINISTRATOR,
}


@dataclass(frozen=True)
class Route:
    name: str
    people: frozenset[str]
    method: str = "GET"
    refused: int = 403
    public: bool = False
    answer: tuple[int, ...] = (200,)
    arguments: dict[str, Any] = field(default_factory=dict)
    data: Callable[[Any], dict[str, Any]] | None = None


def everyone(name: str, **arguments: Any) -> Route:
    """Every role gets the page."""
    return Route(name, frozenset(PEOPLE), arguments=arguments)


def only(name: str, *roles: str, refused: int = 403, **arguments: Any) -> Route:
    """These roles get the page."""
    return Route(name, _of(roles), refused=refused, arguments=arguments)


def seen_by(name: str, *people: str, **arguments: Any) -> Route:
    """These people (by name) get the page, nobody else learns that it exists."""
    return Route(name, frozenset(people), refused=404, arguments=arguments)


def writes(
    name: str,
    *roles: str,
    refused: int = 403,
    data: Callable[[Any], dict[str, Any]] | None = None,
    **arguments: Any,
) -> Route:
    """A page that takes POST only; those who may get anything but a refusal (200, 302, 204 or 422)."""
    answer = (200, 204, 302, 303, 422)
    return Route(name, _of(roles), "POST", refused, answer=answer, arguments=arguments, data=data)


def public(name: str, answer: int = 200, **arguments: Any) -> Route:
    """No login needed; somebody who is logged in may be sent elsewhere."""
    return Route(name, frozenset(PEOPLE), public=True, answer=(answer, 200, 302), arguments=arguments)


def sends_on(name: str, **arguments: Any) -> Route:
    """Needs a login and redirects everyone (to a proof of identity, say)."""
    return Route(name, frozenset(PEOPLE), answer=(200, 302), arguments=arguments)


def _of(roles: tuple[str, ...]) -> frozenset[str]:
    return frozenset(person for person, role in PEOPLE.items() if role in roles)


def an_invitation(world: Any) -> str:
    new = world.make_user("Nora New")
    new.set_unusable_password()
    new.save()
    return token_to_send(invite(new, by=world.adam))


def an_import(world: Any) -> int:
    content = b"external_id,name\n4711,Nordwind\n"
    return upload(world.adam, "accounts", "import", "accounts.csv", content).pk


# The admin panel has some hundred URLs of Django's own; they are tested as one (tests/people/test_admin.py).
WHOLE_NAMESPACES = {"admin"}

ROUTES: list[Route] = [
    public("healthz"),
    public("readyz"),
    # login
    public("account_login"),
    public("account_logout", 302),
    public("account_inactive"),
    public("account_reset_password"),
    public("account_reset_password_done"),
    public("account_reset_password_from_key", uidb36="1", key="no-key"),
    public("account_reset_password_from_key_done"),
    public("mfa_authenticate", 302),
    everyone("account_reauthenticate"),
    everyone("account_change_password"),
    sends_on("account_set_password"),
    sends_on("mfa_reauthenticate"),
    everyone("mfa_index"),
    sends_on("mfa_activate_totp"),
    Route("mfa_deactivate_totp", frozenset(), refused=404),
    # Nobody of the cast has an app yet, so there are no codes to show.
    Route("mfa_view_recovery_codes", frozenset(), refused=404),
    Route("mfa_download_recovery_codes", frozenset(), refused=404),
    sends_on("mfa_generate_recovery_codes"),
    # people
    public("people:invitation", token=an_invitation),
    everyone("people:profile"),
    only("people:team_list", LEAD, HEAD, ADMINISTRATOR),
    Route(
        "people:team",
        frozenset({"lena", "hana", "adam"}),
        refused=403,
        arguments={"pk": lambda w: w.north.pk},
    ),
    only("people:user_list", ADMINISTRATOR),
    writes("people:invite_again", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:deactivate", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:reactivate", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:view_as", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:stop_view_as", *ALL),
    only("people:elevation", ADMINISTRATOR),
    writes("people:end_elevation", ADMINISTRATOR),
    only("people:audit", ADMINISTRATOR),
    # exchange
    only("exchange:import_list", ADMINISTRATOR),
    only("exchange:import_start", ADMINISTRATOR),
    only("exchange:import_detail", ADMINISTRATOR, pk=an_import),
    only("exchange:import_mapping", ADMINISTRATOR, pk=an_import),
    only("exchange:import_samples", ADMINISTRATOR, pk=an_import),
    only("exchange:import_refusals", ADMINISTRATOR, pk=an_import),
    writes("exchange:import_apply", ADMINISTRATOR, pk=an_import),
    writes("exchange:import_discard", ADMINISTRATOR, pk=an_import),
]
