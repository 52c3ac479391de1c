"""What customers and our own people say, and what warns of them: whole ways, each as the person whose moment it is."""

import datetime
import re
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect

from accounts.models import (
    Account,
    Action,
    Contact,
    EmployeeInvitation,
    EmployeeWave,
    Organisation,
    Playbook,
    PlaybookStep,
    Survey,
    Team,
    User,
)
from accounts.outbox import send_waiting
from accounts.surveys.employees import actions
from accounts.surveys.sending import tick
from kamplan.mail_sink import Keep
from metrics.alerts.find import look_for_warnings
from metrics.digests import sink
from metrics.models import Alert, DigestSettings
from tests.alerts.making import make_alert
from tests.browser.axe import faults_of
from tests.browser.conftest import sent
from tests.factories import make_contact, make_fact
from tests.surveys_employees.waves import close_now, given, make_employees

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phone(browser: Browser, live_server: Any) -> Iterator[Page]:
    """Somebody without a login, in a browser that runs no script."""
    context = browser.new_context(
        base_url=live_server.url,
        java_script_enabled=False,
        viewport={"width": 320, "height": 640},
        color_scheme="dark",
    )
    yield context.new_page()
    context.close()


@transaction.atomic
def night(day: datetime.date) -> None:
    look_for_warnings(None, day)


def link_in(mail: Any) -> str:
    return re.search(r"/s/[\w-]+/", mail.body)[0]  # type: ignore[index]


def expect_no_fault(page: Page) -> None:
    assert faults_of(page) == [], page.url
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{page.url} scrolls sideways by {wide}"


def test_a_customer_is_asked_answers_without_login_or_script_and_somebody_talks_with_them(
    open_as: Any, phone: Page, maya: User, maya_account: Account, mailoutbox: list[Any]
) -> None:
    make_contact(maya_account, "Eva Elm", email="eva@aurora.example")
    reader = open_as(maya)
    page: Page = reader.page

    page.goto("/surveys/")
    page.get_by_role("link", name="New questionnaire").first.click()
    page.get_by_label("Name").fill("After delivery")
    page.locator("main").get_by_role("button", name="Save").click()
    page.get_by_label("Kind of the new question").select_option("choice")
    page.get_by_role("button", name="Add a question").click()
    expect(page.locator(".km-build__question")).to_have_count(3)
    page.get_by_label("Choices").fill("Price\nDelivery")
    with sent(page):
        page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_label("Choices")).to_have_value("Price\nDelivery")
    survey = Survey.objects.get()
    reader.expect_clean(f"/surveys/questionnaires/{survey.pk}/")
    reader.expect_clean(f"/surveys/questionnaires/{survey.pk}/preview")

    page.goto(f"/surveys/waves/add?survey={survey.pk}")
    page.locator("main").get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="eva@aurora.example")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Mail me a copy").click()
    expect_no_fault(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Send to 1").click()
    tick()
    send_waiting()
    test_copy, invitation = mailoutbox
    assert test_copy.to == [maya.email] and "/s/" not in test_copy.body
    assert invitation.to == ["eva@aurora.example"]

    phone.goto(link_in(invitation))
    phone.get_by_label("3", exact=True).check(force=True)
    phone.get_by_label("Delivery").check(force=True)
    phone.get_by_role("textbox").fill("Two pallets were missing.")
    phone.get_by_role("button").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Thank")
    phone.goto(link_in(invitation))
    expect(phone.get_by_role("button")).to_have_count(0)

    talk = Action.objects.get(contact__name="Eva Elm")
    assert (talk.owner, "pallets" in talk.text) == (maya, False)
    wave = survey.waves.get()
    reader.expect_clean(f"/surveys/waves/{wave.pk}/")
    expect(page.locator(".km-reach")).to_contain_text("1 of 1 accounts")
    expect(page.locator("main")).to_contain_text("Two pallets were missing.")
    reader.expect_clean(f"/surveys/accounts/{maya_account.pk}/")
    small = open_as(maya, "dark", 320)
    for path in ("/surveys/", f"/surveys/questionnaires/{survey.pk}/", f"/surveys/waves/{wave.pk}/"):
        small.expect_clean(path)


def test_our_own_people_are_asked_and_nobody_learns_who_said_what(
    open_as: Any, phone: Page, hana: User, maya: User, north: Team, south: Team, mailoutbox: list[Any]
) -> None:
    make_employees(north, 8)
    make_employees(south, 3)
    reader = open_as(hana)
    page: Page = reader.page
    reader.expect_clean("/surveys/employees/")
    page.goto("/surveys/employees/waves/add")
    page.get_by_label("Name").fill("Autumn")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator("h1")).to_have_text("Autumn")
    expect_no_fault(page)
    wave = EmployeeWave.objects.get()
    page.locator("summary", has_text="Open the wave").click()
    page.get_by_label("To confirm, type the name: Autumn").fill("Autumn")
    page.get_by_role("button", name="Open the wave").click()
    expect(page.locator("main")).to_contain_text("nothing else is shown of an open wave")

    wave.refresh_from_db()
    invitations = list(EmployeeInvitation.objects.order_by("team_label", "pk"))
    tokens = [actions.token_of(wave, each) for each in invitations]
    phone.goto(f"/e/{tokens[0]}/")
    expect(phone.locator("main")).to_contain_text("administrators included, can see or compute which answer")
    phone.get_by_role("radio", name="4", exact=True).first.check(force=True)
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.locator("h1")).to_contain_text("Thank")
    number = wave.statements.count()
    for place, token in enumerate(tokens[1:]):
        score = 2 + place % 4
        assert actions.submit(token, given(score, statements=(score,) * number))
    close_now(wave)

    page.goto(f"/surveys/employees/waves/{wave.pk}/")
    page.locator("summary", has_text="Release the results").click()
    page.get_by_label("To confirm, type the name: Autumn").fill("Autumn")
    with page.expect_navigation():
        page.get_by_role("button", name="Release the results").click()
    reader.expect_clean("/surveys/employees/")
    hidden = page.locator(".km-units__hidden")
    expect(hidden).to_have_count(2)
    expect(hidden.first).to_contain_text("Hidden")
    open_as(maya, "dark", 320).expect_clean("/surveys/employees/")


