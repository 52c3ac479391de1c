"""Impact against effort: who gets less time than they deserve, who more, and who none."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from metrics.pages.quadrant import drawn
from metrics.pages.quadrant_rows import Point, Stand, with_index
from tests.factories import make_account, make_order, make_touch
from tests.metrics.engine import run
from tests.metrics_pages.conftest import BACKEND


def ask(user: User, query: str = "") -> Any:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.get(f"/portfolio/quadrant/{query}")


def point(number: int, revenue: int, minutes: int, owner: int = 1, potential: int | None = None) -> Point:
    known = None if potential is None else Decimal(potential)
    return Point(
        number, f"Account {number}", owner, "", Stand(Decimal(revenue), known, Decimal(minutes)), Stand()
    )


def test_the_index_is_the_share_of_impact_over_the_share_of_effort_in_one_book() -> None:
    # 600 and 300 of potential of 1,200 is 75 %, for 60 of 400 minutes, 15 %: five times. 300 of 1,200 for 85 %: 0.29.
    first, second, other = with_index(
        [point(1, 600, 60, potential=300), point(2, 300, 340), point(3, 50, 10, owner=2)]
    )
    assert (first.index, first.state) == (Decimal(5), "underserved")
    assert second.index is not None and round(second.index, 2) == Decimal("0.29")
    assert (second.state, other.index, other.state) == ("overserved", 1, "")


def test_without_any_effort_there_is_no_index_but_neglect() -> None:
    (one, _) = with_index([point(1, 600, 0), point(2, 1, 60)])
    assert (one.index, one.state) == (None, "neglected")


@pytest.mark.parametrize("count", [1, 60, 500])
def test_however_many_accounts_they_stand_inside_and_names_do_not_overlap(count: int) -> None:
    points = with_index(
        [point(n, (n * 7919) % 9000, (n * 104729) % 700, owner=n % 7) for n in range(1, count + 1)]
    )
    made = drawn(points, "EUR")
    assert len(made.bubbles) == count
    assert all(0 <= each.x <= made.width and 0 <= each.y <= made.height for each in made.bubbles)
    boxes = [
        (
            each.label_x - 6.4 * len(each.label) if each.anchor == "end" else each.label_x,
            each.label_y,
            each.label,
        )
        for each in made.bubbles
        if each.label
    ]
    assert 1 <= len(boxes) <= 28
    for place, (x, y, text) in enumerate(boxes):
        for other_x, other_y, other in boxes[place + 1 :]:
            apart = x + 6.4 * len(text) < other_x or other_x + 6.4 * len(other) < x
            assert apart or abs(y - other_y) >= 12


@pytest.fixture
def worked(maya: User, maya_account: Account) -> Account:
    """Aurora: 900 of revenue and one hour; Quiet: 300 and nothing; Busy: 100 and nine hours."""
    quiet, busy = make_account("Quiet", owner=maya), make_account("Busy", owner=maya)
    for account, amount in ((maya_account, 900), (quiet, 300), (busy, 100)):
        make_order(account, "2025-11-10", amount)
    make_touch(maya_account, actor=maya, at="2025-11-12T10:00:00Z", channel="meeting", minutes=60)
    for day in range(1, 10):
        make_touch(busy, actor=maya, at=f"2025-12-0{day}T10:00:00Z", channel="meeting", minutes=60)
    run("2026-01-10")
    return maya_account


@pytest.mark.django_db
def test_the_page_lists_who_is_out_of_balance(worked: Account, maya: User, omar: User) -> None:
    page = ask(maya)
    found = {line.point.name: (line.point.state, line.point.now.minutes) for line in page.context["lines"]}
    # 900 of 1,300 for 60 of 600 minutes: 6.9; 100 of 1,300 for 540 of 600: 0.09.
    assert found == {
        "Aurora Foods": ("underserved", 60),
        "Quiet": ("neglected", 0),
        "Busy": ("overserved", 540),
    }
    assert [each.count for each in page.context["mismatches"]] == [1, 1, 1]
    assert ask(omar).context["lines"] == []
    assert "Aurora" in ask(maya, "?export=csv").getvalue().decode()


@pytest.mark.django_db
def test_the_statements_do_not_grow_with_the_accounts(worked: Account, maya: User) -> None:
    def count() -> int:
        ask(maya)
        with CaptureQueriesContext(connection) as found:
            assert ask(maya).status_code == 200
        return len(found)

    few = count()
    for number in range(20):
        make_order(make_account(f"More {number}", owner=maya), "2025-11-11", 10)
    run("2026-01-10")
    assert count() == few
