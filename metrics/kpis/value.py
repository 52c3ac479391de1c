"""What customers are worth, what they cost to win and to serve, and which of them fit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from accounts.periods import PeriodKind
from metrics.expressions import Part, least
from metrics.kpi import (
    Derived,
    Direction,
    Group,
    Input,
    Interval,
    Kpi,
    RowKpi,
    Timing,
    Unit,
    negative,
    terms,
)
from metrics.kpis.growth import avg_order_value, purchase_frequency
from metrics.kpis.parts import OTHER, TARGET, buyers_now, new, new_customer, revenue_now
from metrics.kpis.retention import churn_logo
from metrics.sources.value import (
    acquisition_cost,
    acquisition_cost_other,
    acquisition_cost_target,
    contribution,
    contribution_base,
    cost_to_serve,
    fit_accounts,
    fit_points,
    wallet_estimates,
    wallet_ours,
    wallet_spend,
)

ASSUMED = ("discount", "horizon")

# ------------------------------------------------------------------------------------------- margins

margin_now = Part("margin_now", "contribution margin", contribution.now)
margin_base = Part("margin_base", "revenue whose margin is known", contribution_base.now)
serving_now = Part("serving_now", "cost to serve", cost_to_serve.now)
margin_rows = Part("margin_rows", "accounts with a known margin", contribution_base.now > 0)

contribution_margin = Kpi(
    "contribution_margin",
    "Contribution margin",
    "(revenue - cost of the goods) / revenue, of the order lines whose cost is known",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.VALUE,
    sub="{margin_now} of {margin_base}",
    numerator=terms(margin_now),
    denominator=terms(margin_base),
    n=margin_rows,
    interval=Interval.LINEARISED,
    positive_base=True,
    beside=(revenue_now,),
    source="practitioners' standard",
    caveats="A line without its cost takes the margin assumed on its day; where nobody assumes one it is left out, "
    "and where no margin is known at all there is no value. Revenue never stands in for it.",
    on_scorecard=False,
    how_to_move="Look at discounts and at product mix account by account before raising a price for all.",
)
account_profitability = Kpi(
    "account_profitability",
    "Left after serving",
    "(revenue - cost to serve) / revenue",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.VALUE,
    sub="{serving_now} to serve {revenue_now}",
    numerator=terms(revenue_now, negative(serving_now)),
    denominator=terms(revenue_now),
    n=buyers_now,
    interval=Interval.LINEARISED,
    positive_base=True,
    beside=(margin_now, margin_base),
    source="Kapta",
    caveats="What serving cost by its booking date, revenue by the day it was invoiced. The cost of the goods is not "
    "in it; the contribution margin stands beside. Where no costs are recorded it says 100 %.",
    how_to_move="Look for the accounts below the others: which visits and repairs could a contract pay for?",
)

# ------------------------------------------------------------------------------------ lifetime value


def yearly_margin(order: Decimal, frequency: Decimal, margin: Decimal, left: Decimal) -> Decimal:
    """Of one customer: the margin of the goods less what serving took of the revenue."""
    return order * frequency * (margin + left - 100) / 100


def survived(churn: Decimal, discount: Decimal, years: Decimal, first: int) -> Decimal | None:
    """How many payments of one each year are worth today, from year `first` on; without end where years is 0."""
    ratio = (1 - churn / 100) / (1 + discount / 100)
    if years:
        return sum((paid(ratio, year) for year in range(first, first + int(years))), Decimal(0))
    return paid(ratio, first) / (1 - ratio) if ratio < 1 else None


def paid(ratio: Decimal, year: int) -> Decimal:
    """The first payment is made whole, even where nobody stays for a second one (decimals know no 0 to the 0)."""
    return ratio**year if year else Decimal(1)


def lifetime(first: int) -> Callable[..., Decimal | None]:
    def worth(
        order: Decimal,
        frequency: Decimal,
        margin: Decimal,
        left: Decimal,
        churn: Decimal,
        discount: Decimal,
        years: Decimal,
    ) -> Decimal | None:
        payments = survived(churn, discount, years, first)
        return None if payments is None else yearly_margin(order, frequency, margin, left) * payments

    return worth


OF_LIFETIME = (
    Input(avg_order_value, over=PeriodKind.T12),
    Input(purchase_frequency, over=PeriodKind.T12),
    Input(contribution_margin, over=PeriodKind.T12),
    Input(account_profitability, over=PeriodKind.T12),
    Input(churn_logo, over=PeriodKind.T12, company=True),
)
ROUGH = (
    "A customer's margin in a year is average order value x orders per customer x (contribution margin + left after "
    "serving - 100 %). Margin and loss stay what they were in the last 12 months: rough, as weak customers leave "
    "first. Accounts and people take the company's loss. Without a known margin there is no value. "
)

clv_margin = Derived(
    "clv_margin",
    "Lifetime margin of a new customer",
    "margin of a customer and year x the sum over years t = 0, 1, ... of (share kept / (1 + discount rate))^t",
    Unit.MONEY,
    Direction.UP,
    Timing.LEADING,
    Group.VALUE,
    of=OF_LIFETIME,
    formula=lifetime(0),
    assumed=ASSUMED,
    n_from=4,
    source="Fader and Hardie 2012 (note 024); corrects Markettailor, SMARTe and Kapta, which count revenue",
    caveats=ROUGH
    + "The first year's payment is in it. Five years at 10 % unless the settings assume otherwise.",
    how_to_move="A point less of loss is worth more than a point more of margin; see both.",
)
clv_margin_existing = Derived(
    "clv_margin_existing",
    "Lifetime margin of a present customer",
    "margin of a customer and year x the sum over years t = 1, 2, ... of (share kept / (1 + discount rate))^t",
    Unit.MONEY,
    Direction.UP,
    Timing.LEADING,
    Group.VALUE,
    of=OF_LIFETIME,
    formula=lifetime(1),
    assumed=ASSUMED,
    n_from=4,
    source="Fader and Hardie 2012 (note 024)",
    caveats=ROUGH + "Before the next renewal: this year's payment is not in it.",
    on_scorecard=False,
    how_to_move="A point less of loss is worth more than a point more of margin; see both.",
)

# -------------------------------------------------------------------------------- cost of customers

spent = Part("spent", "cost of sales and marketing", acquisition_cost.now)


OF_MOST_SPEND = (
    "Most spend is booked for no single account, so it has no tier, industry or region; whether it was for target "
    "accounts the booking, its campaign or its account says."
)


BOOKED_FOR_NEITHER = " What was booked for neither is in the cost of all new customers only."


def cost_of(
    id: str,
    name: str,
    whose: str,
    cost: Part,
    customers: Part,
    *,
    how_to_move: str,
    rest: str = "",
    **more: Any,
) -> Kpi:
    return Kpi(
        id,
        name,
        f"cost of sales and marketing{f' for {whose}' if whose else ''} / "
        f"new customers{f' among the {whose}' if whose else ''}",
        Unit.MONEY,
        Direction.DOWN,
        Timing.LAGGING,
        Group.VALUE,
        sub=f"{{{customers.name}}} new customers",
        numerator=terms(cost),
        denominator=terms(customers),
        n=customers,
        company_only=True,
        source="SMARTe; Markettailor; Top 11 account management KPIs",
        caveats="Costs by booking date, customers by their first order or contract: no upsells and nobody who came "
        f"back. What is spent now may win somebody later.{rest}",
        ungrouped=OF_MOST_SPEND,
        on_scorecard=False,
        how_to_move=how_to_move,
        **more,
    )


cac_target = cost_of(
    "cac_target",
    "Cost of a new target account",
    "target accounts",
    Part("spent_target", "cost for target accounts", acquisition_cost_target.now),
    Part("new_target", "new customers, target accounts", TARGET * new_customer),
    how_to_move="Compare it with the lifetime margin of target accounts, not with the cost of the others.",
    rest=BOOKED_FOR_NEITHER,
)
cac_other = cost_of(
    "cac_other",
    "Cost of another new customer",
    "other accounts",
    Part("spent_other", "cost for other accounts", acquisition_cost_other.now),
    Part("new_other", "new customers, other accounts", OTHER * new_customer),
    how_to_move="Where it nears the cost of a target account, the effort is better spent there.",
    rest=BOOKED_FOR_NEITHER,
)
cac = cost_of(
    "cac",
    "Cost of a new customer",
    "",
    spent,
    new,
    how_to_move="Ask which channel brought the customers who stayed, and stop paying for the others.",
    of_targets=True,
    of_target=cac_target,
    of_others=cac_other,
)
clv_to_cac = Derived(
    "clv_to_cac",
    "Lifetime margin to cost of a customer",
    "lifetime margin of a new customer / cost of a new customer",
    Unit.RATIO,
    Direction.UP,
    Timing.LAGGING,
    Group.VALUE,
    of=(Input(clv_margin), Input(cac)),
    formula=lambda worth, cost: worth / cost if cost else None,
    n_from=1,
    company_only=True,
    source="Markettailor, on margin instead of revenue",
    caveats="A forecast over a count: look at both before judging their ratio.",
    of_targets=True,
    ungrouped=OF_MOST_SPEND,
    on_scorecard=False,
    how_to_move="Raise the worth before cutting the cost: kept customers count in both terms.",
)


def months_to_pay(
    cost: Decimal, order: Decimal, frequency: Decimal, margin: Decimal, left: Decimal
) -> Decimal | None:
    monthly = yearly_margin(order, frequency, margin, left) / 12
    return cost / monthly if monthly > 0 else None


cac_payback = Derived(
    "cac_payback",
    "Months until a new customer has paid",
    "cost of a new customer / monthly margin of a customer",
    Unit.MONTHS,
    Direction.DOWN,
    Timing.LAGGING,
    Group.VALUE,
    of=(Input(cac), *OF_LIFETIME[:4]),
    formula=months_to_pay,
    company_only=True,
    source="practitioners' standard",
    caveats="A new customer is taken to bring what the average customer does. That one's monthly margin is average "
    "order value x orders per customer x (contribution margin + left after serving - 100 %) / 12.",
    of_targets=True,
    ungrouped=OF_MOST_SPEND,
    on_scorecard=False,
    how_to_move="Invoice a first stage early, and choose new accounts whose first year already pays.",
)
OF_CAMPAIGNS = (
    "A campaign is paid for as a whole, so its cost has no tier, industry or region. Target accounts and others are "
    "the campaigns made for them; a deal that both kinds touched counts once in each."
)
roi = RowKpi(
    "roi",
    "Return on campaigns, revenue",
    "(amount won with accounts that a campaign touched in the 180 days before - cost of campaigns) / that cost",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.MARKETING,
    recipe_name="roi",
    company_only=True,
    source="Markettailor; Flevy; SMARTe",
    caveats="As its sources have it: revenue, not profit; see the return on margin. Cost by booking date, deals by the "
    "day they were won. In the whole a deal counts once; in the list it counts for every campaign that touched it. "
    "A touch before a win is no proof that it won it.",
    of_targets=True,
    ungrouped=OF_CAMPAIGNS,
    on_scorecard=False,
    how_to_move="End campaigns that touched nobody who bought, and look at the margin before praising one.",
)
roi_margin = Derived(
    "roi_margin",
    "Return on campaigns, margin",
    "(amount won by campaigns x contribution margin - cost of campaigns) / that cost",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.MARKETING,
    of=(Input(roi), Input(contribution_margin)),
    formula=lambda revenue, margin: (100 + revenue) * margin / 100 - 100,
    company_only=True,
    source="net profit = contribution - cost; corrects Markettailor",
    caveats="The margin is that of all orders of the period. Below 0 the campaigns cost more than they left.",
    of_targets=True,
    ungrouped=OF_CAMPAIGNS,
    on_scorecard=False,
    how_to_move="Spend on campaigns for accounts that the plans already name.",
)

# ------------------------------------------------------------------------------- potential and fit

wallet = Part("wallet", "estimated spend a year", wallet_spend.at_end)
wallet_won = Part("wallet_won", "of it with us", wallet_ours.at_end)
wallet_known = Part("wallet_known", "accounts with an estimate", wallet_estimates.at_end > 0)
wallet_over = Part(
    "wallet_over", "accounts that buy more than estimated", wallet_ours.at_end > wallet_spend.at_end
)

share_of_wallet = Kpi(
    "share_of_wallet",
    "Share of wallet",
    "our revenue of 12 months in the estimated categories / what customers are estimated to spend on them a year",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.VALUE,
    sub="{wallet_won} of {wallet}",
    numerator=terms(wallet_won),
    denominator=terms(wallet),
    n=wallet_known,
    interval=Interval.LINEARISED,
    beside=(wallet_over,),
    source="practitioners' standard",
    caveats="As good as the estimates in the whitespace, which hold from the day they were noted; categories without "
    "one count on neither side. Above 100 % an estimate is wrong.",
    how_to_move="Ask who holds the rest, and until when.",
)

score = fit_points.at_end
fit_total = Part("fit_total", "points", score)
fit_known = Part("fit_known", "accounts with a score", fit_accounts.at_end)

icp_fit = Kpi(
    "icp_fit",
    "Fit with the ideal customer",
    "100 x sum of weight x match / sum of weights, over the criteria that are known; the mean of the accounts",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.FOCUS,
    sub="{fit_known} accounts with a score",
    numerator=terms(fit_total),
    denominator=terms(fit_known),
    n=fit_known,
    interval=Interval.LINEARISED,
    source="Kapta; SMARTe",
    caveats="The newest word about each criterion, weighed as on that day. An account of which less than 60 % of the "
    "weights are known has no score.",
    how_to_move="Ask for what is unknown first; then think again of accounts that never will fit.",
    on_scorecard=False,
)

left_over = wallet_spend.at_end - least(wallet_spend.at_end, wallet_ours.at_end)
potential = Part("potential", "spend elsewhere x fit", left_over * score * Decimal("0.01"))
potential_known = Part(
    "potential_known",
    "accounts with an estimate and a score",
    (wallet_estimates.at_end > 0) * (fit_accounts.at_end > 0),
)

growth_potential = Kpi(
    "growth_potential",
    "Potential to grow",
    "(estimated spend on the categories - our revenue in them) x fit / 100",
    Unit.MONEY,
    Direction.UP,
    Timing.LEADING,
    Group.FOCUS,
    sub="{potential_known} accounts with an estimate and a score",
    numerator=terms(potential),
    n=potential_known,
    needs=potential_known,
    source="Kapta",
    caveats="Of accounts with an estimate in the whitespace and a score of fit; the others count as unknown, not as 0.",
    how_to_move="Put the hours where the potential is: the larger part of it usually lies in a few accounts.",
    on_scorecard=False,
)
new_account_fit = RowKpi(
    "new_account_fit",
    "New ones that fit",
    "new customers and leads of the period with a fit of 70 or more / those with a score",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.FOCUS,
    recipe_name="new_account_fit",
    company_only=True,
    source="Kapta",
    ungrouped="Leads have no tier, industry or region yet. By channel it is compared.",
    caveats="The score as known on the period's last day. A lead counts until it is an account; the account counts "
    "when it first buys.",
    on_scorecard=False,
    how_to_move="Say no earlier: a lead that does not fit costs as much time as one that does.",
)
rfm = RowKpi(
    "rfm",
    "Recency, frequency, revenue",
    "mean of three scores from 1 to 5: days since the last order, orders and revenue in 12 months, each compared "
    "with all accounts that ordered",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.FOCUS,
    recipe_name="rfm",
    of_accounts=True,
    of_groups=False,
    ungrouped="It compares single accounts with all others.",
    source="practitioners' standard",
    caveats="A score is 1 + the fifths of accounts strictly below; equal values share one. With fewer than 5 accounts "
    "there are none. Of single accounts only.",
    on_scorecard=False,
    how_to_move="Call the accounts with a high revenue score and a low recency first: they are drifting away.",
)
