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

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.engagement.models import Department, InternalRequest
from accounts.engagement.states import AccountState
from accounts.exchange.actions import upload
from accounts.people.bounces import Bounce
from accounts.people.headcount import Leaver
from accounts.people.invitations import invite, token_to_send
from accounts.people.models import Message, Role
from accounts.plans.models import Goal, Milestone, Plan, SwotEntry
from accounts.portfolio.models import SavedFilter
from accounts.revenue.models import ProductCategory
from accounts.surveys.answering import token_to_send as survey_token
from metrics.models import Target
from tests.alerts.making import make_alert
from tests.factories import (
    make_action,
    make_campaign,
    make_contact,
    make_contract,
    make_cost,
    make_goal,
    make_grant,
    make_lead,
    make_opportunity,
    make_plan,
    make_request,
    make_review,
    make_spend,
    make_state,
    make_survey,
    make_survey_invitation,
    make_target,
    make_tie,
    make_touch,
    make_user,
    make_wave,
    moment,
)
from tests.surveys_employees.waves import make_employee_wave

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
    others: dict[str, int] = field(default_factory=dict)
    """People who get another refusal: 403 for who sees the account but may not write, 404 for strangers."""


def everyone(name: str, **arguments: Any) -> Route:
    """Every role gets the page."""
    return Route(name, frozenset(PEOPLE), arguments=arguments)


def only(name: str, *roles: str, refused: int = 403, **arguments: Any) -> Route:
    """These roles get the page."""
    return Route(name, _of(roles), refused=refused, arguments=arguments)


def seen_by(name: str, *people: str, **arguments: Any) -> Route:
    """These people (by name) get the page, nobody else learns that it exists."""
    return Route(name, frozenset(people), refused=404, arguments=arguments)


def scorecard_of(name: str, *people: str, scope: str, key: Any, **arguments: Any) -> Route:
    """A page about figures: an administrator must be elevated, a stranger learns nothing."""
    return Route(
        name,
        frozenset(people),
        refused=404,
        arguments={"scope": scope, "key": key, **arguments},
        others={"adam": 403},
    )


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


def edits(
    name: str,
    method: str = "GET",
    *,
    data: Callable[[Any], dict[str, Any]] | None = None,
    **arguments: Any,
) -> Route:
    """Writes to maya's account: her, her lead and the head; others see it only, or not at all."""
    return Route(
        name,
        frozenset({"maya", "lena", "hana"}),
        method,
        refused=404,
        answer=(200, 204, 302, 422),
        arguments=arguments,
        others={"mira": 403, "vic": 403},
        data=data,
    )


def work(name: str, **arguments: Any) -> Route:
    """A page about the daily work with maya's account: marketing is refused, strangers learn nothing."""
    return Route(
        name, frozenset({"maya", "lena", "hana"}), refused=404, arguments=arguments, others={"mira": 403}
    )


def works(name: str, **arguments: Any) -> Route:
    """The daily work with maya's account: marketing gets none of it, strangers do not learn that it exists."""
    return Route(
        name,
        frozenset({"maya", "lena", "hana"}),
        refused=404,
        arguments=arguments,
        others={"mira": 403},
    )


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


def an_internal_request(world: Any) -> InternalRequest:
    department, _ = Department.objects.get_or_create(name="Engineering")
    row: InternalRequest = InternalRequest.objects.create(
        account=world.maya_account,
        department=department,
        request=make_request(world.maya_account),
        subject="Drawings",
        asked_on=datetime.date(2026, 1, 5),
    )
    return row


def a_survey_link(world: Any) -> str:
    """The secret in a mail to somebody at maya's account."""
    wave = make_wave(world.maya, opened=moment())
    return survey_token(make_survey_invitation(wave, make_contact(world.maya_account)))


def a_survey(world: Any) -> int:
    """A questionnaire of maya's, not sent yet."""
    return make_survey(created_by=world.maya).pk


def a_wave(world: Any) -> int:
    """A draft of maya's."""
    return make_wave(world.maya).pk


def a_contact(world: Any) -> int:
    return make_contact(world.maya_account).pk


def a_sent_wave(world: Any) -> int:
    """A wave of maya's that asked somebody at her account."""
    wave = make_wave(world.maya, opened=moment())
    make_survey_invitation(wave, make_contact(world.maya_account))
    return wave.pk


