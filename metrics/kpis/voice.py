"""What customers say of us, whether they reach what they want, how they are, and how our own people are."""

from metrics.expressions import Part
from metrics.kpi import Direction, Group, Interval, Kpi, RowKpi, Timing, Unit, negative, terms
from metrics.kpis.parts import active_end, customer_at_end, lost, lost_account
from metrics.sources.contracts import recurring
from metrics.sources.health import (
    facts_noted,
    facts_stale,
    fields_filled,
    fields_required,
    health_accounts,
    health_points,
)
from metrics.sources.outcomes import (
    milestones_known,
    milestones_on_track,
    milestones_unknown,
    outcomes_judged,
    outcomes_met,
    outcomes_moved,
    outcomes_unjudged,
)
from metrics.sources.voice import (
    advocacy,
    consents,
    csat_answers,
    csat_marks,
    delivered,
    detractors,
    exit_interviews,
    nps_answers,
    nps_marks,
    promoters,
    references_given,
    responded,
    satisfied,
    spoke_against,
    undelivered,
)
from metrics.sources.warnings import (
    days_to_act,
    warnings_acted,
    warnings_open,
    warnings_opened,
    warnings_red,
)

nps_said = Part("nps_said", "people who answered", nps_answers.at_end)
nps_for = Part("nps_for", "promoters (9 or 10)", promoters.at_end)
nps_against = Part("nps_against", "detractors (0 to 6)", detractors.at_end)

nps = Kpi(
    "nps",
    "Would recommend us (NPS)",
    "(people who gave 9 or 10 - people who gave 0 to 6) / people who answered, each with the newest answer of the "
    "12 months to the end",
    Unit.POINTS,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{nps_for} for us, {nps_against} not, of {nps_said} people",
    numerator=terms(nps_for, negative(nps_against)),
    denominator=terms(nps_said),
    n=nps_said,
    interval=Interval.NPS,
    source="Markettailor; Top 11 account management KPIs; Flevy; SMARTe",
    caveats="Always over 12 months, whatever the period. It says what people intend, not whether they are satisfied. "
    "Credited to who owned the account when the answer was given, else to who owns it on the last day.",
    how_to_move="Call every detractor within days of the answer, and tell what changed.",
)

nps_accounts = Part("nps_accounts", "accounts that answered", nps_answers.at_end > 0)
nps_accounts_for = Part(
    "nps_accounts_for",
    "accounts with a mean of 9 or more",
    nps_accounts.expression * (nps_marks.at_end - nps_answers.at_end * 9 >= 0),
)
nps_accounts_against = Part(
    "nps_accounts_against",
    "accounts with a mean under 7",
    nps_accounts.expression * (nps_answers.at_end * 7 - nps_marks.at_end > 0),
)
nps_accounts_between = Part(
    "nps_accounts_between",
    "accounts with a mean from 7 to under 9",
    nps_accounts.expression
    * (nps_marks.at_end - nps_answers.at_end * 7 >= 0)
    * (nps_answers.at_end * 9 - nps_marks.at_end > 0),
)

nps_by_account = Kpi(
    "nps_by_account",
    "Accounts that recommend us",
    "(accounts whose people give 9 or more on average - accounts with a mean under 7) / accounts that answered, each "
    "person with the newest answer of the 12 months to the end",
    Unit.POINTS,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{nps_accounts_for} for us, {nps_accounts_between} passive, {nps_accounts_against} not, of {nps_accounts} "
    "accounts",
    numerator=terms(nps_accounts_for, negative(nps_accounts_against)),
    denominator=terms(nps_accounts),
    n=nps_accounts,
    interval=Interval.NPS,
    beside=(nps_accounts_between,),
    source="Markettailor; SMARTe: the answers are those of the NPS, here each account counts once",
    caveats="A customer of whom twenty people answered counts as much as one of whom a single person did: set it "
    "beside the NPS. Where the two lie apart, few large customers speak for all. The whole account belongs to whoever "
    "owned it when the period began.",
    how_to_move="Open the accounts below that have a mean under 7, and begin with the most valuable.",
)

nps_mean = Kpi(
    "nps_mean",
    "Mean mark of recommendation",
    "marks of 0 to 10 added / people who answered, each with the newest answer of the 12 months to the end",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{nps_said} people",
    numerator=terms(Part("nps_sum", "marks, 0 to 10", nps_marks.at_end)),
    denominator=terms(nps_said),
    n=nps_said,
    interval=Interval.LINEARISED,
    source="Markettailor",
    caveats="Of an account it decides whether it counts as one that recommends us (9 or more), or does not (under 7). "
    "Of many accounts read the NPS first: a mean hides who is against us.",
    on_scorecard=False,
    how_to_move="Call those behind the lowest marks; the mean follows.",
)

