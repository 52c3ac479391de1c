"""From the first sign of interest to the deal: leads, stages, forecasts, what is left to sell."""

from accounts.periods import PeriodKind
from metrics.expressions import Part
from metrics.kpi import Direction, Group, Interval, Kpi, RowKpi, Timing, Unit, terms
from metrics.sources.funnel import leads, leads_answered, leads_referred, mqls, sqls
from metrics.sources.value import expansion_amount, expansion_deals

NOBODYS_LEAD = (
    "A lead belongs to no account, not even once it became one: it counts for whoever looks after it and for the "
    "company, never for a tier or an industry."
)
NO_GROUP_YET = (
    "A lead has no tier, industry or region before it is an account, and then only those that were won would have "
    "one. "
)


def counted_in(cohort: str) -> str:
    """A count is split where its leads are followed: target accounts, others and channels are there."""
    return (
        NO_GROUP_YET
        + f"How many came by campaigns for target accounts is n of “{cohort}”; its channels stand there, too."
    )


LEADS_FOLLOWED = "Leads that became customers"
MQLS_FOLLOWED = "From marketing- to sales-qualified"
SQLS_FOLLOWED = "From sales-qualified to customer"
AS_CAMPAIGNS = NO_GROUP_YET + "For target accounts or for others it came as its campaign was made."
EVERYTHING_EXPECTED = (
    "A forecast is one figure of a person or the company for all they expect, of no single account."
)
GROWN_UP = (
    "Only of those that had 90 days by the day of the run; while fewer than 80 % had them there is no value. "
    "Unknown channels are a channel of their own. "
)

leads_now = Part("leads_now", "leads that came in", leads.now)
leads_who_answered = Part("leads_who_answered", "leads who said how they heard about us", leads_answered.now)
leads_recommended = Part("leads_recommended", "of them recommended", leads_referred.now)
mqls_now = Part("mqls_now", "marketing-qualified leads", mqls.now)
sqls_now = Part("sqls_now", "sales-qualified leads", sqls.now)

leads_created = Kpi(
    "leads_created",
    "New leads",
    "leads that came in during the period",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.MARKETING,
    usual=PeriodKind.MONTH,
    numerator=terms(leads_now),
    n=leads_now,
    source="Markettailor",
    caveats=NOBODYS_LEAD,
    lacks_account=True,
    ungrouped=counted_in(LEADS_FOLLOWED),
    how_to_move="See which channel brings those that become customers before buying more of any.",
    on_scorecard=False,
)
mql_count = Kpi(
    "mql_count",
    "Marketing-qualified leads",
    "leads that became marketing-qualified in the period, each once, on the first such day",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.MARKETING,
    usual=PeriodKind.MONTH,
    numerator=terms(mqls_now),
    n=mqls_now,
    source="Markettailor",
    caveats=NOBODYS_LEAD,
    lacks_account=True,
    ungrouped=counted_in(MQLS_FOLLOWED),
    on_scorecard=False,
    how_to_move="Agree with sales on what a good lead is; a larger count of worse ones helps nobody.",
)
sql_count = Kpi(
    "sql_count",
    "Sales-qualified leads",
    "leads whose budget, authority, need and timeline were all confirmed in the period for the first time",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.MARKETING,
    usual=PeriodKind.MONTH,
    numerator=terms(sqls_now),
    n=sqls_now,
    source="Markettailor",
    caveats="An answer that nobody knows is no yes; the rows say how many of the four are known. "
    + NOBODYS_LEAD,
    lacks_account=True,
    ungrouped=counted_in(SQLS_FOLLOWED),
    on_scorecard=False,
    how_to_move="Ask the four questions early: budget, authority, need and time.",
)
referred_leads = Kpi(
    "referred_leads",
    "Leads by recommendation",
    "leads who heard about us by a recommendation / leads who said how they heard about us",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.MARKETING,
    sub="{leads_recommended} of {leads_who_answered} who answered",
    numerator=terms(leads_recommended),
    denominator=terms(leads_who_answered),
    n=leads_who_answered,
    interval=Interval.WILSON,
    beside=(leads_now,),
    source="Top 11 account management KPIs",
    caveats="Those who were not asked or did not answer are in neither number. " + NOBODYS_LEAD,
    lacks_account=True,
    ungrouped=NO_GROUP_YET.strip(),
    how_to_move="Ask every satisfied customer who else should know of it.",
    on_scorecard=False,
)


def of_cohort(
    id: str,
    name: str,
    words: str,
    timing: Timing,
    source: str,
    on_scorecard: bool = False,
    *,
    how_to_move: str,
) -> RowKpi:
    return RowKpi(
        id,
        name,
        words,
        Unit.SHARE,
        Direction.UP,
        timing,
        Group.MARKETING,
        recipe_name=id,
        source=source,
        caveats=GROWN_UP + NOBODYS_LEAD,
        lacks_account=True,
        of_targets=True,
        ungrouped=AS_CAMPAIGNS,
        on_scorecard=on_scorecard,
        how_to_move=how_to_move,
    )


