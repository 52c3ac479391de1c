"""Accounts given to another owner: previewed, written together or not at all, safe when two do it at once."""

import datetime
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Action, Assignment, HandOver, Organisation, Role, User
from accounts.plans import reassign as moving
from tests.clients import as_
from tests.factories import (
    LONG_AGO,
    make_account,
    make_action,
    make_assignment,
    make_membership,
    make_request,
    make_user,
    span,
)

DAY = datetime.timedelta(days=1)
URL = "/plans/reassign/"


@pytest.fixture
def today(db: None) -> datetime.date:
    return Organisation.current().today()


@pytest.fixture
def nina(maya: User, north: Any) -> User:
    """A second account manager of team North."""
    user = make_user("Nina Novak", Role.MANAGER)
    make_membership(user, north)
    return user


def owners_of(account: Account) -> list[tuple[str, datetime.date, datetime.date | None]]:
    rows = Assignment.objects.owners().filter(account=account).order_by("during")
    return [(str(each.user), each.during.lower, each.during.upper) for each in rows]


def order(accounts: list[Account], to: User, on: datetime.date, **more: Any) -> dict[str, Any]:
    return {"account": [each.pk for each in accounts], "to": to.pk, "on": on.isoformat(), **more}


def seen_in(answer: Any) -> str:
    text: str = answer.content.decode()
    return text.split('name="seen" value="')[1].split('"')[0]


def applied(user: User, said: dict[str, Any]) -> Any:
    preview = as_(user).post(URL, said)
    assert preview.status_code == 200
    return as_(user).post(URL, {**said, "apply": "1", "seen": seen_in(preview)})


def test_a_lead_moves_accounts_from_a_day_on_and_what_was_stays(
    lena: User, maya: User, nina: User, maya_account: Account, today: datetime.date
) -> None:
    second = make_account("Cygnus Glass", owner=maya)
    on = today + 30 * DAY
    preview = as_(lena).post(URL, order([maya_account, second], nina, on))
    assert "Nothing is written yet." in preview.content.decode()
    assert not HandOver.objects.exists()
    assert applied(lena, order([maya_account, second], nina, on, note="Ask Ingrid first")).status_code == 302
    for account in (maya_account, second):
        assert owners_of(account) == [("Maya Marin", LONG_AGO, on), ("Nina Novak", on, None)]
        row = HandOver.objects.get(account=account)
        assert (row.from_user, row.to_user, row.on, row.note, row.made_by) == (
            maya,
            nina,
            on,
            "Ask Ingrid first",
            lena,
        )
        action = Action.objects.get(account=account)
        assert (action.text, action.owner) == (f"Hand over {account} to Nina Novak", maya)
    assert Account.objects.visible_to(maya).count() == 2
    assert not Account.objects.visible_to(nina).exists()
    assert Account.objects.visible_to(nina, on).count() == 2


def test_open_work_goes_along_only_when_the_day_has_come_and_it_is_wanted(
    lena: User, maya: User, nina: User, maya_account: Account, today: datetime.date
) -> None:
    mine = make_action(maya_account, "Send it", owner=maya)
    done = make_action(maya_account, "Was done", owner=maya, status="done", closed_on=today)
    asked = make_request(maya_account, owner=maya)
    applied(lena, order([maya_account], nina, today, with_work="on"))
    for row in (mine, done, asked):
        row.refresh_from_db()
    assert (mine.owner, done.owner, asked.owner) == (nina, maya, nina)


def test_open_work_waits_for_the_day_of_a_later_reassignment_and_goes_along_once(
    lena: User, maya: User, nina: User, omar: User, maya_account: Account, today: datetime.date
) -> None:
    mine, asked = make_action(maya_account, "Send it", owner=maya), make_request(maya_account, owner=maya)
    applied(lena, order([maya_account], nina, today + 10 * DAY, with_work="on"))
    assert moving.hand_on_due_work(today + 9 * DAY) == 0
    mine.refresh_from_db()
    assert mine.owner == maya
    assert moving.hand_on_due_work(today + 10 * DAY) == 1
    for row in (mine, asked):
        row.refresh_from_db()
    assert (mine.owner, asked.owner) == (nina, nina)
    # Handed back by hand afterwards, it stays there.
    Action.objects.filter(pk=mine.pk).update(owner=maya)
    assert moving.hand_on_due_work(today + 11 * DAY) == 0


