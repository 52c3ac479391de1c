"""What runs sealed gets a field of its own; it stood among the organisation's settings."""

from django.db import migrations, models

TAKE = """
    UPDATE metrics_run SET seal = settings -> 'seal', settings = settings - 'seal' WHERE settings -> 'seal' IS NOT NULL
"""
PUT_BACK = "UPDATE metrics_run SET settings = settings || jsonb_build_object('seal', seal) WHERE seal <> '{}'"


class Migration(migrations.Migration):
    dependencies = [("metrics", "0020_figures_to_sort_by")]

    operations = [
        migrations.AddField(
            "run",
            "seal",
            models.JSONField(
                default=dict,
                help_text="By what the next run tells whether signals of closed months are still the same.",
            ),
        ),
        migrations.RunSQL(TAKE, PUT_BACK),
    ]