lead_conversion = of_cohort(
    "lead_conversion",
    LEADS_FOLLOWED,
    "leads of the period that became customers within 90 days / leads of the period that had 90 days",
    Timing.LAGGING,
    "Markettailor",
    on_scorecard=True,
    how_to_move="Answer within a day, and compare channels before buying more of any.",
)
mql_to_sql = of_cohort(
    "mql_to_sql",
    MQLS_FOLLOWED,
    "marketing-qualified in the period and sales-qualified within 90 days / marketing-qualified in the period",
    Timing.LEADING,
    "Markettailor",
    how_to_move="Read the leads that sales sent back: their reasons are marketing's next brief.",
)
sql_to_won = of_cohort(
    "sql_to_won",
    SQLS_FOLLOWED,
    "sales-qualified in the period and a customer within 90 days / sales-qualified in the period",
    Timing.LAGGING,
    "Markettailor",
    how_to_move="Look at where confirmed leads were lost; often the need was real and the offer late.",
)
cohort_maturity = RowKpi(
    "cohort_maturity",
    "Leads old enough to judge",
    "leads of the period that came in at least 90 days before the run / leads of the period",
    Unit.SHARE,
    Direction.NONE,
    Timing.LAGGING,
    Group.MARKETING,
    recipe_name="cohort_maturity",
    source="practitioners' standard",
    caveats="Below 80 % no conversion of the period is shown. " + NOBODYS_LEAD,
    lacks_account=True,
    of_targets=True,
    ungrouped=AS_CAMPAIGNS,
    on_scorecard=False,
    how_to_move="Nothing but time moves it: read conversions of older periods until then.",
)
progression_rate = RowKpi(
    "progression_rate",
    "Accounts that came further",
    "accounts in a stage on the day before the period that reached a later one in it / accounts in a stage then",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.PIPELINE,
    recipe_name="progression",
    of_accounts=True,
    counts_accounts=True,
    source="SMARTe",
    caveats="By stage beside it. Skipping a stage is progress, falling back is none; accounts in the last stage have "
    "nothing left to reach and do not count. An account counts for its owner at the start.",
    how_to_move="Look at the stage with the lowest share: what would its accounts need to see next?",
    on_scorecard=False,
)
deal_velocity = RowKpi(
    "deal_velocity",
    "Days a deal stays in a stage",
    "median of the days from entering a stage to leaving it, those still in it counted as so long and longer",
    Unit.DAYS,
    Direction.DOWN,
    Timing.LEADING,
    Group.PIPELINE,
    recipe_name="deal_velocity",
    of_accounts=True,
    source="SMARTe",
    caveats="By stage beside it. Stays that ended in the period and those that lasted beyond it; the median is that "
    "of Kaplan and Meier, so that slow deals are not left out for being unfinished. None where less than half left.",
    on_scorecard=False,
    how_to_move="Ask of every deal older than the median of its stage what has to happen for it to move.",
)
forecast_wape = RowKpi(
    "forecast_wape",
    "Forecast error",
    "sum of |forecast - actual| / sum of actual, over the forecasts that were frozen at the start of their window",
    Unit.SHARE,
    Direction.DOWN,
    Timing.LAGGING,
    Group.PIPELINE,
    recipe_name="forecast_wape",
    lacks_account=True,
    ungrouped=EVERYTHING_EXPECTED,
    source="practitioners' standard; SMARTe calls 100 % - this its accuracy",
    caveats="Months are judged for a month, quarters for anything longer, and only complete ones. Each scope by its "
    "own sum: people's errors may cancel out in a team. It may exceed 100 %. Beside it the same of what was expected "
    "in the middle of each window, when a part of it was known.",
    how_to_move="Look at the bias: is everything too high, or some too high and some too low?",
    on_scorecard=False,
)
forecast_bias = RowKpi(
    "forecast_bias",
    "Forecast bias",
    "(sum of forecasts - sum of actual) / sum of actual, over the same forecasts",
    Unit.SHARE,
    Direction.NONE,
    Timing.LAGGING,
    Group.PIPELINE,
    recipe_name="forecast_bias",
    lacks_account=True,
    ungrouped=EVERYTHING_EXPECTED,
    source="practitioners' standard",
    caveats="0 is best: above it the forecasts were too hopeful. No bias is not yet a good forecast, see its error. "
    "Beside it the same of what was expected in the middle of each window.",
    on_scorecard=False,
    how_to_move="Ask for a low, a likely and a high figure, and take the likely one.",
)

expansion_open = Part("expansion_open", "amount of open upsells and cross-sells", expansion_amount.at_end)
expansion_count = Part("expansion_count", "open upsells and cross-sells", expansion_deals.at_end)

expansion_pipeline = Kpi(
    "expansion_pipeline",
    "Open expansion",
    "amount of the upsells and cross-sells open on the last day",
    Unit.MONEY,
    Direction.UP,
    Timing.LEADING,
    Group.GROWTH,
    sub="{expansion_count} open deals",
    numerator=terms(expansion_open),
    n=expansion_count,
    source="Flevy; Top 11 account management KPIs",
    caveats="Not weighted by likelihood. Beside it stands what was never sold: the whitespace.",
    how_to_move="Open the whitespace of the largest accounts and make a deal of one cell.",
    on_scorecard=False,
)
whitespace_share = RowKpi(
    "whitespace_share",
    "Categories not sold yet",
    "categories that accounts never bought / categories bought by any account of their industry",
    Unit.SHARE,
    Direction.NONE,
    Timing.LEADING,
    Group.GROWTH,
    recipe_name="whitespace_share",
    of_accounts=True,
    source="Flevy",
    caveats="“Never” reaches back as far as the orders that were imported. Accounts that never ordered do not count.",
    on_scorecard=False,
    how_to_move="Choose the two or three categories that fit most accounts, and leave the rest white.",
)