def test_open_work_stays_where_the_account_went_elsewhere_meanwhile(
    lena: User, maya: User, nina: User, omar: User, maya_account: Account, today: datetime.date
) -> None:
    mine = make_action(maya_account, "Send it", owner=maya)
    applied(lena, order([maya_account], nina, today + 10 * DAY, with_work="on"))
    Assignment.objects.filter(account=maya_account, user=nina).update(user=omar)
    moving.hand_on_due_work(today + 10 * DAY)
    mine.refresh_from_db()
    assert mine.owner == maya


def test_a_past_day_warns_that_closed_months_restate(
    lena: User, nina: User, maya_account: Account, today: datetime.date
) -> None:
    text = as_(lena).post(URL, order([maya_account], nina, today - 60 * DAY)).content.decode()
    assert "Figures of closed months will be restated" in text


def test_a_planned_successor_stays_and_the_preview_says_so(
    lena: User, maya: User, nina: User, omar: User, maya_account: Account, today: datetime.date
) -> None:
    Assignment.objects.filter(account=maya_account).update(during=span(LONG_AGO, today + 50 * DAY))
    make_assignment(maya_account, omar, today + 50 * DAY)
    text = as_(lena).post(URL, order([maya_account], nina, today + 10 * DAY)).content.decode()
    assert "then Omar Okoye, as planned" in text
    applied(lena, order([maya_account], nina, today + 10 * DAY))
    assert [name for name, _, _ in owners_of(maya_account)] == ["Maya Marin", "Nina Novak", "Omar Okoye"]


def test_one_row_that_cannot_be_is_refused_and_the_others_go(
    lena: User, maya: User, nina: User, maya_account: Account, today: datetime.date
) -> None:
    hers = make_account("Already hers", owner=nina)
    preview = as_(lena).post(URL, order([maya_account, hers], nina, today))
    text = preview.content.decode()
    assert "Nina Novak owns it on this day already" in text and "1 row will be left out." in text
    assert "Reassign 1 account<" in text
    # Whoever sends the refused one all the same gets nothing written.
    said = order([maya_account, hers], nina, today, apply="1", seen=seen_in(preview))
    assert as_(lena).post(URL, said).status_code == 409
    assert not HandOver.objects.exists()


def test_an_assignment_that_begins_that_day_is_replaced(
    lena: User, maya: User, nina: User, north: Any, today: datetime.date
) -> None:
    account = make_account("Fresh", owner=maya, since=today)
    applied(lena, order([account], nina, today))
    assert owners_of(account) == [("Nina Novak", today, None)]


def test_what_changed_after_the_preview_is_shown_again_and_nothing_written(
    lena: User, maya: User, nina: User, hana: User, maya_account: Account, today: datetime.date
) -> None:
    said = order([maya_account], nina, today)
    preview = as_(lena).post(URL, said)
    tom = make_user("Tom Tran")
    applied(hana, order([maya_account], tom, today - DAY))
    late = as_(hana).post(URL, {**said, "apply": "1", "seen": seen_in(preview)})
    assert late.status_code == 409
    assert "Somebody assigned one of these accounts meanwhile." in late.content.decode()
    assert HandOver.objects.count() == 1


def test_a_lead_gives_only_own_accounts_to_own_people(
    lena: User, maya: User, omar: User, maya_account: Account, omar_account: Account, today: datetime.date
) -> None:
    assert as_(lena).post(URL, order([maya_account], omar, today)).status_code == 422
    assert as_(lena).post(URL, order([omar_account], maya, today)).status_code == 422
    page = as_(lena).get(URL).content.decode()
    assert "Aurora Foods" in page and "Borealis Steel" not in page
    make_assignment(omar_account, lena, role="sponsor")
    assert as_(lena).post(URL, order([omar_account], maya, today)).status_code == 422
    assert as_(maya).get(URL).status_code == 403


