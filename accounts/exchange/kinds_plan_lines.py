"""The kinds of files that bring account plans from elsewhere: a plan, its lines, and the work that follows."""

from dataclasses import replace

from accounts.engagement.models import Action, InternalRequest
from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import FROM, IN_SOURCE, TO, account, external_id, person
from accounts.exchange.values import BoundKpi, Date
from accounts.plans.models import Goal, Milestone, Objective, Outcome, Plan, Risk, SwotEntry

PLAN = Column("plan", "External id or name of the plan.", required=True, aliases=("account plan",))
GOAL = Column(
    "goal",
    "External id or words of the customer's goal, in the same plan.",
    aliases=("customer goal", "outcome goal"),
)
OF_GOAL = replace(GOAL, help="External id or words of the goal.", required=True)
CONTACT = Column(
    "contact", "E-mail, name or external id of the customer's person.", aliases=("stakeholder", "who cares")
)
OWNER = person("owner", "owner", "E-mail or external id of who of us.", False, "responsible", "assignee")
DUE = Column("due", "The day on which it is due.", field="due_on", aliases=("due date", "deadline"))
FIRST_DUE = Column(
    "first_due",
    "The day that was promised at first; empty: the due day.",
    field="first_due_on",
    aliases=("first due date", "original due date"),
)
VERIFIED_ON = Column(
    "verified_on",
    "The last day on which somebody said that it still holds; empty: nobody did.",
    aliases=("last verified",),
)
VERIFIED = (VERIFIED_ON, person("verified_by", "verified_by", "E-mail or external id of who said so."))
SAME_ACCOUNT = ("account", "plan__account")
KEY = "The line's key in the other system; empty: made of the plan and its words."
KEY_NOTE = (
    "Without an external id a line is known again by its words; changed words are then another line. "
    "Lines that a later file lacks are kept."
)


def due(required: bool = True) -> tuple[Column, Column]:
    return replace(DUE, required=required), FIRST_DUE


def key(*columns: str) -> str:
    """An external id for lines that bring none."""
    said = ", ".join(f'r."{name}"' for name in columns)
    return f"""COALESCE(r."external_id", md5(concat_ws('|', {said})))"""


# Any days of the first and the last month: figures are made for whole months.
MONTHS = """CASE WHEN r."to" < r."from" THEN 'empty'::daterange ELSE daterange(
    date_trunc('month', r."from")::date, (date_trunc('month', r."to") + interval '1 month')::date) END"""

PLANS = Kind(
    "plans",
    "Account plans: the period, the situation and where it stands; the lines come in files of their own.",
    (
        Part(
            Plan,
            (
                external_id("The plan's key in the other system; empty: account and first day.", "plan id"),
                account(),
                Column("name", required=True, aliases=("plan", "title")),
                Column(
                    "from",
                    "A day of the first month.",
                    field="during",
                    required=True,
                    aliases=FROM,
                    holds=Date(),
                ),
                Column(
                    "to", "A day of the LAST month.", field="during", required=True, aliases=TO, holds=Date()
                ),
                Column("situation", "Empty: not said.", aliases=("kind", "type")),
                Column("summary", "Where we stand.", aliases=("description", "where we stand")),
                Column("status", "Empty: draft.", aliases=("state",)),
            ),
            match=(IN_SOURCE, ("account", "during:from")),
            computed={
                "external_id": """COALESCE(r."external_id", r."account" || '/' || r."from")""",
                "during": MONTHS,
            },
            always=("external_id",),
        ),
    ),
    notes=(
        "Whole months: any day of the first and of the last month. An account has one plan at a time.",
        "A plan that comes in as approved or closed has no earlier versions here.",
    ),
    example="external_id,account,name,from,to,situation,status\n"
    "PL-7,4711,Plan 2026,2026-01-01,2026-12-31,expand,approved",
)

GOALS = Kind(
    "goals",
    "What the customer wants to reach, in the customer's words.",
    (
        Part(
            Goal,
            (
                external_id(KEY, "goal id"),
                PLAN,
                Column("title", required=True, aliases=("goal", "what the customer wants", "words")),
                CONTACT,
                *VERIFIED,
            ),
            match=(IN_SOURCE, ("plan", "title")),
            computed={"external_id": key("plan", "title")},
            always=("external_id",),
            agrees={"contact": SAME_ACCOUNT},
            placed_in="plan",
        ),
    ),
    notes=(KEY_NOTE,),
    example="external_id,plan,title,contact\nG-1,PL-7,Half the downtime by winter,ingrid@nordwind.example",
)

