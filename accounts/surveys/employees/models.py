"""What we ask our own people: waves, whom we invited, what came in, and the rows that were released.

Nothing here joins an answer to a person once a wave is closed: answers have no person, no time, no counting
number and no history, and closing shuffles them into another table. None of it but the roster is in the admin panel.
"""

import uuid
from typing import Any, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.fields import Sourced, unique_in_source
from accounts.people.models import Team, User
from accounts.surveys.employees.rules import SMALLEST, SMALLEST_FOR_COMMENTS, Dimension, Hidden
from kamplan.permissions import RUNS_EMPLOYEE_WAVES

__all__ = [
    "Employee",
    "EmployeeAnswer",
    "EmployeeAnswerIn",
    "EmployeeComment",
    "EmployeeInvitation",
    "EmployeeResult",
    "EmployeeStatement",
    "EmployeeWave",
]

MOST_STATEMENTS = 12


class RunQuerySet(models.QuerySet[Any]):
    """For those who run the waves."""

    def visible_to(self, user: User) -> Self:
        return self.all() if user.is_active and user.role in RUNS_EMPLOYEE_WAVES else self.none()


class EmployeeQuerySet(RunQuerySet):
    def working_on(self, day: Any) -> Self:
        return self.filter(Q(started_on__isnull=True) | Q(started_on__lte=day)).filter(
            Q(left_on__isnull=True) | Q(left_on__gt=day)
        )


class Employee(Sourced):
    """Somebody who works with us, with or without a login: who is asked, and in which groups they count."""

    name = models.CharField(max_length=200)
    email = models.EmailField("e-mail", max_length=254)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="employees")
    site = models.CharField(
        max_length=100, blank=True, default="", help_text="Coarse: a place with many people, not a room."
    )
    started_on = models.DateField(null=True, blank=True, help_text="First working day; empty: unknown.")
    left_on = models.DateField(
        null=True, blank=True, help_text="First day on which they no longer belong to us."
    )

    objects = EmployeeQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="employee_email_unique",
                violation_error_message="Somebody has this e-mail already.",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True)
                | Q(started_on__isnull=True)
                | Q(left_on__gte=F("started_on")),
                name="employee_leaves_after_starting",
                violation_error_message="Nobody leaves before they started.",
            ),
            unique_in_source("employee"),
        ]

    def __str__(self) -> str:
        return self.name


class EmployeeWaveQuerySet(RunQuerySet):
    def released(self) -> Self:
        return self.filter(state=EmployeeWave.State.RELEASED)


# A smaller k would show in the next wave what this one promised to hide.
ONLY_RAISED = """
IF TG_OP = 'UPDATE' AND OLD.state <> 'draft' AND (NEW.k < OLD.k OR NEW.comment_k < OLD.comment_k) THEN
    RAISE EXCEPTION 'The smallest group that is shown may only be raised.' USING ERRCODE = 'check_violation';
END IF;
IF NEW.state IN ('draft', 'open') AND EXISTS (
    SELECT 1 FROM accounts_employeewave other
     WHERE other.id <> NEW.id AND other.state <> 'draft'
       AND (other.k > NEW.k OR other.comment_k > NEW.comment_k)) THEN
    RAISE EXCEPTION 'An earlier wave promised a larger smallest group.' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class EmployeeWave(models.Model):
    """One time of asking: made, open for answers, closed, and released once for good."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        OPEN = "open", "open"
        CLOSING = "closing", "being closed"
        CLOSED = "closed", "closed"
        RELEASED = "released", "released"

    class Teams(models.TextChoices):
        OWN = "own", "the team somebody belongs to"
        TOP = "top", "the topmost team above it"

    name = models.CharField(max_length=100)
    introduction = models.TextField(
        blank=True, default="", max_length=1000, help_text="Stands above the questions, after the promise."
    )
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, editable=False)
    k = models.PositiveSmallIntegerField(
        "smallest group shown",
        default=SMALLEST,
        validators=[MinValueValidator(SMALLEST), MaxValueValidator(50)],
        help_text="A group with fewer answers is hidden. 5 or more; once a wave was opened, never less again.",
    )
    asks_comment = models.BooleanField("ask for a comment", default=False)
    comment_k = models.PositiveSmallIntegerField(
        "comments needed",
        default=SMALLEST_FOR_COMMENTS,
        validators=[MinValueValidator(SMALLEST_FOR_COMMENTS), MaxValueValidator(100)],
        help_text="With fewer comments none is shown, and all are deleted.",
    )
    by_team = models.BooleanField("show teams", default=True)
    teams_as = models.CharField("a team is", max_length=3, choices=Teams, default=Teams.OWN)
    by_site = models.BooleanField("show sites", default=False)
    by_tenure = models.BooleanField("show years with us", default=False)
    closes_on = models.DateField("last day", help_text="Answers are taken to the end of this day.")
    remind_days = models.PositiveSmallIntegerField(
        "remind",
        default=3,
        validators=[MaxValueValidator(30)],
        help_text="Days before the last one; only who has not answered gets it, and nobody learns who. 0: never.",
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")
    opened_on = models.DateField(null=True, editable=False)
    reminded_on = models.DateField(null=True, editable=False)
    closed_on = models.DateField(null=True, editable=False)
    released_on = models.DateField(null=True, editable=False)
    salt = models.CharField(max_length=64, blank=True, default="", editable=False)
    steps_closed = models.PositiveSmallIntegerField(default=0, editable=False)
    response_percent = models.PositiveSmallIntegerField(null=True, editable=False)
    response_on = models.DateField(null=True, editable=False)

    objects = EmployeeWaveQuerySet.as_manager()

    class Meta:
        ordering = [F("opened_on").desc(nulls_first=True), "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(k__gte=SMALLEST, comment_k__gte=SMALLEST_FOR_COMMENTS),
                name="employee_wave_protects",
                violation_error_message="Groups of fewer than 5, and fewer than 10 comments, are never shown.",
            ),
            # Answers of two waves would lie in one table while they come in.
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=["open", "closing"]),
                name="employee_wave_one_open",
                violation_error_message="Another wave is open.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="only_raised",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=ONLY_RAISED,
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dimensions(self) -> list[Dimension]:
        wanted = (
            (self.by_team, Dimension.TEAM),
            (self.by_site, Dimension.SITE),
            (self.by_tenure, Dimension.TENURE),
        )
        return [dimension for is_wanted, dimension in wanted if is_wanted]


