"""Indexes for whose accounts there were in a month: scorecards need not read the wide rows of everyone for it."""

from django.db import migrations, models

WHOSE = [
    "owner_id",
    "team_id",
    "tier_id",
    "industry_id",
    "region_id",
    "is_target",
    "holder_id",
    "holder_team_id",
]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0012_digests")]

    operations = [
        migrations.AddIndex(
            "accountmonth", models.Index(models.F("holder_id"), models.F("month"), name="account_month_holder")
        ),
        migrations.AddIndex(
            "accountmonth",
            models.Index(fields=["month"], include=["account_id", "began", *WHOSE], name="account_month_whose"),
        ),
    ]
