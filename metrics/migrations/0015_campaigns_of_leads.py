"""The campaign of a lead says for whom it was made: a change of either alters the numbers of its cohort."""

from django.db import migrations

from metrics.triggers import install_sql


class Migration(migrations.Migration):
    dependencies = [("metrics", "0014_whose_accounts")]

    operations = [
        migrations.RunSQL(install_sql(["accounts_lead", "accounts_campaign"]), migrations.RunSQL.noop)
    ]
