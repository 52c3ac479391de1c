from django.db import migrations

from metrics.triggers import CHANGED, WATCHED, install_sql, trigger_name

# The tables watched at the time of this migration; a later one brings its own.
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


def remove_sql() -> str:
    return "".join(
        f"DROP FUNCTION IF EXISTS {trigger_name(watch, event)}() CASCADE;"
        for watch in WATCHED
        if watch.table in TABLES
        for event in CHANGED
    )


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_facts")]
    operations = [migrations.RunSQL(install_sql(TABLES), remove_sql())]
