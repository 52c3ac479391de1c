"""Where the cards of the map stand: nobody on top of anybody, everybody below whom they report to."""

import itertools
import random
import time

import pytest

from accounts.stakeholders import layout
from accounts.stakeholders.layout import CARD_H, CARD_W, COLUMN, LEVEL, draw


def company(size: int, seed: int) -> dict[int, int | None]:
    """Somebody on top, everybody else below somebody or, one of twenty, below nobody."""
    chance = random.Random(seed)
    found: dict[int, int | None] = {1: None}
    for person in range(2, size + 1):
        found[person] = chance.choice(list(found)) if chance.random() > 0.05 else None
    return found


def test_a_row_of_reports_stands_one_column_apart_below_the_middle_of_their_superior() -> None:
    drawing = draw({1: None, 2: 1, 3: 1, 4: 1})
    above, *below = (drawing.cards[key] for key in (1, 2, 3, 4))
    assert [card.y - above.y for card in below] == [LEVEL] * 3
    assert [b.x - a.x for a, b in itertools.pairwise(below)] == [COLUMN] * 2
    assert above.middle == below[1].middle


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1, 2, 7, 30, 200])
def test_no_two_cards_touch_and_everybody_stands_below_their_superior(size: int, seed: int) -> None:
    people = company(size, seed)
    drawing = draw(people)
    assert set(drawing.cards) == set(people)
    for a, b in itertools.combinations(drawing.cards.values(), 2):
        assert abs(a.x - b.x) >= CARD_W + 8 or abs(a.y - b.y) >= CARD_H + 8
    for person, above in people.items():
        if above is not None:
            assert drawing.cards[person].y > drawing.cards[above].y
    assert all(
        card.right <= drawing.width and card.bottom <= drawing.height for card in drawing.cards.values()
    )


def test_every_reporting_line_begins_below_the_superior_and_ends_above_the_person() -> None:
    people = company(60, 3)
    drawing = draw(people)
    lines = {(line.above, line.below): line.path for line in drawing.reports}
    assert set(lines) == {(above, person) for person, above in people.items() if above}
    for (above, below), path in lines.items():
        top, end = drawing.cards[above], drawing.cards[below]
        assert path.startswith(f"M{layout.num(top.middle)} {layout.num(top.bottom)}")
        assert path.endswith(f"L{layout.num(end.middle)} {layout.num(end.y)}")


def test_a_wide_level_is_wrapped_and_people_without_a_line_stand_together() -> None:
    many = draw({1: None, **dict.fromkeys(range(2, 32), 1), **dict.fromkeys(range(40, 44))})
    rows = {many.cards[key].y for key in range(2, 32)}
    assert len(rows) > 2
    assert many.width < 2000
    assert len({many.cards[key].y for key in range(40, 44)}) <= 2


def test_a_superior_who_is_not_on_the_map_leaves_a_root() -> None:
    drawing = draw({1: None, 2: 99})
    assert drawing.cards[2].y == drawing.cards[1].y
    assert drawing.reports == []


def test_a_conflict_ends_at_both_cards_and_has_its_cross_on_the_line() -> None:
    drawing = draw({1: None, 2: 1, 3: 1, 4: 3})
    line = layout.conflict(drawing.cards[2], drawing.cards[4], drawing.cards)
    assert line.y > drawing.cards[4].bottom
    middles = sorted((drawing.cards[2].middle, drawing.cards[4].middle))
    assert middles[0] <= line.x <= middles[1]


def test_two_hundred_people_are_placed_in_a_blink() -> None:
    people = company(200, 1)
    began = time.process_time()
    draw(people)
    assert time.process_time() - began < 0.08
