"""The kinds of files about marketing, cost, states, forecasts, staffing, fit and advocacy."""

from accounts.engagement.advocacy import AdvocacyAction, LossInterview, ReferenceConsent
from accounts.engagement.states import AccountState
from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import DATED, FROM, IN_SOURCE, TO, account, external_id, person, span
from accounts.exchange.values import Date
from accounts.people.headcount import Headcount, Leaver
from accounts.portfolio.fit import Fit
from accounts.revenue.costs import CostToServe
from accounts.revenue.forecasts import Forecast
from accounts.revenue.marketing import BANT, Campaign, CampaignTouch, Lead, Spend

CURRENCY = Column("currency", "Empty: the reporting currency.", aliases=("währung",))
AMOUNT = Column(
    "amount",
    "Without tax; a correction is negative.",
    required=True,
    aliases=("cost", "value", "net amount", "betrag"),
)
DESCRIPTION = Column("description", aliases=("text", "subject", "purpose", "beschreibung"))
BOOKED = Column(
    "date",
    "Booking date: decides the period.",
    required=True,
    aliases=("booking date", "booked", "datum"),
    observed=True,
)
FOR_TARGETS = ("target account", "target accounts", "abm", "is target")
CAMPAIGN = Column(
    "campaign", "External id or name of the campaign; empty: none.", aliases=("campaign name", "kampagne")
)


def joined(*columns: str) -> str:
    """An external id made of other columns."""
    parts = " || '/' || ".join(f"COALESCE(r.\"{name}\"::text, '')" for name in columns)
    return f'COALESCE(r."external_id", {parts})'


CAMPAIGNS = Kind(
    "campaigns",
    "What marketing did, for whom, in which days.",
    (
        Part(
            Campaign,
            (
                external_id("The campaign's key in the other system; empty: its name.", "campaign id"),
                Column("name", required=True, aliases=("campaign", "title", "kampagne")),
                Column("channel", "Empty: unknown.", aliases=("medium", "type", "kanal")),
                Column("from", "First day.", field="during", required=True, aliases=FROM, holds=Date()),
                Column(
                    "end", "LAST day; empty: open.", field="during", aliases=("last day", *TO), holds=Date()
                ),
                Column(
                    "target",
                    "Whether it is made for target accounts; empty: unknown.",
                    field="is_target",
                    aliases=FOR_TARGETS,
                ),
                Column("budget", "What it may cost; empty: not planned.", aliases=("planned cost",)),
                CURRENCY,
                DESCRIPTION,
            ),
            match=(IN_SOURCE,),
            computed={
                "external_id": 'COALESCE(r."external_id", r."name")',
                "during": span('r."from"', '(r."end" + 1)'),
            },
            always=("external_id",),
        ),
    ),
    notes=("`end` is the last day of the campaign, not the day after it.",),
    example="external_id,name,channel,from,end,target,budget,currency\n"
    "K-7,Harbour days,event,2026-05-04,2026-05-06,yes,30000,EUR",
)

SPEND = Kind(
    "spend",
    "What selling and marketing cost, by booking date.",
    (
        Part(
            Spend,
            (
                external_id("The booking's key in the other system.", "voucher", "document", required=True),
                BOOKED,
                Column("kind", "Sales or marketing; empty: marketing.", aliases=("type", "cost centre")),
                AMOUNT,
                CURRENCY,
                CAMPAIGN,
                account(required=False, help="External id or name of the account; empty: none."),
                Column(
                    "target",
                    "Whether it was for target accounts; empty: as campaign or account say.",
                    field="is_target",
                    aliases=FOR_TARGETS,
                ),
                DESCRIPTION,
            ),
            match=(IN_SOURCE,),
        ),
    ),
    notes=("What is only planned is the budget of a campaign, no spend.",),
    example="external_id,date,kind,amount,currency,campaign\nB-1,2026-05-20,marketing,18400.00,EUR,K-7",
)