MILESTONES = Kind(
    "milestones",
    "Steps towards a customer's goal, with their dates.",
    (
        Part(
            Milestone,
            (
                external_id("The step's key in the other system; empty: made of the goal and its words."),
                OF_GOAL,
                Column("title", required=True, aliases=("step", "milestone")),
                *due(),
                Column("reached", "The day on which it was reached.", field="reached_on", aliases=("done",)),
            ),
            match=(IN_SOURCE, ("goal", "title")),
            computed={"external_id": key("goal", "title")},
            always=("external_id",),
            begins_as={"first_due_on": "due_on"},
        ),
    ),
    notes=("A due day that is moved by a later file leaves the first one where it was.", KEY_NOTE),
    example="external_id,goal,title,due,reached\nM-1,G-1,Sensors on all cranes,2026-05-31,2026-06-12",
)

OUTCOMES = Kind(
    "outcomes",
    "The figures by which a customer will judge a goal.",
    (
        Part(
            Outcome,
            (
                external_id("The figure's key in the other system; empty: made of the goal and its words."),
                OF_GOAL,
                Column("title", required=True, aliases=("measured by", "measure", "outcome")),
                Column("unit", "As hours, %, t."),
                Column("baseline", "At the beginning.", aliases=("start value",)),
                Column("target", aliases=("target value",)),
                *due(),
                Column("actual", "What was measured.", aliases=("measured", "actual value")),
                Column("measured_on", "On which day.", aliases=("measured on",)),
                Column("met", "Whether the target was met; empty: not judged."),
            ),
            match=(IN_SOURCE, ("goal", "title")),
            computed={"external_id": key("goal", "title")},
            always=("external_id",),
            begins_as={"first_due_on": "due_on"},
        ),
    ),
    notes=(KEY_NOTE,),
    example="external_id,goal,title,unit,baseline,target,due\n"
    "F-1,G-1,Hours of downtime a month,hours,40,20,2026-12-31",
)

OBJECTIVES = Kind(
    "objectives",
    "What we want to reach in a plan: bound to a KPI of the account, or judged in words. At most five a plan.",
    (
        Part(
            Objective,
            (
                external_id(KEY, "objective id"),
                PLAN,
                Column("title", required=True, aliases=("objective",)),
                Column("kpi", "Empty: qualitative.", holds=BoundKpi(), aliases=("measure", "metric")),
                Column("baseline", "At the beginning, in the KPI's unit.", aliases=("start value",)),
                Column("target", "In the KPI's unit; a share as 0.9.", aliases=("target value",)),
                *due(),
                GOAL,
                Column("contact", "The person on whom it hangs.", aliases=("hangs on", "stakeholder")),
                Column("judgement", "How it stands, in words.", aliases=("how it stands", "comment")),
                Column("judged_on", "The day of these words."),
                person("judged_by", "judged_by", "E-mail or external id of whose words."),
                Column("status", "Empty: open.", aliases=("state",)),
                *VERIFIED,
            ),
            match=(IN_SOURCE, ("plan", "title")),
            computed={"external_id": key("plan", "title")},
            always=("external_id",),
            agrees={"goal": ("plan", "plan"), "contact": SAME_ACCOUNT},
            begins_as={"first_due_on": "due_on"},
            placed_in="plan",
        ),
    ),
    notes=("The present value is never imported: it is the KPI's, from the published run.", KEY_NOTE),
    example="external_id,plan,title,kpi,baseline,target,due,goal\n"
    "O-1,PL-7,Win the service contracts,revenue,400000,520000,2026-12-31,G-1",
)

SWOT = Kind(
    "swot",
    "Strengths, weaknesses, opportunities and threats of a plan.",
    (
        Part(
            SwotEntry,
            (
                external_id(KEY),
                PLAN,
                Column("quadrant", required=True, aliases=("kind", "type")),
                Column("text", required=True, aliases=("entry", "words", "title")),
                *VERIFIED,
            ),
            match=(IN_SOURCE, ("plan", "text")),
            computed={"external_id": key("plan", "text")},
            always=("external_id",),
            placed_in="plan",
        ),
    ),
    notes=("What follows from an entry is an action: see there.", KEY_NOTE),
    example="external_id,plan,quadrant,text\nS-1,PL-7,threat,Hexatron offers leasing",
)