csat_said = Part("csat_said", "answers", csat_answers.now)
csat_good = Part("csat_good", "satisfied", satisfied.now)
csat_sum = Part("csat_sum", "marks, out of 10", csat_marks.now)

csat = Kpi(
    "csat",
    "Satisfied customers (CSAT)",
    "answers in the upper two marks of five (of ten: 8 or 9 and more, as the survey says) / answers",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{csat_good} of {csat_said} answers",
    numerator=terms(csat_good),
    denominator=terms(csat_said),
    n=csat_said,
    interval=Interval.WILSON,
    is_part_of_whole=True,
    mean=(csat_sum, csat_said),
    source="Top 11 account management KPIs; Flevy; SMARTe; Markettailor",
    caveats="Not the same as recommending us. The mean of the marks, out of 10, is said with it.",
    how_to_move="Read the low marks with their comments; each begins a task.",
)

csat_mean = Kpi(
    "csat_mean",
    "Mean mark of satisfaction",
    "sum of the marks / answers, out of 10; marks out of 5 count twice",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{csat_said} answers",
    numerator=terms(csat_sum),
    denominator=terms(csat_said),
    n=csat_said,
    interval=Interval.LINEARISED,
    source="Top 11 account management KPIs",
    caveats="A mean hides who is unhappy; read the share of satisfied answers first.",
    on_scorecard=False,
    how_to_move="Call those behind the lowest marks; the mean follows.",
)

asked = Part("survey_asked", "invitations delivered", delivered.now)
answered = Part("survey_answered", "answered", responded.now)

response_rate = Kpi(
    "response_rate",
    "Answered surveys",
    "invitations of the period that were answered / invitations that were delivered",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{survey_answered} of {survey_asked} invitations",
    numerator=terms(answered),
    denominator=terms(asked),
    n=asked,
    interval=Interval.WILSON,
    is_part_of_whole=True,
    beside=(Part("not_arrived", "did not arrive", undelivered.now),),
    source="practitioners' standard",
    caveats="By the day of the invitation. Below 20 % the answers are of those who chose to answer: read them so.",
    how_to_move="Ask fewer people, less often, and say what became of the last answers.",
    on_scorecard=False,
)

referenceable = Part(
    "referenceable", "of them agreed to be a reference", customer_at_end * (consents.at_end > 0)
)

referenceable_clients = Kpi(
    "referenceable_clients",
    "Customers we may name",
    "customers at the end with a valid consent to be a reference / customers at the end",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{referenceable} of {active_end} customers",
    numerator=terms(referenceable),
    denominator=terms(active_end),
    n=active_end,
    interval=Interval.WILSON,
    is_part_of_whole=True,
    beside=(Part("references_named", "references given", references_given.now),),
    source="Top 11 account management KPIs",
    caveats="A consent counts from the day it was given until it expires or is taken back.",
    how_to_move="Ask promoters; keep the letter.",
    on_scorecard=False,
)

advocacy_actions = Kpi(
    "advocacy_actions",
    "Spoke for us",
    "recommendations, references, testimonials, case studies, reviews, mentions and talks, less those against us",
    Unit.COUNT,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    numerator=terms(Part("spoke", "for us, less against us", advocacy.now)),
    beside=(Part("spoken_against", "of them against us", spoke_against.now),),
    source="Markettailor; Top 11 account management KPIs; Flevy",
    caveats="A count: one customer who speaks often counts often.",
    on_scorecard=False,
    how_to_move="Ask right after a success, for one thing that takes ten minutes.",
)

interviewed = Part("interviewed", "of them asked why", lost_account * (exit_interviews.t12 > 0))

exit_interview_rate = Kpi(
    "exit_interview_rate",
    "Lost customers asked why",
    "lost customers with an interview noted in the 12 months to the end / customers lost in the period",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.RETENTION,
    sub="{interviewed} of {lost} lost customers",
    numerator=terms(interviewed),
    denominator=terms(lost),
    n=lost,
    interval=Interval.WILSON,
    is_part_of_whole=True,
    source="SMARTe; Kapta",
    caveats="Lost is what the loss of customers counts, whether or not somebody noted it.",
    how_to_move="Somebody who did not look after the account asks best.",
    on_scorecard=False,
)

churn_reason_mix = RowKpi(
    "churn_reason_mix",
    "Main reason of losses",
    "noted losses of the period with the most frequent reason / all noted losses",
    Unit.SHARE,
    Direction.NONE,
    Timing.LAGGING,
    Group.RETENTION,
    recipe_name="churn_reasons",
    of_accounts=True,
    source="SMARTe; Kapta",
    caveats="Only losses that somebody noted; unknown reasons are one of the reasons.",
    on_scorecard=False,
    how_to_move="Take the most frequent reason that we could have done something about, and say who does it.",
)

