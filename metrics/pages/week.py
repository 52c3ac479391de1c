"""My week: at most ten things by value times urgency, and the meetings of the next days."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from accounts.engagement.models import Snooze
from accounts.people.models import Organisation, User
from kamplan.formats import money
from metrics.models import Run, Scope
from metrics.pages import week_facts, week_rules
from metrics.pages.account_figures import last_year
from metrics.pages.week_facts import Facts
from metrics.pages.week_rules import Item, Stake
from metrics.urls_for import explain_url


@dataclass(frozen=True)
class Line:
    """An item with its addresses and its amount as text."""

    item: Item
    account_name: str
    tier: str
    value: str
    value_note: str
    value_url: str
    url: str
    hand_on_url: str
    why: str


def my_week(user: User, organisation: Organisation, run: Run | None) -> dict[str, Any]:
    """The context of the page's upper part; a constant number of statements."""
    facts = week_facts.read(user, organisation, run)
    snoozed = dict(Snooze.objects.visible_to(user).filter(until__gt=facts.today).values_list("item", "until"))
    everything = items(facts)
    waiting = [each for each in everything if each.key not in snoozed]
    shown = week_rules.ranked(week_rules.with_stakes(waiting, facts.stakes))
    return {
        "week": [line(each, facts, run) for each in shown],
        "week_waiting": len(waiting) - len(shown),
        "week_snoozed": len(snoozed),
        "week_at_most": week_rules.AT_MOST,
        "meetings": week_facts.appointments(user, organisation, facts.ids),
    }


def items(facts: Facts) -> list[Item]:
    """What every rule finds; of one account's falling revenue and contracts only one speaks."""
    today = facts.today
    found = [
        *(week_rules.action(each, today) for each in facts.promises),
        *(week_rules.request(each, today) for each in facts.asked),
        *(week_rules.cold(each, facts.notice_in(each.account), today) for each in facts.people),
        *(with_own_stake(week_rules.notice(each, today), facts) for each in facts.endings),
        *(week_rules.left(each, today) for each in facts.gone),
        *(week_rules.review(each, today) for each in facts.reviews),
        *(week_rules.warned(each, today) for each in facts.warned),
        *(week_rules.warmer(each, today) for each in facts.warmer),
        *moves(facts),
    ]
    return [each for each in found if each is not None]


def moves(facts: Facts) -> list[Item | None]:
    """Figures that fell beyond noise since the end of the last month."""
    found: dict[int, Item | None] = {}
    for account, (before, now) in facts.recurring.items():
        if facts.month is not None:
            currency = facts.accounts[account].currency
            found[account] = week_rules.shrank(account, before, now, facts.month, currency)
    for account, fall in facts.falls.items():
        found[account] = found.get(account) or week_rules.fell(account, fall, facts.currency)
    return list(found.values())


def with_own_stake(item: Item | None, facts: Facts) -> Item | None:
    """A contract in the reporting currency puts its own value at stake, others their account's."""
    if item is None:
        return None
    value, currency = facts.worth[item.pk]
    return replace(item, stake=Stake(value, True)) if currency == facts.currency else item


def line(item: Item, facts: Facts, run: Run | None) -> Line:
    account = facts.accounts.get(item.account)
    kind = getattr(account, "kind", None)
    text = urlencode({"text": item.action_text})
    worth = facts.worth.get(item.pk) if item.kind == "notice" else None
    value, note = money(item.stake.value, facts.currency), item.stake.words
    if worth is not None:
        value, note = money(*worth), "a year"
    return Line(
        item,
        account.name if account else "",
        str(kind.tier) if kind and kind.tier else "",
        value,
        note,
        value_url(item, run),
        deed_url(item, run),
        f"{reverse('plans:week_hand_on', kwargs={'item': item.key})}?{text}",
        f"Its place: {money(item.stake.value or 0, facts.currency)} × {item.urgency.normalize():f} for how soon.",
    )


def value_url(item: Item, run: Run | None) -> str:
    """Where the amount is explained: the contracts, or the revenue row by row."""
    if item.stake.is_contract or item.kind == "notice":
        return f"{reverse('portfolio:account_revenue', kwargs={'pk': item.account})}#contracts"
    if item.stake.value is None or run is None:
        return ""
    return explain_url("account_revenue", Scope.ACCOUNT, item.account, last_year(run))


def deed_url(item: Item, run: Run | None) -> str:
    """The page on which the deed is done."""
    account = reverse("portfolio:account", kwargs={"pk": item.account})
    match item.kind:
        case "left":
            return address("stakeholders:left", account, item.pk)
        case "cold":
            return address("stakeholders:map", account, item.account) + f"?contact={item.pk}"
        case "notice":
            decide = reverse("revenue:contract_decide", kwargs={"pk": item.pk})
            is_call = item.deed == "Make the call"
            return address("plans:renewal_call", decide, item.pk) if is_call else decide
        case "request":
            return address("engagement:request", account, item.pk)
        case "warned":
            return reverse("metrics:warning_list")
        case "warmer":
            return f"{account}#news"
        case "review":
            return address("plans:review", account, item.pk)
        case "fell" if run is not None:
            return explain_url("account_revenue", Scope.ACCOUNT, item.account, last_year(run))
        case _:
            return address("engagement:activity", account, item.account)


def address(route: str, otherwise: str, *args: Any) -> str:
    try:
        return reverse(route, args=args)
    except NoReverseMatch:
        return otherwise
