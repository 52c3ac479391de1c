"""Relationship and activity: how engaged customers are, whom we know and reach, how long things take, what it costs."""

from decimal import Decimal

from accounts.periods import PeriodKind
from metrics.expressions import Flag, Measure, Part, is_zero
from metrics.kpi import Derived, Direction, Group, Input, Interval, Kpi, RowKpi, Timing, Unit, terms
from metrics.kpis.value import growth_potential
from metrics.sources.signals import (
    attended,
    band_hot,
    band_level,
    band_red_hot,
    band_warm,
    decayed,
    invited,
    mails_answered,
    mails_delivered,
    mails_opened,
    mails_to_unknown,
    points,
    site_visits,
    socials,
)
from metrics.sources.touches import (
    closing_touches,
    closings,
    deal_touches,
    effort_minutes,
    gap_accounts,
    gap_days,
    gap_longest,
    key_contacts,
    key_engaged,
    talk_hours,
    talks,
    talks_unmeasured,
    touches,
    touches_both,
    touches_in,
    touches_out,
)

ABM = "SMARTe, ABM metrics and KPIs"
ELEVEN = "Top 11 account management KPIs"
FLEVY = "Flevy, ABM metrics in key account management"
KAPTA = "Kapta, account-based everything and KAM"

# ------------------------------------------------------------------------------------ engagement

points_decayed = Part("points_decayed", "the same, halved every 30 days", decayed.at_end)
engagement_score = Kpi(
    "engagement_score",
    "Engagement",
    "sum over the signals of 3 whole months of what one of its kind is worth on its day",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="halved every 30 days: {points_decayed}",
    usual=PeriodKind.MONTH,
    numerator=terms(Part("points_3_months", "points of signals", points.t3)),
    beside=(points_decayed,),
    source=f"{ABM}: open 1, download 3, demo 10; the other weights are ours",
    caveats="Of each kind and day only so many signals count as its cap allows, because programs open mails, too. "
    "A new weight holds from its day on. No signals are a real 0.",
    how_to_move="Send fewer mails of more use, and follow up on downloads within days.",
)
engagement_score_decayed = Kpi(
    "engagement_score_decayed",
    "Engagement, fading",
    "sum over all signals of what each is worth, halved every 30 days up to the last day",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    usual=PeriodKind.MONTH,
    numerator=terms(Part("points_fading", "points, halved every 30 days", decayed.at_end)),
    source="kamplan",
    caveats="Signals of more than 10 months ago are left out: less than a thousandth of them is left.",
    on_scorecard=False,
    how_to_move="Follow up within days: what is a month old counts half.",
)

accounts_cold = Part("accounts_cold", "cold", is_zero(band_level.at_end))
accounts_warm = Part("accounts_warm", "warm", band_warm.at_end)
accounts_hot = Part("accounts_hot", "hot", band_hot.at_end)
accounts_red_hot = Part("accounts_red_hot", "red-hot", band_red_hot.at_end)
engagement_band = Kpi(
    "engagement_band",
    "Hot accounts",
    "accounts in the bands hot and red-hot on the last day, by their engagement",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{accounts_cold} cold, {accounts_warm} warm, {accounts_hot} hot, {accounts_red_hot} red-hot",
    usual=PeriodKind.MONTH,
    numerator=terms(Part("accounts_engaged", "hot or red-hot", band_level.at_end >= 2)),
    beside=(accounts_cold, accounts_warm, accounts_hot, accounts_red_hot),
    source=f"{ABM} names the bands; the limits 10, 25 and 50 are ours and may be changed from a day on, for everyone "
    "or for a tier",
    caveats="An account rises as soon as its engagement reaches a limit. It falls only with a month that ends a fifth "
    "under the limit; between the two it stays, for 12 months at most. Each row names the limit that decided: that of "
    "the account's tier on the month's last day, where the tier has one, else that of everyone.",
    on_scorecard=False,
    how_to_move="Talk to the accounts that became hot within the week; interest fades.",
)

