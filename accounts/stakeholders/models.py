"""The customer's people: who they are, whom they report to, what we think of them, who of us knows them."""

import datetime
from typing import Any, Self

import pghistory
from django.contrib.postgres.fields import DateRangeField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Greatest, Least, Upper

from accounts.fields import Noted, Sourced, Versioned, never_above_itself, unique_in_source
from accounts.people.models import User
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account
from kamplan.permissions import HIDES_OPINIONS

__all__ = ["Contact", "DecisionRole", "Relationship", "SoftFact", "Tie"]


class DecisionRole(models.TextChoices):
    """The part that a person plays when their company buys."""

    SPONSOR = "sponsor", "sponsor"
    DECISION_MAKER = "decision_maker", "decides"
    CHAMPION = "champion", "champion"
    ADVISER = "adviser", "advises"
    PROCUREMENT = "procurement", "buys"
    USER = "user", "user"
    BLOCKER = "blocker", "blocks"


ROLE_WORDS = {value: str(label) for value, label in DecisionRole.choices}


class ContactQuerySet(ContentQuerySet):
    # Marketing knows names and addresses; what we think of a person is a table of its own.
    hidden_from = frozenset()

    def present(self, day: datetime.date) -> Self:
        """Those who were with their company on this day."""
        return self.filter(Q(left_on__isnull=True) | Q(left_on__gt=day))

    def key(self, day: datetime.date) -> Self:
        return self.present(day).filter(key_during__contains=day)

    def known(self) -> Self:
        """People with a name, not the places that somebody still has to find out about."""
        return self.filter(is_placeholder=False)

    def named_like(self, text: str) -> Self:
        return self.filter(name__icontains=text)

    def with_opinions(self) -> Self:
        """`decision_role`, `influence`, `support`: the newest of each; only for those who may see opinions."""
        newest = SoftFact.objects.filter(contact=OuterRef("pk")).order_by("-noted_on", "-pk")
        return self.annotate(
            **{
                name: Subquery(newest.filter(kind=kind).values("value")[:1])
                for name, kind in (
                    ("decision_role", SoftFact.Kind.ROLE),
                    ("influence", SoftFact.Kind.INFLUENCE),
                    ("support", SoftFact.Kind.SUPPORT),
                )
            }
        )


@pghistory.track(exclude=["source"])
class Contact(Sourced, Versioned):
    """Somebody at a customer, or a place there whose holder nobody knows yet."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=200, help_text="For a place: what it is called, as Head of IT.")
    is_placeholder = models.BooleanField(
        "not known yet", default=False, help_text="There must be somebody, but nobody of us knows the name."
    )
    title = models.CharField("job title", max_length=200, blank=True, default="")
    department = models.CharField(max_length=100, blank=True, default="")
    city = models.CharField(max_length=100, blank=True, default="")
    email = models.EmailField("e-mail", max_length=254, blank=True, default="")
    phone = models.CharField(max_length=50, blank=True, default="")
    language = models.CharField(
        max_length=10, blank=True, default="", help_text="In which we write to them, as de or en."
    )
    reports_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name="reports to"
    )
    key_during = DateRangeField(
        "key person", null=True, blank=True, help_text="The days on which we had to know this person well."
    )
    since = models.DateField("known since", help_text="The day on which this person came onto the map.")
    left_on = models.DateField(null=True, blank=True, help_text="First day on which they are gone.")
    no_surveys_since = models.DateField(
        "asked for no surveys", null=True, blank=True, editable=False, help_text="Empty: may be asked."
    )
    erased_on = models.DateField(
        null=True, blank=True, editable=False, help_text="Since then nobody knows who it was."
    )
    successor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="predecessors", editable=False
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reports_to=F("pk")),
                name="contact_not_own_superior",
                violation_error_message="A person cannot report to themselves.",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("since")),
                name="contact_left_after_since",
                violation_error_message="Nobody leaves before they are known.",
            ),
            models.CheckConstraint(
                condition=Q(is_placeholder=False) | Q(email="", left_on__isnull=True),
                name="contact_placeholder_is_nobody",
                violation_error_message="A place that nobody is known for has no address and cannot leave.",
            ),
            models.CheckConstraint(
                condition=Q(erased_on__isnull=True)
                | Q(
                    name__startswith="Erased person ",
                    title="",
                    department="",
                    city="",
                    email="",
                    phone="",
                    external_id="",
                ),
                name="contact_erased_stays_so",
                violation_error_message="This person was erased at their wish. Add a new one instead.",
            ),
            models.CheckConstraint(
                condition=Q(key_during__isnull=True)
                | (Q(key_during__isempty=False) & Q(key_during__startswith__isnull=False)),
                name="contact_key_begins",
                violation_error_message="The days of a key person have a first day.",
            ),
            unique_in_source("contact"),
        ]
        triggers = [
            never_above_itself(
                "accounts_contact", "Nobody reports to themselves, by way of another.", "reports_to"
            )
        ]
        indexes = [models.Index(Upper("name"), name="contact_name_upper")]

    def __str__(self) -> str:
        return self.name

    @property
    def has_left(self) -> bool:
        return self.left_on is not None

    def clean(self) -> None:
        above, seen = self.reports_to, {self.pk}
        while above is not None:
            if above.pk in seen:
                raise ValidationError(
                    {"reports_to": f"{self.name} would report to themselves, by way of {above.name}."}
                )
            seen.add(above.pk)
            above = above.reports_to


class OpinionQuerySet(ContentQuerySet):
    """What we think of people is for the account's team, its leads and heads."""

    hidden_from = HIDES_OPINIONS
    account_path = "contact__account"

    def newest(self) -> Any:
        """Of each person and kind the latest word."""
        return self.order_by("contact_id", "kind", "-noted_on", "-pk").distinct("contact_id", "kind")


