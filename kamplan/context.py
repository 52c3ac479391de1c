"""What the frame around every page shows: the navigation of this role and a few addresses."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from accounts.engagement.forms import Box
from accounts.people.models import Organisation, Role, User
from accounts.plans.counts import Waiting, waiting, week_of
from kamplan.permissions import EDITS_ACCOUNTS

SHOWING_ACCOUNTS = frozenset({Role.MANAGER, Role.LEAD, Role.HEAD, Role.MARKETING, Role.VIEWER})
WORKING = frozenset({Role.MANAGER, Role.LEAD, Role.HEAD})
LEADING = frozenset({Role.LEAD, Role.HEAD, Role.ADMINISTRATOR})
ADMINISTRATING = frozenset({Role.ADMINISTRATOR})
EVERYBODY = frozenset(Role)
MARKETING = frozenset({Role.MARKETING, Role.HEAD, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Entry:
    """A page of the navigation; `covers` are beginnings of view names that light it up, the longest of all wins."""

    label: str
    icon: str
    route: str
    covers: tuple[str, ...]
    roles: frozenset[Role]
    section: str = ""
    tab: str = ""
    key: str = ""
    counts: str = ""
    counted: str = ""
    """A field of `Waiting` and what its figure says, for who only hears it."""


# The views of plans by their beginnings; renewals, whitespace and the week have places of their own.
PLAN_VIEWS = ("plans:list", "plans:plan", "plans:item")
# Whatever belongs to one account lies under the accounts, whichever area keeps it.
OF_ONE_ACCOUNT = (
    "portfolio:",
    "stakeholders:",
    "engagement:activity",
    "engagement:standing",
    "engagement:action",
    "engagement:touch",
    "engagement:calendar",
    "surveys:of_account",
    "surveys:answer_add",
    "plans:whitespace",
    "plans:review",
    "plans:hand_over",
    "revenue:contract",
    "revenue:opportunity",
)

ENTRIES = (
    Entry("Home", "home", "home", ("home", "plans:week"), EVERYBODY - {Role.MANAGER}, tab="Home", key="h"),
    Entry(
        "My week",
        "calendar-week",
        "home",
        ("home", "plans:week"),
        frozenset({Role.MANAGER}),
        tab="Week",
        key="h",
        counts="week",
        counted="to do",
    ),
    Entry(
        "Accounts",
        "building",
        "portfolio:list",
        OF_ONE_ACCOUNT,
        SHOWING_ACCOUNTS,
        tab="Accounts",
        key="a",
    ),
    Entry(
        "Renewals",
        "refresh",
        "plans:renewals",
        ("plans:renewal",),
        SHOWING_ACCOUNTS - {Role.MARKETING},
        key="r",
        counts="calls",
        counted="without a call",
    ),
    Entry("Plans", "target", "plans:list", PLAN_VIEWS, SHOWING_ACCOUNTS - {Role.MARKETING}, key="p"),
    Entry(
        "Requests",
        "message",
        "engagement:request_list",
        ("engagement:request",),
        SHOWING_ACCOUNTS - {Role.MARKETING},
        counts="requests",
        counted="without an answer",
    ),
    Entry(
        "Warnings",
        "alert-triangle",
        "metrics:warning_list",
        ("metrics:warning", "engagement:playbook"),
        frozenset({Role.MANAGER, Role.LEAD, Role.HEAD}),
    ),
    Entry(
        "Surveys",
        "mood-smile",
        "surveys:list",
        ("surveys:",),
        SHOWING_ACCOUNTS | ADMINISTRATING,
    ),
    Entry(
        "Team",
        "users-group",
        "people:team_list",
        ("people:team", "people:staffing", "people:grant", "plans:reassign"),
        LEADING,
    ),
    Entry(
        "Campaigns",
        "send",
        "revenue:campaign_list",
        ("revenue:campaign",),
        MARKETING,
        "Marketing",
    ),
    Entry("Leads", "filter", "revenue:lead_list", ("revenue:lead",), MARKETING, "Marketing"),
    Entry(
        "Funnel",
        "chart-line",
        "metrics:funnel",
        ("metrics:funnel",),
        frozenset({Role.HEAD, Role.MARKETING}),
        "Marketing",
    ),
    Entry(
        "Scorecards",
        "clipboard-data",
        "metrics:scorecard",
        ("metrics:scorecard", "metrics:explain", "metrics:move", "metrics:one_on_one"),
        EVERYBODY,
        "Numbers",
        "Scorecard",
        "s",
    ),
    Entry(
        "Targets",
        "circle-dot",
        "metrics:target_list",
        ("metrics:target",),
        LEADING,
        "Numbers",
    ),
    Entry(
        "Forecasts",
        "calendar",
        "metrics:forecast_list",
        ("metrics:forecast",),
        WORKING | ADMINISTRATING,
        "Numbers",
    ),
    Entry(
        "Comparison",
        "chart-bar",
        "metrics:comparison",
        ("metrics:comparison",),
        frozenset({Role.HEAD, Role.MARKETING}),
        "Numbers",
    ),
    Entry(
        "Employee panel",
        "mood-happy",
        "employees:panel",
        ("employees:",),
        frozenset({Role.MANAGER, Role.LEAD, Role.HEAD, Role.ADMINISTRATOR}),
        "Numbers",
    ),
    Entry(
        "Weights",
        "adjustments",
        "metrics:weight_list",
        ("metrics:weight",),
        frozenset({Role.HEAD, Role.ADMINISTRATOR}),
        "Numbers",
    ),
    Entry(
        "Board page",
        "file-text",
        "metrics:board",
        ("metrics:board",),
        frozenset({Role.HEAD, Role.MARKETING}),
        "Numbers",
        key="b",
    ),
    Entry("Definitions", "help-circle", "metrics:kpi_list", ("metrics:kpi",), EVERYBODY, "Numbers", key="k"),
    Entry(
        "Runs",
        "repeat",
        "metrics:run_list",
        ("metrics:run",),
        frozenset({Role.HEAD, Role.ADMINISTRATOR}),
        "Numbers",
    ),
    Entry(
        "Imports",
        "upload",
        "exchange:import_list",
        ("exchange:import",),
        ADMINISTRATING,
        "Data",
    ),
    Entry("People", "users", "people:user_list", ("people:user",), ADMINISTRATING, "Data"),
    Entry(
        "Personal data",
        "shield",
        "rights:list",
        ("rights:",),
        frozenset({Role.HEAD, Role.ADMINISTRATOR}),
        "Data",
    ),
    Entry("Mails", "mail", "metrics:mail_list", ("metrics:mail",), ADMINISTRATING, "Data"),
    Entry("Audit history", "history", "people:audit", ("people:audit",), ADMINISTRATING, "Data"),
)


@dataclass(frozen=True)
class Link:
    """An entry as the templates see it."""

    label: str
    icon: str
    url: str
    active: bool = False
    section: str = ""
    tab: str = ""
    key: str = ""
    count: int | None = None
    counted: str = ""


@cache
def address(route: str) -> str:
    """The address of a route, empty where this installation has none."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def lit(view: str, entries: Iterable[Entry]) -> Entry | None:
    """The entry that a page lies under."""
    covered = [(len(start), entry) for entry in entries for start in entry.covers if view.startswith(start)]
    return max(covered, key=lambda each: each[0], default=(0, None))[1]