meaningful_engagement = RowKpi(
    "meaningful_engagement",
    "What engagement foretells",
    "share of hot customers that expanded within a half-year / share of cold customers that did",
    Unit.RATIO,
    Direction.UP,
    Timing.LAGGING,
    Group.RELATIONSHIP,
    recipe_name="meaningful_engagement",
    of_people=False,
    source=f"{FLEVY}: engagement for its own sake is not the goal",
    caveats="Looks at the four half-years up to the period's end, whatever the period: at the band on the day before "
    "each, and at what happened in it (an upsell, or a category never bought before). A customer counts in every one "
    "of them, which the likely range allows for. Needs 30 different customers in either band. It goes together; "
    "neither need cause the other.",
    on_scorecard=False,
    how_to_move="If it stays near 1, count other signals: those that come before a purchase.",
)


def count_of(
    id: str,
    name: str,
    words: str,
    measure: Measure,
    group: Group,
    source: str,
    caveats: str = "",
    *,
    how_to_move: str,
) -> Kpi:
    """A plain count of rows in the period."""
    part = Part(f"{id}_counted", measure.label, measure.now)
    return Kpi(
        id,
        name,
        words,
        Unit.COUNT,
        Direction.UP if group == Group.MARKETING else Direction.NONE,
        Timing.LEADING,
        group,
        usual=PeriodKind.MONTH,
        numerator=terms(part),
        n=part,
        source=source,
        caveats=caveats,
        on_scorecard=False,
        how_to_move=how_to_move,
    )


def answered_of(
    id: str,
    name: str,
    words: str,
    part: Measure,
    base: Measure,
    caveats: str,
    *,
    how_to_move: str,
    beside: tuple[Part, ...] = (),
) -> Kpi:
    """A share of e-mails or invitations; clusters are accounts, because one mails many people of an account."""
    below = Part(f"{id}_base", base.label, base.now)
    return Kpi(
        id,
        name,
        words,
        Unit.SHARE,
        Direction.UP,
        Timing.LEADING,
        Group.MARKETING,
        sub=f"{{{id}_part}} of {{{id}_base}}",
        usual=PeriodKind.QUARTER,
        numerator=terms(Part(f"{id}_part", part.label, part.now)),
        denominator=terms(below),
        n=below,
        interval=Interval.LINEARISED,
        is_part_of_whole=True,
        beside=beside,
        source=FLEVY,
        caveats=caveats,
        on_scorecard=False,
        how_to_move=how_to_move,
    )


web_visits = count_of(
    "web_visits",
    "Visits of our site",
    "visits of our site",
    site_visits,
    Group.MARKETING,
    FLEVY,
    caveats="Visits that could be told from whom they came; many cannot.",
    how_to_move="Write what customers search for, and tell account managers who read it.",
)
social_interactions = count_of(
    "social_interactions",
    "Social interactions",
    "mentions, likes and comments",
    socials,
    Group.MARKETING,
    FLEVY,
    caveats="Those that somebody recorded; praise and complaint count alike.",
    how_to_move="Let people who know the trade write; answer every comment.",
)
BY_DELIVERY = (
    "By the month in which the e-mail was delivered, each person and e-mail once a month. An opening or answer belongs "
    "to the e-mail whose key it carries; without a key to the last one with the same subject that had reached the "
    "person. What belongs to no delivery, or to nobody we know, is left out."
)
email_open_rate = answered_of(
    "email_open_rate",
    "E-mails opened",
    "e-mails delivered in the period that were opened, whenever that was / e-mails delivered",
    mails_opened,
    mails_delivered,
    f"Programs open mails, too, and others hide that somebody did: never make it a target. {BY_DELIVERY}",
    beside=(Part("open_to_unknown", "delivered to nobody we know: left out", mails_to_unknown.now),),
    how_to_move="Do not chase it: send fewer mails and count the answers.",
)
email_response_rate = answered_of(
    "email_response_rate",
    "E-mails answered",
    "e-mails delivered in the period that were answered, whenever that was / e-mails delivered",
    mails_answered,
    mails_delivered,
    BY_DELIVERY,
    beside=(Part("answer_to_unknown", "delivered to nobody we know: left out", mails_to_unknown.now),),
    how_to_move="Ask one question in each mail, and sign it with the name of somebody they know.",
)
event_participation_rate = answered_of(
    "event_participation_rate",
    "Event participation",
    "people who came / people who were invited",
    attended,
    invited,
    "By the day of the invitation and of the event; each person once an event and month.",
    how_to_move="Invite by phone, and name in the invitation whom they will meet.",
)

