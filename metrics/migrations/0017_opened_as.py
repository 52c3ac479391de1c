"""Rows of deals go by what their account was when each was opened; the next run is a rebuild and fills it in."""

from django.db import migrations, models

KEY = ["account_id", "month", "person_id", "opened_as"]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0016_limits_of_tiers")]

    operations = [
        migrations.AddField(
            "accountmonth", "opened_as", models.CharField(blank=True, default="", max_length=70)
        ),
        migrations.AddField(
            "accountmonthpast", "opened_as", models.CharField(blank=True, default="", max_length=70)
        ),
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
