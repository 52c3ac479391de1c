"""The kind of files about whitespace: who serves a company with what, as somebody has noted it elsewhere."""

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import TO, account, person
from accounts.plans.models import WhitespaceCell

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

PLAN_KINDS = (WHITESPACE,)