# -------------------------------------------------------------------------------------- coverage

key_people = Part("key_people", "key contacts", key_contacts.at_end)
key_people_engaged = Part("key_people_engaged", "of them engaged", key_engaged.at_end)
penetration_rate = Kpi(
    "penetration_rate",
    "Key contacts engaged",
    "key contacts who turned to us or were talked with in 3 whole months / key contacts",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{key_people_engaged} of {key_people} key contacts",
    usual=PeriodKind.MONTH,
    numerator=terms(key_people_engaged),
    denominator=terms(key_people),
    n=key_people,
    interval=Interval.WILSON,
    none_reason="no_map",
    source=ABM,
    caveats="Who is a key contact on the last day. Mails from us alone engage nobody. Without a key contact there is "
    "no value: there is no map.",
    how_to_move="Choose the key contact who was silent longest and ask for a talk.",
)

TARGET = Flag("is_target")
target_accounts = Part("target_accounts", "target accounts", TARGET)
target_mapped = Part("target_mapped", "of them with a key contact", TARGET * (key_contacts.at_end > 0))
account_coverage = Kpi(
    "account_coverage",
    "Target accounts mapped",
    "target accounts with at least one key contact on the last day / target accounts",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{target_mapped} of {target_accounts} target accounts",
    usual=PeriodKind.MONTH,
    numerator=terms(target_mapped),
    denominator=terms(target_accounts),
    n=target_accounts,
    interval=Interval.WILSON,
    source=ABM,
    caveats="Target accounts are those of the period's start.",
    on_scorecard=False,
    is_about_targets=True,
    how_to_move="Name one key contact in every target account that has none yet.",
)

talked_with = gap_accounts.at_end > 0
accounts_talked = Part("accounts_talked", "accounts that were talked with", talked_with)
never_talked = Part("never_talked", "never talked with", is_zero(gap_accounts.at_end))


def gap_of(
    id: str, name: str, words: str, measure: Measure, caveats: str, on_scorecard: bool, *, how_to_move: str
) -> Kpi:
    return Kpi(
        id,
        name,
        words,
        Unit.DAYS,
        Direction.DOWN,
        Timing.LEADING,
        Group.RELATIONSHIP,
        sub="mean of {accounts_talked} accounts; never: {never_talked}",
        usual=PeriodKind.MONTH,
        numerator=terms(Part(f"{id}_days", measure.label, measure.at_end * talked_with)),
        denominator=terms(accounts_talked),
        n=accounts_talked,
        interval=Interval.LINEARISED,
        beside=(never_talked,),
        none_reason="never",
        source=ELEVEN,
        caveats=caveats,
        on_scorecard=on_scorecard,
        how_to_move=how_to_move,
    )


interaction_gap = gap_of(
    "interaction_gap",
    "Days since the last talk",
    "days from the last touch both ways to the last day, mean of the accounts",
    gap_days,
    "Mails from us alone do not count. Accounts that nobody ever talked with have no gap; they are counted beside it.",
    True,
    how_to_move="Sort its accounts by their days, and call the first three this week.",
)
interaction_gap_longest = gap_of(
    "interaction_gap_longest",
    "Longest silence",
    "longest time between touches both ways that ended in the last 12 months or still lasts, mean of the accounts",
    gap_longest,
    "The silence that lasts on the last day counts, too.",
    False,
    how_to_move="Agree on a rhythm by class of account, and put the next talk into the calendar at the end of each.",
)

