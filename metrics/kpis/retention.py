"""Retention: which customers stayed and what they are worth; growth stands apart."""

from decimal import Decimal

from accounts.periods import PeriodKind
from metrics.expressions import Part
from metrics.kpi import (
    Derived,
    Direction,
    Group,
    Input,
    Interval,
    Kpi,
    Timing,
    Unit,
    negative,
    terms,
)
from metrics.kpis.growth import avg_order_value, purchase_frequency
from metrics.kpis.parts import (
    active_end,
    base,
    contraction,
    early_loss,
    expansion,
    kept,
    lost,
    lost_value,
    new,
    reactivated,
    returned_accounts,
    start_value,
    valued,
)
from metrics.sources.contracts import due, due_value, pending, renewed, renewed_value

BESIDE = (new, early_loss, returned_accounts, reactivated, active_end)
WHO_IS_A_CUSTOMER = (
    "A customer at the start has a contract on the day before it or, without one, ordered in the 12 months before. "
    "Lost: no contract on the last day, or no order in the 12 months to it. New accounts are in neither."
)

churn_logo = Kpi(
    "churn_logo",
    "Accounts lost",
    "customers at the start that were lost in the period / customers at the start",
    Unit.SHARE,
    Direction.DOWN,
    Timing.LAGGING,
    Group.RETENTION,
    sub="{lost} of {base} accounts",
    numerator=terms(lost),
    denominator=terms(base),
    n=base,
    interval=Interval.WILSON,
    beside=BESIDE,
    source="Top 11 account management KPIs; SMARTe",
    caveats=WHO_IS_A_CUSTOMER + " Monthly rates must not be multiplied by 12.",
    on_scorecard=False,
    how_to_move="Find out why the last ones left, and look for the same signs in those that are due next.",
)

retention_logo = Kpi(
    "retention_logo",
    "Accounts kept",
    "customers at the start that are still customers at the end / customers at the start",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.RETENTION,
    sub="{kept} of {base} accounts",
    numerator=terms(kept),
    denominator=terms(base),
    n=base,
    interval=Interval.WILSON,
    beside=BESIDE,
    source="Markettailor, corrected: (end - new) / start",
    caveats=WHO_IS_A_CUSTOMER + " It can never exceed 100 %.",
    how_to_move="Look at the accounts whose notice date is near, and at those silent beyond their rhythm.",
)

nrr = Kpi(
    "nrr",
    "Net revenue retention",
    "what the customers of the start are worth at the end / what they were worth at the start",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.RETENTION,
    sub="start base {start_value}",
    numerator=terms(start_value, expansion, negative(contraction), negative(lost_value)),
    denominator=terms(start_value),
    n=valued,
    interval=Interval.LINEARISED,
    beside=(new, reactivated),
    source="practitioners' standard",
    caveats="With a contract at the start: recurring revenue a year at both ends. Else: revenue of 12 months at both "
    "ends. One exchange rate for both ends, that of the first day. New accounts do not count.",
    how_to_move="Losses and contraction first: one large account outweighs many upsells.",
)

grr = Kpi(
    "grr",
    "Gross revenue retention",
    "what is left of the start value without any expansion / start value",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.RETENTION,
    sub="without expansion",
    numerator=terms(start_value, negative(contraction), negative(lost_value)),
    denominator=terms(start_value),
    n=valued,
    interval=Interval.LINEARISED,
    is_part_of_whole=True,
    source="practitioners' standard",
    caveats="Account by account the smaller of start and end; never above 100 %.",
    how_to_move="Read the accounts that shrank one by one: each has a reason that a plan can answer.",
)

revenue_churn = Kpi(
    "revenue_churn",
    "Revenue lost",
    "contraction and losses / start value = 100 % - gross revenue retention",
    Unit.SHARE,
    Direction.DOWN,
    Timing.LAGGING,
    Group.RETENTION,
    numerator=terms(contraction, lost_value),
    denominator=terms(start_value),
    n=valued,
    interval=Interval.LINEARISED,
    is_part_of_whole=True,
    source="practitioners' standard",
    on_scorecard=False,
    caveats="It is 100 % less what was kept without growth: losses and contractions together, never below 0.",
    how_to_move="Look at contractions first: they come before losses and can still be talked about.",
)

contracts_due = Part("contracts_due", "contracts due and decided", due.now)
contracts_renewed = Part("contracts_renewed", "renewed", renewed.now)
contracts_pending = Part("contracts_pending", "due, not decided yet", pending.now)
value_due = Part("value_due", "yearly value due", due_value.now.constant)
value_renewed = Part("value_renewed", "renewed, at most the value due", renewed_value.now.constant)

renewal_rate_count = Kpi(
    "renewal_rate_count",
    "Contracts renewed",
    "contracts whose last day lies in the period and that were renewed / contracts due",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.RETENTION,
    sub="{contracts_renewed} of {contracts_due} due",
    numerator=terms(contracts_renewed),
    denominator=terms(contracts_due),
    n=contracts_due,
    interval=Interval.WILSON,
    beside=(contracts_pending,),
    source="Top 11 account management KPIs",
    caveats="The last day decides, not the day of signing. Undecided ones are pending and in neither number; after "
    "the days of grace they lapse.",
    how_to_move="Begin the talk half a year before the notice date, with what the customer got for the money.",
)

renewal_rate_value = Kpi(
    "renewal_rate_value",
    "Contract value renewed",
    "yearly value renewed, at most the value due / yearly value due",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.RETENTION,
    sub="{value_renewed} of {value_due}",
    numerator=terms(value_renewed),
    denominator=terms(value_due),
    n=contracts_due,
    interval=Interval.LINEARISED,
    is_part_of_whole=True,
    beside=(contracts_pending,),
    source="practitioners' standard",
    caveats="What a renewal adds is expansion and does not count here.",
    how_to_move="Offer less scope instead of a lower price: scope can come back.",
)


def lifespan_years(churn: Decimal) -> Decimal | None:
    return 100 / churn if churn > 0 else None


lifespan = Derived(
    "lifespan",
    "Lifespan of a customer",
    "1 / yearly share of accounts lost; where none was lost, the assumed lifespan of the settings",
    Unit.YEARS,
    Direction.UP,
    Timing.LAGGING,
    Group.CUSTOMERS,
    of=(Input(churn_logo, over=PeriodKind.T12, company=True),),
    formula=lifespan_years,
    fallback_setting="lifespan_years",
    source="Top 11 account management KPIs; SMARTe; Markettailor",
    caveats="Rough: weak customers leave first, so those who stay stay longer. Never for a single account: accounts "
    "and people show the company's.",
    on_scorecard=False,
    how_to_move="It moves with the losses: each customer kept lengthens it for all.",
)

clv_revenue = Derived(
    "clv_revenue",
    "Lifetime revenue of a customer",
    "average order value x orders per customer and year x lifespan",
    Unit.MONEY,
    Direction.UP,
    Timing.LAGGING,
    Group.CUSTOMERS,
    of=(
        Input(avg_order_value, over=PeriodKind.T12),
        Input(purchase_frequency, over=PeriodKind.T12),
        Input(lifespan),
    ),
    formula=lambda value, frequency, years: value * frequency * years,
    source="Top 11 account management KPIs; SMARTe; Markettailor: the three formulas are one",
    caveats="Revenue, neither margin nor discounted: do not compare it with a cost.",
    on_scorecard=False,
    how_to_move="Use the lifetime margin for decisions; this one only says how much would be invoiced.",
)
