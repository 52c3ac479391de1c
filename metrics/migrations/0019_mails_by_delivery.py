"""Openings and answers of mails count in the month in which each was delivered: the next run is a rebuild."""

from django.db import migrations

from metrics.models import measure_field
from metrics.triggers import install_sql


class Migration(migrations.Migration):
    dependencies = [("metrics", "0018_marks_of_recommendation"), ("accounts", "0024_signal_message")]

    operations = [
        *(
            migrations.AddField(model, "mails_to_unknown", measure_field(is_money=False))
            for model in ("accountmonth", "accountmonthpast")
        ),
        migrations.RunSQL(install_sql(["accounts_signal"]), migrations.RunSQL.noop),
    ]
