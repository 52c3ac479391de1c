"""The library of numbers: every definition, found by its words, with figures of the reader's own world."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from metrics.kpi import Derived
from metrics.kpis import KPIS
from metrics.models import Run
from metrics.pages.library import facts_of_definition
from tests.clients import as_, ask
from tests.factories import make_account, make_order
from tests.metrics.engine import run

pytestmark = pytest.mark.django_db


def test_every_number_says_how_it_is_made() -> None:
    for kpi in KPIS:
        facts = dict(facts_of_definition(kpi))
        assert facts["Formula"] and facts["Direction"] and facts["Kind"] and facts["Range"], kpi.id


def test_a_number_of_each_kind_has_a_page_with_its_words_and_an_example(published: Run, hana: User) -> None:
    client = as_(hana)
    for kpi in {(type(kpi), kpi.group, kpi.usual): kpi for kpi in KPIS}.values():
        page = client.get(f"/kpis/{kpi.id}/")
        assert page.status_code == 200, kpi.id


def test_examples_lead_nowhere_that_their_reader_may_not_go(published: Run, hana: User, maya: User) -> None:
    """A lifespan is made of the company's losses; a manager reads them and cannot open them."""
    made_of_others = [kpi.id for kpi in KPIS if isinstance(kpi, Derived)]
    for user, is_open in ((hana, True), (maya, False)):
        client = as_(user)
        pages = {kpi: client.get(f"/kpis/{kpi}/").content.decode() for kpi in made_of_others}
        assert ("/scorecards/company/" in pages["lifespan"]) == is_open
        assert is_open or not [kpi for kpi, page in pages.items() if "/scorecards/company/" in page]
    assert "Accounts lost, company" in pages["lifespan"]


def test_a_name_or_a_word_of_the_formula_finds_a_number(published: Run, hana: User) -> None:
    groups = ask(hana, "/kpis/?q=won or lost").context["groups"]
    assert "win_rate" in {entry.kpi.id for _, _, entries in groups for entry in entries}
    assert "No number is called like that." in ask(hana, "/kpis/?q=zebra").content.decode()


def test_the_list_shows_the_newest_value_of_whom_the_reader_may_see(
    published: Run, hana: User, maya: User, adam: User
) -> None:
    def revenue(user: User) -> str:
        groups = ask(user, "/kpis/").context["groups"]
        return next(e.now for _, _, entries in groups for e in entries if e.kpi.id == "account_revenue")

    assert (revenue(hana), revenue(maya), revenue(adam)) == ("€2,000", "€1,900", "")


def test_the_statements_of_the_list_do_not_grow(published: Run, hana: User) -> None:
    def count() -> int:
        ask(hana, "/kpis/")
        with CaptureQueriesContext(connection) as found:
            ask(hana, "/kpis/")
        return len(found)

    few = count()
    for number in range(20):
        make_order(make_account(f"More {number}", owner=hana), "2025-04-04", 10)
    run("2026-01-10")
    assert count() == few
