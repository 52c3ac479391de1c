from decimal import Decimal

import pytest

from kamplan import charts
from kamplan.charts import Bar, Dot, MixPart, QuadrantPoint, Scale, WaterfallRow


def test_a_range_bar_places_everything_in_percent_of_its_scale() -> None:
    # Scale 50 to 110 is 60 wide: 77 stands at 27/60, 63.8 at 13.8/60, 90.4 at 40.4/60, 95 at 45/60.
    bar = charts.range_bar(77, Decimal("63.8"), 90.4, 95, "up", 50, 110)
    assert (bar.value, bar.low, bar.high, bar.target) == (45.0, 23.0, 67.33, 75.0)
    assert bar.band_width == 44.33
    assert (bar.field_x, bar.field_width) == (75.0, 25.0)
    assert not bar.low_cut and not bar.high_cut


def test_where_less_is_better_the_good_side_lies_left_of_the_target() -> None:
    bar = charts.range_bar(386_000, None, None, 300_000, "down", 0, 600_000)
    assert (bar.field_x, bar.field_width) == (0.0, 50.0)
    assert bar.low is None and bar.high is None and bar.value == 64.33


def test_bounds_beyond_the_scale_are_cut_and_marked() -> None:
    bar = charts.range_bar(22, -3, 130, 24, "down", 0, 100)
    assert (bar.low, bar.low_cut) == (0.0, True)
    assert (bar.high, bar.high_cut) == (100.0, True)


def test_neither_range_nor_target_draws_nothing() -> None:
    assert charts.range_bar(46, None, None, None, None, 0, 100).empty
    assert charts.range_bar(None, 1, 2, 3, "up", 0, 100).empty


def test_no_target_has_no_field_and_no_line() -> None:
    bar = charts.range_bar(5, 4, 6, None, "up", 0, 10)
    assert bar.target is None and bar.field_x is None and bar.value == 50.0


def test_a_scale_of_its_own_leaves_a_tenth_on_both_sides() -> None:
    assert charts.scale_around([0, None, 100]) == Scale(-10.0, 110.0)
    assert charts.scale_around([5]) == Scale(4.5, 5.5)
    assert charts.scale_around([]) == Scale(-1.0, 1.0)


def test_a_sparkline_runs_from_margin_to_margin_with_high_values_on_top() -> None:
    # Box 104 x 28, margin 3: x from 3 to 101, y from 25 (least) to 3 (greatest).
    line = charts.line([0, 5, 10])
    assert line.paths == ["M3 25L52 14L101 3"]
    assert line.last == Dot(101.0, 3.0)
    assert line.dots == []


def test_missing_months_are_gaps_and_lone_points_are_dots() -> None:
    line = charts.line([0, None, 10, None, 4, 8])
    # x steps of 98/5 = 19.6 from 3; y = 25 - value * 2.2
    assert line.dots == [Dot(3.0, 25.0), Dot(42.2, 3.0)]
    assert line.paths == ["M81.4 16.2L101 7.4"]
    assert line.last == Dot(101.0, 7.4)


def test_a_target_widens_the_scale_and_marks_stand_at_their_month() -> None:
    line = charts.line([0, 5], target=10, marks=[1])
    assert line.target_y == 3.0
    assert line.paths == ["M3 25L101 14"]
    assert line.marks == [101.0]


def test_a_line_without_a_known_point_is_empty() -> None:
    line = charts.line([None, None], target=3)
    assert line.last is None and line.paths == []


def test_the_ribbon_goes_along_the_top_and_back_along_the_bottom() -> None:
    line = charts.line([5, 5], low=[0, 0], high=[10, 10], width=100, height=20, margin=0)
    assert line.ribbon == ["M0 0L100 0L100 20L0 20Z"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (75.1, 86.4, [75, 80, 85, 90]),
        (0, 1, [0, 0.25, 0.5, 0.75, 1]),
        (5, 5, [5, 6]),
        (3_220_450, 4_182_400, [3_000_000, 3_250_000, 3_500_000, 3_750_000, 4_000_000, 4_250_000]),
    ],
)
def test_ticks_are_round_and_enclose_both_ends(low: float, high: float, expected: list[float]) -> None:
    assert charts.nice_ticks(low, high, 4) == expected


def test_a_waterfall_joins_each_part_to_the_one_before() -> None:
    rows = [
        WaterfallRow("August", "", "total", 0, 86, "86.0 %"),
        WaterfallRow("Lost", "", "step", 86, 76, "−10.0"),
        WaterfallRow("Won", "", "step", 76, 78, "+2.0"),
        WaterfallRow("November", "", "total", 0, 78, "78.0 %"),
    ]
    chart = charts.waterfall(rows)
    # Round numbers around 76 and 86 by 2.5: 75 to 87.5, so one unit is 8 % of the width.
    assert [(tick.value, tick.x) for tick in chart.ticks] == [
        (75, 0),
        (77.5, 20),
        (80, 40),
        (82.5, 60),
        (85, 80),
        (87.5, 100),
    ]
    first, lost, won, last = chart.bars
    assert (first.end, first.joined_above, first.joined_below, first.sign) == (88.0, None, 88.0, "total")
    assert (lost.x, lost.width, lost.sign, lost.joined_above, lost.joined_below) == (
        8.0,
        80.0,
        "neg",
        88.0,
        8.0,
    )
    assert (won.x, won.width, won.sign, won.joined_above, won.joined_below) == (8.0, 16.0, "pos", 8.0, 24.0)
    assert (last.end, last.joined_below) == (24.0, None)


