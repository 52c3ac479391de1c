"""Deals won since a campaign's first touch count for it: whether it is for target accounts alters their numbers, too."""

from django.db import migrations

from metrics.triggers import install_sql


class Migration(migrations.Migration):
    dependencies = [("metrics", "0021_seal_of_runs")]

    operations = [migrations.RunSQL(install_sql(["accounts_campaign"]), migrations.RunSQL.noop)]
