"""What is asked: questionnaires, their questions, and the words of each language."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, Exists, OuterRef, Q
from django.utils import timezone

from accounts.fields import Versioned
from accounts.people.models import Role, User

__all__ = ["LANGUAGES", "Question", "QuestionText", "Survey", "SurveyText"]

LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
}


class QuestionKind(models.TextChoices):
    """How a question is answered; the score of an answer means nothing without it."""

    NPS = "nps", "recommend, 0 to 10"
    CSAT5 = "csat5", "satisfied, 1 to 5"
    CSAT10 = "csat10", "satisfied, 1 to 10"
    SCALE = "scale", "agree, 1 to 5"
    CHOICE = "choice", "one of several"
    TEXT = "text", "in own words"


SCORES: dict[str, range] = {
    "nps": range(0, 11),
    "csat5": range(1, 6),
    "csat10": range(1, 11),
    "scale": range(1, 6),
}
SATISFIED_FROM_OF_FIVE = 4
# A detractor, and who is plainly not satisfied: somebody calls them.
LOW_UP_TO = {"nps": 6, "csat5": 2, "csat10": 4}


class SurveyQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """A questionnaire says nothing about anybody; whoever works with accounts may read it."""
        return self if user.is_active and user.role != Role.ADMINISTRATOR else self.none()

    def current(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def with_lock(self) -> Self:
        """`is_locked`: it was sent to somebody, so its questions stay as they are."""
        from accounts.surveys.models import Answer, Wave

        sent = Wave.objects.filter(survey=OuterRef("pk")).exclude(state=Wave.State.DRAFT)
        answered = Answer.objects.filter(survey=OuterRef("pk"))
        return self.annotate(is_locked=Exists(sent) | Exists(answered))


class Survey(Versioned):
    """A questionnaire. Its questions can be changed until it is sent for the first time."""

    class Kind(models.TextChoices):
        NPS = "nps", "recommendation (NPS)"
        CSAT5 = "csat5", "satisfaction, 5 points"
        CSAT10 = "csat10", "satisfaction, 10 points"
        RELATIONSHIP = "relationship", "relationship"
        EXIT = "exit", "exit interview"
        REFERENCE = "reference", "willing to be a reference"
        HEARD_ABOUT = "heard_about", "how they heard about us"
        CUSTOM = "custom", "of our own"

    name = models.CharField(max_length=120, unique=True, help_text="For us; customers see the title.")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.NPS)
    language = models.CharField(
        max_length=10,
        choices=list(LANGUAGES.items()),
        default="en",
        help_text="For everybody whose own language has no texts.",
    )
    satisfied_from = models.PositiveSmallIntegerField(
        "satisfied from",
        default=9,
        validators=[MinValueValidator(8), MaxValueValidator(9)],
        choices=[(8, "8 of 10"), (9, "9 of 10")],
        help_text="Which marks of a 10-point question count as satisfied.",
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfied_from__in=[8, 9]),
                name="survey_satisfied_from",
                violation_error_message="Of ten points, 8 or 9 begin to be satisfied.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def satisfied(self, kind: str, score: int | None) -> bool | None:
        """Whether this mark counts as satisfied; None where the question does not ask for it."""
        return is_satisfied(kind, score, self.satisfied_from)


def is_satisfied(kind: str, score: int | None, of_ten: int) -> bool | None:
    least = {"csat5": SATISFIED_FROM_OF_FIVE, "csat10": of_ten}.get(kind)
    return None if least is None or score is None else score >= least


class SurveyText(models.Model):
    """The words around the questions in one language: the mail, the page, the thanks."""

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10, choices=list(LANGUAGES.items()))
    title = models.CharField(max_length=200, help_text="Above the questions.")
    introduction = models.TextField(blank=True, default="", max_length=2000)
    thanks = models.TextField("thanks after the answer", blank=True, default="", max_length=2000)
    mail_subject = models.CharField("subject of the mail", max_length=150)
    mail_text = models.TextField(
        "text of the mail",
        blank=True,
        default="",
        max_length=3000,
        help_text="Greeting, link and sender are added.",
    )

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "language"], name="survey_text_one_a_language"),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(mail_subject=""), name="survey_text_has_title_and_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.survey}, {self.get_language_display()}"


class Question(models.Model):
    """One question; its place may change, what kind it is stays."""

    Kind = QuestionKind

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=6, choices=QuestionKind)
    required = models.BooleanField(default=False)

    class Meta:
        ordering = ["survey", "position"]
        constraints = [
            # Deferred, so that two questions can change places.
            models.UniqueConstraint(
                fields=["survey", "position"], name="question_place", deferrable=Deferrable.DEFERRED
            )
        ]

    def __str__(self) -> str:
        return f"{self.survey}, question {self.position}"


class QuestionText(models.Model):
    """A question in one language; `options` stand in the same order in all of them."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10, choices=list(LANGUAGES.items()))
    text = models.CharField(max_length=300)
    low = models.CharField("lowest mark", max_length=60, blank=True, default="")
    high = models.CharField("highest mark", max_length=60, blank=True, default="")
    options = ArrayField(models.CharField(max_length=100), default=list, blank=True, size=12)

    class Meta:
        ordering = ["question", "language"]
        constraints = [
            models.UniqueConstraint(fields=["question", "language"], name="question_text_one_a_language"),
            models.CheckConstraint(condition=~Q(text=""), name="question_text_not_empty"),
        ]

    def __str__(self) -> str:
        return self.text
