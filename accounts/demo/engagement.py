"""What touches were about: most of those while a deal was open say which."""

import datetime
from collections.abc import Sequence

from accounts.demo.calendar import dice
from accounts.engagement.models import Touch
from accounts.revenue.models import Opportunity

ABOUT_A_DEAL = 0.8


def name_deals(touches: Sequence[Touch], deals: Sequence[Opportunity]) -> None:
    """Deals that were won were talked about more often than those that were lost."""
    random = dice("touches about deals")
    of: dict[int, list[Opportunity]] = {}
    for deal in deals:
        of.setdefault(id(deal.account), []).append(deal)
    for touch in touches:
        open_then = [each for each in of.get(id(touch.account), []) if is_open(each, touch.at.date())]
        if open_then and random.random() < ABOUT_A_DEAL:
            weights = [3 if each.outcome == Opportunity.Outcome.WON else 2 for each in open_then]
            (touch.opportunity,) = random.choices(open_then, weights)


def is_open(deal: Opportunity, day: datetime.date) -> bool:
    return deal.opened_on <= day and (deal.closed_on is None or day <= deal.closed_on)
