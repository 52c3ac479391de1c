"""A tier may have limits of its own for the bands of engagement."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields.ranges import RangeOperators
from django.db import migrations, models

from metrics.triggers import install_sql

OTHER_LIMIT = "This limit has another value on some of these days."
QUEUES = install_sql(["metrics_threshold"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0022_grants_once"),
        ("metrics", "0015_campaigns_of_leads"),
    ]

    operations = [
        migrations.AddField(
            "threshold",
            "tier",
            models.ForeignKey(
                "accounts.tier",
                models.PROTECT,
                null=True,
                blank=True,
                related_name="+",
                help_text="Empty: of everyone.",
            ),
        ),
        migrations.RemoveConstraint("threshold", "threshold_never_overlapping"),
        migrations.AddConstraint(
            "threshold",
            ExclusionConstraint(
                name="threshold_never_overlapping",
                expressions=[(models.F("name"), RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=models.Q(tier__isnull=True),
                violation_error_message=OTHER_LIMIT,
            ),
        ),
        migrations.AddConstraint(
            "threshold",
            ExclusionConstraint(
                name="threshold_of_tier_never_overlapping",
                expressions=[
                    (models.F("name"), RangeOperators.EQUAL),
                    (models.F("tier"), RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message=OTHER_LIMIT,
            ),
        ),
        migrations.RunSQL(QUEUES, QUEUES.replace("tier_id, ", "")),
    ]