on_track = Part("on_track", "on track", milestones_on_track.at_end)
steps_known = Part("steps_known", "open steps somebody looked at", milestones_known.at_end)

outcome_leading = Kpi(
    "outcome_leading",
    "Steps to customers' goals on track",
    "open steps that are on track / open steps whose state is known, on the last day",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.CUSTOMERS,
    sub="{on_track} of {steps_known} steps",
    numerator=terms(on_track),
    denominator=terms(steps_known),
    n=steps_known,
    interval=Interval.WILSON,
    is_part_of_whole=True,
    beside=(Part("steps_unknown", "open steps nobody looked at", milestones_unknown.at_end),),
    source="Top 11 account management KPIs",
    caveats="A step whose day has passed is off track, whatever somebody thought before.",
    how_to_move="Look at the steps that are due next and say honestly how they stand.",
    on_scorecard=False,
)

due_judged = Part("due_judged", "goals due and judged", outcomes_judged.now)
due_met = Part("due_met", "met by their day", outcomes_met.now)

outcome_achievement = Kpi(
    "outcome_achievement",
    "Customers' goals met",
    "results due in the period that were met by their day / results due and judged",
    Unit.SHARE,
    Direction.UP,
    Timing.LAGGING,
    Group.CUSTOMERS,
    sub="{due_met} of {due_judged} goals",
    numerator=terms(due_met),
    denominator=terms(due_judged),
    n=due_judged,
    interval=Interval.WILSON,
    is_part_of_whole=True,
    beside=(
        Part("due_unjudged", "due, not judged", outcomes_unjudged.now),
        Part("due_moved", "whose day was moved", outcomes_moved.now),
    ),
    source="Top 11 account management KPIs",
    caveats="By the day it is due now; how many were moved stands beside it, and the first day is kept.",
    how_to_move="Agree with the customer on few results that can be measured.",
)

outcome_discrepancy = RowKpi(
    "outcome_discrepancy",
    "Activity against result",
    "share of the steps on track before the period - share of results met in it, for the goals due in the period",
    Unit.SHARE_POINTS,
    Direction.NONE,
    Timing.LAGGING,
    Group.CUSTOMERS,
    recipe_name="discrepancy",
    of_accounts=True,
    source="Top 11 account management KPIs",
    caveats="0 is best. Above 20 points: much was on track and little came of it. Far below 0: results nobody saw "
    "coming. Goals without a step that was open and looked at on the day before the period have no first share.",
    on_scorecard=False,
    how_to_move="Look at goals on track that were missed: the steps were done, but were they the right ones?",
)

known_fields = Part("known_fields", "known", fields_filled.at_end)
wanted_fields = Part("wanted_fields", "facts to know", fields_required.at_end)

data_completeness = Kpi(
    "data_completeness",
    "What we know of our accounts",
    "required facts that are known / required facts, on the last day",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.FOCUS,
    sub="{known_fields} of {wanted_fields} facts",
    numerator=terms(known_fields),
    denominator=terms(wanted_fields),
    n=wanted_fields,
    is_part_of_whole=True,
    beside=(
        Part("noted_facts", "things noted about people", facts_noted.at_end),
        Part("stale_facts", "of them older than 180 days", facts_stale.at_end),
    ),
    source="Kapta",
    caveats="Complete is not accurate, and it is not health: twelve facts of an account, from its owner and class to "
    "a sponsor, a champion and a plan. It never enters any other number.",
    how_to_move="Open one of its accounts: the row says what is missing.",
    on_scorecard=False,
)

healthy_accounts = Part("healthy_accounts", "accounts with a health", health_accounts.at_end)

health_score = Kpi(
    "health_score",
    "Health",
    "weighted mean of usage, satisfaction, support, talks, payment and digital engagement, each from 0 to 100, as far "
    "as they are known; of several accounts their mean",
    Unit.SCORE,
    Direction.UP,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{healthy_accounts} accounts",
    numerator=terms(Part("health_sum", "health, added", health_points.at_end)),
    denominator=terms(healthy_accounts),
    n=healthy_accounts,
    interval=Interval.LINEARISED,
    source="practitioners' standard",
    caveats="Unknown parts leave the mean; below 60 % of the weight an account has no health. Filling in fields does "
    "not raise it. Look at how well it foretold losses before you trust it.",
    how_to_move="Each account's page names the parts with their weights: begin with the lowest.",
    on_scorecard=False,
)

flags = Part("flags", "open warnings", warnings_open.at_end)