LEADS = Kind(
    "leads",
    "Companies that showed interest, and the days on which they reached a status for the first time.",
    (
        Part(
            Lead,
            (
                external_id("The lead's key in the other system.", "lead id", required=True),
                Column(
                    "created",
                    "Day it came in.",
                    field="created_on",
                    required=True,
                    aliases=("date", "created on", "created at", "create date", "datum"),
                    observed=True,
                ),
                Column("company", required=True, aliases=("company name", "organisation", "firma")),
                Column("channel", "Empty: unknown.", aliases=("lead source", "medium", "kanal")),
                CAMPAIGN,
                Column("person", "Who showed interest.", aliases=("contact", "name", "full name")),
                Column("job_title", aliases=("title", "position")),
                Column("email", aliases=("mail", "e-mail address")),
                Column("phone", aliases=("telephone", "telefon")),
                Column("country", aliases=("land",)),
                Column(
                    "heard_through",
                    "How they heard about us; empty: not answered.",
                    aliases=("heard", "how did you hear about us"),
                ),
                person("owner", "owner", "Who of us looks after it.", False, "owner", "lead owner"),
                *(Column(item, "Empty: unknown.") for item in BANT),
                Column(
                    "mql",
                    "First day marketing-qualified.",
                    field="mql_on",
                    aliases=("mql date", "marketing qualified"),
                    observed=True,
                ),
                Column(
                    "sql",
                    "First day on which all four of budget, authority, need and timeline were yes.",
                    field="sql_on",
                    aliases=("sql date", "sales qualified"),
                    observed=True,
                ),
                account(required=False, help="The account that it became."),
                Column(
                    "converted",
                    "Day it became that account.",
                    field="converted_on",
                    aliases=("converted on", "conversion date"),
                    observed=True,
                ),
                Column(
                    "won",
                    "Day it became a customer.",
                    field="customer_on",
                    aliases=("customer since",),
                    observed=True,
                ),
                Column(
                    "dropped",
                    "Day it was given up.",
                    field="dropped_on",
                    aliases=("disqualified",),
                    observed=True,
                ),
                Column("drop_reason", "Why it was given up.", aliases=("reason",)),
            ),
            match=(IN_SOURCE,),
        ),
    ),
    example="external_id,created,company,channel,campaign,budget,authority,need,timeline,mql,sql\n"
    "L-1,2026-05-05,Nordhafen GmbH,event,K-7,yes,yes,yes,,2026-05-06,",
)

