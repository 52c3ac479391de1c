"""Impact against effort: who gets less time than they deserve, who more, and who none."""

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, User
from accounts.periods import trailing_year
from metrics.models import Run, Scope
from metrics.pages.quadrant import drawn, line_of
from metrics.pages.quadrant_labels import Box, Disc, placed
from metrics.pages.quadrant_rows import Point, Stand, indexes_of
from tests.clients import as_
from tests.factories import make_account, make_order, make_touch
from tests.metrics.engine import day, result, run
from tests.metrics.test_golden_engagement import estimate


def ask(user: User, query: str = "") -> Any:
    return as_(user).get(f"/portfolio/quadrant/{query}")


def point(number: int, revenue: int, minutes: int, potential: int | None = None) -> Point:
    known = None if potential is None else Decimal(potential)
    return Point(number, f"Account {number}", "", Stand(Decimal(revenue), known, Decimal(minutes)), Stand())


def test_the_index_is_the_share_of_the_potential_over_the_share_of_effort_in_one_book() -> None:
    points = [
        point(1, 600, 60, potential=900),
        point(2, 300, 340, potential=300),
        point(3, 50, 10, potential=1),
        point(4, 500, 0, potential=0),
        point(5, 500, 0),
    ]
    found = indexes_of({each.id: each.now for each in points}, {1: 7, 2: 7, 3: 8, 4: 7, 5: 7})
    # 900 of 1,200 is 75 %, for 60 of 400 minutes, 15 %: five times. 300 of 1,200 for 85 %: 0.29.
    assert {name: round(value, 2) for name, value in found.items()} == {1: 5, 2: Decimal("0.29"), 3: 1}
    first, second, third, fourth, fifth = (replace(each, index=found.get(each.id)) for each in points)
    assert [each.state for each in (first, second, third)] == ["underserved", "overserved", ""]
    # Without any effort there is no index but neglect, whether the potential is known or not.
    assert [each.state for each in (fourth, fifth)] == ["neglected", "neglected"]


@pytest.mark.parametrize(
    ("index", "state", "text"),
    [
        ("6.923", "underserved", "6.9 ×"),
        # "2.0, more than twice" would contradict itself.
        ("2.03", "underserved", "2.03 ×"),
        ("2.0004", "underserved", "2.0004 ×"),
        ("2", "", "2.0 ×"),
        ("1.97", "", "2.0 ×"),
        ("0.5", "", "0.50 ×"),
        ("0.497", "overserved", "0.497 ×"),
        ("0.09", "overserved", "0.09 ×"),
    ],
)
def test_an_index_is_read_on_the_side_of_twice_on_which_it_lies(index: str, state: str, text: str) -> None:
    one = replace(point(1, 600, 60, potential=900), index=Decimal(index))
    assert (one.state, line_of(one, "EUR", Run(as_of=day("2026-01-31"))).index) == (
        state,
        text.replace(" ", "\xa0"),
    )


@pytest.mark.parametrize("count", [1, 60, 500])
def test_however_many_accounts_they_stand_inside_and_names_do_not_overlap(count: int) -> None:
    points = [point(n, (n * 7919) % 9000, (n * 104729) % 700) for n in range(1, count + 1)]
    made = drawn(points, "EUR")
    assert len(made.bubbles) == count
    assert all(0 <= each.x <= made.width and 0 <= each.y <= made.height for each in made.bubbles)
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}
    names = [
        (
            each.label.x - shift[each.label.anchor] * 6.4 * len(each.label.text),
            each.label.y - 4,
            each.label.text,
        )
        for each in made.bubbles
        if each.label
    ]
    assert 1 <= len(names) <= count
    for place, (x, y, text) in enumerate(names):
        end = x + 6.4 * len(text)
        assert made.left - 1 <= x <= end <= made.width
        for other_x, other_y, other in names[place + 1 :]:
            assert end < other_x or other_x + 6.4 * len(other) < x or abs(y - other_y) >= 12
        # No name lies on a bubble: neither its own nor another's.
        assert not any(x < each.x < end and abs(y - each.y) < each.r + 6 for each in made.bubbles)


def test_a_name_goes_where_nothing_is_and_is_left_out_where_there_is_no_such_place() -> None:
    within = Box(0, 0, 400, 100)
    alone = placed([(0, "Aurora")], [Disc(200, 50, 10)], within)
    at_the_edge = placed([(0, "Aurora")], [Disc(380, 50, 10)], within)
    crowd = [Disc(200 + x, 50 + y, 12) for x in range(-80, 81, 20) for y in range(-40, 41, 20)]

    # Ten of its radius and four apart, on the right; where that is outside, on the left.
    assert alone[0] == ("Aurora", 214, 54, "start")
    assert at_the_edge[0] == ("Aurora", 366, 54, "end")
    assert placed([(22, "Aurora")], crowd, within) == {}


@pytest.fixture
def worked(maya: User, maya_account: Account) -> Account:
    """Aurora: 900 of revenue and of potential and one hour; Quiet: 300 and nothing; Busy: 100 and nine hours."""
    quiet, busy = make_account("Quiet", owner=maya), make_account("Busy", owner=maya)
    for account, amount in ((maya_account, 900), (quiet, 300), (busy, 100)):
        make_order(account, "2025-11-10", amount)
        estimate(account, amount)
    make_touch(maya_account, actor=maya, at="2025-11-12T10:00:00Z", channel="meeting", minutes=60)
    for number in range(1, 10):
        make_touch(busy, actor=maya, at=f"2025-12-0{number}T10:00:00Z", channel="meeting", minutes=60)
    run("2026-01-10")
    return maya_account


@pytest.mark.django_db
def test_the_page_lists_who_is_out_of_balance(worked: Account, maya: User, omar: User, mira: User) -> None:
    page = ask(maya)
    found = {line.point.name: (line.point.state, line.point.now.minutes) for line in page.context["lines"]}
    # 900 of 1,300 for 60 of 600 minutes: 6.9; 100 of 1,300 for 540 of 600: 0.09.
    assert found == {
        "Aurora Foods": ("underserved", 60),
        "Quiet": ("neglected", 0),
        "Busy": ("overserved", 540),
    }
    assert [each.count for each in page.context["mismatches"]] == [1, 1, 1]
    period = trailing_year(day("2025-12-31"))
    for line in page.context["lines"]:
        number = result("impact_effort_index", period, Scope.ACCOUNT, line.point.id).value
        assert line.point.index == (number and pytest.approx(number))
    busy = next(line for line in page.context["lines"] if line.point.name == "Busy")
    assert (
        busy.index.replace("\xa0", " ") == "0.09 ×"
        and ask(maya, "").client.get(busy.index_url).status_code == 200
    )
    assert ask(omar).context["lines"] == []
    # A file has every digit of what the page rounds.
    file = csv.DictReader(io.StringIO(ask(maya, "?export=csv").getvalue().decode("utf-8-sig")))
    indexes = {row["account"]: row["index"] for row in file}
    assert indexes["Quiet"] == "" and Decimal(indexes["Busy"]) == busy.point.index
    # What is expected of a customer is nothing for marketing, in no file either, and nothing leads there.
    assert ask(mira, "?export=csv").status_code == 403
    assert "/portfolio/quadrant/" not in ask(mira).client.get("/portfolio/").content.decode()


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
