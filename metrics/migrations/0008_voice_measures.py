from django.db import migrations, models

from metrics.triggers import install_sql, refuse_truncate_sql, remove_sql

MEASURES = [
    "promoters",
    "detractors",
    "nps_answers",
    "satisfied",
    "csat_answers",
    "csat_marks",
    "delivered",
    "responded",
    "undelivered",
    "consents",
    "advocacy",
    "references_given",
    "spoke_against",
    "losses_noted",
    "exit_interviews",
    "milestones_on_track",
    "milestones_known",
    "milestones_unknown",
    "outcomes_met",
    "outcomes_judged",
    "outcomes_unjudged",
    "outcomes_moved",
    "fields_filled",
    "fields_required",
    "facts_noted",
    "facts_stale",
    "health_points",
    "health_accounts",
    "warnings_open",
    "warnings_red",
    "warnings_opened",
    "warnings_acted",
    "days_to_act",
]
TABLES = [
    "accounts_answer",
    "accounts_answeritem",
    "accounts_surveyinvitation",
    "accounts_referenceconsent",
    "accounts_advocacyaction",
    "accounts_lossinterview",
    "accounts_plan",
    "accounts_milestone",
    "accounts_milestonecheck",
    "accounts_outcome",
    "accounts_accountstate",
    "accounts_healthweight",
    "accounts_softfact",
    "accounts_headcount",
    "accounts_leaver",
    "accounts_employeeresult",
]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0007_funnel_measures"), ("accounts", "0015_health_inputs")]

    operations = [
        *(
            migrations.AddField(model, name, models.DecimalField(decimal_places=4, default=0, max_digits=24))
            for model in ("accountmonth", "accountmonthpast")
            for name in MEASURES
        ),
        migrations.RunSQL(install_sql(TABLES) + refuse_truncate_sql(TABLES), remove_sql(TABLES)),
    ]