def an_asked_person(world: Any) -> int:
    wave = make_wave(world.maya, opened=moment())
    return make_survey_invitation(wave, make_contact(world.maya_account)).pk


def own(name: str, method: str = "GET", *, seen: tuple[str, ...] = ("hana",), **arguments: Any) -> Route:
    """What maya made, she and the head may change; other senders do not learn that it exists, or may only look."""
    return Route(
        name,
        frozenset({"maya", "hana"}),
        method,
        refused=403,
        answer=(200, 204, 302, 422),
        arguments=arguments,
        others={person: 404 for person in ("omar", "lena") if person not in seen},
    )


def a_comment(world: Any) -> dict[str, Any]:
    """On a number that a run has made."""
    world.make_run()
    return {"text": "Two sites closed in May."}


def a_grant(world: Any) -> int:
    # Of another viewer each time: nothing is granted twice.
    return make_grant(make_user(role=Role.VIEWER), team=world.north).pk


def a_leaver(world: Any) -> int:
    """Somebody who left maya's team."""
    return Leaver.objects.create(team=world.north, left_on=datetime.date(2026, 1, 5)).pk


def a_filter(world: Any) -> SavedFilter:
    """A saved filter of maya's."""
    return SavedFilter.objects.get_or_create(user=world.maya, name="Mine", defaults={"query": "q=aurora"})[0]


def a_state(world: Any) -> int:
    """The one of maya's account on its day."""
    found = AccountState.objects.filter(account=world.maya_account).first()
    return (found or make_state(world.maya_account)).pk


def a_deal(world: Any) -> int:
    """An open deal with maya's account."""
    return make_opportunity(world.maya_account).pk


def a_contract(world: Any) -> int:
    return make_contract(world.maya_account).pk


def a_category(world: Any) -> int:
    """A product category that has a column in whitespace."""
    return ProductCategory.objects.get_or_create(name="Pumps", defaults={"whitespace_position": 1})[0].pk


def a_review(world: Any) -> int:
    """A planned review of maya's account."""
    return make_review(world.maya_account).pk


def a_plan(world: Any) -> int:
    """A draft of maya's account."""
    plans = Plan.objects.filter(account=world.maya_account)
    return (plans.first() or make_plan(world.maya_account)).pk


def a_goal(world: Any) -> int:
    return make_goal(Plan.objects.get(pk=a_plan(world))).pk


def a_step(world: Any) -> int:
    due = datetime.date(2026, 6, 30)
    goal = Goal.objects.get(pk=a_goal(world))
    return Milestone.objects.create(goal=goal, title="First line", due_on=due, first_due_on=due).pk


def a_plan_action(world: Any) -> int:
    entry = SwotEntry.objects.create(plan_id=a_plan(world), quadrant="threat", text="Hexatron")
    return make_action(world.maya_account, swot_entry=entry).pk


def a_campaign(world: Any) -> int:
    return make_campaign().pk


def a_lead(world: Any) -> int:
    return make_lead().pk


def a_target(world: Any) -> int:
    found = Target.objects.filter(scope="owner", key=world.maya.pk).first()
    return (found or make_target(world.maya)).pk


def a_target_route(name: str, method: str = "GET") -> Route:
    """A target of maya's, which her lead and the head may set."""
    return Route(
        name,
        frozenset({"lena", "hana"}),
        method,
        answer=(200, 302),
        arguments={"pk": a_target},
    )


def marketing(name: str, method: str = "GET", **arguments: Any) -> Route:
    """A row of marketing's: an administrator who is not elevated does not learn that it exists."""
    return Route(
        name,
        frozenset({"mira", "hana"}),
        method,
        answer=(200, 204, 302, 422),
        arguments=arguments,
        others={"adam": 404} if arguments else {},
    )


def a_bounce(world: Any) -> int:
    """A mail to maya that came back."""
    message, _ = Message.objects.get_or_create(kind="notice", recipient=world.maya, dedup_key="came back")
    Bounce.note(message, "5.1.1", is_final=True)
    return Bounce.objects.get(message=message).pk


def an_employee_wave(world: Any) -> int:
    """A draft: nobody was asked yet."""
    return make_employee_wave().pk


