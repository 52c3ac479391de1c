"""The kinds of files about what we think of people: each line with who said so, and when."""

from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import person
from accounts.stakeholders.models import Relationship, SoftFact

WHOM = Column(
    "contact",
    "E-mail, name or external id of the person.",
    required=True,
    aliases=("stakeholder", "customer contact"),
)
BASIS = Column("basis", "Assumed or confirmed; empty: assumed.", aliases=("how sure",))
NOTED_ON = Column(
    "noted_on", "The day on which somebody said so.", required=True, aliases=("date", "as of", "datum")
)
SAID_BY = "E-mail or external id of who said so."

RELATIONSHIPS = Kind(
    "relationships",
    "How well one of us knows a customer's person, and how well that should be.",
    (
        Part(
            Relationship,
            (
                WHOM,
                person("colleague", "colleague", "E-mail or external id of who of us.", True, "user"),
                Column("level", "Now: 0 to 3, or in words.", required=True, aliases=("current", "now")),
                Column("desired", "Wanted: 0 to 3, or in words.", required=True, aliases=("wanted", "goal")),
                BASIS,
                NOTED_ON,
                person("noted_by", "author", SAID_BY, False, "author"),
            ),
            match=(("contact", "colleague"),),
        ),
    ),
    notes=("One line for each person and colleague; a later file replaces what an earlier one said.",),
    example="contact,colleague,level,desired,basis,noted_on\n"
    "ingrid@nordwind.example,jana@example.org,2,3,confirmed,2026-09-03",
)

SOFT_FACTS = Kind(
    "soft_facts",
    "What somebody of us thinks of a customer's person: role, influence, support, what they care about.",
    (
        Part(
            SoftFact,
            (
                WHOM,
                Column("kind", "What it is about.", required=True, aliases=("type", "fact")),
                Column(
                    "value",
                    "Influence 1 to 3, support -2 to 2, a role by its key, else a text; empty: not known any more.",
                    aliases=("opinion", "text"),
                ),
                BASIS,
                NOTED_ON,
                person("noted_by", "author", SAID_BY, True, "author"),
            ),
            match=(("contact", "kind", "noted_on", "author"),),
        ),
    ),
    notes=(
        "A newer line of the same kind replaces an older one on the map; the older ones stay in the history.",
    ),
    example="contact,kind,value,basis,noted_on,noted_by\n"
    "ingrid@nordwind.example,influence,3,confirmed,2026-09-03,jana@example.org\n"
    "ingrid@nordwind.example,role,sponsor,assumed,2026-09-03,jana@example.org",
)

PEOPLE_KINDS = (RELATIONSHIPS, SOFT_FACTS)
