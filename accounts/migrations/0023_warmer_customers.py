"""A rise of a customer's engagement is a kind of its own, and may begin a playbook as others may."""

from django.db import migrations, models

KINDS = [
    ("detractor", "somebody would not recommend us"),
    ("nps_drop", "fewer recommend us"),
    ("low_satisfaction", "somebody is dissatisfied"),
    ("health_fall", "health fell"),
    ("interaction_gap", "no talk for too long"),
    ("engagement_halved", "engagement halved"),
    ("revenue_down", "revenue fell"),
    ("champion_left", "a champion left"),
    ("notice_near", "notice is near, renewal not opened"),
    ("overdue_request", "a request is overdue"),
    ("without_result", "activity without result"),
    ("warmer", "engagement rose to a higher band"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_grants_once")]

    operations = [
        migrations.AlterField(
            "playbook", "kind", models.CharField("begins when", choices=KINDS, max_length=20, unique=True)
        ),
        migrations.AlterField("playbookevent", "kind", models.CharField("begins when", choices=KINDS, max_length=20)),
    ]