def test_contributions_leave_the_centre_to_the_side_of_their_sign() -> None:
    assert charts.contribution(-13.4, 13.4) == Bar(0.0, 50.0, "neg")
    assert charts.contribution(6.7, 13.4) == Bar(50.0, 25.0, "pos")
    assert charts.contribution(0, 0) == Bar(50.0, 0.0, "pos")


def test_the_parts_of_a_mix_fill_the_width() -> None:
    bars = charts.mix([MixPart("A", 3), MixPart("B", 1)])
    assert [(bar.x, bar.width) for bar in bars] == [(0.0, 75.0), (75.0, 25.0)]
    assert [bar.width for bar in charts.mix([MixPart("A", 0)])] == [0.0]


def test_labels_of_the_quadrant_turn_at_the_right_edge_and_do_not_overlap() -> None:
    points = [
        QuadrantPoint("Left", 0, 50),
        QuadrantPoint("Right", 100, 50),
        QuadrantPoint("Also left", 1, 50),
    ]
    chart = charts.quadrant(points)
    by_name = {bubble.point.label: bubble for bubble in chart.bubbles}
    assert by_name["Right"].anchor == "end" and by_name["Right"].label_x < by_name["Right"].x
    assert by_name["Left"].anchor == "start" and by_name["Left"].label_x > by_name["Left"].x
    assert abs(by_name["Left"].label_y - by_name["Also left"].label_y) >= 13


def test_a_bubbles_area_follows_its_size() -> None:
    big, small = charts.quadrant([QuadrantPoint("a", 0, 0, 100), QuadrantPoint("b", 1, 1, 25)]).bubbles
    assert (big.r, small.r) == (18.0, 11.0)


def test_the_renewal_clock_measures_between_today_and_notice() -> None:
    clock = charts.renewal_clock(0, 40, 70, 100)
    assert (clock.today, clock.notice, clock.from_x, clock.stretch) == (40.0, 70.0, 40.0, 30.0)


def test_rounded_parts_add_up_and_none_is_a_whole_step_off() -> None:
    parts = [Decimal("-3.64"), Decimal("-7.74"), Decimal("1.74"), Decimal("0.24")]
    # Rounded one by one they give -3.6 - 7.7 + 1.7 + 0.2 = -9.4; the total of -9.40 agrees.
    assert charts.split_to_total(parts, Decimal("-9.40")) == [
        Decimal("-3.6"),
        Decimal("-7.7"),
        Decimal("1.7"),
        Decimal("0.2"),
    ]
    thirds = [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert charts.split_to_total(thirds, Decimal("10")) == [Decimal("3.4"), Decimal("3.3"), Decimal("3.3")]
    # Three steps are missing: they go where rounding took most, not to the largest, which would read 5.3.
    many = [Decimal("5.00"), *[Decimal("0.14")] * 6, Decimal("0.11"), Decimal(0)]
    assert charts.split_to_total(many, Decimal("5.95")) == [
        Decimal(each) for each in ("5", "0.2", "0.2", "0.2", "0.1", "0.1", "0.1", "0.1", "0")
    ]
    # What is not their sum is spread all the same.
    assert sum(charts.split_to_total(thirds, Decimal("11"))) == 11


def test_steps_begin_where_the_one_before_ended() -> None:
    assert charts.steps(10, [-2, 5]) == [(10, 8), (8, 13)]


def test_a_share_beyond_its_ends_stays_inside_the_drawing() -> None:
    assert Scale(0, 10).clipped(12) == 100.0
    assert Scale(0, 10, 20, 0).clipped(-1) == 20.0


def test_figures_at_the_large_range_bar_give_way_to_the_value() -> None:
    bar = charts.range_bar(50, 45, 90, None, None, 0, 100)
    labels = charts.range_labels(bar, "50", "45", "90")
    assert [(label.text, label.anchor) for label in labels] == [("50", "middle"), ("90", "middle")]


@pytest.mark.parametrize(
    ("x", "text", "anchor"),
    # 14 letters take a third of a phone's drawing, so that they turn inwards from a sixth of it on.
    [
        (91.7, "target €47.7 M", "end"),
        (8.4, "target €47.7 M", "start"),
        (50, "target €47.7 M", "middle"),
        (91, "95", "middle"),
    ],
)
def test_a_label_stays_within_its_drawing_on_a_phone(x: float, text: str, anchor: str) -> None:
    found = charts.edge_label(x, text)
    assert found is not None and found.anchor == anchor
