"""The list of leads: what stands in the address is what is shown, and nothing else decides."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Count, Q

from accounts.people.models import User
from accounts.revenue.marketing import BANT, IN_STATE, Campaign, Lead, LeadChannel, LeadQuerySet
from kamplan.components import Choice

NONE = "none"
STATES = {
    "": "Open",
    "new": "New",
    "mql": "Marketing-qualified",
    "sql": "Sales-qualified",
    "customer": "Customers",
    "dropped": "Given up",
    "all": "All",
}


@dataclass(frozen=True)
class LeadFilter:
    """One view of the leads, as its query string says it."""

    q: str = ""
    state: str = ""
    channel: str = ""
    campaign: str = ""
    owner: str = ""

    @classmethod
    def from_query(cls, given: Mapping[str, str]) -> Self:
        values = {field.name: str(given.get(field.name, "")).strip()[:100] for field in fields(cls)}
        if values["state"] not in STATES:
            values["state"] = ""
        return cls(**values)

    @property
    def query(self) -> str:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query)

    def among(self, leads: LeadQuerySet) -> LeadQuerySet:
        """All but the state: the states are counted among these."""
        if self.q:
            leads = leads.filter(
                Q(company__icontains=self.q) | Q(person__icontains=self.q) | Q(email__icontains=self.q)
            )
        if self.channel:
            leads = leads.filter(channel="" if self.channel == NONE else self.channel)
        leads = _of(leads, "campaign", self.campaign)
        return _of(leads, "owner", self.owner)

    def in_state(self, leads: LeadQuerySet) -> LeadQuerySet:
        return leads if self.state == "all" else leads.in_state(self.state or "open")

    def states(self, leads: LeadQuerySet) -> list[Choice]:
        """Every state with how many of these leads are in it, counted in one pass."""
        counted = {f"in_{state}": Count("pk", filter=condition) for state, condition in IN_STATE.items()}
        counts = leads.order_by().aggregate(**counted)
        return [
            Choice(
                words,
                f"?{replace(self, state=value).query}",
                value == self.state,
                count=str(counts.get(f"in_{value or 'open'}") or ""),
            )
            for value, words in STATES.items()
        ]


def _of(leads: LeadQuerySet, column: str, wanted: str) -> LeadQuerySet:
    if not wanted:
        return leads
    if wanted == NONE:
        return leads.filter(**{f"{column}__isnull": True})
    return leads.filter(**{column: int(wanted)}) if wanted.isdecimal() else leads.none()


@dataclass(frozen=True)
class Select:
    name: str
    label: str
    chosen: str
    choices: list[tuple[Any, str]]


def selects(view: LeadFilter, user: User) -> list[Select]:
    visible = Lead.objects.visible_to(user).order_by()
    owners = User.objects.filter(pk__in=visible.values("owner"))
    campaigns = Campaign.objects.visible_to(user).filter(pk__in=visible.values("campaign"))
    people = [(str(pk), name) for pk, name in owners.values_list("pk", "name")]
    named = [(str(pk), name) for pk, name in campaigns.values_list("pk", "name")]
    channels = [(NONE, "unknown"), *((value, str(label)) for value, label in LeadChannel.choices if value)]
    return [
        Select("channel", "Channel", view.channel, channels),
        Select("campaign", "Campaign", view.campaign, [(NONE, "none"), *named]),
        Select("owner", "Who of us", view.owner, [(NONE, "nobody"), *people]),
    ]


@dataclass(frozen=True)
class Answer:
    """One of the four questions about a lead, as a reader sees it."""

    item: str
    label: str
    question: str
    value: bool | None

    @property
    def letter(self) -> str:
        return self.label[0]

    @property
    def said(self) -> str:
        return {True: "yes", False: "no"}.get(self.value, "unknown")  # type: ignore[arg-type]


def answers_of(lead: Lead) -> list[Answer]:
    return [
        Answer(item, item.capitalize(), str(Lead._meta.get_field(item).help_text), getattr(lead, item))  # type: ignore[union-attr]
        for item in BANT
    ]


@dataclass(frozen=True)
class Standing:
    """How far a lead has come, in one mark and a few words; since which day."""

    mark: str
    words: str
    since: Any


def standing_of(lead: Lead) -> Standing:
    if lead.customer_on:
        return Standing("on_target", "customer", lead.customer_on)
    if lead.dropped_on:
        return Standing("no_target", "given up", lead.dropped_on)
    if lead.sql_on:
        return Standing("ahead", "sales-qualified", lead.sql_on)
    if lead.mql_on:
        return Standing("running", "marketing-qualified", lead.mql_on)
    return Standing("waiting", "new", lead.created_on)
