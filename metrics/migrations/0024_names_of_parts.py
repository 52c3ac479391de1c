"""Figures that are split keep the names of their parts: a campaign, stage or reason that is renamed alters them."""

from django.db import migrations

from metrics.triggers import install_sql, refuse_truncate_sql, remove_sql

RENAMED = ["accounts_campaign", "accounts_opportunitystage", "accounts_funnelstage"]
NEW = ["accounts_lossreason"]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0023_bands_above_nothing")]

    operations = [
        migrations.RunSQL(install_sql([*RENAMED, *NEW]) + refuse_truncate_sql(NEW), remove_sql(NEW)),
    ]