CAMPAIGN_TOUCHES = Kind(
    "campaign_touches",
    "Whom a campaign reached: accounts and leads, with what happened.",
    (
        Part(
            CampaignTouch,
            (
                external_id("The touch's key in the other system; empty: all that it says."),
                Column("campaign", "External id or name of the campaign.", required=True),
                account(required=False, help="External id or name of the account; or else name a lead."),
                Column("lead", "External id or company of the lead; or else name an account."),
                Column(
                    "contact",
                    "External id or name of the person.",
                    aliases=("person", "attendee", "recipient"),
                ),
                Column("on", "The day.", required=True, aliases=("date", "day", "datum"), observed=True),
                Column("kind", "What happened; empty: seen.", aliases=("event", "status", "type")),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": joined("campaign", "account", "lead", "contact", "kind", "on")},
            always=("external_id",),
        ),
    ),
    example="campaign,account,contact,on,kind\nK-7,4711,,2026-05-04,attended",
)

COSTS_TO_SERVE = Kind(
    "costs_to_serve",
    "What serving an account cost, beside what the goods cost.",
    (
        Part(
            CostToServe,
            (
                external_id("The booking's key in the other system.", "voucher", "document", required=True),
                account(),
                BOOKED,
                Column("kind", "Empty: other.", aliases=("type", "category")),
                AMOUNT,
                CURRENCY,
                DESCRIPTION,
            ),
            match=(IN_SOURCE,),
        ),
    ),
    example="external_id,account,date,kind,amount,currency\nS-9,4711,2026-05-31,support,2150.00,EUR",
)

ACCOUNT_STATES = Kind(
    "account_states",
    "How an account stands, as other systems say: usage, payment, support.",
    (
        Part(
            AccountState,
            (
                external_id("The state's key in the other system; empty: account, kind and day."),
                account(),
                Column("kind", required=True, aliases=("type", "measure")),
                Column("date", required=True, aliases=("day", "month", "datum"), observed=True),
                Column(
                    "value", "0 (worst) to 100 (best); or else give a level.", aliases=("score", "percent")
                ),
                Column("level", "Instead of a number."),
            ),
            match=(IN_SOURCE, ("account", "kind", "date")),
            computed={"external_id": joined("account", "kind", "date")},
            always=("external_id",),
        ),
    ),
    notes=("A state holds until the next one of its kind.",),
    example="account,kind,date,value,level\n4711,usage,2026-05-31,82,\n4711,payment,2026-05-31,,good",
)

FORECASTS = Kind(
    "forecasts",
    "What a person or the company was expected to reach, as it was written down on a day.",
    (
        Part(
            Forecast,
            (
                external_id("The forecast's key in the other system; empty: person, period and day."),
                person("person", "user", "E-mail or external id; empty: the whole company.", False, "user"),
                Column("measure", "Empty: deals won.", aliases=("of",)),
                Column("from", "First day of the period.", field="starts_on", required=True, aliases=FROM),
                Column("to", "The day after its last.", field="ends_on", required=True, aliases=TO),
                Column("frozen", "Day on which it was expected.", field="frozen_on", required=True),
                Column("amount", required=True, aliases=("forecast", "value", "betrag")),
                CURRENCY,
            ),
            match=(IN_SOURCE,),
            computed={"external_id": joined("person", "measure", "from", "to", "frozen")},
            always=("external_id",),
        ),
    ),
    example="person,from,to,frozen,amount,currency\njana@example.org,2026-04-01,2026-07-01,2026-04-01,250000,EUR",
)

HEADCOUNT = Kind(
    "headcount",
    "How many people a team had, from a day until the next number.",
    (
        Part(
            Headcount,
            (
                external_id("The number's key in the other system; empty: team and day."),
                Column("team", "Name or external id of the team.", required=True),
                Column("on", "The day.", required=True, aliases=("date", "day", *FROM), observed=True),
                Column("number", required=True, aliases=("people", "headcount", "fte", "positions")),
            ),
            match=(IN_SOURCE, ("team", "on")),
            computed={"external_id": joined("team", "on")},
            always=("external_id",),
        ),
    ),
    example="team,on,number\nNorth,2026-01-01,7.5",
)

LEAVERS = Kind(
    "leavers",
    "People who left, one line each; names are not wanted.",
    (
        Part(
            Leaver,
            (
                external_id("A key that says nothing about the person.", required=True),
                Column("team", "Name or external id of the team.", required=True),
                Column(
                    "left", "First day gone.", field="left_on", required=True, aliases=("date", "left on")
                ),
                Column("reason", "Empty: unknown."),
            ),
            match=(IN_SOURCE,),
        ),
    ),
    example="external_id,team,left,reason\nX-1,North,2026-03-01,resigned",
)

FITS = Kind(
    "fits",
    "How far accounts and leads meet the criteria of the ideal customer.",
    (
        Part(
            Fit,
            (
                external_id("The note's key in the other system; empty: whose, which and when."),
                account(required=False, help="External id or name of the account; or else name a lead."),
                Column("lead", "External id or company of the lead; or else name an account."),
                Column("criterion", "Name of the criterion.", required=True, aliases=("criteria",)),
                Column("match", "0 (not at all) to 1 (fully); empty: unknown.", aliases=("score", "fit")),
                Column("noted_on", "The day.", required=True, aliases=("date", "on", "day"), observed=True),
                Column("basis", "Assumed or confirmed; empty: assumed.", aliases=("how sure",)),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": joined("account", "lead", "criterion", "noted_on")},
            always=("external_id",),
        ),
    ),
    example="account,criterion,match,noted_on\n4711,Size,1,2026-03-02\n4711,Region,0.5,2026-03-02",
)

REFERENCE_CONSENTS = Kind(
    "reference_consents",
    "Who agreed to be a reference, from when until when.",
    (
        Part(
            ReferenceConsent,
            (
                external_id("The consent's key in the other system; empty: whose and since when."),
                account(),
                Column(
                    "contact", "External id or name of the person; empty: the company.", aliases=("name",)
                ),
                *DATED,
                Column("revoked", "Day on which it was taken back.", field="revoked_on"),
                Column("evidence", "Where it is written.", aliases=("document",)),
            ),
            match=(IN_SOURCE,),
            computed={
                "external_id": joined("account", "contact", "from"),
                "during": span('r."from"', 'r."to"'),
            },
            always=("external_id",),
        ),
    ),
    example="account,contact,from,to,evidence\n4711,,2026-01-01,2028-01-01,letter of 12 Dec 2025",
)

ADVOCACY = Kind(
    "advocacy",
    "What customers said about us where others hear it.",
    (
        Part(
            AdvocacyAction,
            (
                external_id("The deed's key in the other system.", required=True),
                account(),
                Column("contact", "External id or name of the person.", aliases=("name",)),
                Column("on", "The day.", required=True, aliases=("date", "day", "datum"), observed=True),
                Column("kind", required=True, aliases=("type",)),
                Column(
                    "positive",
                    "Whether it speaks for us; empty: yes.",
                    field="is_positive",
                    aliases=("is positive",),
                ),
                Column("subject", aliases=("title", "text")),
                Column("link", aliases=("url",)),
            ),
            match=(IN_SOURCE,),
        ),
    ),
    example="external_id,account,on,kind,positive,subject\nA-1,4711,2026-04-02,case_study,yes,Less downtime",
)

LOSS_INTERVIEWS = Kind(
    "loss_interviews",
    "Customers that were lost, whether somebody asked them why, and the reason.",
    (
        Part(
            LossInterview,
            (
                external_id("The loss's key in the other system; empty: account and day."),
                account(),
                Column(
                    "lost", "Day of the loss.", field="lost_on", required=True, aliases=("lost on", "date")
                ),
                Column(
                    "interviewed",
                    "Day of the interview; empty: nobody asked yet.",
                    field="interviewed_on",
                    aliases=("interviewed on",),
                    observed=True,
                ),
                Column("reason", "Name of the reason; empty: unknown.", aliases=("loss reason",)),
                person("interviewer", "interviewer", "Who asked."),
                Column("note", "What they said.", aliases=("text",)),
            ),
            match=(IN_SOURCE, ("account", "lost_on")),
            computed={"external_id": joined("account", "lost")},
            always=("external_id",),
        ),
    ),
    example="account,lost,interviewed,reason\n4711,2026-02-01,2026-02-20,Price",
)

# In the order in which a new installation needs them.
MARKETING_KINDS = (
    CAMPAIGNS,
    LEADS,
    CAMPAIGN_TOUCHES,
    SPEND,
    COSTS_TO_SERVE,
    ACCOUNT_STATES,
    FORECASTS,
    HEADCOUNT,
    LEAVERS,
    FITS,
    REFERENCE_CONSENTS,
    ADVOCACY,
    LOSS_INTERVIEWS,
)
