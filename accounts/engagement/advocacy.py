"""Who speaks for us, who agreed to be asked, and what those say who left."""

import datetime
from typing import Self

import pghistory
from django.db import models
from django.db.models import F, Q

from accounts.fields import Dated, Sourced, begins_before_it_ends, unique_in_source
from accounts.people.models import User
from accounts.portfolio.content import ContentQuerySet, DatedContentQuerySet
from accounts.portfolio.models import Account, Named
from accounts.stakeholders.models import Contact

__all__ = ["AdvocacyAction", "LossInterview", "LossReason", "ReferenceConsent"]


class ReferenceConsentQuerySet(DatedContentQuerySet):
    # Marketing asks references for a word, and must know who agreed.
    hidden_from = frozenset()

    def valid_on(self, day: datetime.date) -> Self:
        """Given, not expired and not taken back."""
        return self.on(day).filter(Q(revoked_on__isnull=True) | Q(revoked_on__gt=day))


@pghistory.track(exclude=["source"])
class ReferenceConsent(Dated, Sourced):
    """That an account, or one person of it, agreed to be named as a reference, from when until when."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="reference_consents")
    contact = models.ForeignKey(
        Contact,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="reference_consents",
        help_text="Who agreed; empty: the company.",
    )
    evidence = models.CharField(
        max_length=200, blank=True, default="", help_text="Where it is written, as a letter and its date."
    )
    revoked_on = models.DateField(
        "taken back on", null=True, blank=True, help_text="First day on which nobody may be asked any more."
    )
    noted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = ReferenceConsentQuerySet.as_manager()

    class Meta:
        ordering = ["account", "-during"]
        constraints = [
            begins_before_it_ends("reference_consent"),
            models.CheckConstraint(
                condition=Q(revoked_on__isnull=True) | Q(revoked_on__gte=F("during__startswith")),
                name="reference_consent_revoked_after_given",
                violation_error_message="Nothing is taken back before it is given.",
            ),
            unique_in_source("reference_consent"),
        ]

    def __str__(self) -> str:
        return f"{self.account}, {self.contact}" if self.contact else str(self.account)


class AdvocacyActionQuerySet(ContentQuerySet):
    hidden_from = frozenset()


@pghistory.track(exclude=["source"])
class AdvocacyAction(Sourced):
    """Something that a customer said about us where others hear it; a bad word counts against us."""

    class Kind(models.TextChoices):
        REFERRAL = "referral", "recommended us"
        REFERENCE = "reference", "was a reference"
        TESTIMONIAL = "testimonial", "testimonial"
        CASE_STUDY = "case_study", "case study"
        REVIEW = "review", "review"
        MENTION = "mention", "mention on social media"
        TALK = "talk", "talk at an event"

    account = models.ForeignKey(Account, models.PROTECT, related_name="advocacy_actions")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="advocacy_actions"
    )
    on = models.DateField()
    kind = models.CharField(max_length=11, choices=Kind)
    is_positive = models.BooleanField("speaks for us", default=True)
    subject = models.CharField(max_length=200, blank=True, default="")
    link = models.URLField(blank=True, default="")

    objects = AdvocacyActionQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            # A referral or a case study against us does not exist.
            models.CheckConstraint(
                condition=Q(is_positive=True) | Q(kind__in=["review", "mention", "talk"]),
                name="advocacy_action_negative_kinds",
                violation_error_message="Only a review, a mention or a talk can speak against us.",
            ),
            unique_in_source("advocacy_action"),
        ]
        indexes = [models.Index("account", "on", name="advocacy_action_account_on")]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_kind_display()}"


class LossReason(Named):
    """Why customers leave: price, product, service, insolvency."""


class LossInterviewQuerySet(ContentQuerySet):
    def held(self) -> Self:
        return self.filter(interviewed_on__isnull=False)


@pghistory.track(exclude=["source"])
class LossInterview(Sourced):
    """A customer that was lost: when, whether somebody asked why, and what they said."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="loss_interviews")
    lost_on = models.DateField()
    interviewed_on = models.DateField(null=True, blank=True, help_text="Empty: nobody has asked yet.")
    reason = models.ForeignKey(
        LossReason,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="interviews",
        help_text="Empty: unknown.",
    )
    interviewer = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField("what they said", blank=True, default="")

    objects = LossInterviewQuerySet.as_manager()

    class Meta:
        ordering = ["-lost_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "lost_on"],
                name="loss_interview_one_a_loss",
                violation_error_message="This loss is noted already.",
            ),
            models.CheckConstraint(
                condition=Q(interviewer__isnull=True) | Q(interviewed_on__isnull=False),
                name="loss_interview_held_by",
                violation_error_message="Who asked, asked on a day.",
            ),
            unique_in_source("loss_interview"),
        ]

    def __str__(self) -> str:
        return f"{self.account}, lost on {self.lost_on}"
