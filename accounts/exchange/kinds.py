"""The kinds of files that can be imported: one declaration each."""

from django.contrib.auth.hashers import make_password

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.kinds_employees import EMPLOYEE_KINDS
from accounts.exchange.kinds_marketing import MARKETING_KINDS
from accounts.exchange.kinds_people import PEOPLE_KINDS
from accounts.exchange.kinds_plan_lines import PLAN_LINE_KINDS
from accounts.exchange.kinds_plans import PLAN_KINDS
from accounts.exchange.kinds_surveys import SURVEY_KINDS
from accounts.exchange.kinds_work import WORK_KINDS
from accounts.exchange.shorthand import DATED, FROM, IN_SOURCE, TO, account, external_id, person, span
from accounts.exchange.values import Date, Shares
from accounts.people.models import Membership, Team, User
from accounts.portfolio.models import Account, Assignment, Classification
from accounts.revenue.models import (
    Contract,
    ExchangeRate,
    Opportunity,
    OpportunityPhase,
    OpportunitySplit,
    Order,
    OrderLine,
    Product,
    Quota,
)
from accounts.stakeholders.models import Contact, Tie

USERS = Kind(
    "users",
    "People who can log in, and the teams that they belonged to.",
    (
        Part(
            User,
            (
                external_id(
                    "The person's key in the other system; empty: the e-mail address.", "employee id"
                ),
                Column(
                    "email",
                    "Log-in name; nobody is written to by an import.",
                    required=True,
                    aliases=("mail",),
                ),
                Column("name", "First and last name.", required=True, aliases=("full name", "employee name")),
                Column("role", "What the person may see and do; empty: account manager."),
                Column("active", "Whether the person may log in; empty: yes.", field="is_active"),
            ),
            match=(IN_SOURCE, ("email",)),
            computed={
                "external_id": 'COALESCE(r."external_id", r."email")',
                "password": f"'{make_password(None)}'",
            },
            always=("external_id",),
        ),
        Part(
            Membership,
            (
                Column("team", "Name or external id of the team."),
                Column("team_from", "First day in the team.", field="during", holds=Date()),
                Column("team_to", "First day no longer in the team.", field="during", holds=Date()),
            ),
            match=(("user", "during:from"),),
            computed={"during": span('r."team_from"', 'r."team_to"')},
            parent="user",
            only='r."team" IS NOT NULL OR r."team_from" IS NOT NULL',
        ),
    ),
    header='COALESCE(r."external_id", r."email")',
    notes=(
        "Several lines with the same person give the history of the teams: one line for each stay.",
        "A new person has no password until invited.",
    ),
    example="email,name,role,team,team_from\njana@example.org,Jana Brandt,manager,North,2024-01-01",
)

TEAMS = Kind(
    "teams",
    "Teams and the teams above them.",
    (
        Part(
            Team,
            (
                external_id("The team's key in the other system; empty: its name."),
                Column("name", required=True, aliases=("team",)),
                Column(
                    "parent", "Name or external id of the team above.", aliases=("part of", "parent team")
                ),
                Column(
                    "lead",
                    "E-mail or external id of the person who leads it.",
                    aliases=("leader", "team lead"),
                ),
            ),
            match=(IN_SOURCE, ("name",)),
            computed={"external_id": 'COALESCE(r."external_id", r."name")'},
            always=("external_id",),
        ),
    ),
    example="name,parent\nNorth,\nNorth harbours,North",
)