def navigation(request: HttpRequest) -> list[Link]:
    role = getattr(request.user, "role", None)
    view = request.resolver_match.view_name if request.resolver_match else ""
    entries = [entry for entry in ENTRIES if role in entry.roles]
    shown = lit(view, entries)
    counted = waiting_for(request) if any(entry.counts for entry in entries) else Waiting()
    return [
        Link(
            entry.label,
            entry.icon,
            url,
            entry is shown,
            entry.section,
            entry.tab,
            entry.key,
            getattr(counted, entry.counts) if entry.counts else None,
            entry.counted,
        )
        for entry in entries
        if (url := address(entry.route))
    ]


def waiting_for(request: HttpRequest) -> Waiting:
    """Only who works on accounts has something waiting."""
    user = request.user
    if not isinstance(user, User) or user.role not in WORKING:
        return Waiting()
    today = Organisation.current().today()
    return replace(waiting(user, today), week=week_of(request, today))


def sections(links: list[Link]) -> list[tuple[str, list[Link]]]:
    """Links under their section's title, in order of first appearance."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.section, []).append(link)
    return list(found.items())


def log_url(request: HttpRequest) -> str:
    """Where touches are logged, for who may: an administrator only while elevated, nobody as somebody else."""
    user = request.user
    may = getattr(user, "role", None) in EDITS_ACCOUNTS and getattr(request, "view_as", None) is None
    if not may or (user.is_staff and not getattr(user, "is_elevated", False)):
        return ""
    return address("engagement:log")


def frame(request: HttpRequest) -> dict[str, object]:
    """The context processor; nothing is worked out for fragments that do not show the frame."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    links = SimpleLazyObject(lambda: navigation(request))
    return {
        "navigation": links,
        "navigation_sections": SimpleLazyObject(lambda: sections(list(links))),
        "made_up": SimpleLazyObject(lambda: Organisation.current().made_up),
        "log_url": SimpleLazyObject(lambda: log_url(request)),
        "log_box": SimpleLazyObject(Box),
        "find_url": SimpleLazyObject(lambda: address("find")),
        "profile_url": SimpleLazyObject(lambda: address("people:profile")),
        "digests_url": SimpleLazyObject(lambda: address("metrics:digest_settings")),
        "logout_url": SimpleLazyObject(lambda: address("account_logout") or address("logout")),
        "settings_url": SimpleLazyObject(lambda: address("admin:index") if request.user.is_staff else ""),
    }