# -------------------------------------------------------------------------------------- activity

touches_inbound = count_of(
    "touches_inbound",
    "Touches from customers",
    "touches that customers began",
    touches_in,
    Group.ACTIVITY,
    ELEVEN,
    "Talks that went both ways are counted apart.",
    how_to_move="Give them a reason to call: a review with figures of their own, an early warning, a new idea.",
)
touches_outbound = count_of(
    "touches_outbound",
    "Touches from us",
    "touches that we began",
    touches_out,
    Group.ACTIVITY,
    ELEVEN,
    "Talks that went both ways are counted apart.",
    how_to_move="More of them is not better: compare it with what customers begin.",
)
all_touches = Part("all_touches", "touches", touches.now)
inbound_share = Kpi(
    "inbound_share",
    "Touches that customers began",
    "touches from customers / all touches",
    Unit.SHARE,
    Direction.NONE,
    Timing.LEADING,
    Group.ACTIVITY,
    sub="of {all_touches} touches; both ways: {touches_talked}",
    usual=PeriodKind.MONTH,
    numerator=terms(Part("touches_begun", "touches from customers", touches_in.now)),
    denominator=terms(all_touches),
    n=all_touches,
    interval=Interval.WILSON,
    beside=(Part("touches_talked", "touches both ways", touches_both.now),),
    source=ELEVEN,
    caveats="Mails of one thread and day are one touch; if both sides wrote, it went both ways.",
    on_scorecard=False,
    how_to_move="If nearly everything comes from us, ask what the customer would miss if we stopped.",
)
talks_counted = Part("talks_counted", "meetings and calls", talks.now)
time_with_customer = Kpi(
    "time_with_customer",
    "Time with customers",
    "hours of meetings and calls",
    Unit.HOURS,
    Direction.NONE,
    Timing.LEADING,
    Group.ACTIVITY,
    sub="{talks_counted} meetings and calls, {talks_of_unknown_length} of unknown length",
    usual=PeriodKind.MONTH,
    numerator=terms(Part("hours_talked", "hours", talk_hours.now)),
    n=talks_counted,
    beside=(Part("talks_of_unknown_length", "of unknown length", talks_unmeasured.now),),
    source=ELEVEN,
    caveats="Talks of unknown length add nothing; they are counted.",
    on_scorecard=False,
    how_to_move="Set it against the potential: the quadrant shows who gets too little and too much.",
)
outreach_reach = Kpi(
    "outreach_reach",
    "Accounts reached",
    "accounts with at least one touch from us or both ways",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.ACTIVITY,
    sub="{reached_only_by_mail} of them without a talk",
    usual=PeriodKind.MONTH,
    numerator=terms(Part("accounts_reached", "accounts reached", touches_out.now + touches_both.now > 0)),
    beside=(Part("reached_only_by_mail", "without a talk", (touches_out.now > 0) * (touches_both.now <= 0)),),
    source=f"{ELEVEN}, where it is called client acquisition rate",
    caveats="It counts accounts, not touches, and says nothing about success.",
    on_scorecard=False,
    how_to_move="Look for accounts that nobody reached for a quarter, not for more touches elsewhere.",
)


def time_of(
    id: str,
    name: str,
    words: str,
    unit: Unit,
    source: str,
    caveats: str,
    on_scorecard: bool = False,
    *,
    how_to_move: str,
) -> RowKpi:
    """A median with what nine of ten took, and those that still wait."""
    return RowKpi(
        id,
        name,
        words,
        unit,
        Direction.DOWN,
        Timing.LEADING,
        Group.ACTIVITY,
        recipe_name=id,
        of_accounts=True,
        usual=PeriodKind.QUARTER,
        source=source,
        caveats=caveats,
        on_scorecard=on_scorecard,
        how_to_move=how_to_move,
    )