class EmployeeStatement(models.Model):
    """A statement to agree with, from 1 to 5: what may drive satisfaction."""

    wave = models.ForeignKey(EmployeeWave, models.CASCADE, related_name="statements")
    position = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MOST_STATEMENTS)])
    text = models.CharField(max_length=160)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["wave", "position"],
                name="employee_statement_one_a_place",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return self.text


class Labelled(models.Model):
    """The groups of somebody as they were when the wave was opened; later changes change nothing."""

    team_label = models.CharField(max_length=100, blank=True, default="")
    site_label = models.CharField(max_length=100, blank=True, default="")
    tenure_label = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        abstract = True


class EmployeeInvitation(Labelled):
    """Who was asked, and whether they answered: neither what nor when. Closing gives every row a new number."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wave = models.ForeignKey(EmployeeWave, models.CASCADE, related_name="invitations")
    employee = models.ForeignKey(Employee, models.SET_NULL, null=True, related_name="+")
    team_key = models.BigIntegerField(null=True, help_text="The team's number at that time.")
    token_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    used = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wave", "employee"], name="employee_invited_once"),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="employee_token_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation to {self.wave}"


def in_scale(field: str, low: int, high: int) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__range": (low, high)})


class Given(Labelled):
    """One set of answers; every question may be left out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    satisfaction = models.PositiveSmallIntegerField(null=True)
    enps = models.PositiveSmallIntegerField(null=True)
    statements = ArrayField(models.PositiveSmallIntegerField(null=True), default=list)

    class Meta:
        abstract = True


class EmployeeAnswerIn(Given):
    """What came in while the wave is open; emptied when it closes."""

    wave = models.ForeignKey(EmployeeWave, models.CASCADE, related_name="+")
    comment = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=in_scale("satisfaction", 1, 5) & in_scale("enps", 0, 10),
                name="employee_answer_in_scales",
            )
        ]

    def __str__(self) -> str:
        return "an answer"


class EmployeeAnswer(Given):
    """The shuffled answers of a closed wave; deleted when it is released."""

    wave = models.ForeignKey(EmployeeWave, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return "an answer"


class EmployeeComment(models.Model):
    """What somebody wrote, without any group; random numbers, so that their order tells nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wave = models.ForeignKey(EmployeeWave, models.CASCADE, related_name="+")
    text = models.TextField()

    def __str__(self) -> str:
        return "a comment"


class EmployeeResult(models.Model):
    """One released figure, written once and never changed: of a group, its numbers or why they are hidden."""

    class Item(models.TextChoices):
        PARTICIPATION = "participation", "took part"
        SATISFACTION = "satisfaction", "satisfied"
        ENPS = "enps", "would recommend us"
        STATEMENT = "statement", "agrees"
        COMMENTS = "comments", "comments"

    wave = models.ForeignKey(EmployeeWave, models.CASCADE, related_name="results")
    dimension = models.CharField(max_length=8, choices=[(each.value, each.value) for each in Dimension])
    label = models.CharField(max_length=100, blank=True, default="")
    team_key = models.BigIntegerField(null=True, help_text="The team's number when the wave was opened.")
    item = models.CharField(max_length=13, choices=Item)
    position = models.PositiveSmallIntegerField(default=0)
    hidden = models.CharField(
        max_length=7, blank=True, default="", choices=[(each.value, each.value) for each in Hidden]
    )
    asked = models.PositiveIntegerField(null=True)
    n = models.PositiveIntegerField(null=True)
    favourable = models.PositiveIntegerField(null=True)
    unfavourable = models.PositiveIntegerField(null=True)
    total = models.PositiveIntegerField(null=True, help_text="Sum of the scores: the mean is total / n.")

    class Meta:
        ordering = ["wave", "dimension", "label", "item", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["wave", "dimension", "label", "item", "position"], name="employee_result_once"
            ),
            models.CheckConstraint(
                condition=Q(hidden="", n__gte=SMALLEST)
                | Q(
                    n__isnull=True,
                    asked__isnull=True,
                    favourable__isnull=True,
                    unfavourable__isnull=True,
                    total__isnull=True,
                )
                & ~Q(hidden=""),
                name="employee_result_protects",
            ),
        ]
        triggers = [pgtrigger.Protect(name="frozen", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.dimension} {self.label} {self.item}"
