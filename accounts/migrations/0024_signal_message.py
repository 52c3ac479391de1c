"""Which e-mail was opened or answered, where a mailing tool says it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_warmer_customers")]

    operations = [
        migrations.AddField("signal", "message", models.CharField(blank=True, default="", max_length=200))
    ]
