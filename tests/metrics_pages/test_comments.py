"""Comments on a number: written by whom it belongs to, read by whoever sees it, never changed."""

import re
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import Error
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Team, User
from metrics.comments import Comment
from metrics.models import Run
from tests.clients import as_
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db
SAID = "Two plants closed in May; both were known."


def say(user: User, place: str, text: str = SAID, kpi: str = "account_revenue", **headers: str) -> Any:
    return as_(user).post(f"/scorecards/{place}/{kpi}/comment/{T12}", {"text": text}, headers=headers)


def page(user: User, place: str, period: str = T12) -> str:
    return as_(user).get(f"/scorecards/{place}/account_revenue/{period}").content.decode()


def test_a_manager_says_something_about_an_own_number_and_the_lead_reads_it(
    published: Run, maya: User, lena: User
) -> None:
    place = f"owner/{maya.pk}"
    assert say(maya, place).status_code == 302
    text = page(lena, place)
    assert SAID in text and "Maya Marin" in text
    card = as_(lena).get(f"/scorecards/{place}/{T12}").content.decode()
    assert card.count('aria-label="commented"') == 1


def test_what_was_said_about_another_period_stands_apart(published: Run, maya: User) -> None:
    place = f"owner/{maya.pk}"
    say(maya, place)
    text = page(maya, place, "?period=t12&end=2025-10")
    assert "Nothing is said about this period." in text and "About other periods (1)" in text


def test_only_whom_the_number_belongs_to_says_something(
    published: Run, maya: User, omar: User, lena: User, hana: User, mira: User, north: Team, aurora: Account
) -> None:
    mine, team, company, account = (
        f"owner/{maya.pk}", f"team/{north.pk}", "company/all", f"account/{aurora.pk}"
    )  # fmt: skip
    codes = {
        (who.name.split()[0], place.split("/")[0]): say(who, place).status_code
        for who in (maya, omar, lena, hana, mira)
        for place in (mine, team, company, account)
    }
    assert {key for key, code in codes.items() if code == 302} == {
        ("Maya", "owner"),
        ("Maya", "account"),
        ("Lena", "team"),
        ("Hana", "company"),
    }
    assert codes["Omar", "owner"] == codes["Omar", "account"] == codes["Maya", "company"] == 404
    assert codes["Lena", "owner"] == codes["Hana", "team"] == codes["Mira", "company"] == 403


def test_who_may_not_see_a_number_neither_reads_nor_writes_about_it(
    published: Run, hana: User, mira: User
) -> None:
    assert say(hana, "company/all", kpi="nrr").status_code == 302
    assert as_(mira).get(f"/scorecards/company/all/nrr/{T12}").status_code == 403


def test_a_comment_is_never_changed(published: Run, maya: User) -> None:
    say(maya, f"owner/{maya.pk}")
    with pytest.raises(Error), transaction.atomic():
        Comment.objects.update(text="Nothing happened.")
    assert Comment.objects.get().text == SAID


def test_the_author_may_take_it_back_at_once_and_nobody_else(published: Run, maya: User, lena: User) -> None:
    answer = say(maya, f"owner/{maya.pk}", **{"HX-Request": "true"})
    assert answer.status_code == 200 and SAID in answer.content.decode()
    undo = answer.headers["HX-Trigger"].split('"undo": "')[1].split('"')[0]
    assert as_(lena).post(undo).status_code == 409
    assert as_(maya).post(undo).status_code == 204
    assert not Comment.objects.exists()


def test_nothing_is_no_comment_nor_is_what_is_said_before_its_time(published: Run, maya: User) -> None:
    assert say(maya, f"owner/{maya.pk}", "  ").status_code == 422
    later = f"/scorecards/owner/{maya.pk}/account_revenue/comment/?period=month&end=2031-01"
    assert as_(maya).post(later, {"text": SAID}).status_code == 403
    assert not Comment.objects.exists()


def test_whoever_writes_by_the_keyboard_goes_on_where_the_form_was(published: Run, maya: User) -> None:
    place, htmx = f"owner/{maya.pk}", {"HX-Request": "true"}
    assert "<summary autofocus>" in say(maya, place, **htmx).content.decode()
    refused = say(maya, place, "  ", **htmx).content.decode()
    assert re.search(r"<textarea[^>]* autofocus", refused) and "<summary autofocus>" not in refused
    assert "autofocus" not in page(maya, place).split('id="comments"')[1].split("</section>")[0]


def test_the_statements_do_not_grow_with_the_comments(published: Run, maya: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            page(maya, f"owner/{maya.pk}")
        return len(found)

    say(maya, f"owner/{maya.pk}")
    few = count()
    for number in range(15):
        say(maya, f"owner/{maya.pk}", f"Thought {number}")
    assert count() == few
