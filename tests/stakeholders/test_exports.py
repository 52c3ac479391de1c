"""The people on paper, as a picture and in a workbook: readable by others, and without opinions by default."""

import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import openpyxl
import pypdf
import pytest
from django.urls import reverse

from accounts.models import Account, Organisation, User
from tests.clients import as_
from tests.factories import make_contact, make_fact, make_tie, make_touch

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SECRETS = ("champion", "Champion", "strongly", "influences")


@pytest.fixture
def mapped(maya: User, maya_account: Account) -> Account:
    Organisation.objects.get_or_create(pk=1)
    chief = make_contact(maya_account, "Ada <Chief> & Co", title="Chief executive")
    buyer = make_contact(maya_account, "=Bo Buyer", reports_to=chief, email="bo@aurora.example")
    make_contact(maya_account, "Head of IT", is_placeholder=True)
    make_fact(chief, "role", "champion", author=maya)
    make_fact(chief, "support", "2", author=maya)
    make_tie(maya_account, buyer, chief)
    make_touch(maya_account, maya, contacts=[chief], direction="two_way")
    return maya_account


def fetched(user: User, name: str, account: Account, query: str = "") -> Any:
    client = as_(user)
    response = client.get(reverse(f"stakeholders:{name}", kwargs={"account": account.pk}) + query)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith('attachment; filename="aurora-foods-')
    return response


def rows_of(content: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    heads, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, heads), row, strict=True)) for row in rows]


def test_the_workbook_has_everybody_and_no_opinion(maya: User, mapped: Account) -> None:
    rows = rows_of(fetched(maya, "people_xlsx", mapped).content)
    assert [row["Name"] for row in rows] == ["Ada <Chief> & Co", "=Bo Buyer", "Head of IT"]
    assert rows[1]["Reports to"] == "Ada <Chief> & Co"
    assert rows[0]["Days since last talk"] == 0
    assert rows[2]["Job title"] == "not known yet"
    assert "Role" not in rows[0] and "Support" not in rows[0]


def test_the_workbook_has_opinions_only_for_who_may_see_them_and_asks(
    maya: User, mira: User, mapped: Account
) -> None:
    rows = rows_of(fetched(maya, "people_xlsx", mapped, "?opinions=yes").content)
    assert (rows[0]["Role"], rows[0]["Support"], rows[0]["How sure"]) == (
        "champion",
        "strongly for us",
        "confirmed",
    )
    rows = rows_of(fetched(mira, "people_xlsx", mapped, "?opinions=yes").content)
    assert "Role" not in rows[0] and "Days since last talk" not in rows[0]


def test_the_picture_is_a_whole_svg_of_its_own(maya: User, mapped: Account) -> None:
    response = fetched(maya, "map_svg", mapped)
    root = ElementTree.fromstring(response.content)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Ada <Chief> & Co", "=Bo Buyer", "Head of IT"} <= set(texts)
    assert not [word for word in SECRETS if word in response.content.decode()]
    assert "Champion" in fetched(maya, "map_svg", mapped, "?opinions=yes").content.decode()


def test_the_document_holds_the_table_of_the_page_and_is_tagged(maya: User, mapped: Account) -> None:
    reader = pypdf.PdfReader(io.BytesIO(fetched(maya, "map_pdf", mapped).content))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Aurora Foods: people" in text
    for name in ("Ada <Chief> & Co", "=Bo Buyer", "Head of IT"):
        assert name in text
    assert not [word for word in SECRETS if word in text]
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]


def test_an_account_without_people_can_be_exported_too(maya: User, maya_account: Account) -> None:
    Organisation.objects.get_or_create(pk=1)
    for name in ("map_svg", "map_pdf", "people_xlsx"):
        fetched(maya, name, maya_account)
