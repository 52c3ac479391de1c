"""Moment 9 in a real browser: a lead goes through the renewals. And whitespace as a manager uses it."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.fields import days
from accounts.models import (
    Account,
    Opportunity,
    Organisation,
    Plan,
    ProductCategory,
    RenewalCall,
    Risk,
    Session,
    User,
)
from tests.browser.conftest import Reader
from tests.clients import as_
from tests.factories import (
    make_account,
    make_contract,
    make_request,
    make_stage,
    moment,
)

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def contracts(maya: User, lena: User, mira: User, vic: User) -> None:
    """Nearer: quiet and without a call. Further: at risk, and the manager is hopeful."""
    Organisation.objects.get_or_create(pk=1)
    today = Organisation.current().today()
    quiet, torn = make_account("Quiet Mills", owner=maya), make_account("Torn Steel", owner=maya)
    for account, left in ((quiet, 60), (torn, 120)):
        notice = today + left * DAY
        make_contract(account, "2020-01-01", notice + 90 * DAY, number=f"K-{left}", notice_date=notice)
    make_request(torn, opened_at=moment(-9), due_on=today - DAY)
    plan = Plan.objects.create(account=torn, name="Plan", during=days(today - DAY, today + 99 * DAY))
    Risk.objects.create(plan=plan, text="Price war", severity=4)
    RenewalCall.objects.create(
        contract=torn.contracts.get(), call="renews", author=maya, made_on=today - 2 * DAY
    )


@pytest.fixture
def lead(open_as: Any, lena: User, contracts: None) -> Iterator[Page]:
    reader: Reader = open_as(lena)
    yield reader.page
    assert [fault for fault in reader.faults if "422" not in fault] == [], "only the refusal is reported"


def test_a_lead_sees_disagreements_first_and_dont_know_is_refused_at_90_days(
    lead: Page,
    open_as: Any,
    lena: User,
    mira: User,
) -> None:
    lead.goto("/")
    lead.keyboard.press("g")
    lead.keyboard.press("r")
    expect(lead.get_by_role("heading", level=1)).to_have_text("Renewals")
    rows = lead.locator(".km-renewals tbody tr:not(.km-plain)")
    expect(rows.nth(0)).to_contain_text("Torn Steel")
    expect(rows.nth(0)).to_contain_text("1 request overdue")
    expect(rows.nth(0)).to_contain_text("They disagree")
    expect(rows.nth(1)).to_contain_text("call due since")

    button = lead.get_by_role("link", name="Make the call for Quiet Mills")
    button.focus()
    lead.keyboard.press("Enter")
    dialog = lead.get_by_role("dialog")
    dialog.get_by_label("don't know").focus()
    lead.keyboard.press("Space")
    lead.keyboard.press("Enter")
    expect(dialog).to_contain_text("is no longer accepted")
    # The login lapses while a reason is typed: it is there again after logging in.
    dialog.get_by_label("Why").fill("They wait for the board")
    Session.objects.all().delete()
    dialog.get_by_label("Why").press("Enter")
    lead.wait_for_url("**/login/**")
    client = as_(lena)
    name = settings.SESSION_COOKIE_NAME
    lead.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": lead.url}])
    lead.goto("/plans/renewals/")
    button.press("Enter")
    expect(dialog.get_by_label("Why")).to_have_value("They wait for the board")
    dialog.get_by_label("will renew for less").check()
    dialog.get_by_label("Expected a year").fill("9000")
    lead.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text("will renew for less")
    expect(dialog).to_be_hidden()
    expect(lead.locator("#km-status")).to_contain_text("K-60: will renew for less.")
    call = RenewalCall.objects.get(contract__number="K-60")
    assert (call.call, call.expected_value, call.author.name) == ("smaller", 9000, "Lena Lindqvist")

    lead.goto("/plans/renewals/?show=disagree")
    expect(rows).to_have_count(1)
    other = open_as(mira).page
    assert other.goto("/plans/renewals/").status == 403


def test_a_manager_opens_a_deal_from_a_cell_takes_it_back_and_fills_an_unknown_by_keyboard(
    open_as: Any,
    maya: User,
) -> None:
    Organisation.objects.get_or_create(pk=1)
    make_stage("First")
    account = make_account("Aurora Foods", owner=maya)
    make_account("Aurora Mills", owner=maya, parent=account)
    pumps = ProductCategory.objects.create(name="Pumps", whitespace_position=1)
    board = reverse("plans:whitespace", kwargs={"account": account.pk})
    reader = open_as(maya)
    page = reader.page
    page.goto(board)
    cell = page.locator(f"#cell-{account.pk}-{pumps.pk}")
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Open an opportunity").click()
    expect(cell).to_contain_text("+ 1 deal")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(cell).not_to_contain_text("deal")
    assert not Opportunity.objects.exists()

    page.keyboard.press("f")
    expect(page.get_by_role("heading", level=2)).to_have_text("Pumps at Aurora Foods")
    expect(page.locator("main :focus")).to_have_count(1)
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Hexatron")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("Pumps at Aurora Mills")
    page.goto(board)
    expect(cell).to_contain_text("Hexatron")
    assert reader.faults == []


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (320, "light")])
def test_whitespace_renewals_and_the_calendar_page_have_no_faults(
    open_as: Any,
    maya: User,
    lena: User,
    contracts: None,
    width: int,
    theme: str,
) -> None:
    account = Account.objects.get(name="Torn Steel")
    make_account("Torn Tubes", owner=maya, parent=account, currency="USD")
    category = ProductCategory.objects.create(name="Pumps", whitespace_position=1)
    whitespace = reverse("plans:whitespace", kwargs={"account": account.pk})
    reader = open_as(maya, theme, width)
    for path in (
        whitespace,
        f"{whitespace}?show=unknown",
        f"{whitespace}{category.pk}/",
        f"{whitespace}{category.pk}/edit",
        reverse("plans:whitespace_fill", kwargs={"account": account.pk}),
        reverse("plans:renewals"),
        reverse("plans:renewal_call", kwargs={"contract": account.contracts.get().pk}),
        reverse("exchange:calendar_feed"),
        reverse("engagement:calendar_import"),
        reverse("engagement:request_list"),
        reverse("engagement:request", kwargs={"pk": account.requests.get().pk}),
    ):
        reader.expect_clean(path)
