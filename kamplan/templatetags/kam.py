"""Filters for numbers and dates, tags for icons, marks and drawings."""

import datetime
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kamplan import charts, drawings, formats
from kamplan.components import UNDO
from kamplan.formats import Good, Number

register = template.Library()


@register.filter
def undo_address(message: Any) -> str:
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""


STATES: dict[str, tuple[str, str, str]] = {
    "on_target": ("disc", "pos", "on target"),
    "within_limit": ("disc", "pos", "within limit"),
    "ahead": ("disc", "pos", "ahead of plan"),
    "done": ("disc", "pos", "done"),
    "short": ("down", "neg", "short of target"),
    "over": ("down", "neg", "over the limit"),
    "behind": ("down", "neg", "behind plan"),
    "overdue": ("down", "neg", "overdue"),
    "failed": ("down", "neg", "failed"),
    "too_close": ("half", "data", "too close to call"),
    "running": ("half", "data", "running"),
    "too_few": ("ring", "muted", "too few to judge"),
    "no_data": ("ring", "muted", "no data"),
    "hidden": ("ring", "muted", "hidden"),
    "waiting": ("ring", "muted", "waiting"),
    "no_target": ("dash", "muted", "no target"),
    "well": ("disc", "pos", "healthy"),
    "watch": ("diamond", "caution", "watch"),
    "risk": ("down", "neg", "at risk"),
    "higher": ("up", "pos", "higher"),
    "like": ("bars", "data", "like the rest"),
    "lower": ("down", "neg", "lower"),
}
RING_TONES = {"pos", "neg", "caution", "data"}

TONE = {"pos": "f-pos", "neg": "f-neg", "total": "f-text"}

for name in ("number", "share", "month", "moment"):
    register.filter(name, getattr(formats, name))
register.filter("plain", charts.plain)


@register.filter
def money(amount: Number | None, currency: str = "EUR") -> str:
    return formats.money(amount, currency)


@register.filter
def signed_money(amount: Number | None, currency: str = "EUR") -> str:
    return formats.money(amount, currency, signed=True)


@register.filter
def full_money(amount: Number | None, currency: str = "EUR") -> str:
    return formats.money(amount, currency, full=True)


@register.filter
def signed(value: Number | None, places: int = 0) -> str:
    return formats.number(value, places, signed=True)


@register.filter
def count(value: Number | None) -> str:
    return formats.number(value)


@register.filter
def people(value: Number | None, signed: bool = False) -> str:
    """A number of positions: halves and quarters as far as there are any."""
    if value is None:
        return formats.UNKNOWN
    places = max(0, -int(formats.exact(value).normalize().as_tuple().exponent))
    return formats.number(value, min(places, 2), signed=signed)


@register.filter
def day(value: datetime.date | None) -> str:
    return formats.day(value)


@register.filter
def date_time(value: datetime.date | None) -> SafeString | str:
    """The day in a `<time>` element."""
    if value is None:
        return formats.UNKNOWN
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.day(value))


@register.filter
def moment_time(value: datetime.datetime | None) -> SafeString | str:
    """Day and minute in a `<time>` element."""
    if value is None:
        return formats.UNKNOWN
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.moment(value))


@register.simple_tag
def value(amount: Number | None, unit: str, currency: str = "EUR", signed: bool = False) -> str:
    return formats.format_value(amount, unit, currency, signed=signed)


@register.simple_tag
def difference(amount: Number | None, unit: str, currency: str = "EUR") -> str:
    return formats.format_difference(amount, unit, currency)


@register.simple_tag
def likely(low: Number | None, high: Number | None, unit: str, currency: str = "EUR") -> str:
    return formats.format_range(low, high, unit, currency)


