"""Growth: what customers buy, and how that changed."""

from metrics.expressions import Part
from metrics.kpi import Derived, Direction, Group, Input, Interval, Kpi, RowKpi, Timing, Unit, negative, terms
from metrics.kpis.parts import (
    OTHER,
    TARGET,
    base,
    buyers_now,
    customer_at_start,
    orders_now,
    revenue_now,
    upsold,
)
from metrics.sources.deals import upsell_amount
from metrics.sources.orders import joined, new_categories, orders, revenue

account_revenue = Kpi(
    "account_revenue",
    "Revenue",
    "net amount of the orders of the period, credit notes negative",
    Unit.MONEY,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    sub="{buyers_now} accounts ordered",
    numerator=terms(revenue_now),
    n=buyers_now,
    beside=(orders_now,),
    source="Flevy; Kapta",
    caveats="Orders are taken as invoiced; their date decides the period.",
    how_to_move="Open the accounts that fell most and ask what they buy elsewhere.",
)

grown_now = Part("grown_now", "now", revenue.now.constant)
grown_before = Part("grown_before", "a year before", revenue.last_year.constant)
bought_last_year = Part(
    "bought_last_year", "accounts with revenue a year before", revenue.last_year.constant > 0
)

revenue_growth = Kpi(
    "revenue_growth",
    "Revenue growth",
    "(revenue of the period - revenue of the same months a year before) / revenue a year before, "
    "at one exchange rate",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    sub="{bought_last_year} accounts bought a year before",
    numerator=terms(grown_now, negative(grown_before)),
    denominator=terms(grown_before),
    n=bought_last_year,
    interval=Interval.LINEARISED,
    positive_base=True,
    source="SMARTe; Flevy; Kapta",
    caveats="Both years at the exchange rate of the period's first day. An account counts for its owner and tier "
    "of that day. Without revenue a year before there is no value.",
    how_to_move="Retention and expansion explain it; look at both before looking for new accounts.",
)


def growth_of(id: str, name: str, whose: str, flag: object, *, how_to_move: str) -> Kpi:
    now = Part(f"{id}_now", f"now, {whose}", flag * revenue.now.constant)  # type: ignore[operator]
    before = Part(f"{id}_before", f"a year before, {whose}", flag * revenue.last_year.constant)  # type: ignore[operator]
    count = Part(f"{id}_n", "accounts with revenue a year before", flag * (revenue.last_year.constant > 0))  # type: ignore[operator]
    return Kpi(
        id,
        name,
        f"revenue growth of the {whose} alone",
        Unit.SHARE,
        Direction.UP,
        Timing.LAGGING,
        Group.GROWTH,
        numerator=terms(now, negative(before)),
        denominator=terms(before),
        n=count,
        interval=Interval.LINEARISED,
        positive_base=True,
        source="SMARTe",
        caveats="Target or not is what the account was on the period's first day.",
        on_scorecard=False,
        is_about_targets=True,
        how_to_move=how_to_move,
    )


revenue_growth_target = growth_of(
    "revenue_growth_target",
    "Revenue growth, target accounts",
    "target accounts",
    TARGET,
    how_to_move="See which target accounts fell, and whether they got the time that their class promises.",
)
revenue_growth_other = growth_of(
    "revenue_growth_other",
    "Revenue growth, other accounts",
    "other accounts",
    OTHER,
    how_to_move="Where others grow faster than the target accounts, look again at who is a target.",
)
revenue_growth_gap = Derived(
    "revenue_growth_gap",
    "Growth of target accounts against all",
    "revenue growth of target accounts - revenue growth of all accounts, in points",
    Unit.SHARE_POINTS,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    of=(Input(revenue_growth_target), Input(revenue_growth)),
    formula=lambda target, everyone: target - everyone,
    source="SMARTe",
    caveats="All accounts contain the target accounts; the other accounts stand beside it.",
    on_scorecard=False,
    is_about_targets=True,
    how_to_move="Take time from accounts that will not grow and give it to the targets that fell behind.",
)

delta = Part("delta", "change against a year before", revenue.now.constant - revenue.last_year.constant)

growth_contribution = Kpi(
    "growth_contribution",
    "Contribution to growth",
    "(revenue of the period - revenue a year before) / the company's revenue a year before",
    Unit.SHARE_POINTS,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    numerator=terms(delta),
    denominator=terms(grown_before),
    n=bought_last_year,
    company_denominator=True,
    positive_base=True,
    source="Kapta",
    caveats="In points of the company's growth: one per cent of a large account outweighs one of a small account.",
    on_scorecard=False,
    how_to_move="Begin with the largest minus: one account that fell often weighs more than ten that grew.",
)

avg_order_value = Kpi(
    "avg_order_value",
    "Average order value",
    "net revenue / orders",
    Unit.MONEY,
    Direction.UP,
    Timing.LAGGING,
    Group.CUSTOMERS,
    sub="{orders_now} orders",
    numerator=terms(revenue_now),
    denominator=terms(orders_now),
    n=orders_now,
    interval=Interval.LINEARISED,
    source="Markettailor",
    caveats="A credit note lowers the revenue and is no order of its own.",
    how_to_move="Offer bundles and yearly call-offs; many small orders cost both sides time.",
)

