"""Whom we asked and what they answered: waves, invitations, answers."""

import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.fields import Sourced, Versioned, unique_in_source
from accounts.people.models import Role, User
from accounts.portfolio.content import ContentQuerySet
from accounts.portfolio.models import Account, Tier
from accounts.stakeholders.models import ROLE_WORDS, Contact, DecisionRole
from accounts.surveys.questions import Question, QuestionKind, QuestionText, Survey, SurveyText
from kamplan.permissions import HIDES_OPINIONS

__all__ = [
    "Answer",
    "AnswerItem",
    "Question",
    "QuestionText",
    "Survey",
    "SurveyInvitation",
    "SurveyText",
    "Wave",
]

LONGEST_REST = 730


class WaveQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User, today: datetime.date | None = None) -> Self:
        """One's own, those that asked at an account one sees, and all of them for a head."""
        if not user.is_active or (user.role == Role.ADMINISTRATOR and not user.is_elevated):
            return self.none()
        if user.role == Role.HEAD:
            return self
        seen = Account.objects.visible_to(user, today).order_by().values("pk")
        asked = SurveyInvitation.objects.filter(wave=OuterRef("pk"), account__in=seen)
        return self.filter(Q(created_by=user) | Exists(asked))

    def editable_by(self, user: User) -> Self:
        """Whoever made it, and heads."""
        return self if user.role == Role.HEAD else self.filter(created_by=user)

    def sending(self) -> Self:
        return self.filter(state=Wave.State.OPEN)


class Wave(Versioned):
    """A survey goes to some people on a day, reminds them, and ends."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SCHEDULED = "scheduled", "scheduled"
        OPEN = "open", "running"
        CLOSED = "closed", "closed"

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="waves")
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT, editable=False)
    accounts = models.ManyToManyField(
        Account, related_name="+", blank=True, help_text="None chosen: all that you look after."
    )
    tiers = models.ManyToManyField(Tier, related_name="+", blank=True, help_text="None chosen: every tier.")
    roles = ArrayField(
        models.CharField(max_length=20, choices=DecisionRole),
        default=list,
        blank=True,
        help_text="None chosen: every role, also unknown ones.",
    )
    key_only = models.BooleanField("key persons only", default=False)
    rest_days = models.PositiveSmallIntegerField(
        "not asked in the last",
        default=90,
        validators=[MaxValueValidator(LONGEST_REST)],
        help_text="Days that a person is left in peace after a survey; 0: none.",
    )
    opens_at = models.DateTimeField(null=True, blank=True, editable=False)
    days_open = models.PositiveSmallIntegerField(
        "open for", default=21, validators=[MinValueValidator(1), MaxValueValidator(180)], help_text="Days."
    )
    remind_after = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        size=3,
        help_text="Days after the invitation on which who has not answered is reminded.",
    )
    closes_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="survey_waves", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WaveQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="wave_sent_on_a_day",
                violation_error_message="A wave that is not a draft has a day on which it opens and closes.",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="wave_closes_after_opening",
                violation_error_message="A wave closes after it opens.",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="wave_closed_on_a_day",
            ),
        ]
        indexes = [
            models.Index(fields=["state"], condition=~Q(state="closed"), name="wave_not_closed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def role_words(self) -> list[str]:
        return [ROLE_WORDS[role] for role in self.roles]


class SurveyInvitationQuerySet(ContentQuerySet):
    """Whom we asked is no opinion, but who answered nearly is: it is for those who see opinions."""

    hidden_from = HIDES_OPINIONS

    def delivered(self) -> Self:
        """The mail server took it, and it did not come back."""
        return self.filter(delivered_at__isnull=False, bounced_at__isnull=True)

    def waiting(self) -> Self:
        """May still answer."""
        return self.filter(answered_at__isnull=True, wave__state=Wave.State.OPEN)


class SurveyInvitation(models.Model):
    """One person is asked once a wave. Only the hash of the link's secret is kept, the secret is in the mail alone."""

    wave = models.ForeignKey(Wave, models.CASCADE, related_name="invitations")
    account = models.ForeignKey(Account, models.PROTECT, related_name="survey_invitations")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="survey_invitations")
    language = models.CharField(max_length=10)
    invited_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(
        null=True, blank=True, help_text="The first mail was taken by a mail server."
    )
    bounced_at = models.DateTimeField(null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    token_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    objects = SurveyInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["wave", "account", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["wave", "contact"], name="survey_invitation_once_a_wave"),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="survey_invitation_token"
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "-invited_at"], name="survey_invitation_contact"),
            models.Index(fields=["account", "-invited_at"], name="survey_invitation_account"),
        ]

    def __str__(self) -> str:
        return f"{self.wave}: {self.contact or 'somebody who was erased'}"


