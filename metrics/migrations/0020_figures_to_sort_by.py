"""Columns that the portfolio sorts by, filled by the database: all in one statement, which rewrites the table once."""

from django.db import migrations

from metrics.models import of_account

PARTS = (
    "contraction",
    "delta",
    "expansion",
    "health_sum",
    "healthy_accounts",
    "lost_value",
    "pipeline_amount",
    "revenue_now",
    "start_value",
)
COLUMN = """
    ADD COLUMN {part} numeric GENERATED ALWAYS AS
        (CASE WHEN kind = 'accounts' AND scope = 'account' THEN (figures ->> '{part}')::numeric END) STORED"""


def changed(clauses: list[str]) -> str:
    return f"ALTER TABLE metrics_scopefigures {', '.join(clauses)}"


class Migration(migrations.Migration):
    dependencies = [("metrics", "0019_mails_by_delivery")]

    operations = [
        migrations.RunSQL(
            changed([COLUMN.format(part=part) for part in PARTS]),
            changed([f"DROP COLUMN {part}" for part in PARTS]),
            state_operations=[
                migrations.AddField("scopefigures", part, of_account(part)) for part in PARTS
            ],
        ),
    ]
