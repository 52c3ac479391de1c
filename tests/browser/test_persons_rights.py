"""Export and erasure of a person in a browser: found, read, taken along as a file, and erased for good."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Contact, OneOnOne, User
from tests.factories import PASSWORD, make_account, make_contact
from tests.rights.world import CANARY, NAME, make_ingrid, tables_with

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Maximiliane-Friederike von Wolfeschlegelsteinhausenbergerdorff-Habsburg-Lothringen"


def test_a_head_finds_exports_and_erases_a_person(
    open_as: Any, maya: User, lena: User, hana: User, settings: Any, tmp_path: Path
) -> None:
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")
    account = make_account("Aurora Foods", owner=maya)
    ingrid, long = make_ingrid(account, maya, lena), make_contact(account, LONG)
    wide, phone = open_as(hana), open_as(hana, "dark", 320)
    of = f"/rights/contacts/{ingrid.pk}/"
    for path in (
        "/rights/",
        "/rights/?q=nobody",
        f"/rights/notes/?words={CANARY}",
        "/rights/notes/?words=nowhere",
    ):
        wide.expect_clean(path)
    for path in (
        of,
        f"{of}export/",
        f"{of}erase/",
        f"/rights/contacts/{long.pk}/",
        f"/rights/contacts/{long.pk}/erase/",
    ):
        phone.expect_clean(path)

    page = wide.page
    page.goto("/rights/")
    page.get_by_label("Name or e-mail").fill("zyxw")
    page.get_by_label("Name or e-mail").press("Enter")
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("heading", name="What we think of this person")).to_be_visible()
    page.get_by_role("link", name="Export…").click()
    page.get_by_label("Your password").fill(PASSWORD)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    assert json.loads(Path(download.value.path()).read_text())["about"] == NAME
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("link", name="Erase…").click()
    page.get_by_label("of all").check()
    page.get_by_label("Type the name").fill("Ingrid")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text(f"This is not “{NAME}”.")).to_be_visible()
    page.get_by_label("Type the name").fill(NAME)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text(f"Erased person {ingrid.pk}: erased.").first).to_be_visible()
    assert (Contact.objects.get(pk=ingrid.pk).email, OneOnOne.objects.get().note) == (
        "",
        "[erased] is difficult",
    )
    assert tables_with(CANARY) == {}
    wide.faults.clear()  # the refused form
    wide.expect_clean(f"/stakeholders/accounts/{account.pk}/?contact={ingrid.pk}")
    expect(page.get_by_text("at their wish")).to_be_visible()
    wide.expect_clean("/rights/")
