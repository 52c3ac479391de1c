"""Four templates of plans, one for each situation; and that a plan can be carried over."""

from typing import Any

from django.db import migrations, models

from accounts.plans.reference import add_templates

STEPS = [
    ("comment", "said"),
    ("submitted", "submitted it"),
    ("approved", "approved it"),
    ("returned", "gave it back"),
    ("closed", "closed it"),
    ("reopened", "opened it again"),
    ("carried", "carried it over"),
]


def ship(apps: Any, schema_editor: Any) -> None:
    add_templates(apps.get_model("accounts", "PlanTemplate"), apps.get_model("accounts", "PlanTemplateItem"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_session")]

    operations = [
        migrations.AlterField(
            "plancomment", "step", models.CharField(choices=STEPS, default="comment", max_length=9)
        ),
        migrations.AlterField("planversion", "cause", models.CharField(choices=STEPS, max_length=9)),
        migrations.RunPython(ship, migrations.RunPython.noop),
    ]
