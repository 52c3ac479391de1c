"""A tier may have limits of its own for the bands of engagement; a rise to a higher band is told."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.ranges import RangeOperators
from django.db import migrations, models

from metrics.triggers import install_sql

OTHER_LIMIT = "This limit has another value on some of these days."
QUEUES = install_sql(["metrics_threshold"])
KINDS = [
    ("detractor", "somebody would not recommend us"),
    ("nps_drop", "fewer recommend us"),
    ("low_satisfaction", "somebody is dissatisfied"),
    ("health_fall", "health fell"),
    ("interaction_gap", "no talk for too long"),
    ("engagement_halved", "engagement halved"),
    ("revenue_down", "revenue fell"),
    ("champion_left", "a champion left"),
    ("notice_near", "notice is near, renewal not opened"),
    ("overdue_request", "a request is overdue"),
    ("without_result", "activity without result"),
    ("warmer", "engagement rose to a higher band"),
]
SPOKEN_OF = [
    ("dates", "Notice dates coming near"),
    ("actions", "Overdue actions"),
    ("voice", "Low marks from customers"),
    ("people", "People gone cold or gone"),
    ("warnings", "Warnings opened and resolved"),
    ("warmer", "Customers whose engagement rose"),
    ("figures", "Figures that moved beyond noise"),
    ("team", "Released employee surveys"),
]


def left_out() -> ArrayField:
    return ArrayField(models.CharField(choices=SPOKEN_OF, max_length=8), blank=True, default=list, size=None)


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
        migrations.AlterField("alert", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AlterField("alertevent", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AlterField("digestsettings", "left_out", left_out()),
        migrations.AlterField("digestsettingsevent", "left_out", left_out()),
    ]
