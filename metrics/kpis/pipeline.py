"""Pipeline: deals opened, open and decided, and quotas."""

from decimal import Decimal

from accounts.periods import PeriodKind
from metrics.expressions import Measure, Part
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
    terms,
)
from metrics.sources.deals import (
    cycle_days,
    cycle_deals,
    cycle_errors,
    deals_opened,
    decided,
    open_amount,
    open_deals,
    open_qualified,
    open_weighted,
    pipeline_created,
    pipeline_created_target,
    referral_amount,
    unknown_origin_amount,
    won,
    won_amount,
    won_amount_other,
    won_amount_target,
    won_other,
    won_target,
)

deals_won = Part("deals_won", "deals won", won.now)
deals_decided = Part("deals_decided", "deals decided", decided.now)
amount_won = Part("amount_won", "amount of deals won", won_amount.now)


def deal_size(
    id: str,
    name: str,
    whose: str,
    amount: Measure,
    count: Measure,
    on_scorecard: bool,
    *,
    how_to_move: str,
    is_about_targets: bool = False,
) -> Kpi:
    deals = Part(f"{id}_deals", f"deals won{whose}", count.now)
    return Kpi(
        id,
        name,
        f"amount of deals won{whose} / deals won{whose}",
        Unit.MONEY,
        Direction.UP,
        Timing.LAGGING,
        Group.PIPELINE,
        sub=f"{{{id}_deals}} deals won",
        numerator=terms(Part(f"{id}_amount", f"amount won{whose}", amount.now)),
        denominator=terms(deals),
        n=deals,
        interval=Interval.LINEARISED,
        source="SMARTe; Flevy",
        caveats="Lost deals are not deals of amount 0. Deal sizes are skewed: see the median too. Target or not, tier, "
        "industry and region are what the account was when the deal was opened.",
        on_scorecard=on_scorecard,
        how_to_move=how_to_move,
        is_about_targets=is_about_targets,
    )


avg_deal_size_target = deal_size(
    "avg_deal_size_target",
    "Average deal size, target accounts",
    " with target accounts",
    won_amount_target,
    won_target,
    False,
    how_to_move="Bring the plan's goals into the offer: target accounts buy programmes, not parts.",
    is_about_targets=True,
)
avg_deal_size_other = deal_size(
    "avg_deal_size_other",
    "Average deal size, other accounts",
    " with other accounts",
    won_amount_other,
    won_other,
    False,
    how_to_move="Small deals are fine where they cost little time: look at touches per win beside it.",
    is_about_targets=True,
)
avg_deal_size = deal_size(
    "avg_deal_size",
    "Average deal size",
    "",
    won_amount,
    won,
    True,
    how_to_move="Sell the outcome of several sites together instead of one site after the other.",
)
avg_deal_size_ratio = Derived(
    "avg_deal_size_ratio",
    "Deal size, target against other accounts",
    "average deal size of target accounts / average deal size of other accounts",
    Unit.RATIO,
    Direction.UP,
    Timing.LAGGING,
    Group.PIPELINE,
    of=(Input(avg_deal_size_target), Input(avg_deal_size_other)),
    formula=lambda target, other: target / other if other else None,
    source="SMARTe",
    on_scorecard=False,
    caveats="A ratio of two means: with few deals on either side it swings widely.",
    how_to_move="If target accounts buy no larger deals than others, ask what they get that others do not.",
    is_about_targets=True,
)
median_deal_size = RowKpi(
    "median_deal_size",
    "Median deal size",
    "the middle one of the deals won, by amount",
    Unit.MONEY,
    Direction.UP,
    Timing.LAGGING,
    Group.PIPELINE,
    recipe_name="median_deal_size",
    of_accounts=True,
    source="kamplan",
    caveats="Stands beside the mean because a few large deals pull that up.",
    on_scorecard=False,
    how_to_move="Move the usual deal: one large win changes the mean and leaves the median where it is.",
)

win_rate = Kpi(
    "win_rate",
    "Win rate",
    "deals won / deals won or lost",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.PIPELINE,
    sub="{deals_won} won of {deals_decided} closed",
    numerator=terms(deals_won),
    denominator=terms(deals_decided),
    n=deals_decided,
    interval=Interval.WILSON,
    source="SMARTe; Flevy",
    caveats="Open deals do not count. By the day a deal was closed; in a tier, an industry, a region or among target "
    "accounts by what the account was when the deal was opened.",
    how_to_move="Decline earlier what does not fit, and look at the reasons of the deals lost.",
)

length_days = Part("length_days", "days from first contact to the win", cycle_days.now)
length_deals = Part("length_deals", "deals won", cycle_deals.now)
length_errors = Part("length_errors", "won before their first contact: left out", cycle_errors.now)

sales_cycle_length = Kpi(
    "sales_cycle_length",
    "Sales cycle",
    "sum over deals won of the days from first contact to the close / deals won",
    Unit.DAYS,
    Direction.DOWN,
    Timing.LAGGING,
    Group.PIPELINE,
    sub="mean of {length_deals} deals won",
    numerator=terms(length_days),
    denominator=terms(length_deals),
    n=length_deals,
    interval=Interval.LINEARISED,
    beside=(length_errors,),
    source="SMARTe, corrected: summed over the deals first",
    caveats="Without a first contact the day the deal was opened counts. Deals closed before their first contact are "
    "errors of the data: counted beside it, left out.",
    how_to_move="Look at the stage in which deals wait longest, and agree on the next step before each talk ends.",
)
sales_cycle_median = RowKpi(
    "sales_cycle_median",
    "Sales cycle, median",
    "the middle one of the deals won, by days from first contact to the close",
    Unit.DAYS,
    Direction.DOWN,
    Timing.LAGGING,
    Group.PIPELINE,
    recipe_name="sales_cycle_median",
    of_accounts=True,
    source="kamplan",
    on_scorecard=False,
    caveats="Half of the deals took longer. Deals still open are not in it; see the days in each stage.",
    how_to_move="Look at the usual deal's slowest stage; single slow deals hardly change it.",
)

