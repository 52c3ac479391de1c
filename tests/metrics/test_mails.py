"""What became of an e-mail counts in the month in which it was delivered, whenever that was, and never without it."""

import datetime
from decimal import Decimal
from random import Random

import pytest

from accounts.models import Account, Contact, Signal
from accounts.periods import Period, month
from metrics.models import Run
from metrics.result import Result
from tests.factories import make_account, make_contact, make_signal
from tests.metrics.engine import day, facts, period, result, run, stored

pytestmark = pytest.mark.django_db

NOVEMBER, DECEMBER = period("2025-11-01", "2025-12-01"), period("2025-12-01", "2026-01-01")


def mail(contact: Contact | None, code: str, on: str, subject: str = "News", message: str = "") -> Signal:
    account = contact.account if contact else Account.objects.get()
    return make_signal(
        account, f"email_{code}", at=f"{on}T10:00:00Z", contact=contact, subject=subject, message=message
    )


def counted(found: Result) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return found.numerator, found.denominator, found.value


def test_an_opening_belongs_to_the_month_in_which_its_mail_was_delivered() -> None:
    account = make_account()
    ada, ben, cleo = (make_contact(account) for _ in range(3))
    mail(ada, "delivered", "2025-11-28", message="M1")
    mail(ben, "delivered", "2025-11-28", message="M1")
    mail(cleo, "delivered", "2025-11-10", "Prices")
    mail(None, "delivered", "2025-11-11")
    mail(None, "open", "2025-11-12")
    # Of nobody's delivery: the subject never reached her, and Ben has another key.
    mail(cleo, "open", "2025-11-12", "Something else")
    mail(ben, "open", "2025-11-29", message="M0")
    run("2025-11-30")
    assert counted(result("email_open_rate", NOVEMBER)) == (0, 3, 0)
    assert result("email_open_rate", NOVEMBER).beside == {"open_to_unknown": 1}

    # Twice opened is opened; with a key it is the first mail, without one the last with the subject.
    mail(ada, "open", "2025-12-02", message="M1")
    mail(ada, "open", "2025-12-03", message="M1")
    mail(ada, "reply", "2025-12-05", "Re: News", message="M1")
    mail(ada, "delivered", "2025-12-01", message="M2")
    mail(ada, "open", "2025-12-20", message="M2")
    mail(cleo, "open", "2025-12-01", "Prices")
    mail(cleo, "delivered", "2025-12-15", "Prices")
    mail(cleo, "open", "2025-12-16", "Prices")
    run("2025-12-31")
    assert counted(result("email_open_rate", NOVEMBER)) == (2, 3, pytest.approx(Decimal(200) / 3))
    assert counted(result("email_response_rate", NOVEMBER)) == (1, 3, pytest.approx(Decimal(100) / 3))
    assert counted(result("email_open_rate", DECEMBER)) == (2, 2, 100)
    assert counted(result("email_response_rate", DECEMBER)) == (0, 2, 0)
    # The same in a period that no run stores.
    assert counted(result("email_open_rate", period("2025-11-01", "2026-01-01"))) == (
        4, 5, 80,
    )  # fmt: skip
    kept = (facts(), stored())
    rebuilt = run("2025-12-31", Run.Cause.FULL)
    assert (rebuilt.rows_inserted, rebuilt.rows_replaced, rebuilt.figures) == (0, 0, 0)
    assert (facts(), stored()) == kept

    # A delivery is told late: what she opened on the first of December was that one, not November's.
    mail(cleo, "delivered", "2025-12-01", "Prices")
    run("2025-12-31")
    assert counted(result("email_open_rate", NOVEMBER)) == (1, 3, pytest.approx(Decimal(100) / 3))
    assert counted(result("email_open_rate", DECEMBER)) == (2, 2, 100)
    kept = (facts(), stored())
    # It is taken back, and the mail of November was opened after all.
    Signal.objects.latest("pk").delete()
    run("2025-12-31")
    assert counted(result("email_open_rate", NOVEMBER)) == (2, 3, pytest.approx(Decimal(200) / 3))
    run("2025-12-31", Run.Cause.FULL)
    assert counted(result("email_open_rate", NOVEMBER)) == (2, 3, pytest.approx(Decimal(200) / 3))


def test_no_more_is_opened_than_was_delivered_whatever_comes_in() -> None:
    account, random = make_account(), Random(7)
    people = [make_contact(account) for _ in range(3)]
    first = day("2025-09-01")
    for _ in range(120):
        mail(
            random.choice((*people, None)),
            random.choice(("delivered", "open", "open", "reply")),
            str(first + datetime.timedelta(days=random.randrange(120))),
            random.choice(("News", "Prices", "")),
            random.choice(("", "", "M1", "M2")),
        )
    run("2025-12-31")
    months: list[Period] = [month(day(f"2025-{number:02}-01")) for number in (9, 10, 11, 12)]
    for kpi in ("email_open_rate", "email_response_rate"):
        found = [result(kpi, each) for each in months]
        assert any(each.value for each in found)
        for each in found:
            assert each.value is None or 0 <= each.value <= 100