first_response_time = time_of(
    "first_response_time",
    "First answer to a request",
    "the middle one of the requests answered, by hours from the request to our first answer",
    Unit.HOURS,
    ELEVEN,
    "By the day of the request; nights and weekends count. Requests that wait are counted beside it.",
    True,
    how_to_move="Send a first answer that says when the real one will come.",
)
resolution_time = time_of(
    "resolution_time",
    "Solution of a request",
    "the middle one of the requests resolved, by hours from the request to its solution",
    Unit.HOURS,
    ELEVEN,
    "By the day of the request. A request that was opened again keeps its clock. Open ones are counted beside it.",
    how_to_move="Look at the tenth that took longest: they usually wait for the same department.",
)
internal_request_time = time_of(
    "internal_request_time",
    "Answers of other departments",
    "the middle one of the requests to other departments that are done, by days from asking to done",
    Unit.DAYS,
    KAPTA,
    "By the day of asking. Overdue is what was done after its day, or is open after it.",
    how_to_move="Show the departments this number with the customers' names beside it.",
)

acquisition_rate = RowKpi(
    "acquisition_rate",
    "Accounts won after a first contact",
    "accounts with a deal won within 180 days of the first touch from us / accounts first contacted",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.ACTIVITY,
    recipe_name="acquisition_rate",
    of_accounts=True,
    source=ELEVEN,
    caveats="By the day of the first touch; only accounts that were no customers before. Those younger than 180 days "
    "are left out; if they are more than a fifth, there is no value yet.",
    on_scorecard=False,
    how_to_move="Compare the channels of the first touch, and begin with the one that wins.",
)

won_deals = Part("won_deals_touched", "deals won", closings.now)


def per_win(id: str, name: str, words: str, measure: Measure, caveats: str, *, how_to_move: str) -> Kpi:
    return Kpi(
        id,
        name,
        words,
        Unit.COUNT,
        Direction.DOWN,
        Timing.LAGGING,
        Group.ACTIVITY,
        sub=f"{{{id}_touches}} touches, {{won_deals_touched}} deals won",
        numerator=terms(Part(f"{id}_touches", measure.label, measure.now)),
        denominator=terms(won_deals),
        n=won_deals,
        interval=Interval.LINEARISED,
        source=ELEVEN,
        caveats=caveats,
        on_scorecard=False,
        how_to_move=how_to_move,
    )


touches_to_closure = per_win(
    "touches_to_closure",
    "Touches to a win",
    "touches of deals won, from the day each was opened to its close / deals won",
    closing_touches,
    "Only touches that name the deal. It hides what went into deals lost: see touches per win.",
    how_to_move="Bring those who decide into the first talks; much goes back and forth without them.",
)
touches_to_closure_median = RowKpi(
    "touches_to_closure_median",
    "Touches to a win, median",
    "the middle one of the deals won, by touches from the day it was opened to its close",
    Unit.COUNT,
    Direction.DOWN,
    Timing.LAGGING,
    Group.ACTIVITY,
    recipe_name="touches_to_closure_median",
    of_accounts=True,
    source=ELEVEN,
    on_scorecard=False,
    caveats="Only touches that name the deal. Half of the wins took more.",
    how_to_move="See the mean beside it: a few long fights hide behind a short median.",
)
touches_per_win = per_win(
    "touches_per_win",
    "Touches per win",
    "touches of all deals decided, lost ones too / deals won",
    deal_touches,
    "What a win costs in touches, with those that went into deals lost.",
    how_to_move="Drop lost causes earlier: their touches are in this number, too.",
)
ideal_touches = RowKpi(
    "ideal_touches",
    "Touches worth their while",
    "the last touch before the share of deals won at it falls under half of that of the first touch",
    Unit.COUNT,
    Direction.NONE,
    Timing.LAGGING,
    Group.ACTIVITY,
    recipe_name="ideal_touches",
    of_accounts=True,
    source=f"{ELEVEN}; the share of those that came so far instead of those with exactly so many",
    caveats="Deals with a first touch in the 24 months to the end that are decided. Nothing is said where fewer than "
    "20 deals came so far. It describes what was done, not what more touches would do.",
    on_scorecard=False,
    how_to_move="Agree on a point at which a deal is looked at again instead of touched again.",
)

