"""Addresses of the pages about numbers, with their whole state in the query string."""

from functools import lru_cache
from urllib.parse import urlencode

from django.urls import reverse

from accounts.periods import Period, PeriodKind
from metrics.models import View

ALL = "all"
NOBODY = "none"


def key_text(scope: str, key: int | None) -> str:
    """A key as part of an address: the company has none, and `none` is what belongs to nobody."""
    if key is None:
        return ALL if scope == "company" else NOBODY
    return str(key)


# A page asks for dozens of addresses, most of them in the same state; both are made of nothing but what is asked.
@lru_cache(maxsize=4096)
def path(route: str, *args: str) -> str:
    return reverse(route, args=args)


@lru_cache(maxsize=1024)
def state(period: Period | None = None, view: str | None = None, **more: object) -> str:
    """The query string that brings a page back to this period and view."""
    found: dict[str, object] = {}
    if period is not None and period.kind == PeriodKind.CUSTOM:
        found = {
            "period": period.kind.value,
            "from": f"{period.start:%Y-%m}",
            "to": f"{period.last_day:%Y-%m}",
        }
    elif period is not None:
        found = {"period": period.kind.value, "end": f"{period.last_day:%Y-%m}"}
    if view == View.CURRENT_BOOK:
        found["view"] = View.CURRENT_BOOK.value
    found.update({name: value for name, value in more.items() if value not in (None, "")})
    return f"?{urlencode(found)}" if found else ""


def explain_url(
    kpi_id: str,
    scope: str,
    key: int | None,
    period: Period | None = None,
    view: str | None = None,
    **more: object,
) -> str:
    """The page that explains one number of one scope."""
    return path("metrics:explain", str(scope), key_text(scope, key), kpi_id) + state(period, view, **more)


def scorecard_url(
    scope: str, key: int | None, period: Period | None = None, view: str | None = None, **more: object
) -> str:
    return path("metrics:scorecard_of", str(scope), key_text(scope, key)) + state(period, view, **more)


def moves_url(scope: str, key: int | None, period: Period, view: str, **more: object) -> str:
    """What moved on a scorecard."""
    return path("metrics:moves", str(scope), key_text(scope, key)) + state(period, view, **more)


def moved_url(kpi_id: str, scope: str, key: int | None, period: Period, view: str, **more: object) -> str:
    """What moved in one number."""
    return path("metrics:moved", str(scope), key_text(scope, key), kpi_id) + state(period, view, **more)


def comparison_url(kpi_id: str, period: Period, **more: object) -> str:
    """One number in every group of accounts; without a number all of them."""
    found = path("metrics:comparison_of", kpi_id) if kpi_id else path("metrics:comparison")
    return found + state(period, None, **more)