RISKS = Kind(
    "risks",
    "What may go wrong with a plan, how bad it would be and what is done about it.",
    (
        Part(
            Risk,
            (
                external_id(KEY, "risk id"),
                PLAN,
                Column("text", "What may happen.", required=True, aliases=("risk", "title")),
                Column("severity", "1 to 4, or in words; empty: medium.", aliases=("impact",)),
                Column("answer", "What we do about it.", aliases=("mitigation", "measure")),
                OWNER,
                Column(
                    "closed", "The day since which it is over.", field="closed_on", aliases=("over since",)
                ),
                *VERIFIED,
            ),
            match=(IN_SOURCE, ("plan", "text")),
            computed={"external_id": key("plan", "text")},
            always=("external_id",),
            placed_in="plan",
        ),
    ),
    notes=(KEY_NOTE,),
    example="external_id,plan,text,severity,answer,owner\n"
    "K-1,PL-7,The budget is cut,high,Quarterly steps,jana@example.org",
)

ACTIONS = Kind(
    "actions",
    "What somebody promised to do: of us or of the customer; alone, or following from a line of a plan.",
    (
        Part(
            Action,
            (
                external_id(
                    "The action's key in the other system; empty: made of account and words.", "task id"
                ),
                account(),
                Column("text", "What is to be done.", required=True, aliases=("action", "task", "subject")),
                Column("side", "Who owes it; empty: we.", aliases=("who owes it",)),
                OWNER,
                Column(
                    "contact", "To or from whom: e-mail, name or external id.", aliases=("to or from whom",)
                ),
                *due(required=False),
                Column("status", "Empty: open.", aliases=("state",)),
                Column(
                    "closed",
                    "The day on which it was done or dropped.",
                    field="closed_on",
                    aliases=("done on", "completed"),
                ),
                Column("objective", "External id or words of the objective that it serves."),
                Column(
                    "swot_entry",
                    "External id or words of the SWOT entry that it follows from.",
                    aliases=("swot",),
                ),
                Column("risk", "External id or words of the risk that it answers."),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": key("account", "text")},
            always=("external_id",),
            agrees={
                "contact": ("account", "account"),
                "objective": ("plan__account", "account"),
                "swot_entry": ("plan__account", "account"),
                "risk": ("plan__account", "account"),
            },
            begins_as={"first_due_on": "due_on"},
        ),
    ),
    notes=(
        "A due day that is moved by a later file leaves the first one where it was.",
        "Two actions of an account with the same words need an external id.",
    ),
    example="external_id,account,text,owner,due,objective\n"
    "T-1,4711,Offer for the second yard,jana@example.org,2026-04-30,O-1",
)

INTERNAL_REQUESTS = Kind(
    "internal_requests",
    "What we asked another department for on behalf of a customer.",
    (
        Part(
            InternalRequest,
            (
                external_id(
                    "Its key in the other system; empty: made of account, subject and day.", "ticket id"
                ),
                account(),
                Column("department", "Name of the department.", required=True, aliases=("to", "team")),
                Column("subject", required=True, aliases=("title", "betreff")),
                person("asked_by", "asked_by", "E-mail or external id of who asked.", False, "requester"),
                Column("asked", "The day of asking.", field="asked_on", required=True, aliases=("date",)),
                DUE,
                Column("done", "The day on which it was done; empty: open.", field="done_on"),
                Column("request", "External id, number or subject of the customer's request behind it."),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": key("account", "subject", "asked")},
            always=("external_id",),
            agrees={"request": ("account", "account")},
        ),
    ),
    example="external_id,account,department,subject,asked,due\n"
    "I-1,4711,Service,Spare parts for the second yard,2026-09-03,2026-09-17",
)

PLAN_LINE_KINDS = (
    PLANS,
    GOALS,
    MILESTONES,
    OUTCOMES,
    OBJECTIVES,
    SWOT,
    RISKS,
    ACTIONS,
    INTERNAL_REQUESTS,
)