def test_a_warning_is_put_off_taken_up_and_gone_when_its_cause_is(
    open_as: Any, maya: User, maya_account: Account
) -> None:
    today = Organisation.current().today()
    gone: Contact = make_contact(maya_account, "Sofie Dahl", left_on=today)
    make_fact(gone, "role", "champion", "2025-01-01")
    book = Playbook.objects.create(kind="champion_left", name="New champion")
    for place, text in enumerate(("Call the sponsor", "Redraw the map"), 1):
        PlaybookStep.objects.create(playbook=book, position=place, text=text, due_days=place)
    night(today)
    night(today)
    assert Alert.objects.count() == 1
    reader = open_as(maya)
    page: Page = reader.page

    reader.expect_clean("/warnings/")
    item = page.locator(".km-warnings > li")
    expect(item).to_contain_text("Sofie Dahl, our champion, left.")
    expect(item.get_by_role("list", name="Evidence")).to_contain_text("Sofie Dahl, champion, left")
    expect(item).to_contain_text("New champion: 0 of 2 tasks")
    item.get_by_role("link", name=re.compile("Put off")).click()
    page.get_by_label("Until").fill(f"{today + datetime.timedelta(days=30)}")
    page.get_by_label("Why").fill("She is back in January")
    page.locator("main").get_by_role("button", name="Put off").click()
    expect(page.locator("main")).to_contain_text("Nothing to warn of")
    page.goto("/warnings/?state=snoozed")
    expect(item).to_contain_text("She is back in January")
    item.get_by_role("button", name=re.compile("Take it up")).click()
    expect(item).to_contain_text("taken up by Maya Marin")

    Action.objects.filter(text="Call the sponsor").update(status="done", closed_on=today)
    reader.expect_clean(f"/portfolio/{maya_account.pk}/")
    expect(page.locator("#warnings")).to_contain_text("New champion: 1 of 2 tasks")
    gone.successor = make_contact(maya_account, "Marte Vik")
    gone.save()
    night(today)
    page.goto("/warnings/?state=resolved")
    expect(item).to_contain_text("resolved")
    open_as(maya, "dark", 320).expect_clean("/warnings/?state=resolved")


def test_a_digest_is_chosen_looked_at_read_in_the_mailbox_and_ended_by_its_link(
    open_as: Any,
    phone: Page,
    maya: User,
    adam: User,
    maya_account: Account,
    mailoutbox: list[Any],
    settings: Any,
    tmp_path: Path,
) -> None:
    make_alert(maya_account, kind="health_fall", facts={"before": 71, "now": 52})
    reader, small = open_as(maya), open_as(maya, "dark", 320)
    page: Page = reader.page
    reader.expect_clean("/digests/")
    page.get_by_label("How often").select_option("daily")
    page.locator("main").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your digests are saved.").first).to_be_visible()
    page.get_by_role("link", name="Look at the next one").click()
    expect(page.locator("main")).to_contain_text("Health fell from 71 to 52 in 30 days.")
    expect_no_fault(page)
    for path in ("/digests/", "/digests/preview/"):
        small.expect_clean(path)

    settings.MAIL_SINK = str(tmp_path / "taken")
    office, pocket = open_as(adam), open_as(adam, "dark", 320)
    office.expect_clean("/mails/demonstration/")
    office.expect_clean("/mails/digests/")
    with office.page.expect_navigation():
        office.page.get_by_role("button", name="Send a test to Maya Marin").click()
    send_waiting()
    taken = message_from_bytes(mailoutbox[0].message().as_bytes())
    taken["X-RcptTo"], taken["X-MailFrom"] = maya.email, "bounces@kamplan.example"
    Keep(tmp_path / "taken", tmp_path / "returned").handle_message(taken)
    office.page.goto("/mails/demonstration/")
    office.page.get_by_role("link", name=re.compile("Test: Your accounts")).click()
    expect(office.page.locator("pre")).to_contain_text("Health fell from 71 to 52 in 30 days.")
    expect_no_fault(office.page)
    for path in ("/mails/", "/mails/digests/", "/mails/demonstration/", office.page.url):
        pocket.expect_clean(path)

    # As mail programs show it: no script and no style of ours, on a desk and on a telephone.
    mail = sink.read(sink.keys()[0])
    assert mail is not None
    for reading in (office, pocket):
        reading.page.goto("about:blank")
        reading.page.set_content(mail.html)
        expect_no_fault(reading.page)

    ending = re.search(r"/u/[^/]+/", mail.text.split("No digests any more")[1])
    assert ending is not None
    reader.expect_clean(ending[0])
    small.expect_clean(ending[0])
    phone.goto(ending[0])
    phone.get_by_role("button").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Done")
    assert DigestSettings.objects.get(user=maya).rhythm == "off"
