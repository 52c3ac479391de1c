from django.db import migrations

from metrics.triggers import WATCHED, CHANGED, install_sql, trigger_name


def remove_sql() -> str:
    return "".join(
        f"DROP FUNCTION IF EXISTS {trigger_name(watch, event)}() CASCADE;" for watch in WATCHED for event in CHANGED
    )


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_facts")]
    operations = [migrations.RunSQL(install_sql(), remove_sql())]