class SoftFact(Noted):
    """One thing that somebody thinks of a person; a newer one of the same kind replaces it, none is lost."""

    class Kind(models.TextChoices):
        ROLE = "role", "role"
        INFLUENCE = "influence", "influence"
        SUPPORT = "support", "support"
        CARES_ABOUT = "cares_about", "cares about"
        NOTE = "note", "note"

    SUPPORT_WORDS = {
        "-2": "strongly against us",
        "-1": "against us",
        "0": "neutral",
        "1": "for us",
        "2": "strongly for us",
    }
    INFLUENCE_WORDS = {"1": "little", "2": "some", "3": "much"}

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="soft_facts")
    kind = models.CharField(max_length=12, choices=Kind)
    value = models.CharField(max_length=500, blank=True, help_text="Empty: nobody knows any more.")

    objects = OpinionQuerySet.as_manager()

    class Meta:
        ordering = ["contact", "kind", "-noted_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(value="")
                | Q(kind="role", value__in=DecisionRole.values)
                | Q(kind="influence", value__in=["1", "2", "3"])
                | Q(kind="support", value__in=["-2", "-1", "0", "1", "2"])
                | Q(kind__in=["cares_about", "note"]),
                name="soft_fact_known_value",
                violation_error_message="This is not one of the values of its kind.",
            )
        ]
        indexes = [models.Index(fields=["contact", "kind", "-noted_on"], name="soft_fact_newest")]

    def __str__(self) -> str:
        return f"{self.contact}, {self.get_kind_display()}: {self.words}"

    @property
    def words(self) -> str:
        """The value as a reader says it."""
        return fact_words(self.kind, self.value)


FACT_WORDS = {"role": ROLE_WORDS, "influence": SoftFact.INFLUENCE_WORDS, "support": SoftFact.SUPPORT_WORDS}


def fact_words(kind: str, value: str) -> str:
    return FACT_WORDS.get(kind, {}).get(value, value)


class TieQuerySet(ContentQuerySet):
    hidden_from = HIDES_OPINIONS
    account_path = "contact__account"

    def holding(self, day: datetime.date) -> Self:
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=day))


@pghistory.track(exclude=["source"])
class Tie(Noted, Sourced):
    """One person influences another, or the two are in conflict."""

    class Kind(models.TextChoices):
        INFLUENCES = "influences", "influences"
        CONFLICTS = "conflicts", "in conflict with"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="ties")
    other = models.ForeignKey(Contact, models.CASCADE, related_name="ties_of_others")
    kind = models.CharField(max_length=10, choices=Kind)
    about = models.CharField(max_length=200, blank=True, default="")
    ended_on = models.DateField(null=True, blank=True)

    objects = TieQuerySet.as_manager()

    class Meta:
        ordering = ["contact", "kind", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(contact=F("other")),
                name="tie_between_two",
                violation_error_message="A tie needs two people.",
            ),
            models.UniqueConstraint(
                fields=["contact", "other"],
                condition=Q(kind="influences", ended_on__isnull=True),
                name="tie_one_influence",
                violation_error_message="This influence is on the map already.",
            ),
            # A conflict has no direction.
            models.UniqueConstraint(
                Least("contact", "other"),
                Greatest("contact", "other"),
                condition=Q(kind="conflicts", ended_on__isnull=True),
                name="tie_one_conflict",
                violation_error_message="This conflict is on the map already.",
            ),
            unique_in_source("tie"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} {self.get_kind_display()} {self.other}"


class RelationshipQuerySet(ContentQuerySet):
    hidden_from = HIDES_OPINIONS
    account_path = "contact__account"

    def short(self) -> Self:
        """Those who do not yet know each other as well as somebody wants."""
        return self.filter(desired__gt=F("level"))


@pghistory.track()
class Relationship(Noted, Versioned):
    """How well one of us knows a person, and how well that should be."""

    LEVELS = {
        0: "does not know",
        1: "knows each other",
        2: "talks regularly",
        3: "trusts and is called first",
    }

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="relationships")
    colleague = models.ForeignKey(User, models.PROTECT, related_name="relationships")
    level = models.PositiveSmallIntegerField("current level", default=0, choices=list(LEVELS.items()))
    desired = models.PositiveSmallIntegerField("desired level", default=0, choices=list(LEVELS.items()))

    objects = RelationshipQuerySet.as_manager()

    class Meta:
        ordering = ["contact", "colleague"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "colleague"],
                name="relationship_one_a_pair",
                violation_error_message="The relation of these two is noted already.",
            ),
            models.CheckConstraint(
                condition=Q(level__range=(0, 3)) & Q(desired__range=(0, 3)),
                name="relationship_levels",
                violation_error_message="A level lies between 0 and 3.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.colleague} and {self.contact}: {self.level} of {self.desired}"
