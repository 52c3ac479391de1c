"""The rows of an explanation, as a page, as a file and as the statement that lists them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.models import Account
from kamplan import formats
from kamplan.components import Choice as Link
from kamplan.permissions import Secret, may_see
from metrics import rowkpis
from metrics.access import sees_everything
from metrics.kpi import Kpi, RowKpi
from metrics.models import Scope, View
from metrics.pages import making
from metrics.pages.accounts import sums_statement
from metrics.pages.explanation import Explanation, choice_url
from metrics.pages.exports import as_file, rows_table
from metrics.pages.rows import (
    PAGE,
    Found,
    RowSet,
    find_rows,
    history_since,
    is_opinion,
    measured,
    row_sets,
    unlisted_words,
)
from metrics.reading import facts_of
from metrics.recipes import RECIPES
from metrics.sources.contracts import DUE_CONTRACTS, LIVE_CONTRACTS
from metrics.weights import Side, changes_since


def allowed_sets(explained: Explanation) -> list[RowSet]:
    """Kinds of rows this person may list: no amounts of contracts for those who may not see them."""
    sets = row_sets(explained.kpi)
    if not may_see(explained.user, Secret.CONTRACT_VALUE):
        sets = [each for each in sets if each.source not in (LIVE_CONTRACTS, DUE_CONTRACTS)]
    account = asked_account(explained)
    if (account is not None and not may_see(explained.user, Secret.OPINION)) or explained.is_withheld:
        # Where nobody may list them, the sum of one account's few would tell as much.
        sets = [each for each in sets if not is_opinion(each)]
    if account is None:
        return sets
    return [replace(each, account=account.pk) for each in sets]


def asked_account(explained: Explanation) -> Account | None:
    """The one account whose rows are asked for; what others in it have together is told of visible ones only."""
    asked = explained.choice.asked.get("account", "")
    if not asked:
        return None
    if not asked.isdecimal():
        raise Http404
    today = explained.choice.organisation.today()
    return get_object_or_404(Account.objects.visible_to(explained.user, today), pk=min(int(asked), 2**62))


def set_links(explained: Explanation, sets: Sequence[RowSet], chosen: int) -> list[Link]:
    return [
        Link(making.capital(each.words), choice_url(explained, rows=1, set=place) + "#rows", place == chosen)
        for place, each in enumerate(sets)
    ]


def chosen_set(explained: Explanation, sets: Sequence[RowSet]) -> int:
    asked = explained.choice.asked.get("set", "0")
    return int(asked) if asked.isdecimal() and int(asked) < len(sets) else 0


def rows_context(explained: Explanation, page: str) -> dict[str, Any]:
    sets = allowed_sets(explained)
    if not sets:
        return {"found": None}
    chosen = chosen_set(explained, sets)
    row_set = sets[chosen]
    number = int(page) if page.isdecimal() and 0 < int(page) < 1_000_000 else 1
    found = find_rows(explained.user, row_set, explained.place, explained.choice, number)
    pages = Paginator(range(max(found.shown_count, 0)), PAGE)
    shown: Page[int] = pages.get_page(number)
    if shown.number != number:
        found = find_rows(explained.user, row_set, explained.place, explained.choice, shown.number)
    money = row_set.is_money
    return {
        "found": found,
        "row_set": row_set,
        "sets": set_links(explained, sets, chosen),
        "page": shown,
        "counted_head": f"Counted, {explained.currency}" if money else "Counted",
        "total_text": amount_text(found.total, money),
        "hidden_text": amount_text(found.hidden_total, money),
        "hidden_words": unlisted_words(explained.user, row_set),
        "row_lines": [
            (
                row,
                formats.money(row.booked, row.currency, full=True) if row.currency else "",
                amount_text(row.counted, money),
            )
            for row in found.rows
        ],
        "of_account": asked_account(explained) if row_set.account else None,
        "all_rows_url": choice_url(explained, rows=1, set=chosen, account="") + "#rows",
        "csv_url": choice_url(explained, part="csv", set=chosen),
        "xlsx_url": choice_url(explained, part="xlsx", set=chosen),
        "difference": difference(explained, row_set, found),
        "account_urls": {row.account_id for row in found.rows},
        "choice": explained.choice,
        "previous_url": choice_url(explained, rows=1, set=chosen, page=shown.number - 1) + "#rows",
        "next_url": choice_url(explained, rows=1, set=chosen, page=shown.number + 1) + "#rows",
    }


def difference(explained: Explanation, row_set: RowSet, found: Found) -> dict[str, Any]:
    """Figure of the shown run against today's rows, and what the audit history says happened since.

    Of the newest run it is asked for only where a weight was changed since: rows count by it at once."""
    choice = explained.choice
    weighed = changes_since(explained.kpi.id, Side(choice.run, choice.period))
    if not choice.is_past_run and not weighed:
        return {}
    then = measured(row_set, explained.place, choice)
    if then is None or abs(then - found.total) < Decimal("0.005"):
        return {}
    return {
        "then": amount_text(then, row_set.is_money),
        "now": amount_text(found.total, row_set.is_money),
        "difference": amount_text(found.total - then, row_set.is_money, signed=True),
        "history": history_since(row_set, choice.run.published_at),
        "weighed": weighed,
    }


def rows_file(explained: Explanation, kind: str) -> HttpResponseBase:
    """The rows of the chosen kind that this person may see, and one line for all the others."""
    sets = allowed_sets(explained)
    if not sets:
        raise Http404
    row_set = sets[chosen_set(explained, sets)]
    table = rows_table(explained.user, row_set, explained.place, explained.choice, explained.currency)
    return as_file(kind, table, f"{explained.kpi.id}-rows")


def statement_text(explained: Explanation) -> str:
    """A statement that anyone with a read-only login can run; made of the same pieces as the number."""
    choice, place = explained.choice, explained.place
    if not sees_everything(explained.user) and place.scope not in {Scope.OWNER, Scope.TEAM, Scope.COMPANY}:
        return ""
    if isinstance(explained.kpi, Kpi):
        text, params = sums_statement(
            explained.kpi, place, choice.view, choice.period, choice.run, choice.newest
        )
    elif isinstance(explained.kpi, RowKpi) and choice.view == View.AS_WAS:
        recipe = RECIPES[explained.kpi.recipe_name]
        facts = facts_of(choice.run, choice.newest)
        inner, params = rowkpis.statement(recipe, [choice.period], facts, choice.run.as_of)
        text = f"""SELECT figures FROM ({inner}) made
 WHERE scope = %(scope)s AND key IS NOT DISTINCT FROM %(key)s::bigint"""
        params = {**params, "scope": str(place.scope), "key": place.key}
    else:
        return ""
    composed: str = connection.ops.compose_sql(text, params)  # type: ignore[attr-defined]
    return "\n".join(line for line in composed.splitlines() if line.strip())


def amount_text(amount: Decimal, money: bool, signed: bool = False) -> str:
    if money:
        return formats.number(amount, signed=signed)
    return formats.at_most_one_decimal(amount, signed=signed)