# ----------------------------------------------------------------------------------------- focus

minutes_spent = Part("minutes_spent", "minutes", effort_minutes.t3)
EFFORT_CAVEATS = (
    "Minutes as noted, else 60 for a meeting, 20 for a call and 10 for a mail or message; these are ours. Goes to the "
    "person who made the touch."
)
effort = Kpi(
    "effort",
    "Effort",
    "minutes of all touches in 3 whole months, estimated where nobody noted them",
    Unit.MINUTES,
    Direction.NONE,
    Timing.LEADING,
    Group.FOCUS,
    usual=PeriodKind.QUARTER,
    numerator=terms(minutes_spent),
    source=KAPTA,
    caveats=EFFORT_CAVEATS,
    on_scorecard=False,
    how_to_move="It is right where it follows the potential: see the quadrant.",
)
effort_share = Kpi(
    "effort_share",
    "Share of the effort",
    "minutes of touches in 3 whole months / those of the book; of a person or a group: / those of the company",
    Unit.SHARE,
    Direction.NONE,
    Timing.LEADING,
    Group.FOCUS,
    usual=PeriodKind.QUARTER,
    numerator=terms(minutes_spent),
    denominator=terms(minutes_spent),
    company_denominator=True,
    of_book=True,
    source=KAPTA,
    caveats=EFFORT_CAVEATS,
    on_scorecard=False,
    how_to_move="Compare it with the share of the potential, account by account.",
)
potential_share = Kpi(
    "potential_share",
    "Share of the potential",
    "growth potential / that of the book; of a person or a group: / that of the company",
    Unit.SHARE,
    Direction.NONE,
    Timing.LEADING,
    Group.FOCUS,
    usual=PeriodKind.QUARTER,
    numerator=growth_potential.numerator,
    denominator=growth_potential.numerator,
    company_denominator=True,
    of_book=True,
    positive_base=True,
    needs=growth_potential.needs,
    source=KAPTA,
    caveats=growth_potential.caveats,
    on_scorecard=False,
    how_to_move="Estimate the spend of the accounts that have none yet: they are missing here.",
)


def impact(potential: Decimal, minutes: Decimal) -> Decimal | None:
    return potential / minutes if minutes > 0 else None


impact_effort_index = Derived(
    "impact_effort_index",
    "Potential against effort",
    "share of the book's growth potential / share of its effort; of a person or a group: of the company's",
    Unit.RATIO,
    Direction.NONE,
    Timing.LEADING,
    Group.FOCUS,
    usual=PeriodKind.QUARTER,
    of=(Input(potential_share), Input(effort_share)),
    formula=impact,
    source=KAPTA,
    caveats="Around 1 is balanced; above 2 we do too little there, under 0.5 too much. Where no effort was noted there "
    "is no value: neglected. Accounts without an estimate of what they spend have none either. A book is what one "
    "person looks after on the day of the run: only there can time be moved from one account to another.",
    on_scorecard=False,
    how_to_move="Move one meeting a month from an account under 0.5 to one above 2.",
)

KPIS = (
    engagement_score,
    engagement_band,
    penetration_rate,
    interaction_gap,
    account_coverage,
    engagement_score_decayed,
    interaction_gap_longest,
    meaningful_engagement,
    first_response_time,
    resolution_time,
    internal_request_time,
    touches_inbound,
    touches_outbound,
    inbound_share,
    time_with_customer,
    outreach_reach,
    acquisition_rate,
    touches_to_closure,
    touches_to_closure_median,
    touches_per_win,
    ideal_touches,
    web_visits,
    social_interactions,
    email_open_rate,
    email_response_rate,
    event_participation_rate,
    effort,
    effort_share,
    potential_share,
    impact_effort_index,
)
