"""The markup of the two drawings that stand in every row of a table, from positions worked out in `charts`.

As text: dozens of them stand on a page, and a template for each takes longer than everything else on it.
"""

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from kamplan.charts import EdgeLabel, Line, RangeBar, plain


def sparkline(line: Line, label: str, width: int, height: int) -> SafeString:
    """A line with gaps, its lone points, its target and the marks of changed definitions."""
    if line.last is None:
        return SafeString()
    named = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    pieces = [
        f'<svg class="km-spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" {named}>',
        *(f'<path class="k-soft" d="M{plain(x)} 0V{height}"/>' for x in line.marks),
    ]
    if line.target_y is not None:
        dashed = f'd="M0 {plain(line.target_y)}H{width}" stroke-dasharray="2 3"'
        pieces.append(f'<path class="k-strong" {dashed}/>')
    for path in line.paths:
        ends = 'stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"'
        pieces.append(f'<path class="k-data f-none" d="{path}" {ends}/>')
    for dot in line.dots:
        pieces.append(f'<circle class="f-data" cx="{plain(dot.x)}" cy="{plain(dot.y)}" r="2"/>')
    last = f'cx="{plain(line.last.x)}" cy="{plain(line.last.y)}"'
    pieces.append(f'<circle class="f-accent" {last} r="2.75"/></svg>\n')
    return mark_safe("".join(pieces))


def range_bar(
    bar: RangeBar,
    label: str,
    height: int = 26,
    shift: int = 0,
    texts: Sequence[EdgeLabel] = (),
    target_label: EdgeLabel | None = None,
) -> SafeString:
    """The value with its likely range and target; the large one is shifted down and has its figures at it."""
    if bar.value is None:
        return SafeString()
    moved = f' transform="translate(0 {shift})"' if shift else ""
    pieces = [
        f'<svg class="km-draw" width="100%" height="{height}" role="img" aria-label="{escape(label)}"><g{moved}>',
        '<line class="k-line" x1="0" x2="100%" y1="16" y2="16"/>',
    ]
    if bar.field_x is not None and bar.field_width is not None:
        place = f'x="{plain(bar.field_x)}%" y="8" width="{plain(bar.field_width)}%" height="16"'
        pieces.append(f'<rect class="f-faint" {place}/>')
    if bar.low is not None and bar.high is not None:
        place = f'x="{plain(bar.low)}%" y="13" width="{plain(bar.band_width)}%" height="6"'
        pieces.append(f'<rect class="f-soft" {place}/>')
        pieces.append(range_end(bar.low, "M-1 16l5-4v8z" if bar.low_cut else RANGE_ENDS))
        pieces.append(range_end(bar.high, "M1 16l-5-4v8z" if bar.high_cut else RANGE_ENDS))
    if bar.target is not None:
        pieces.append(
            f'<svg x="{plain(bar.target)}%" overflow="visible">'
            '<path class="f-text" d="M-.75 6h1.5v18h-1.5zM-4 1.5h8l-4 5z"/></svg>'
        )
    pieces.append(
        f'<circle class="f-text k-bg" cx="{plain(bar.value)}%" cy="16" r="4.5" stroke-width="1.5"/>'
    )
    for number, text in enumerate(texts):
        pieces.append(figure_at(text, 40, ' class="f-text"' if number == 0 else ""))
    if target_label is not None:
        pieces.append(figure_at(target_label, -4, ' class="f-text"'))
    return mark_safe("".join([*pieces, "</g></svg>\n"]))


RANGE_ENDS = "M-.75 12h1.5v8h-1.5z"
"""An end that lies within the scale; one beyond it is an arrow."""


def range_end(x: float, path: str) -> str:
    return f'<svg x="{plain(x)}%" overflow="visible"><path class="f-data" d="{path}"/></svg>'


def figure_at(text: EdgeLabel, y: int, more: str) -> str:
    place = f'x="{plain(text.x)}%" y="{y}" text-anchor="{text.anchor}"'
    return f"<text{more} {place}>{escape(text.text)}</text>"