ACCOUNTS = Kind(
    "accounts",
    "Key accounts and the groups of companies that they are part of.",
    (
        Part(
            Account,
            (
                external_id(
                    "The customer number in the other system.",
                    "customer number",
                    "number",
                    "account id",
                    "reseller key",
                    "kundennummer",
                    required=True,
                ),
                Column(
                    "name",
                    required=True,
                    aliases=("account", "company", "customer", "reseller name", "firma"),
                ),
                Column("parent", "External id or name of the company above.", aliases=("part of", "group")),
                Column("currency", "In which the customer pays; empty: the reporting currency."),
                Column("city", aliases=("ort", "town")),
                Column("country", aliases=("land",)),
                Column("website", aliases=("url", "web", "homepage")),
                Column("description", aliases=("notes", "remarks")),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": 'r."external_id"'},
        ),
    ),
    example="external_id,name,parent,currency,city,country\n4711,Nordwind Holding,,EUR,Kiel,Germany\n"
    "4712,Nordwind Logistics,4711,EUR,Lübeck,Germany",
)

ASSIGNMENTS = Kind(
    "assignments",
    "Who looked after an account, in which part, on which days.",
    (
        Part(
            Assignment,
            (
                account(),
                person(
                    "person", "user", "E-mail or external id of the person.", True, "user", "owner", "email"
                ),
                Column("role", "Empty: owner.", aliases=("part",)),
                *DATED,
            ),
            match=(("account", "user", "role", "during:from"),),
            computed={"during": span('r."from"', 'r."to"')},
        ),
    ),
    notes=(
        "An account has one owner on a day. "
        "A hand-over is two lines: the first one's `to` is the second's `from`.",
    ),
    example="account,person,role,from,to\n4711,jana@example.org,owner,2024-01-01,2025-07-01\n"
    "4711,tom@example.org,owner,2025-07-01,",
)

CLASSIFICATIONS = Kind(
    "classifications",
    "Tier, target account, industry and region of an account, by day.",
    (
        Part(
            Classification,
            (
                account(),
                *DATED,
                Column("tier", "Name of the tier; empty: unknown.", aliases=("segment", "class")),
                Column(
                    "target",
                    "Whether it is a target account.",
                    field="is_target",
                    aliases=("target account", "abm"),
                ),
                Column("industry", "Name of the industry.", aliases=("sector", "branche")),
                Column("region", "Name of the region.", aliases=("territory", "gebiet")),
            ),
            match=(("account", "during:from"),),
            computed={"during": span('r."from"', 'r."to"')},
        ),
    ),
    notes=("A change is two lines: the first one's `to` is the second's `from`.",),
    example="account,from,to,tier,target,industry,region\n4711,2024-01-01,,A,yes,Shipping,North",
)

PRODUCTS = Kind(
    "products",
    "What is sold, in categories.",
    (
        Part(
            Product,
            (
                external_id(
                    "The product's key in the other system.", "product key", "product id", required=True
                ),
                Column("name", required=True, aliases=("product", "product name", "artikel", "bezeichnung")),
                Column(
                    "code",
                    "Article number, as people write it.",
                    aliases=("sku", "article number", "artikelnummer"),
                ),
                Column(
                    "category", "Name of the category.", aliases=("group", "product group", "warengruppe")
                ),
            ),
            match=(IN_SOURCE,),
        ),
    ),
    example="external_id,name,code,category\nP-1,Harbour crane,HC-100,Cranes",
)

LINE_KEY = 'COALESCE(r."order_id", r."number") || \'/\' || r."line"'

ORDERS = Kind(
    "orders",
    "Invoiced orders and credit notes: one line of the file is one line of an order.",
    (
        Part(
            Order,
            (
                Column(
                    "number",
                    "The order's number; its lines repeat it and the other columns of the order.",
                    required=True,
                    aliases=(
                        "order",
                        "order number",
                        "sales order number",
                        "invoice",
                        "invoice number",
                        "beleg",
                    ),
                ),
                Column(
                    "order_id",
                    "The order's key; empty: its number.",
                    field="external_id",
                    aliases=("order key",),
                ),
                Column(
                    "date",
                    "Decides the period that the revenue belongs to.",
                    required=True,
                    aliases=("order date", "invoice date", "datum"),
                ),
                account(required=False, help="External id or name of the account; empty: unknown."),
                person("seller", "seller", "Gets the credit; empty: the account's owner on the date."),
                Column("kind", "Empty: order.", aliases=("document type",)),
                Column("currency", "Empty: the reporting currency.", aliases=("währung",)),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": 'COALESCE(r."order_id", r."number")'},
            always=("external_id",),
        ),
        Part(
            OrderLine,
            (
                Column(
                    "line",
                    "The line's number in the order.",
                    required=True,
                    field="external_id",
                    aliases=(
                        "line number",
                        "order line number",
                        "sales order line number",
                        "position",
                        "pos",
                    ),
                ),
                Column(
                    "product",
                    "External id, code or name of the product.",
                    aliases=("product key", "article", "sku"),
                ),
                Column("quantity", "Empty: 1.", aliases=("order quantity", "qty", "menge")),
                Column(
                    "amount",
                    "Net amount of the line, negative on a credit note.",
                    required=True,
                    aliases=("sales amount", "net amount", "revenue", "betrag", "umsatz"),
                ),
                Column(
                    "cost",
                    "What the goods cost us; empty: unknown.",
                    aliases=("total product cost", "kosten"),
                ),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": LINE_KEY},
            parent="order",
        ),
    ),
    header='COALESCE(r."order_id", r."number")',
    notes=("A line that a later file no longer has is kept: correct it by a line with the new amount.",),
    example="number,line,date,account,seller,currency,product,quantity,amount,cost\n"
    "R-1001,1,2026-10-02,4711,jana@example.org,EUR,P-1,1,120000.00,80000.00\n"
    "R-1001,2,2026-10-02,4711,jana@example.org,EUR,,1,3500.00,",
)

# Stages that the deal went through before the first one of the file are kept and end where it begins.
PHASES = """(
    WITH given AS (
        SELECT h.id AS opportunity_id, h.closed_on, r.file_row, r."stage__id" AS stage_id,
               COALESCE(r."stage_from", h.opened_on) AS since
        FROM import_resolved r JOIN import_0 h ON h.file_key = r."external_id" WHERE r."stage" IS NOT NULL
    ), first AS (
        SELECT opportunity_id, min(since) AS since, min(file_row) AS file_row, min(closed_on) AS closed_on
        FROM given GROUP BY opportunity_id
    ), steps AS (
        SELECT opportunity_id, closed_on, file_row, stage_id, since FROM given
        UNION ALL
        SELECT p.opportunity_id, f.closed_on, f.file_row, p.stage_id, lower(p.during)
        FROM accounts_opportunityphase p JOIN first f USING (opportunity_id) WHERE lower(p.during) < f.since
    ), ends AS (
        SELECT *, lead(since) OVER (PARTITION BY opportunity_id ORDER BY since, file_row) AS next FROM steps
    )
    SELECT ends.file_row, ends.opportunity_id, ends.stage_id AS step_id, ends.since,
           CASE WHEN next IS NOT NULL THEN next
                WHEN closed_on IS NOT NULL THEN greatest(closed_on, since + 1) END AS until
    FROM ends
) r"""

SHARES = """(
    SELECT r.file_row, h.id AS opportunity_id, l.id AS person_id, s.share
    FROM import_resolved r
    JOIN (SELECT min(file_row) AS file_row FROM import_resolved GROUP BY "external_id") one USING (file_row)
    JOIN import_0 h ON h.file_key = r."external_id"
    CROSS JOIN LATERAL jsonb_to_recordset(r."splits") AS s(person text, share numeric)
    JOIN import_lookup_splits l ON l.value = s.person
) r"""

OPPORTUNITIES = Kind(
    "opportunities",
    "Deals, with the stages that they went through and the people who share them.",
    (
        Part(
            Opportunity,
            (
                external_id(
                    "The deal's key in the other system.", "opportunity id", "deal id", required=True
                ),
                Column("name", required=True, aliases=("opportunity", "deal", "opportunity name", "title")),
                account(required=False, help="External id or name of the account; empty: unknown."),
                Column("kind", "Empty: new business.", aliases=("type", "deal type")),
                Column(
                    "origin", "Where the deal came from; empty: unknown.", aliases=("source", "lead source")
                ),
                Column(
                    "category",
                    "Name of the product category; empty: several, or not known.",
                    aliases=("product category", "product group", "product line"),
                ),
                Column("amount", "Empty: not estimated.", aliases=("value", "deal value", "betrag")),
                Column("currency", "Empty: the reporting currency."),
                Column(
                    "opened",
                    "Day it was opened.",
                    field="opened_on",
                    required=True,
                    aliases=("created", "open date"),
                    observed=True,
                ),
                Column("first_contact", "First contact about it.", field="first_contact_on"),
                Column(
                    "closed",
                    "Day it was won or lost.",
                    field="closed_on",
                    aliases=("close date", "closed on"),
                    observed=True,
                ),
                Column("outcome", "Empty: open.", aliases=("status", "result")),
                Column("loss_reason", "Why it was lost.", aliases=("lost reason", "reason lost")),
            ),
            match=(IN_SOURCE,),
        ),
        Part(
            OpportunityPhase,
            (
                Column("stage", "Name of the stage.", field="", to=None, aliases=("stage name", "phase")),
                Column(
                    "stage_from",
                    "First day in the stage; empty: the day it was opened.",
                    field="during",
                    holds=Date(),
                ),
            ),
            match=(("opportunity", "during:from"),),
            computed={
                "opportunity": "r.opportunity_id",
                "stage": "r.step_id",
                "during": span("r.since", "r.until"),
            },
            always=("opportunity",),
            rows=PHASES,
            replaces=True,
        ),
        Part(
            OpportunitySplit,
            (
                Column(
                    "splits",
                    "Who shares the deal, if not the account's owner alone; the shares add up to 1.",
                    field="share",
                    holds=Shares(),
                    to=User,
                ),
            ),
            match=(("opportunity", "user"),),
            computed={"opportunity": "r.opportunity_id", "user": "r.person_id", "share": "r.share"},
            always=("opportunity", "user"),
            rows=SHARES,
            replaces=True,
        ),
    ),
    header='r."external_id"',
    notes=(
        "Several lines with the same external id give the history of the stages: one line for each stage.",
        "A file with only the present stage of each deal, imported every week, builds up the history: "
        "stages that began before the file's first one are kept and end where it begins.",
    ),
    example="external_id,name,account,kind,amount,currency,opened,outcome,closed,stage,stage_from\n"
    "D-1,Second crane,4711,upsell,90000,EUR,2026-03-01,open,,Qualified,2026-03-01\n"
    "D-1,Second crane,4711,upsell,90000,EUR,2026-03-01,open,,Offer,2026-05-12",
)

CONTRACTS = Kind(
    "contracts",
    "Recurring agreements, term by term.",
    (
        Part(
            Contract,
            (
                external_id("The term's key in the other system; empty: number and start."),
                Column(
                    "number",
                    "The same number for all terms of a contract.",
                    required=True,
                    aliases=("contract",),
                ),
                account(),
                Column("name", "What it is about.", aliases=("title", "subject")),
                Column(
                    "start",
                    "First day.",
                    field="during",
                    required=True,
                    aliases=("from", *FROM),
                    holds=Date(),
                ),
                Column(
                    "end", "LAST day; empty: open.", field="during", aliases=("last day", *TO), holds=Date()
                ),
                Column(
                    "notice_date",
                    "Last day on which the customer may give notice.",
                    aliases=("notice", "notice by"),
                ),
                Column(
                    "annual_value",
                    "Value a year.",
                    required=True,
                    aliases=("value", "acv", "arr", "jahreswert"),
                ),
                Column("currency", "Empty: the reporting currency."),
                Column("outcome", "What became of it; empty: not decided.", aliases=("status", "renewal")),
                Column("renewed_value", "Value a year after the renewal; only and always if renewed."),
            ),
            match=(IN_SOURCE,),
            computed={
                "external_id": 'COALESCE(r."external_id", r."number" || \'/\' || r."start")',
                "during": span('r."start"', '(r."end" + 1)'),
            },
            always=("external_id",),
        ),
    ),
    notes=("`end` is the last day of the term, not the day after it.",),
    example="number,account,start,end,notice_date,annual_value,currency,outcome,renewed_value\n"
    "C-7,4711,2025-01-01,2025-12-31,2025-09-30,48000,EUR,renewed,51000\n"
    "C-7,4711,2026-01-01,2026-12-31,2026-09-30,51000,EUR,open,",
)

QUOTAS = Kind(
    "quotas",
    "What a person is to sell, from a date until the person's next quota begins.",
    (
        Part(
            Quota,
            (
                external_id("The quota's key in the other system; empty: person and date."),
                person("person", "user", "E-mail or external id of the person.", True, "user", "email"),
                Column(
                    "from",
                    "First day.",
                    field="starts_on",
                    required=True,
                    aliases=("date", "quota date", *FROM),
                ),
                Column("amount", required=True, aliases=("quota", "sales amount quota", "target", "ziel")),
                Column("currency", "Empty: the reporting currency."),
            ),
            match=(IN_SOURCE, ("user", "starts_on")),
            computed={"external_id": 'COALESCE(r."external_id", r."person" || \'/\' || r."from")'},
            always=("external_id",),
        ),
    ),
    notes=("The last quota of a person is open: give a quota of 0 to end it.",),
    example="person,from,amount,currency\njana@example.org,2026-01-01,250000,EUR",
)

EXCHANGE_RATES = Kind(
    "exchange_rates",
    "What one unit of a currency was worth, from a date until the next rate.",
    (
        Part(
            ExchangeRate,
            (
                Column("currency", "One unit of this currency …", required=True, aliases=("from", "base")),
                Column(
                    "quote",
                    "… in units of this one; empty: the reporting currency.",
                    aliases=("quote currency",),
                ),
                Column("date", required=True, aliases=("day", "datum")),
                Column("rate", required=True, aliases=("average rate", "exchange rate", "kurs")),
            ),
            match=(("currency", "quote", "date"),),
        ),
    ),
    example="currency,quote,date,rate\nUSD,EUR,2026-01-02,0.9214",
)

CONTACTS = Kind(
    "contacts",
    "People at the customers, and whom they report to.",
    (
        Part(
            Contact,
            (
                external_id("The person's key in the other system.", "contact id", required=True),
                account(),
                Column("name", required=True, aliases=("contact", "full name", "kontakt")),
                Column(
                    "placeholder",
                    "Whether it is a place whose holder nobody knows yet; empty: no.",
                    field="is_placeholder",
                ),
                Column("title", "Job title.", aliases=("job title", "position", "funktion")),
                Column("department", aliases=("abteilung",)),
                Column("city", aliases=("ort", "town")),
                Column("email", aliases=("e-mail", "mail")),
                Column("phone", aliases=("telephone", "telefon")),
                Column("language", "In which we write to them, as de or en.", aliases=("sprache",)),
                Column(
                    "reports_to",
                    "External id or name of the person above, at the same account.",
                    aliases=("manager", "superior", "vorgesetzter"),
                ),
                Column("key_from", "First day as a key person.", field="key_during", holds=Date()),
                Column("key_to", "First day no longer a key person.", field="key_during", holds=Date()),
                Column(
                    "since",
                    "The day on which the person came onto the map.",
                    required=True,
                    aliases=("created", "known since", *FROM),
                ),
                Column(
                    "left_on",
                    "First day on which the person is gone; empty: still there.",
                    aliases=("left", "until", "to"),
                ),
            ),
            match=(IN_SOURCE,),
            computed={
                "key_during": f"""CASE WHEN r."key_from" IS NOT NULL THEN {span('r."key_from"', 'r."key_to"')} END"""
            },
            within="account",
        ),
    ),
    notes=("What we think of people comes in files of its own, in which every opinion has an author.",),
    example="external_id,account,name,title,email,reports_to,since\n"
    "K-1,4711,Ingrid Haugen,Chief operating officer,ingrid@example.org,,2024-05-01\n"
    "K-2,4711,Anette Bakke,Fleet performance,anette@example.org,K-1,2024-05-01",
)

TIES = Kind(
    "ties",
    "Who influences whom at a customer, and who is in conflict.",
    (
        Part(
            Tie,
            (
                external_id("The line's key in the other system; empty: the two people and its kind."),
                Column(
                    "contact", "External id or name of the first person.", required=True, aliases=("person",)
                ),
                Column("kind", "Influences, or conflicts.", required=True, aliases=("type",)),
                Column("other", "External id or name of the other person.", required=True, aliases=("whom",)),
                Column("about", aliases=("subject", "over")),
                Column("basis", "Assumed or confirmed; empty: assumed.", aliases=("how sure",)),
                Column(
                    "since",
                    "The day on which it was noted.",
                    field="noted_on",
                    required=True,
                    aliases=("noted on", "date", *FROM),
                ),
                Column("ended_on", "First day without it; empty: it holds.", aliases=("ended", *TO)),
            ),
            match=(IN_SOURCE,),
            computed={
                "external_id": """COALESCE(r."external_id", r."contact" || '/' || r."kind" || '/' || r."other")"""
            },
            always=("external_id",),
        ),
    ),
    example="contact,kind,other,about,basis,since\nK-2,influences,K-1,,confirmed,2026-03-02",
)

# In the order in which a new installation needs them.
KINDS: dict[str, Kind] = {
    kind.id: kind
    for kind in (
        TEAMS,
        USERS,
        ACCOUNTS,
        ASSIGNMENTS,
        CLASSIFICATIONS,
        CONTACTS,
        TIES,
        PRODUCTS,
        ORDERS,
        OPPORTUNITIES,
        CONTRACTS,
        QUOTAS,
        EXCHANGE_RATES,
        *WORK_KINDS,
        *PEOPLE_KINDS,
        *PLAN_KINDS,
        *PLAN_LINE_KINDS,
        *MARKETING_KINDS,
        *EMPLOYEE_KINDS,
        *SURVEY_KINDS,
    )
}
