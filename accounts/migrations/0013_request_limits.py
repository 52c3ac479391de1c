import django.core.validators
from django.db import migrations, models
from django.db.models import Q

HOURS = "hours until a first answer"
AT_LEAST_ONE = "An answer takes an hour at least."


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_employee_surveys")]

    operations = [
        migrations.AddField(
            "organisation",
            "answer_hours",
            models.PositiveSmallIntegerField(
                default=8,
                help_text="A new request is to be answered within so many hours; a tier may have a limit of its own.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name=HOURS,
            ),
        ),
        migrations.AddConstraint(
            "organisation",
            models.CheckConstraint(
                condition=Q(answer_hours__gte=1),
                name="organisation_answer_takes_time",
                violation_error_message=AT_LEAST_ONE,
            ),
        ),
        migrations.AddField(
            "tier",
            "answer_hours",
            models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty: as the organisation says.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name=HOURS,
            ),
        ),
        migrations.AddConstraint(
            "tier",
            models.CheckConstraint(
                condition=Q(answer_hours__isnull=True) | Q(answer_hours__gte=1),
                name="tier_answer_takes_time",
                violation_error_message=AT_LEAST_ONE,
            ),
        ),
        migrations.AddField(
            "handover",
            "with_work",
            models.BooleanField(
                default=False,
                help_text="The old owner's open actions and requests.",
                verbose_name="open work goes along",
            ),
        ),
        migrations.AddField(
            "handover", "work_went_on", models.DateField(blank=True, editable=False, null=True)
        ),
        migrations.AddIndex(
            "handover",
            models.Index(
                condition=Q(with_work=True, work_went_on__isnull=True),
                fields=["on"],
                name="hand_over_waiting",
            ),
        ),
    ]