early_warning = Kpi(
    "early_warning",
    "Open warnings",
    "warnings open on the last day",
    Unit.COUNT,
    Direction.DOWN,
    Timing.LEADING,
    Group.RELATIONSHIP,
    numerator=terms(flags),
    is_looked_for=True,
    beside=(Part("red_flags", "of them red", warnings_red.at_end),),
    source="Flevy; SMARTe",
    caveats="Warnings are looked for every night; before the first one there is no figure. A rule whose figures are "
    "unknown is silent.",
    how_to_move="Take up the red ones first; each names its evidence and a next step.",
    on_scorecard=False,
)

at_risk_revenue = Kpi(
    "at_risk_revenue",
    "Recurring revenue at risk",
    "recurring revenue a year, on the last day, of accounts with an open red warning",
    Unit.MONEY,
    Direction.DOWN,
    Timing.LEADING,
    Group.RETENTION,
    sub="{accounts_at_risk} accounts",
    numerator=terms(
        Part("at_risk", "recurring revenue at risk", (warnings_red.at_end > 0) * recurring.at_end)
    ),
    is_looked_for=True,
    n=Part("accounts_at_risk", "accounts with a red warning", warnings_red.at_end > 0),
    beside=(Part("recurring_now", "recurring revenue of all", recurring.at_end),),
    source="SMARTe; Flevy",
    caveats="The whole yearly amount, not an expected loss. Before the first night that looked for warnings there is"
    " no figure.",
    how_to_move="Begin with the largest of its accounts.",
)

taken_up = Part("taken_up", "warnings taken up", warnings_acted.now)

warning_to_action = Kpi(
    "warning_to_action",
    "From warning to action",
    "days from a warning to the day somebody took it up, added / warnings taken up",
    Unit.DAYS,
    Direction.DOWN,
    Timing.LEADING,
    Group.RELATIONSHIP,
    sub="{taken_up} of {all_warnings} warnings",
    numerator=terms(Part("days_until", "days until then", days_to_act.now)),
    denominator=terms(taken_up),
    n=taken_up,
    interval=Interval.LINEARISED,
    beside=(Part("all_warnings", "warnings opened", warnings_opened.now),),
    source="Flevy",
    caveats="By the day of the warning. Taken up is acknowledged, or put off with a reason. Those that went away by "
    "themselves or still wait are only counted beside it.",
    on_scorecard=False,
    how_to_move="Go through open warnings every Monday; most need one call.",
)

OUR_OWN_PEOPLE = "It is about our own people; accounts are not in it."
employee_satisfaction = RowKpi(
    "employee_satisfaction",
    "Satisfied in the team",
    "favourable answers of our own people (4 or 5 of 5) / answers, of the last released survey of the period",
    Unit.SHARE,
    Direction.UP,
    Timing.LEADING,
    Group.PEOPLE,
    recipe_name="employee_satisfaction",
    lacks_account=True,
    ungrouped=OUR_OWN_PEOPLE,
    of_persons=False,
    source="Top 11 account management KPIs",
    caveats="Released figures of groups of 5 and more only, of teams and of the company, never of one person. A "
    "hidden group stays hidden here, too.",
    how_to_move="Talk about the results with the team, choose one thing, and say later what became of it.",
)

enps = RowKpi(
    "enps",
    "Would recommend us as an employer (eNPS)",
    "(people who gave 9 or 10 - people who gave 0 to 6) / answers, of the last released survey of the period",
    Unit.POINTS,
    Direction.UP,
    Timing.LEADING,
    Group.PEOPLE,
    recipe_name="enps",
    lacks_account=True,
    ungrouped=OUR_OWN_PEOPLE,
    of_persons=False,
    source="practitioners' standard",
    caveats="Released figures of groups of 5 and more only, of teams and of the company, never of one person.",
    on_scorecard=False,
    how_to_move="Read it beside the reasons that people gave; never ask who said what.",
)

attrition = RowKpi(
    "attrition",
    "People who left us",
    "people who left in the period / average number of people in it",
    Unit.SHARE,
    Direction.DOWN,
    Timing.LAGGING,
    Group.PEOPLE,
    recipe_name="attrition",
    company_only=True,
    ungrouped=OUR_OWN_PEOPLE,
    source="practitioners' standard",
    caveats="Of the company only: in a team it would name people. Who moved within the company did not leave. The "
    "average is that of the months' last days.",
    on_scorecard=False,
    how_to_move="Ask those who stay what would make them leave, before they do.",
)

KPIS = (
    nps,
    nps_by_account,
    nps_mean,
    csat,
    csat_mean,
    response_rate,
    referenceable_clients,
    advocacy_actions,
    exit_interview_rate,
    churn_reason_mix,
    outcome_achievement,
    outcome_leading,
    outcome_discrepancy,
    health_score,
    data_completeness,
    early_warning,
    at_risk_revenue,
    warning_to_action,
    employee_satisfaction,
    enps,
    attrition,
)