# A page shows dozens of them, and only a few hundred different ones are ever asked for.
@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, label: str = "", size: int = 16) -> SafeString:
    """An icon of the sprite; without a label it is hidden from assistive technology."""
    href = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="km-icon" width="{}" height="{}" role="img" aria-label="{}"><title>{}</title>'
            '<use href="{}"></use></svg>',
            size,
            size,
            label,
            label,
            href,
        )
    return format_html(
        '<svg class="km-icon" width="{}" height="{}" aria-hidden="true"><use href="{}"></use></svg>',
        size,
        size,
        href,
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """This page's query string with some parameters changed; None or "" removes one, `page` always goes."""
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    parameters.pop("page", None)
    for key, wanted in changes.items():
        if wanted in (None, ""):
            parameters.pop(key, None)
        else:
            parameters[key] = str(wanted)
    return f"?{parameters.urlencode()}"


@register.simple_tag(takes_context=True)
def query_page(context: dict[str, Any], number: int, parameter: str = "page") -> str:
    """The address of another page of a list; a page with two lists names the parameter, which is the list's id, too."""
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    parameters[parameter] = str(number)
    return f"?{parameters.urlencode()}" + (f"#{parameter}" if parameter != "page" else "")


@register.simple_tag
def status(state: str, words: str = "") -> SafeString:
    _, tone, usual = STATES[state]
    return format_html(
        '<span class="km-status km-status--{}">{}<span>{}</span></span>\n',
        tone,
        mark(state, inline=False),
        words or usual,
    )


@register.simple_tag
@lru_cache
def mark(state: str, inline: bool = True) -> SafeString:
    """The symbol alone, for places where words stand beside it anyway."""
    symbol, tone, _ = STATES[state]
    return render_to_string("_components/mark.html", {"symbol": symbol, "tone": tone, "inline": inline})


@register.simple_tag
@lru_cache
def arrow(direction: str) -> SafeString:
    return render_to_string("_components/arrow.html", {"direction": direction})


@register.simple_tag
def range_bar(
    value: charts.Point,
    low: charts.Point,
    high: charts.Point,
    target: charts.Point,
    good: Good = None,
    scale_min: charts.Point = None,
    scale_max: charts.Point = None,
    label: str = "",
) -> SafeString:
    bar = charts.range_bar(value, low, high, target, good, scale_min, scale_max)
    return drawings.range_bar(bar, label)


@register.simple_tag
def range_bar_large(
    value: charts.Point,
    low: charts.Point,
    high: charts.Point,
    target: charts.Point,
    good: Good = None,
    scale_min: charts.Point = None,
    scale_max: charts.Point = None,
    label: str = "",
    value_text: str = "",
    low_text: str = "",
    high_text: str = "",
    target_text: str = "",
) -> SafeString:
    """The same with its figures written at it, for the explain page."""
    bar = charts.range_bar(value, low, high, target, good, scale_min, scale_max)
    texts = charts.range_labels(bar, value_text, low_text, high_text)
    at_target = charts.edge_label(bar.target, target_text)
    return drawings.range_bar(bar, label, height=60, shift=16, texts=texts, target_label=at_target)


@register.simple_tag
def sparkline(
    points: Sequence[charts.Point],
    target: charts.Point = None,
    marks: Sequence[int] = (),
    label: str = "",
    width: int = 104,
    height: int = 28,
) -> SafeString:
    line = charts.line(points, target, marks, width=width, height=height)
    return drawings.sparkline(line, label, width, height)


@register.inclusion_tag("_components/trend.html")
def trend(
    points: Sequence[charts.Point],
    low: Sequence[charts.Point] = (),
    high: Sequence[charts.Point] = (),
    target: charts.Point = None,
    marks: Sequence[int] = (),
    label: str = "",
    first: str = "",
    last: str = "",
    middle: str = "",
    top: str = "",
    bottom: str = "",
    scale_min: charts.Point = None,
    scale_max: charts.Point = None,
    height: int = 132,
) -> dict[str, object]:
    """A stretching line with ribbon; `top` and `bottom` name the ends of the scale, `middle` the change."""
    ends = None if scale_min is None or scale_max is None else (float(scale_min), float(scale_max))
    line = charts.line(
        points, target, marks, width=100, height=height, side=0, low=low or (), high=high or (), ends=ends
    )
    return {
        "line": line,
        "label": label,
        "height": height,
        "first": first,
        "last": last,
        "middle": middle,
        "top": top,
        "bottom": bottom,
    }


NARROW = 9
"""So many signs the column of a waterfall's amounts holds; money in full needs a wider one."""


@register.inclusion_tag("_components/waterfall.html")
def waterfall(
    rows: Sequence[charts.WaterfallRow], unit: str = "share", currency: str = "EUR"
) -> dict[str, object]:
    chart = charts.waterfall(rows)
    texts = formats.ticks([tick.value for tick in chart.ticks], unit, currency)
    ticks = [(tick.x, text) for tick, text in zip(chart.ticks, texts, strict=True)]
    is_wide = any(len(row.amount) > NARROW for row in rows)
    return {"chart": chart, "ticks": ticks, "tones": TONE, "is_wide": is_wide}


@register.inclusion_tag("_components/contribution.html")
def contribution(amount: Number, largest: Number) -> dict[str, object]:
    return {"bar": charts.contribution(amount, largest), "none": not amount}


@register.inclusion_tag("_components/mix_bar.html")
def mix_bar(parts: Iterable[charts.MixPart], label: str = "") -> dict[str, object]:
    shown = list(parts)
    return {"bars": charts.mix(shown), "label": label or ", ".join(part.label for part in shown)}


@register.inclusion_tag("_components/quadrant.html")
def quadrant(
    points: Sequence[charts.QuadrantPoint],
    x_name: str,
    y_name: str,
    size_name: str = "",
    middle_x: charts.Point = None,
    middle_y: charts.Point = None,
    label: str = "",
) -> dict[str, object]:
    return {
        "chart": charts.quadrant(points, middle_x, middle_y),
        "x_name": x_name,
        "y_name": y_name,
        "size_name": size_name,
        "label": label or f"{y_name} against {x_name}",
    }


@register.inclusion_tag("_components/ring.html")
def ring(percent: Number, tone: str = "data", label: str = "") -> dict[str, object]:
    """A value of 100 as part of a circle."""
    return {
        "part": charts.plain(float(percent)),
        "tone": tone if tone in RING_TONES else "data",
        "label": label,
    }


@register.inclusion_tag("_components/renewal_clock.html")
def renewal_clock(
    start: datetime.date, today: datetime.date, notice: datetime.date, end: datetime.date
) -> dict[str, object]:
    clock = charts.renewal_clock(start.toordinal(), today.toordinal(), notice.toordinal(), end.toordinal())
    middle = round((clock.today + clock.notice) / 2, 2)
    return {
        "clock": clock,
        "start": start,
        "today": today,
        "notice": notice,
        "end": end,
        "days": (notice - today).days,
        "notice_anchor": "end" if clock.notice > 80 else "start" if clock.notice < 20 else "middle",
        "today_shown": 14 < clock.today < 80 and abs(clock.notice - clock.today) > 22,
        "days_x": middle,
        # Further right they would run into the end's date on a phone; then they stand beside the notice date.
        "days_above": clock.stretch > 8 and middle <= 60,
    }
