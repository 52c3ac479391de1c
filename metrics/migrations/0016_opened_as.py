"""Rows of deals go by what their account was when each was opened, openings of mails by when each was delivered.

The next run is a rebuild and fills both in.
"""

from django.db import migrations, models

from metrics.models import measure_field
from metrics.triggers import install_sql

KEY = ["account_id", "month", "person_id", "opened_as"]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0017_limits_of_tiers"), ("accounts", "0023_signal_message")]

    operations = [
        migrations.AddField(
            "accountmonth", "opened_as", models.CharField(blank=True, default="", max_length=70)
        ),
        migrations.AddField(
            "accountmonthpast", "opened_as", models.CharField(blank=True, default="", max_length=70)
        ),
        *(
            migrations.AddField(model, "mails_to_unknown", measure_field(is_money=False))
            for model in ("accountmonth", "accountmonthpast")
        ),
        migrations.RunSQL(install_sql(["accounts_signal"]), migrations.RunSQL.noop),
        migrations.RemoveConstraint("accountmonth", "account_month_key"),
        migrations.AddConstraint(
            "accountmonth",
            models.UniqueConstraint(fields=KEY, name="account_month_key", nulls_distinct=False),
        ),
        migrations.AlterField(
            "scopefigures",
            "kind",
            models.CharField(
                choices=[
                    ("accounts", "sums over whole accounts"),
                    ("rows", "sums over the rows of a person or team, or of a class when they were opened"),
                    ("single", "figures made of single rows"),
                ],
                max_length=8,
            ),
        ),
    ]
