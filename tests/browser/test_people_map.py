"""The people of a customer in a real browser: looked up before a call, moved, and marked as left."""

import datetime
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account, Action, Contact, Organisation, Relationship, User
from tests.browser.test_how_it_feels import SHIFTS
from tests.factories import (
    make_action,
    make_classification,
    make_contact,
    make_fact,
    make_objective,
    make_plan,
    make_tie,
    make_touch,
    moment,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customer(maya_account: Account, maya: User, lena: User) -> Account:
    """Eight people with everything that map, matrix, table and panel can show."""
    Organisation.objects.get_or_create(pk=1)
    today = Organisation.current().today()
    make_classification(maya_account, tier="A")
    kind = maya_account.classifications.get()
    kind.tier.cadence_days = 30
    kind.tier.save()
    chief = make_contact(maya_account, "Kristian Aune", title="Chief executive")
    ingrid = make_contact(
        maya_account,
        "Ingrid Haugen",
        title="Chief operating officer",
        reports_to=chief,
        email="ingrid@aurora.example",
    )
    marte = make_contact(maya_account, "Marte Nygård-Solheim", title="Finance director", reports_to=chief)
    sofie = make_contact(maya_account, "Sofie Dahl", title="Energy manager", reports_to=ingrid)
    make_contact(maya_account, "Anette Bakke", reports_to=ingrid)
    make_contact(maya_account, "Henrik Moe", reports_to=marte)
    make_contact(maya_account, "Head of IT", is_placeholder=True, reports_to=chief)
    make_contact(maya_account, "Olav Old", left_on=today - datetime.timedelta(days=9))
    for contact, role, support in (
        (chief, "decision_maker", "0"),
        (ingrid, "sponsor", "1"),
        (sofie, "champion", "2"),
    ):
        make_fact(contact, "role", role, author=maya)
        make_fact(contact, "support", "-1", author=lena, on="2025-06-01", basis="assumed")
        make_fact(contact, "support", support, author=maya)
        make_fact(contact, "influence", "3", author=maya)
        Relationship.objects.create(
            contact=contact,
            colleague=maya,
            level=1,
            desired=2,
            noted_on=today,
            author=maya,
            basis="confirmed",
        )
    make_fact(ingrid, "cares_about", "Dry-dock days per vessel", author=maya)
    make_tie(maya_account, ingrid, marte)
    make_tie(maya_account, chief, sofie, kind="conflicts", about="the budget")
    for back, note in (
        (3, "Happy with the yard"),
        (20, "Asked for a date"),
        (50, "Budget talk"),
        (90, "Oldest"),
    ):
        make_touch(maya_account, maya, moment(-back), contacts=[ingrid], note=note, mood=4)
    make_action(maya_account, "Price for 2027", contact=ingrid, due_on=today - datetime.timedelta(days=2))
    make_action(maya_account, "A date in November", contact=ingrid, side="them")
    plan = make_plan(maya_account, today.replace(month=1, day=1), today + datetime.timedelta(days=90))
    make_objective(plan, "Win the second yard", contact=sofie)
    make_objective(plan, "Framework for five years", contact=ingrid)
    return maya_account


def at(account: Account, query: str = "") -> str:
    return f"/stakeholders/accounts/{account.pk}/{query}"


def card(page: Page, name: str) -> Any:
    return page.locator("[data-km-card]", has_text=name)


BELOW = """([one, other]) => {
  const cards = [...document.querySelectorAll("[data-km-card]")];
  const top = (name) => cards.find((card) => card.textContent.includes(name)).getBoundingClientRect().top;
  return top(one) > top(other);
}"""


def middle(page: Page, name: str) -> tuple[float, float]:
    box = card(page, name).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)], ids=str
)
def test_the_pages_about_people_are_clean(
    open_as: Any, customer: Account, maya: User, mira: User, theme: str, width: int
) -> None:
    ingrid = customer.contacts.get(name="Ingrid Haugen").pk
    reader = open_as(maya, theme, width)
    paths = [
        at(customer, f"?contact={ingrid}"),
        at(customer, "?view=tree&show=decides"),
        at(customer, "?view=matrix"),
        at(customer, "?view=table&sort=-support"),
        at(customer, "add"),
        f"/stakeholders/contacts/{ingrid}/",
        f"/stakeholders/contacts/{ingrid}/left",
        f"/portfolio/{customer.pk}/",
    ]
    for path in paths:
        reader.expect_clean(path)
    for path in (at(customer, f"?view=table&contact={ingrid}"), at(customer, "?view=tree")):
        open_as(mira, theme, width).expect_clean(path, with_axe=theme == "light")


def test_two_minutes_before_a_call_the_person_is_read_on_the_phone(
    open_as: Any, customer: Account, maya: User, omar: User, mira: User
) -> None:
    reader = open_as(maya, width=390)
    page: Page = reader.page
    page.goto(at(customer))
    name = page.locator(".km-persons").get_by_role("link", name="Ingrid Haugen")
    name.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-name")).to_be_focused()
    panel = page.locator("#panel")
    for words in (
        "Framework for five years",
        "We: Price for 2027",
        "They: A date in November",
        "Happy with the yard",
        "Mood: warm",
        "3 days ago",
        "Dry-dock days per vessel",
    ):
        expect(panel).to_contain_text(words)
    expect(panel).not_to_contain_text("Oldest")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.reload()
    expect(panel).to_contain_text("Happy with the yard")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(name).to_be_focused()
    page.go_back()
    expect(panel).to_contain_text("Happy with the yard")
    assert reader.faults == []

    stranger = open_as(omar)
    assert stranger.page.goto(at(customer)).status == 404
    marketing = open_as(mira).page
    marketing.goto(at(customer, f"?contact={customer.contacts.get(name='Ingrid Haugen').pk}"))
    expect(marketing.locator("#panel")).to_contain_text("ingrid@aurora.example")
    expect(marketing.locator("#panel")).not_to_contain_text("Happy with the yard")