orders_t12 = Part("orders_t12", "orders in 12 months", orders.t12)
buyers_t12 = Part("buyers_t12", "accounts with an order in 12 months", orders.t12 > 0)

purchase_frequency = Kpi(
    "purchase_frequency",
    "Orders per customer",
    "orders in the 12 months to the end / accounts with an order in them",
    Unit.PER_YEAR,
    Direction.UP,
    Timing.LAGGING,
    Group.CUSTOMERS,
    sub="{orders_t12} orders, {buyers_t12} accounts that ordered",
    numerator=terms(orders_t12),
    denominator=terms(buyers_t12),
    n=buyers_t12,
    interval=Interval.LINEARISED,
    source="Flevy; SMARTe; Markettailor",
    caveats="Always over 12 months, whatever the period; an account counts for its owner at the period's start. Orders "
    "of no account count among the orders.",
    how_to_move="Look at accounts whose orders came less often than the year before and ask what changed.",
)

repeat_buyers = Part("repeat_buyers", "accounts with two orders or more", orders.now >= 2)

repeat_customer_rate = Kpi(
    "repeat_customer_rate",
    "Customers who ordered again",
    "accounts with at least 2 orders / accounts with at least 1",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.CUSTOMERS,
    sub="{repeat_buyers} of {buyers_now} accounts",
    numerator=terms(repeat_buyers),
    denominator=terms(buyers_now),
    n=buyers_now,
    interval=Interval.WILSON,
    source="Top 11 account management KPIs",
    caveats="Counts orders, not days of purchase.",
    how_to_move="Call every new customer after the first delivery, before the second order is due.",
)

new_revenue = Part("new_revenue", "revenue of new customers", (joined.now > 0) * revenue.now)
repeat_revenue = Part("repeat_revenue", "revenue of earlier customers", (joined.now <= 0) * revenue.now)

new_to_repeat_ratio = Kpi(
    "new_to_repeat_ratio",
    "New against repeat revenue",
    "revenue of accounts whose first order lies in the period / revenue of all others",
    Unit.RATIO,
    Direction.NONE,
    Timing.LAGGING,
    Group.CUSTOMERS,
    numerator=terms(new_revenue),
    denominator=terms(repeat_revenue),
    n=buyers_now,
    interval=Interval.LINEARISED,
    source="Top 11 account management KPIs",
    caveats="Neither high nor low is good by itself.",
    on_scorecard=False,
    how_to_move="Neither side is right by itself: set it against what new customers cost.",
)

revenue_concentration = RowKpi(
    "revenue_concentration",
    "Revenue in the largest accounts",
    "revenue of the largest tenth of the accounts / revenue of all, in the 12 months to the end",
    Unit.SHARE,
    Direction.NONE,
    Timing.LAGGING,
    Group.GROWTH,
    recipe_name="concentration",
    of_people=False,
    source="Kapta",
    caveats="Beside it: the share of the single largest account, and the sum of squared shares "
    "(HHI, 1 = one account). All are the accounts whose revenue is above 0: whoever sent back more than was bought, "
    "and orders of no account, are left out. Undefined where there is no such account.",
    how_to_move="Grow the middle: the second tenth of the accounts is where a loss of the first can be made up.",
)

upsell_revenue = Part("upsell_revenue", "amount of upsells won", upsell_amount.now)

upsell_rate_accounts = Kpi(
    "upsell_rate_accounts",
    "Accounts with an upsell",
    "customers at the start with an upsell won in the period / customers at the start",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    sub="{upsold} of {base} accounts",
    numerator=terms(upsold),
    denominator=terms(base),
    n=base,
    interval=Interval.WILSON,
    source="SMARTe; Top 11 account management KPIs; Markettailor",
    caveats="Accounts won in the period do not dilute it.",
    how_to_move="Ask at every review what has changed in their business since the contract was signed.",
)

upsell_rate_revenue = Kpi(
    "upsell_rate_revenue",
    "Revenue from upsells",
    "amount of upsells won / revenue",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    numerator=terms(upsell_revenue),
    denominator=terms(revenue_now),
    n=buyers_now,
    interval=Interval.LINEARISED,
    positive_base=True,
    source="SMARTe; Markettailor",
    caveats="Upsells by the day they were won, revenue by the day it was invoiced.",
    on_scorecard=False,
    how_to_move="Look at the accounts that grew without an upsell: there is more to agree on.",
)

cross_sold = Part("cross_sold", "of them bought a new category", customer_at_start * (new_categories.now > 0))

cross_sell_rate = Kpi(
    "cross_sell_rate",
    "Accounts that bought a new category",
    "customers at the start that bought a category they never had before / customers at the start",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.GROWTH,
    sub="{cross_sold} of {base} accounts",
    numerator=terms(cross_sold),
    denominator=terms(base),
    n=base,
    interval=Interval.WILSON,
    source="Top 11 account management KPIs; Markettailor",
    caveats="“Never before” reaches back as far as the orders that were imported.",
    how_to_move="Open the whitespace of the accounts that bought nothing new and plan one category each.",
)
