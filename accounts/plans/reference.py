"""Templates of plans that every installation begins with, one for each situation."""

from typing import Any, NamedTuple


class Line(NamedTuple):
    kind: str
    text: str
    kpi: str = ""
    due: int | None = None


class Shipped(NamedTuple):
    name: str
    situation: str
    description: str
    lines: tuple[Line, ...]


SHIPPED = (
    Shipped(
        "Launch: a new customer",
        "launch",
        "The first year: prove the value that was sold, and know the people.",
        (
            Line(
                "goal",
                "What did they buy it for? Write it in their words, with the person who will judge it.",
            ),
            Line("objective", "The first year's revenue as agreed", "account_revenue", 365),
            Line("objective", "They order again", "purchase_frequency", 270),
            Line("objective", "A sponsor, a decision maker and a champion who know us", "", 120),
            Line("action", "Kick-off with everybody who will use it", "", 21),
            Line("action", "Agree how success is measured, and by whom", "", 45),
            Line("action", "First review of the value with the sponsor", "", 100),
            Line("strength", "Why they chose us"),
            Line("weakness", "What we promised and have never done before"),
            Line("opportunity", "Units of the customer that have not heard of it yet"),
            Line("threat", "The supplier that was there before us"),
            Line("risk", "Nobody on their side has time for the introduction"),
        ),
    ),
    Shipped(
        "Expand: a satisfied customer",
        "expand",
        "More units, more products, where the value is proven.",
        (
            Line("goal", "Which of their goals would more of us serve? Write it in their words."),
            Line("objective", "Grow the revenue with them", "account_revenue", 365),
            Line("objective", "Keep what we have while growing", "grr", 365),
            Line("objective", "Enough open deals for the growth", "open_pipeline", 180),
            Line("objective", "Win what we offer", "win_rate", 365),
            Line("action", "Fill in the whitespace with the customer: who has what, until when", "", 45),
            Line("action", "A success story, with figures, that their other units may read", "", 90),
            Line("action", "Meet the decision makers of the two largest units without us", "", 120),
            Line("strength", "What works and they say so"),
            Line("weakness", "Units where nobody knows us"),
            Line("opportunity", "Contracts of competitors that end this year"),
            Line("threat", "A price comparison by their procurement"),
            Line("risk", "The growth hangs on one person"),
        ),
    ),
    Shipped(
        "Retain: a renewal ahead",
        "retain",
        "The contract that carries the account comes up: value first, price last.",
        (
            Line("goal", "What must be better for them after the renewal? Write it in their words."),
            Line("objective", "Renew the contracts that are due", "renewal_rate_value", 365),
            Line("objective", "Lose nothing that they buy today", "grr", 365),
            Line("objective", "The sponsor says that they want to renew", "", 180),
            Line("action", "Write down the value of the last term, with their figures", "", 30),
            Line("action", "Ask the sponsor for their decision process and its dates", "", 45),
            Line("action", "Settle open complaints before talking about prices", "", 60),
            Line("action", "Hand in the offer before the notice date", "", 120),
            Line("strength", "What they would miss on the first day"),
            Line("weakness", "What they complained about in this term"),
            Line("opportunity", "Products that the next term could hold, too"),
            Line("threat", "A tender, and who else would be asked"),
            Line("risk", "The notice date passes in silence"),
        ),
    ),
    Shipped(
        "Recover: a customer in trouble",
        "recover",
        "Stop the loss, find the cause, win back trust; growth comes later.",
        (
            Line("goal", "What went wrong for them? Write it in their words, not in ours."),
            Line("objective", "Stop the loss of revenue", "revenue_churn", 180),
            Line("objective", "Back to regular orders", "purchase_frequency", 270),
            Line("objective", "The decision maker talks to us again", "", 60),
            Line("action", "Listen: a meeting without slides, with our sponsor", "", 14),
            Line("action", "Tell them the cause and the date by which it is gone", "", 30),
            Line("action", "A weekly word on how it goes until it is settled", "", 21),
            Line("strength", "Who there still speaks for us"),
            Line("weakness", "What we did not deliver"),
            Line("opportunity", "What they would praise us for when it is solved"),
            Line("threat", "A competitor on a trial"),
            Line("risk", "It happens again while they watch"),
        ),
    ),
)


def add_templates(template: type[Any], item: type[Any]) -> None:
    """A migration gives the models as they were then."""
    for shipped in SHIPPED:
        made = template.objects.create(
            name=shipped.name, situation=shipped.situation, description=shipped.description
        )
        item.objects.bulk_create(
            item(
                template=made,
                kind=line.kind,
                text=line.text,
                kpi=line.kpi,
                due_after_days=line.due,
                position=place,
            )
            for place, line in enumerate(shipped.lines, 1)
        )