def its_name(world: Any) -> dict[str, str]:
    return {"confirm": "Autumn"}


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
    # the links of surveys
    public("answer", token=a_survey_link),
    public("answer_stop", token="invented"),
    # surveys
    everyone("surveys:list"),
    only("surveys:survey_add", MANAGER, LEAD, HEAD),
    only("surveys:survey", MANAGER, LEAD, HEAD, pk=a_survey),
    own("surveys:survey_edit", seen=("omar", "lena"), pk=a_survey),
    only("surveys:preview", MANAGER, LEAD, HEAD, pk=a_survey),
    writes("surveys:survey_copy", MANAGER, LEAD, HEAD, pk=a_survey),
    own("surveys:survey_archive", "POST", seen=("omar", "lena"), pk=a_survey),
    writes("surveys:question_restore", MANAGER, LEAD, HEAD, token="no-token"),
    only("surveys:wave_add", MANAGER, LEAD, HEAD),
    seen_by("surveys:wave", "maya", "lena", "hana", "mira", pk=a_sent_wave),
    own("surveys:wave_edit", pk=a_wave),
    own("surveys:wave_test", "POST", pk=a_wave),
    own("surveys:wave_schedule", "POST", pk=a_wave),
    own("surveys:wave_call_back", "POST", pk=a_wave),
    own("surveys:wave_close", "POST", pk=a_wave),
    own("surveys:wave_discard", "POST", pk=a_wave),
    writes("surveys:wave_restore", MANAGER, LEAD, HEAD, token="no-token"),
    Route(
        "surveys:invitation_bounced",
        frozenset({"maya", "lena", "hana"}),
        "POST",
        403,
        answer=(302,),
        arguments={"pk": an_asked_person},
        others={"omar": 404},
    ),
    Route(
        "surveys:of_account",
        frozenset({"maya", "lena", "hana"}),
        refused=404,
        arguments={"account": lambda w: w.maya_account.pk},
        others={"mira": 403, "vic": 403},
    ),
    edits("surveys:answer_add", account=lambda w: w.maya_account.pk),
    edits("surveys:contact_peace", "POST", pk=lambda w: make_contact(w.maya_account).pk),
    # people
    public("people:invitation", token=an_invitation),
    everyone("people:profile"),
    everyone("people:session_list"),
    writes("people:end_sessions", *ALL),
    only("people:team_list", LEAD, HEAD, ADMINISTRATOR),
    Route(
        "people:team",
        frozenset({"lena", "hana", "adam"}),
        refused=403,
        arguments={"pk": lambda w: w.north.pk},
    ),
    only("people:staffing", HEAD, ADMINISTRATOR),
    only("people:staffing_add", HEAD, ADMINISTRATOR, kind="headcount"),
    only("people:staffing_edit", HEAD, ADMINISTRATOR, kind="leaver", pk=a_leaver),
    writes("people:staffing_remove", HEAD, ADMINISTRATOR, kind="leaver", pk=a_leaver),
    writes("people:staffing_undo", HEAD, ADMINISTRATOR, token="no-token"),
    only("people:user_list", ADMINISTRATOR),
    writes("people:invite_again", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:deactivate", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:reactivate", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:view_as", ADMINISTRATOR, pk=lambda w: w.omar.pk),
    writes("people:stop_view_as", *ALL),
    only("people:elevation", ADMINISTRATOR),
    writes("people:end_elevation", ADMINISTRATOR),
    only("people:audit", ADMINISTRATOR),
    # Administrators see customers' people during an elevation only.
    only("rights:list", HEAD, ADMINISTRATOR),
    only("rights:notes", HEAD),
    only("rights:person", HEAD, kind="contacts", pk=a_contact),
    only("rights:export", HEAD, kind="contacts", pk=a_contact),
    only("rights:erase", HEAD, kind="contacts", pk=a_contact),
    only("people:grant_list", HEAD, ADMINISTRATOR),
    writes("people:remove_grant", HEAD, ADMINISTRATOR, pk=a_grant),
    # portfolio and revenue
    sends_on("home"),
    everyone("find"),
    everyone("portfolio:list"),
    only("portfolio:quadrant", *ALL - {MARKETING}),
    seen_by("portfolio:account", "maya", "lena", "hana", "mira", pk=lambda w: w.maya_account.pk),
    seen_by("portfolio:account_revenue", "maya", "lena", "hana", "mira", pk=lambda w: w.maya_account.pk),
    seen_by("portfolio:account_prediction", "maya", "lena", "hana", "mira", pk=lambda w: w.maya_account.pk),
    edits("portfolio:account_edit", pk=lambda w: w.maya_account.pk, field="city"),
    writes("portfolio:saved_filter_save", *ALL),
    seen_by("portfolio:saved_filter_rename", "maya", pk=lambda w: a_filter(w).pk),
    Route(
        "portfolio:saved_filter_delete",
        frozenset({"maya"}),
        "POST",
        404,
        answer=(302,),
        arguments={"pk": lambda w: a_filter(w).pk},
    ),
    writes("portfolio:saved_filter_restore", *ALL, token="no-token"),
    edits("revenue:opportunity_add", account=lambda w: w.maya_account.pk),
    edits("revenue:opportunity_edit", pk=a_deal),
    edits("revenue:opportunity_move", "POST", pk=a_deal),
    edits("revenue:opportunity_close", "POST", pk=a_deal),
    writes("revenue:opportunity_reopen", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    edits("revenue:contract_add", account=lambda w: w.maya_account.pk),
    edits("revenue:contract_edit", pk=a_contract),
    edits("revenue:contract_decide", pk=a_contract),
    # whitespace and renewals
    only("plans:list", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    work("plans:plan_of", account=lambda w: w.maya_account.pk),
    work("plans:plan", pk=a_plan),
    work("plans:plan_versions", pk=a_plan),
    work("plans:plan_pdf", pk=a_plan),
    edits("plans:plan_new", account=lambda w: w.maya_account.pk),
    edits("plans:plan_edit", pk=a_plan),
    edits("plans:plan_step", "POST", pk=a_plan, data=lambda w: {"step": "comment", "text": "Good."}),
    edits("plans:plan_carry_over", pk=a_plan),
    edits("plans:plan_delete", pk=a_plan),
    edits("plans:item_add", plan=a_plan, kind="goal"),
    edits("plans:item_edit", kind="goal", pk=a_goal),
    edits("plans:item_delete", "POST", kind="goal", pk=a_goal),
    edits("plans:item_verify", "POST", kind="goal", pk=a_goal),
    edits("plans:item_move", "POST", kind="goal", pk=a_goal),
    writes("plans:item_restore", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    edits("plans:milestone_check", "POST", pk=a_step, data=lambda w: {"said": "on"}),
    edits("plans:action_done", "POST", pk=a_plan_action),
    work("plans:whitespace", account=lambda w: w.maya_account.pk),
    work("plans:whitespace_export", account=lambda w: w.maya_account.pk),
    work("plans:whitespace_cell", account=lambda w: w.maya_account.pk, category=a_category),
    edits("plans:whitespace_edit", account=lambda w: w.maya_account.pk, category=a_category),
    edits("plans:whitespace_open", "POST", account=lambda w: w.maya_account.pk, category=a_category),
    edits("plans:whitespace_fill", account=lambda w: w.maya_account.pk),
    writes("plans:whitespace_take_back", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    only("plans:renewals", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    work("plans:renewal_call", contract=a_contract),
    writes("plans:renewal_call_take_back", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    # the week, reviews, handing over
    only("plans:week_snoozed", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    writes("plans:week_wake", MANAGER, LEAD, HEAD, ADMINISTRATOR, pk=1),
    writes("plans:week_undo", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    edits("plans:week_snooze", item=lambda w: f"fell:{w.maya_account.pk}"),
    edits("plans:week_done", "POST", item=lambda w: f"fell:{w.maya_account.pk}"),
    edits("plans:week_hand_on", item=lambda w: f"fell:{w.maya_account.pk}"),
    works("plans:review_list", account=lambda w: w.maya_account.pk),
    edits("plans:review_add", account=lambda w: w.maya_account.pk),
    works("plans:review", pk=a_review),
    works("plans:review_file", pk=a_review, kind="xlsx"),
    edits("plans:review_plan", pk=a_review),
    works("plans:hand_over", account=lambda w: w.maya_account.pk),
    works("plans:hand_over_pdf", account=lambda w: w.maya_account.pk),
    only("plans:reassign", LEAD, HEAD, ADMINISTRATOR),
    edits("plans:review_edit", "POST", pk=a_review),
    edits("plans:review_hold", pk=a_review),
    edits("plans:review_actions", "POST", pk=a_review),
    edits("plans:review_cancel", "POST", pk=a_review),
    writes("plans:review_restore", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    # engagement
    # stakeholders: who sees the account sees its people, marketing too; opinions are hidden on the pages
    seen_by("stakeholders:map", "maya", "lena", "hana", "mira", account=lambda w: w.maya_account.pk),
    seen_by("stakeholders:map_svg", "maya", "lena", "hana", "mira", account=lambda w: w.maya_account.pk),
    seen_by("stakeholders:map_pdf", "maya", "lena", "hana", "mira", account=lambda w: w.maya_account.pk),
    seen_by("stakeholders:people_xlsx", "maya", "lena", "hana", "mira", account=lambda w: w.maya_account.pk),
    seen_by(
        "stakeholders:panel", "maya", "lena", "hana", "mira", pk=lambda w: make_contact(w.maya_account).pk
    ),
    edits("stakeholders:add", account=lambda w: w.maya_account.pk),
    edits("stakeholders:edit", pk=lambda w: make_contact(w.maya_account).pk),
    edits("stakeholders:move", "POST", pk=lambda w: make_contact(w.maya_account).pk),
    edits("stakeholders:left", pk=lambda w: make_contact(w.maya_account).pk),
    edits("stakeholders:remove", "POST", pk=lambda w: make_contact(w.maya_account).pk),
    edits("stakeholders:fact", pk=lambda w: make_contact(w.maya_account).pk, kind="role"),
    edits("stakeholders:tie", "POST", pk=lambda w: make_contact(w.maya_account).pk),
    edits("stakeholders:tie_end", "POST", pk=lambda w: make_tie(w.maya_account).pk),
    edits(
        "stakeholders:relationship",
        pk=lambda w: make_contact(w.maya_account).pk,
        colleague=lambda w: w.maya.pk,
    ),
    writes("stakeholders:undo", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    works("engagement:activity", account=lambda w: w.maya_account.pk),
    works("engagement:standing", account=lambda w: w.maya_account.pk),
    edits("engagement:state_note", "POST", account=lambda w: w.maya_account.pk),
    edits("engagement:state_remove", "POST", pk=a_state),
    edits("engagement:cost_book", "POST", account=lambda w: w.maya_account.pk),
    edits("engagement:cost_remove", "POST", pk=lambda w: make_cost(w.maya_account).pk),
    writes("engagement:standing_undo", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    works("engagement:next", account=lambda w: w.maya_account.pk),
    works("engagement:recent", account=lambda w: w.maya_account.pk),
    only("engagement:calendar_import", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    writes("engagement:calendar_undo", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    only("engagement:log", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    only("engagement:whom", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    writes("engagement:undo", MANAGER, LEAD, HEAD, ADMINISTRATOR, token="no-token"),
    edits("engagement:touch_edit", pk=lambda w: make_touch(w.maya_account).pk),
    edits("engagement:touch_delete", "POST", pk=lambda w: make_touch(w.maya_account).pk),
    edits("engagement:action_add", account=lambda w: w.maya_account.pk),
    edits("engagement:action_edit", pk=lambda w: make_action(w.maya_account).pk),
    edits("engagement:action_done", "POST", pk=lambda w: make_action(w.maya_account).pk),
    edits("engagement:action_drop", "POST", pk=lambda w: make_action(w.maya_account).pk),
    edits("engagement:action_move", "POST", pk=lambda w: make_action(w.maya_account).pk),
    edits("engagement:action_hand_on", "POST", pk=lambda w: make_action(w.maya_account).pk),
    only("engagement:request_list", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    only("engagement:request_new", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    works("engagement:request", pk=lambda w: make_request(w.maya_account).pk),
    edits("engagement:request_add", account=lambda w: w.maya_account.pk),
    edits("engagement:request_edit", pk=lambda w: make_request(w.maya_account).pk),
    edits("engagement:request_answer", "POST", pk=lambda w: make_request(w.maya_account).pk),
    edits("engagement:request_resolve", "POST", pk=lambda w: make_request(w.maya_account).pk),
    edits("engagement:request_reopen", "POST", pk=lambda w: make_request(w.maya_account).pk),
    edits("engagement:internal_add", "POST", pk=lambda w: make_request(w.maya_account).pk),
    edits("engagement:internal_done", "POST", pk=lambda w: an_internal_request(w).pk),
    # exchange
    only("exchange:import_list", ADMINISTRATOR),
    only("exchange:import_start", ADMINISTRATOR),
    only("exchange:import_detail", ADMINISTRATOR, pk=an_import),
    only("exchange:import_mapping", ADMINISTRATOR, pk=an_import),
    only("exchange:import_samples", ADMINISTRATOR, pk=an_import),
    only("exchange:import_refusals", ADMINISTRATOR, pk=an_import),
    writes("exchange:import_apply", ADMINISTRATOR, pk=an_import),
    writes("exchange:import_discard", ADMINISTRATOR, pk=an_import),
    only("exchange:calendar_feed", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    writes("exchange:calendar_make", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    writes("exchange:calendar_revoke", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    public("exchange:calendar", 404, token="a-wrong-token"),
    # campaigns and leads
    only("revenue:campaign_list", MARKETING, HEAD, ADMINISTRATOR),
    marketing("revenue:campaign_add"),
    marketing("revenue:campaign", pk=a_campaign),
    marketing("revenue:campaign_edit", pk=a_campaign),
    marketing("revenue:spend_add", "POST", pk=a_campaign),
    marketing("revenue:spend_delete", "POST", pk=lambda w: make_spend().pk),
    writes("revenue:marketing_undo", MARKETING, HEAD, ADMINISTRATOR, token="no-token"),
    only("revenue:lead_list", MARKETING, HEAD, ADMINISTRATOR),
    marketing("revenue:lead_add"),
    marketing("revenue:lead", pk=a_lead),
    marketing("revenue:lead_edit", pk=a_lead),
    marketing("revenue:lead_answer", "POST", pk=a_lead, item="budget"),
    marketing("revenue:lead_qualify", "POST", pk=a_lead),
    marketing("revenue:lead_convert", "POST", pk=a_lead),
    marketing("revenue:lead_won", "POST", pk=a_lead),
    marketing("revenue:lead_drop", "POST", pk=a_lead),
    marketing("revenue:lead_resume", "POST", pk=a_lead),
    marketing("revenue:lead_delete", "POST", pk=a_lead),
    # employee surveys
    public("employee_answer", 410, token="no-token"),
    only("employees:panel", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    only("employees:wave_list", HEAD, ADMINISTRATOR),
    only("employees:wave_add", HEAD, ADMINISTRATOR),
    only("employees:wave", HEAD, ADMINISTRATOR, pk=an_employee_wave),
    only("employees:wave_edit", HEAD, ADMINISTRATOR, pk=an_employee_wave),
    only("employees:wave_preview", HEAD, ADMINISTRATOR, pk=an_employee_wave),
    writes("employees:wave_open", HEAD, ADMINISTRATOR, pk=an_employee_wave, data=its_name),
    writes("employees:wave_remind", HEAD, ADMINISTRATOR, pk=an_employee_wave),
    writes("employees:wave_close", HEAD, ADMINISTRATOR, pk=an_employee_wave, data=its_name),
    writes("employees:wave_release", HEAD, ADMINISTRATOR, pk=an_employee_wave, data=its_name),
    writes("employees:wave_discard", HEAD, ADMINISTRATOR, pk=an_employee_wave),
    writes("employees:wave_restore", HEAD, ADMINISTRATOR, token="no-token"),
    # numbers
    Route("metrics:scorecard", frozenset(PEOPLE) - {"adam"}, answer=(200, 302)),
    scorecard_of("metrics:scorecard_of", "maya", "lena", "hana", scope="owner", key=lambda w: w.maya.pk),
    scorecard_of(
        "metrics:explain",
        "maya",
        "lena",
        "hana",
        scope="owner",
        key=lambda w: w.maya.pk,
        kpi="account_revenue",
    ),
    Route(
        "metrics:one_on_one",
        frozenset({"lena", "hana"}),
        refused=403,
        arguments={"manager": lambda w: w.maya.pk},
    ),
    scorecard_of("metrics:moves", "maya", "lena", "hana", scope="owner", key=lambda w: w.maya.pk),
    scorecard_of(
        "metrics:moved", "maya", "lena", "hana", scope="owner", key=lambda w: w.maya.pk, kpi="win_rate"
    ),
    # Forecasts are account content: an administrator sees them while elevated.
    Route("metrics:forecast_list", frozenset({"maya", "omar", "lena", "hana"})),
    Route("metrics:target_list", frozenset({"lena", "hana"})),
    Route("metrics:target_add", frozenset({"lena", "hana"})),
    a_target_route("metrics:target"),
    a_target_route("metrics:target_edit"),
    a_target_route("metrics:target_remove", "POST"),
    Route(
        "metrics:target_undo",
        frozenset({"lena", "hana"}),
        "POST",
        answer=(302,),
        arguments={"token": "no-token"},
    ),
    only("metrics:weight_list", HEAD, ADMINISTRATOR),
    only("metrics:weight", HEAD, ADMINISTRATOR, family="bands", key="band_warm"),
    writes("metrics:weight_undo", HEAD, ADMINISTRATOR, pk=1),
    only("engagement:playbook_list", MANAGER, LEAD, HEAD, VIEWER, ADMINISTRATOR),
    only("engagement:playbook_edit", HEAD, kind="champion_left"),
    only("metrics:warning_list", MANAGER, LEAD, HEAD, ADMINISTRATOR),
    edits("metrics:warning_acknowledge", "POST", pk=lambda w: make_alert(w.maya_account).pk),
    edits("metrics:warning_reopen", "POST", pk=lambda w: make_alert(w.maya_account).pk),
    edits("metrics:warning_snooze", pk=lambda w: make_alert(w.maya_account).pk),
    Route("metrics:comparison", frozenset({"hana", "mira"}), refused=404, others={"adam": 403}),
    Route("metrics:funnel", frozenset({"hana", "mira"}), refused=404, others={"adam": 403}),
    Route(
        "metrics:comparison_of",
        frozenset({"hana", "mira"}),
        refused=404,
        arguments={"kpi": "win_rate"},
        others={"adam": 403},
    ),
    Route(
        "metrics:comment",
        frozenset({"maya"}),
        "POST",
        refused=404,
        answer=(200, 302, 422),
        arguments={"scope": "owner", "key": lambda w: w.maya.pk, "kpi": "win_rate"},
        others={"lena": 403, "hana": 403, "adam": 403},
        data=a_comment,
    ),
    Route("metrics:comment_undo", frozenset(PEOPLE), "POST", answer=(409,), arguments={"token": "wrong"}),
    everyone("metrics:digest_settings"),
    everyone("metrics:digest_preview"),
    only("metrics:digest_as_mail", MANAGER, LEAD, HEAD, refused=404),
    public("digest_stop", 410, token="wrong"),
    only("metrics:mail_list", ADMINISTRATOR),
    writes("metrics:mail_address_works", ADMINISTRATOR, pk=a_bounce),
    only("metrics:mail_digest", ADMINISTRATOR),
    # account content: nobody without an elevation
    only("metrics:mail_digest_of", pk=lambda w: w.maya.pk),
    writes("metrics:mail_digest_test", ADMINISTRATOR, pk=lambda w: w.maya.pk),
    # only in the demonstration
    Route("metrics:mail_sink", frozenset(), others={"adam": 404}),
    Route("metrics:mail_sink_mail", frozenset(), arguments={"key": "1.a"}, others={"adam": 404}),
    Route("metrics:mail_sink_html", frozenset(), arguments={"key": "1.a"}, others={"adam": 404}),
    Route("metrics:board", frozenset({"hana", "mira"}), refused=404, others={"adam": 403}),
    only("metrics:board_choose", HEAD),
    # the API: whoever is logged in opens nothing without a token
    Route("api:api-root", frozenset(PEOPLE), answer=(404,)),
    everyone("api:openapi-json"),
    everyone("api:docs"),
    everyone("api:token_list"),
    writes("api:token_revoke", *ALL, pk=1),
    public("api:unknown", 404, address="nothing"),
    public("api:me", 401),
    public("api:accounts", 401),
    public("api:account", 401, id=1),
    public("api:kpis", 401),
    public("api:kpi", 401, kpi="nrr"),
    public("api:results", 401, scope="company", key="all"),
    public("api:result", 401, scope="company", key="all", kpi="nrr"),
    public("api:explanation", 401, scope="company", key="all", kpi="nrr"),
    public("api:rows", 401, scope="company", key="all", kpi="nrr"),
    everyone("metrics:kpi_list"),
    everyone("metrics:kpi", id="nrr"),
    only("metrics:run_list", HEAD, ADMINISTRATOR),
    writes("metrics:run_start", ADMINISTRATOR, data=lambda w: {"cause": "manual"}),
    only("metrics:run", HEAD, ADMINISTRATOR, id=lambda w: w.make_run().pk),
]