def test_an_administrator_moves_nothing_without_an_elevation(adam: User, maya_account: Account) -> None:
    text = as_(adam).get(URL).content.decode()
    assert "Accounts are seen only during an elevation." in text and "Aurora Foods" not in text


def test_undo_is_another_reassignment(
    lena: User, maya: User, nina: User, maya_account: Account, today: datetime.date
) -> None:
    applied(lena, order([maya_account], nina, today))
    applied(lena, order([maya_account], maya, today))
    assert [(name, first) for name, first, _ in owners_of(maya_account)] == [
        ("Maya Marin", LONG_AGO),
        ("Maya Marin", today),
    ]
    assert HandOver.objects.count() == 2


def test_statements_do_not_grow_with_the_number_of_accounts(
    hana: User, maya: User, nina: User, today: datetime.date
) -> None:
    def written(count: int, prefix: str) -> int:
        accounts = [make_account(f"{prefix} {number}", owner=maya) for number in range(count)]
        found = moving.moves(hana, [each.pk for each in accounts], nina, today)
        with CaptureQueriesContext(connection) as captured:
            moving.reassign(hana, [each.pk for each in accounts], nina, today, today, moving.digest(found))
        return len(captured)

    assert written(2, "Few") == written(12, "Many")


@pytest.mark.django_db(transaction=True)
def test_two_who_reassign_at_once_never_make_two_owners(hana: User, maya: User, nina: User) -> None:
    """Both saw the same preview; the second finds the first one's writing and writes nothing."""
    today = Organisation.current().today()
    tom = make_user("Tom Tran")
    accounts = [make_account(f"Account {number}", owner=maya) for number in range(5)]
    pks = [each.pk for each in accounts]
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def go(to: User) -> None:
        try:
            found = moving.moves(hana, pks, to, today)
            ready.wait(timeout=120)
            moving.reassign(hana, pks, to, today, today, moving.digest(found))
            outcomes.append("written")
        except moving.Overtaken:
            outcomes.append("overtaken")
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[to]) for to in (nina, tom)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=120)
    assert sorted(outcomes) == ["overtaken", "written"]
    assert HandOver.objects.count() == 5
    for account in accounts:
        assert Assignment.objects.owners().on(today).filter(account=account).count() == 1


def test_the_database_itself_refuses_a_second_owner(maya: User, nina: User, maya_account: Account) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_assignment(maya_account, nina)


def test_the_pack_holds_what_one_must_know_and_no_opinions_unless_asked(
    lena: User, maya: User, nina: User, maya_account: Account, today: datetime.date
) -> None:
    import io

    from pypdf import PdfReader

    from tests.factories import make_contact, make_contract, make_fact, make_touch

    applied(lena, order([maya_account], nina, today, note="Ask Ingrid first"))
    ingrid = make_contact(maya_account, "Ingrid Haugen", title="COO", email="ingrid@aurora.example")
    make_fact(ingrid, "support", "-2")
    make_contract(maya_account, "2026-01-01", "2028-01-01", 12000, number="K-77", notice_date="2027-09-30")
    make_touch(maya_account, maya, contacts=[ingrid], note="Budget talk")
    make_action(maya_account, "Send the dry-dock figures", owner=nina)

    def text(user: User, query: str = "") -> str:
        answer = as_(user).get(reverse("plans:hand_over_pdf", args=[maya_account.pk]) + query)
        assert answer.status_code == 200
        return " ".join(
            "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split()
        )

    plain = text(nina)
    for words in (
        "Ask Ingrid first",
        "Ingrid Haugen",
        "K-77",
        "€12,000",
        "30 Sep 2027",
        "Budget talk",
        "dry-dock",
    ):
        assert words in plain, words
    assert "against us" not in plain
    assert "strongly against us" in text(nina, "?opinions=yes")
    page = as_(nina).get(reverse("plans:hand_over", args=[maya_account.pk])).content.decode()
    assert "Maya Marin to Nina Novak" in page and "against us" not in page
    as_(nina).post(reverse("plans:hand_over", args=[maya_account.pk]), {"note": "Ask Kristian first"})
    assert HandOver.objects.get().note == "Ask Kristian first"
