"""The measures of touches, signals, requests and key contacts, and the triggers of their tables."""

from django.db import migrations, models

from metrics.triggers import install_sql, refuse_truncate_sql, remove_sql

MEASURES = [
    "touches",
    "touches_in",
    "touches_out",
    "touches_both",
    "talk_hours",
    "talks",
    "talks_unmeasured",
    "effort_minutes",
    "gap_accounts",
    "gap_days",
    "gap_longest",
    "key_contacts",
    "key_engaged",
    "closings",
    "closing_touches",
    "deal_touches",
    "points",
    "site_visits",
    "socials",
    "mails_delivered",
    "mails_opened",
    "mails_answered",
    "invited",
    "attended",
    "decayed",
    "band_level",
    "band_warm",
    "band_hot",
    "band_red_hot",
]
TABLES = [
    "accounts_touch",
    "accounts_touch_contacts",
    "accounts_signal",
    "accounts_signalkind",
    "accounts_signalweight",
    "accounts_contact",
    "accounts_request",
    "accounts_internalrequest",
]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0005_predictions"), ("accounts", "0009_signal_kinds")]

    operations = [
        *(
            migrations.AddField(model, name, models.DecimalField(decimal_places=4, default=0, max_digits=24))
            for model in ("accountmonth", "accountmonthpast")
            for name in MEASURES
        ),
        migrations.RunSQL(install_sql(TABLES) + refuse_truncate_sql(TABLES), remove_sql(TABLES)),
    ]