open_pipeline = Kpi(
    "open_pipeline",
    "Open pipeline",
    "amount of the deals open on the last day",
    Unit.MONEY,
    Direction.UP,
    Timing.LEADING,
    Group.PIPELINE,
    sub="{pipeline_deals} deals, weighted {pipeline_weighted}",
    numerator=terms(Part("pipeline_amount", "open pipeline", open_amount.at_end)),
    n=Part("pipeline_deals", "open deals", open_deals.at_end),
    beside=(Part("pipeline_weighted", "weighted by stage", open_weighted.at_end),),
    source="practitioners' standard",
    caveats="On the last day of the period, or the day of the run if that is earlier; a deal without an amount counts "
    "as a deal only.",
    how_to_move="Close what will not come, and open what the whitespace and the leads promise.",
)
qualified_deals = Part("qualified_deals", "open qualified deals", open_qualified.at_end)
open_qualified_deals = Kpi(
    "open_qualified_deals",
    "Open qualified deals",
    "deals open on the last day in a stage that counts as qualified",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.PIPELINE,
    numerator=terms(qualified_deals),
    n=qualified_deals,
    source="SMARTe",
    on_scorecard=False,
    caveats="Open on the last day, in a stage that counts as qualified then. It says nothing about their size.",
    how_to_move="Ask of each early deal what would make it a real one, and drop it where nobody can say.",
)


def velocity(open_deals: Decimal, size: Decimal, rate: Decimal, days: Decimal) -> Decimal | None:
    return open_deals * size * rate / 100 / days if days > 0 else None


pipeline_velocity = Derived(
    "pipeline_velocity",
    "Pipeline velocity",
    "open qualified deals x average deal size x win rate / sales cycle",
    Unit.MONEY_PER_DAY,
    Direction.UP,
    Timing.LEADING,
    Group.PIPELINE,
    of=(
        Input(open_qualified_deals),
        Input(avg_deal_size, over=PeriodKind.T12),
        Input(win_rate, over=PeriodKind.T12),
        Input(sales_cycle_length, over=PeriodKind.T12),
    ),
    formula=velocity,
    source="SMARTe",
    caveats="Deals open on the last day; size, win rate and cycle of the 12 months to it. Values of people need not "
    "add up to the company's.",
    how_to_move="Of its four factors the share won and the days to win cost nothing but attention.",
)
A_PERSONS_QUOTA = "A quota is set for a person, not for a tier, an industry or a region."
pipeline_coverage = RowKpi(
    "pipeline_coverage",
    "Pipeline coverage",
    "open weighted pipeline / (quota - booked), in the quota's window that holds the last day",
    Unit.RATIO,
    Direction.UP,
    Timing.LEADING,
    Group.PIPELINE,
    recipe_name="pipeline_coverage",
    lacks_account=True,
    ungrouped=A_PERSONS_QUOTA,
    source="practitioners' standard",
    caveats="Where booked has reached the quota there is no gap left to cover.",
    how_to_move="Too little cover late in a quarter cannot be mended: fill the early stages two quarters ahead.",
)
created_target = Part("created_target", "opened with target accounts", pipeline_created_target.now)
created_all = Part("created_all", "opened with all accounts", pipeline_created.now)
pipeline_contribution = Kpi(
    "pipeline_contribution",
    "Pipeline from target accounts",
    "amount of deals opened with target accounts / amount of all deals opened",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.PIPELINE,
    numerator=terms(created_target),
    denominator=terms(created_all),
    n=Part("created_deals", "deals opened", deals_opened.now),
    interval=Interval.LINEARISED,
    is_part_of_whole=True,
    source="SMARTe",
    caveats="By the day a deal was opened, and what the account was on that day.",
    on_scorecard=False,
    is_about_targets=True,
    how_to_move="Give every target account one open deal before a second goes to an account that is none.",
)
won_by_referral = Part("won_by_referral", "won by referral", referral_amount.now)
sales_via_references = Kpi(
    "sales_via_references",
    "Sales via references",
    "amount of deals won that came by referral / amount of all deals won",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.PIPELINE,
    numerator=terms(won_by_referral),
    denominator=terms(amount_won),
    n=deals_won,
    interval=Interval.LINEARISED,
    is_part_of_whole=True,
    beside=(Part("won_of_unknown", "won, source unknown", unknown_origin_amount.now),),
    source="Top 11 account management KPIs",
    caveats="Deals of unknown source are in the denominator and shown apart.",
    how_to_move="Ask promoters who else has the same problem, and note the origin of every deal.",
)
quota_attainment = RowKpi(
    "quota_attainment",
    "Quota attainment",
    "booked / quota, in each quota's own window",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.PIPELINE,
    recipe_name="quota_attainment",
    lacks_account=True,
    ungrouped=A_PERSONS_QUOTA,
    source="practitioners' standard",
    caveats="A quota runs from its own date to the same person's next one, and belongs to the period in which it "
    "begins; it need not be a calendar quarter.",
    how_to_move="Compare it with the cover of the pipeline: one says where we stand, the other where we will.",
)