def test_somebody_leaves_and_the_gap_the_tasks_and_the_objective_are_there(
    open_as: Any, customer: Account, maya: User, mira: User
) -> None:
    reader = open_as(maya)
    page: Page = reader.page
    page.add_init_script(SHIFTS)
    page.goto(at(customer, "?view=tree"))
    # An answer that takes longer than a shift may follow a key moves nothing: the panel has its place already.
    page.route("**/panel", lambda route: (time.sleep(0.7), route.continue_()))
    card(page, "Sofie Dahl").get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-name")).to_be_focused()
    expect(page.locator("#panel")).to_contain_text("Win the second yard")
    assert page.evaluate("window.shift") < 0.02
    page.unroute("**/panel")
    page.locator("#panel .km-menu summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Objective: Win the second yard")).to_be_visible()
    expect(page.get_by_label("Find a new champion by")).to_be_checked()
    expect(page.get_by_label("Name of the new person, or of the place")).to_be_hidden()
    page.get_by_label("somebody, but we do not know who").check()
    page.get_by_label("Name of the new person, or of the place").fill("Head of energy")
    page.get_by_role("button", name="Mark as left").press("Enter")

    expect(page.locator("#km-status")).to_contain_text("Head of energy follows. 2 tasks added.")
    expect(page.locator(".km-card--left", has_text="Sofie Dahl")).to_contain_text("was champion")
    expect(page.locator(".km-people__sum")).to_contain_text("Sofie Dahl left, nobody yet")
    expect(page.locator(".km-card--place", has_text="Head of energy")).to_be_visible()
    expect(page.locator("#panel")).to_contain_text("they left: find somebody else")
    assert Action.objects.filter(text="Find a new champion", owner=maya, status="open").exists()

    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".km-card--left", has_text="Sofie Dahl")).to_have_count(0)
    expect(page.locator(".km-people__sum")).to_contain_text("champion 1")
    assert not Contact.objects.filter(name="Head of energy").exists()
    assert reader.faults == []

    marketing = open_as(mira).page
    marketing.goto(at(customer, f"?contact={customer.contacts.get(name='Sofie Dahl').pk}"))
    expect(marketing.get_by_text("Has left")).to_have_count(0)
    assert (
        marketing.goto(f"/stakeholders/contacts/{customer.contacts.get(name='Sofie Dahl').pk}/left").status
        == 403
    )


def test_a_card_is_dragged_onto_another_and_the_second_mover_is_told(
    open_as: Any, customer: Account, maya: User, lena: User
) -> None:
    reader = open_as(maya)
    page: Page = reader.page
    page.goto(at(customer, "?view=tree"))
    second: Page = open_as(lena).page
    second.goto(at(customer, "?view=tree"))

    # Held at the lower edge of a low window, a card pulls the map along; Escape puts it back.
    page.set_viewport_size({"width": 1280, "height": 480})
    x, y = middle(page, "Kristian Aune")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, 476, steps=5)
    page.wait_for_function("() => scrollY > 40")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".km-card--held")).to_have_count(0)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("scrollTo(0, 0)")

    page.mouse.move(*middle(page, "Henrik Moe"))
    page.mouse.down()
    page.mouse.move(*middle(page, "Anette Bakke"), steps=5)
    expect(page.locator(".km-card--under")).to_contain_text("Anette Bakke")
    page.mouse.up()
    expect(page.locator("#km-status")).to_contain_text("Henrik Moe reports to Anette Bakke.")
    assert customer.contacts.get(name="Henrik Moe").reports_to == customer.contacts.get(name="Anette Bakke")

    second.mouse.move(*middle(second, "Henrik Moe"))
    second.mouse.down()
    second.mouse.move(*middle(second, "Kristian Aune"), steps=5)
    second.mouse.up()
    expect(second.locator("#km-status")).to_contain_text("Maya Marin changed Henrik Moe meanwhile")
    # The map now shows what the other one did.
    second.wait_for_function(BELOW, arg=["Henrik Moe", "Anette Bakke"])

    card(page, "Henrik Moe").get_by_role("link").press("Enter")
    page.get_by_label("Reports to", exact=True).select_option("Marte Nygård-Solheim")
    expect(page.locator("#km-status")).to_contain_text("Henrik Moe reports to Marte Nygård-Solheim.")
    card(page, "Marte").get_by_role("link").press("Enter")
    expect(page.locator("#panel-name")).to_have_text("Marte Nygård-Solheim")
    page.get_by_label("Reports to", exact=True).select_option("Henrik Moe")
    expect(page.locator("#km-status")).to_contain_text("would report to themselves")
    assert reader.faults == [] or all("422" in fault for fault in reader.faults)
