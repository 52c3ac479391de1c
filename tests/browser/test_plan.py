"""Moment 6, writing the plan: by keyboard, on one page, with nothing lost, approved and carried over."""

import datetime
import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Account, Goal, Objective, Organisation, Plan, PlanTemplate, Risk, User
from tests.clients import as_
from tests.factories import make_goal, make_objective, make_plan

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def path(name: str, **arguments: int) -> str:
    return reverse(f"plans:{name}", kwargs=arguments)


def this_year(account: Account, **fields: Any) -> Plan:
    year = Organisation.current().today().year
    return make_plan(account, f"{year}-01-01", f"{year + 1}-01-01", **fields)


def open_line(page: Page, name: str) -> None:
    """Reach a link by its name and press Enter on it, as somebody without a mouse does."""
    page.get_by_role("link", name=name).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".km-plan-form :focus")


def test_a_plan_is_begun_written_by_keyboard_submitted_and_approved(
    open_as: Any, maya: User, lena: User, omar: User, mira: User, north: Any, aurora: Account
) -> None:
    template = PlanTemplate.objects.create(name="Expand", situation="expand")
    template.items.create(
        kind="objective", text="Grow the revenue", kpi="account_revenue", due_after_days=400
    )
    template.items.create(kind="threat", text="Hexatron is on site")
    reader = open_as(maya)
    page = reader.page
    page.goto(path("plan_of", account=aurora.pk))
    page.get_by_role("link", name="New plan").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Begin with").select_option(label="Expand")
    page.get_by_role("button", name="Begin the plan").press("Enter")
    page.wait_for_url(re.compile(r"/plans/\d+/$"))
    plan = Plan.objects.get()

    open_line(page, "Add a goal")
    page.keyboard.type("Fewer stops of line 2")
    page.keyboard.press("Enter")
    expect(page.locator("#km-toasts")).to_contain_text("The goal is added.")
    expect(page.locator("#plan-goals")).to_contain_text("“Fewer stops of line 2”")
    # The next one begins empty: what was saved is forgotten.
    open_line(page, "Add a goal")
    expect(page.locator("#goals-add [name=title]")).to_have_value("")
    expect(page.locator("#goals-add [name=title]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#goals-add .km-plan-form")).to_have_count(0)

    # The KPI's value is there as soon as it is bound; the figure is the run's.
    expect(page.locator("#plan-objectives")).to_contain_text("Revenue")
    open_line(page, "Edit objective: Grow the revenue")
    page.get_by_label("Target").fill("90000")
    page.keyboard.press("Enter")
    expect(page.locator("#plan-objectives")).to_contain_text("of €90,000")
    assert page.locator(".km-plan-track").count() == 1

    # Escape puts back what stood there.
    open_line(page, "Edit goal: Fewer stops")
    page.keyboard.type("Something else")
    page.keyboard.press("Escape")
    expect(page.locator("#plan-goals .km-plan-form")).to_have_count(0)
    assert Goal.objects.get().title == "Fewer stops of line 2"

    # An entry of the SWOT leads somewhere with one click.
    expect(page.locator("#plan-swots")).to_contain_text("leads to nothing yet")
    open_line(page, "Make it an action")
    page.keyboard.press("Enter")
    expect(page.locator("#plan-actions")).to_contain_text("Hexatron is on site")
    expect(page.locator("#plan-swots")).not_to_contain_text("leads to nothing yet")

    # What is deleted comes back.
    page.locator("#plan-goals summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete").locator("visible=true").press("Enter")
    expect(page.locator("#plan-goals")).not_to_contain_text("Fewer stops")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#plan-goals")).to_contain_text("Fewer stops of line 2")

    page.get_by_role("button", name="Submit for approval").first.press("Enter")
    expect(page.locator("#way")).to_contain_text("waits for approval")
    lead = open_as(lena)
    lead.expect_clean(path("plan", pk=plan.pk))
    lead.page.get_by_role("button", name="Approve").first.press("Enter")
    expect(lead.page.locator("#way")).to_contain_text("Lena Lindqvist approved it")
    assert reader.faults == [] and lead.faults == []
    for wrong, status in ((omar, 200), (mira, 403)):
        client = as_(wrong)
        # omar is the account's deputy; marketing reads no plans.
        assert client.get(path("plan", pk=plan.pk)).status_code == status


def test_both_versions_are_shown_and_one_is_taken(open_as: Any, maya: User, aurora: Account) -> None:
    plan = this_year(aurora)
    risk = Risk.objects.create(plan=plan, text="The budget is cut")
    page = open_as(maya).page
    page.goto(path("plan", pk=plan.pk))
    open_line(page, "Edit risk: The budget is cut")
    field = page.get_by_label("What may happen")
    field.fill("The budget comes late")
    Risk.objects.filter(pk=risk.pk).update(text="The budget is halved", version=2)
    page.keyboard.press("Enter")
    clash = page.get_by_role("alert").filter(has_text="Somebody saved this")
    expect(clash).to_contain_text("The budget is halved")
    expect(field).to_have_value("The budget comes late")
    page.get_by_role("button", name="Take theirs").press("Enter")
    expect(field).to_have_value("The budget is halved")
    field.press("Enter")
    expect(page.locator(".km-plan-form")).to_have_count(0)
    risk.refresh_from_db()
    assert risk.text == "The budget is halved"


def test_the_next_plan_is_carried_over_line_by_line(open_as: Any, maya: User, aurora: Account) -> None:
    plan = this_year(aurora, name="Old plan")
    make_goal(plan, "Fewer stops", verified_on=datetime.date(2020, 1, 1), verified_by=maya)
    make_objective(plan, "Grow with them", "account_revenue", target=5)
    reader = open_as(maya)
    reader.expect_clean(path("plan_carry_over", pk=plan.pk))
    page = reader.page
    page.get_by_role("button", name="Carry over").press("Enter")
    expect(page.get_by_text("Decide about this line.")).to_have_count(2)
    page.get_by_role("group", name="Fewer stops").get_by_label("Take").check()
    aim = page.get_by_role("group", name="Grow with them")
    aim.get_by_label("Reword").check()
    aim.get_by_role("textbox").fill("Grow with both lines")
    page.get_by_role("button", name="Carry over").press("Enter")
    page.wait_for_url(lambda url: url.rstrip("/").endswith(str(Plan.objects.order_by("-pk").first().pk)))  # type: ignore[union-attr]
    expect(page.locator("#plan-goals")).to_contain_text("not verified")
    assert Objective.objects.get(plan__carried_from=plan).title == "Grow with both lines"


@pytest.mark.parametrize(("theme", "width"), [("light", 320), ("dark", 1280)])
def test_the_pages_of_a_plan_are_clean(
    open_as: Any, maya: User, aurora: Account, theme: str, width: int
) -> None:
    plan = this_year(aurora, status="approved")
    goal = make_goal(plan)
    make_objective(plan, "Grow with them", "account_revenue", baseline=1, target=9, goal=goal)
    make_objective(
        plan, "Become the reference", judgement="Draft agreed", judged_by=maya, judged_on=plan.first_day
    )
    Risk.objects.create(plan=plan, text="The budget is cut", severity=4)
    reader = open_as(maya, theme, width)
    for where in (
        path("plan", pk=plan.pk),
        reverse("plans:list"),
        path("plan_versions", pk=plan.pk),
        path("plan_new", account=aurora.pk),
    ):
        reader.expect_clean(where)
    reader.page.goto(path("plan", pk=plan.pk))
    open_line(reader.page, "Edit objective: Grow with them")
    assert reader.page.evaluate("document.activeElement.name") == "title"
    assert reader.faults == []