class AnswerQuerySet(ContentQuerySet):
    hidden_from = HIDES_OPINIONS

    def with_state(self) -> Self:
        """`loop`: what is done about an answer that calls for a talk (open, done, dropped), or nothing."""
        from accounts.engagement.models import Action

        about = Action.objects.filter(answer=OuterRef("pk")).order_by("pk")
        return self.annotate(loop=models.Subquery(about.values("status")[:1]))


class Answer(Sourced):
    """What one person said on one occasion: by a link of ours, or read from a file."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="survey_answers")
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="survey_answers"
    )
    survey = models.ForeignKey(Survey, models.PROTECT, null=True, blank=True, related_name="answers")
    wave = models.ForeignKey(Wave, models.PROTECT, null=True, blank=True, related_name="answers")
    invitation = models.OneToOneField(
        SurveyInvitation, models.PROTECT, null=True, blank=True, related_name="answer"
    )
    answered_at = models.DateTimeField(default=timezone.now)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["-answered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(invitation__isnull=True) | Q(wave__isnull=False, survey__isnull=False),
                name="answer_of_invitation_has_wave",
            ),
            unique_in_source("answer"),
        ]
        indexes = [
            models.Index(fields=["account", "-answered_at"], name="answer_account_at"),
            models.Index(fields=["contact", "-answered_at"], name="answer_contact_at"),
        ]

    def __str__(self) -> str:
        return f"{self.contact or self.account}, {timezone.localdate(self.answered_at)}"


class AnswerItemQuerySet(ContentQuerySet):
    hidden_from = HIDES_OPINIONS
    account_path = "answer__account"


class AnswerItem(models.Model):
    """The answer to one question. Kind and mark stand here, so that figures need no questionnaire."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="items")
    question = models.ForeignKey(Question, models.PROTECT, null=True, blank=True, related_name="items")
    kind = models.CharField(max_length=6, choices=QuestionKind)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    satisfied = models.BooleanField(
        null=True, blank=True, help_text="By the threshold on the day of the answer; only of satisfaction."
    )
    choice = models.CharField(
        max_length=100, blank=True, default="", help_text="In the survey's own language, whatever they read."
    )
    text = models.TextField(blank=True, default="")

    objects = AnswerItemQuerySet.as_manager()

    class Meta:
        ordering = ["answer", "question__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "question"], name="answer_item_once_a_question"),
            models.CheckConstraint(
                condition=Q(kind="nps", score__range=(0, 10))
                | Q(kind="csat5", score__range=(1, 5))
                | Q(kind="csat10", score__range=(1, 10))
                | Q(kind="scale", score__range=(1, 5))
                | Q(kind__in=["choice", "text"], score__isnull=True),
                name="answer_item_score",
                violation_error_message="The mark lies outside its scale.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["csat5", "csat10"], satisfied__isnull=False)
                | (~Q(kind__in=["csat5", "csat10"]) & Q(satisfied__isnull=True)),
                name="answer_item_satisfied",
            ),
            models.CheckConstraint(
                condition=(~Q(kind="choice") | ~Q(choice="")) & (~Q(kind="text") | ~Q(text="")),
                name="answer_item_says_something",
            ),
        ]
        indexes = [models.Index(fields=["kind", "answer"], name="answer_item_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.score if self.score is not None else self.choice}"
