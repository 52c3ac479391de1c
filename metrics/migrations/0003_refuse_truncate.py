from django.db import migrations

from metrics.triggers import refuse_truncate_sql

# Sources of figures at the time of this migration; a later source brings a migration of its own.
TABLES = [
    "accounts_order",
    "accounts_orderline",
    "accounts_opportunity",
    "accounts_opportunityphase",
    "accounts_opportunitysplit",
    "accounts_contract",
    "accounts_assignment",
    "accounts_classification",
    "accounts_account",
    "accounts_membership",
    "accounts_team",
    "accounts_product",
    "accounts_opportunitystage",
    "accounts_exchangerate",
    "accounts_quota",
]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_queue_triggers")]
    operations = [
        migrations.RunSQL(refuse_truncate_sql(TABLES), "DROP FUNCTION IF EXISTS refuse_truncate() CASCADE")
    ]
