"""The marks behind the answers, so that an account has a mean of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0017_opened_as")]

    operations = [
        migrations.AddField(
            model, "nps_marks", models.DecimalField(decimal_places=4, default=0, max_digits=24)
        )
        for model in ("accountmonth", "accountmonthpast")
    ]
