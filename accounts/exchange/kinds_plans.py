"""The kinds of files about looking ahead: whitespace, what is expected of renewals, reviews."""

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import CUSTOMER, FROM, TO, account, person
from accounts.plans.models import RenewalCall, Review, WhitespaceCell
from accounts.portfolio.models import Account

WHITESPACE = Kind(
    "whitespace",
    "Who serves a customer with a product category, and what is spent there.",
    (
        Part(
            WhitespaceCell,
            (
                account(),
                Column(
                    "category",
                    "Name of the product category.",
                    required=True,
                    aliases=("product category", "product group", "product line"),
                ),
                Column(
                    "holder", "Who has it; empty: unknown.", aliases=("who has it", "held by", "supplier")
                ),
                Column(
                    "holder_name", "The competitor, or who does it in-house.", aliases=("competitor", "name")
                ),
                Column("held_until", "Until about when.", aliases=("contract end", *TO)),
                Column(
                    "yearly_spend",
                    "Estimated spend a year with everybody; empty: unknown.",
                    aliases=("spend", "potential", "estimate", "wallet"),
                ),
                Column("currency", "Empty: the reporting currency."),
                Column("basis", "Assumed or confirmed; empty: assumed.", aliases=("how sure",)),
                Column(
                    "noted_on",
                    "The day on which somebody said so.",
                    required=True,
                    aliases=("date", "noted on", "as of", "datum"),
                ),
                person("noted_by", "author", "E-mail or external id of who said so.", False, "author"),
                Column("next_step", aliases=("next step", "todo")),
            ),
            match=(("account", "category"),),
        ),
    ),
    notes=("One line for each company and category; a later file replaces what an earlier one said.",),
    example="account,category,holder,holder_name,yearly_spend,currency,noted_on\n"
    "4711,Retrofit kits,competitor,Hexatron,120000,EUR,2026-09-03\n"
    "4711,Training,not_needed,,,EUR,2026-09-03",
)

# The term that holds on the day of the call; of an account where the file names it.
CALLED = """(
    SELECT CASE WHEN count(*) = 1 THEN min(c.id) END FROM accounts_contract c
    WHERE lower(c.number) = lower(r."contract") AND c.during @> r."made_on"
      AND (r."account__id" IS NULL OR c.account_id = r."account__id"))"""

RENEWAL_CALLS = Kind(
    "renewal_calls",
    "What account managers expected of the renewal of a contract, and when they said so.",
    (
        Part(
            RenewalCall,
            (
                Column(
                    "contract",
                    "Number of the contract; the term of that day is meant.",
                    required=True,
                    aliases=("contract number", "number"),
                ),
                Column(
                    "account",
                    "External id or name; needed where two accounts have the same number.",
                    to=Account,
                    aliases=CUSTOMER,
                ),
                Column("call", "What is expected.", required=True, aliases=("expectation", "forecast")),
                Column(
                    "expected_value",
                    "A year, in the contract's currency, where it is less.",
                    aliases=("value", "amount"),
                ),
                Column("reason", aliases=("why", "comment")),
                person("author", "author", "E-mail or external id of who said so.", True, "owner"),
                Column("made_on", "The day of the call.", required=True, aliases=("date", "datum")),
            ),
            match=(("contract", "made_on", "author"),),
            computed={"contract": CALLED},
            always=("contract",),
        ),
    ),
    notes=(
        "A later call replaces an earlier one on the renewals page; the earlier ones stay in the history.",
    ),
    example="contract,account,call,expected_value,author,made_on\n"
    "C-2026-17,4711,smaller,30000,jana@example.org,2026-09-03",
)

REVIEWS = Kind(
    "reviews",
    "Business reviews with customers: planned, or held with their rating and notes.",
    (
        Part(
            Review,
            (
                account(),
                Column("on", "The day of the review.", required=True, aliases=("date", "held on", "datum")),
                Column("title", required=True, aliases=("name", "subject")),
                Column("status", "Empty: planned.", aliases=("state",)),
                Column(
                    "period_start", "First day of the months it looks back on.", required=True, aliases=FROM
                ),
                Column("period_end", "The first day after them.", required=True, aliases=TO),
                Column("summary", "In short."),
                Column("wins", "What went well."),
                Column("troubles", "What did not."),
                Column("next_steps", "What comes next.", aliases=("next steps",)),
                Column("rating", "1 to 5, or in words."),
                Column("notes", aliases=("minutes",)),
                Column("next_on", "The day of the next review.", aliases=("next review", "next date")),
            ),
            match=(("account", "on"),),
        ),
    ),
    notes=(
        "One review for each account and day. An imported review has no figures of its own: the page shows "
        "those of its period as they are known now.",
    ),
    example="account,on,title,status,period_start,period_end,rating,notes\n"
    "4711,2026-10-08,Review of the third quarter,held,2026-07-01,2026-10-01,4,Wants the roadmap in writing",
)

PLAN_KINDS = (WHITESPACE, RENEWAL_CALLS, REVIEWS)
