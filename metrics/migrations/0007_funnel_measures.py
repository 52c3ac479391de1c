"""The measures of leads, costs, margins, wallets and fit, what is assumed beside them, and the triggers of their tables."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from metrics.triggers import install_sql, refuse_truncate_sql, remove_sql

MONEY = (
    "acquisition_cost",
    "acquisition_cost_other",
    "acquisition_cost_other_own",
    "acquisition_cost_own",
    "acquisition_cost_target",
    "acquisition_cost_target_own",
    "contribution",
    "contribution_base",
    "contribution_base_own",
    "contribution_own",
    "cost_to_serve",
    "cost_to_serve_own",
    "expansion_amount",
    "expansion_amount_own",
    "wallet_ours",
    "wallet_ours_own",
    "wallet_spend",
    "wallet_spend_own",
)
COUNTS = (
    "expansion_deals",
    "expansion_no_rate",
    "expansion_own_no_rate",
    "fit_accounts",
    "fit_points",
    "leads",
    "leads_answered",
    "leads_referred",
    "margins_no_rate",
    "margins_own_no_rate",
    "mqls",
    "serving_no_rate",
    "serving_own_no_rate",
    "spend_no_rate",
    "spend_own_no_rate",
    "sqls",
    "wallet_estimates",
    "wallet_no_rate",
    "wallet_own_no_rate",
)

TABLES = (
    "accounts_lead",
    "accounts_spend",
    "accounts_campaign",
    "accounts_campaigntouch",
    "accounts_costtoserve",
    "accounts_forecast",
    "accounts_funnelphase",
    "accounts_funnelstage",
    "accounts_fit",
    "accounts_icpweight",
    "accounts_whitespacecell",
    "metrics_assumption",
)


def columns(places: int, names: tuple[str, ...]) -> str:
    return ", ".join(f"ADD COLUMN {name} numeric(24, {places}) NOT NULL DEFAULT 0" for name in names)


def measures() -> migrations.SeparateDatabaseAndState:
    """One statement a table: column by column the two wide tables would be altered seventy times."""
    models_of_facts = ("accountmonth", "accountmonthpast")
    dropped = ", ".join(f"ALTER COLUMN {name} DROP DEFAULT" for name in (*MONEY, *COUNTS))
    removed = ", ".join(f"DROP COLUMN {name}" for name in (*MONEY, *COUNTS))
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"ALTER TABLE metrics_{model} {columns(6, MONEY)}, {columns(4, COUNTS)};"
                f"ALTER TABLE metrics_{model} {dropped};",
                f"ALTER TABLE metrics_{model} {removed};",
            )
            for model in models_of_facts
        ],
        state_operations=[
            migrations.AddField(
                model_name=model,
                name=name,
                field=models.DecimalField(decimal_places=6 if name in MONEY else 4, default=0, max_digits=24),
            )
            for model in models_of_facts
            for name in (*MONEY, *COUNTS)
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0006_engagement_measures"),
        ("accounts", "0010_marketing_facts"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        measures(),
        migrations.CreateModel(
            name='AssumptionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField(help_text='First day, and the first day on which it no longer holds.', verbose_name='from, to')),
                ('name', models.CharField(choices=[('margin', 'contribution margin of goods without a known cost, in per cent'), ('discount', 'discount rate a year, in per cent'), ('horizon', "years ahead that a customer's worth is summed; 0 is without end")], max_length=10)),
                ('value', models.DecimalField(decimal_places=2, max_digits=7)),
                ('reason', models.CharField(blank=True, default='', help_text='Why this value.', max_length=200)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Assumption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField(help_text='First day, and the first day on which it no longer holds.', verbose_name='from, to')),
                ('name', models.CharField(choices=[('margin', 'contribution margin of goods without a known cost, in per cent'), ('discount', 'discount rate a year, in per cent'), ('horizon', "years ahead that a customer's worth is summed; 0 is without end")], max_length=10)),
                ('value', models.DecimalField(decimal_places=2, max_digits=7)),
                ('reason', models.CharField(blank=True, default='', help_text='Why this value.', max_length=200)),
            ],
            options={
                'ordering': ['name', 'during'],
                'constraints': [models.CheckConstraint(condition=models.Q(('during__isempty', False), ('during__startswith__isnull', False)), name='assumption_begins_before_it_ends', violation_error_message='It must begin before it ends.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.F('name'), '='), ('during', '&&')], name='assumption_never_overlapping', violation_error_message='Something else is assumed on some of these days.'), models.CheckConstraint(condition=models.Q(models.Q(('name', 'margin'), _negated=True), ('value__lte', 100), _connector='OR'), name='assumption_margin_at_most_all', violation_error_message='A margin is at most 100 per cent.'), models.CheckConstraint(condition=models.Q(('name', 'margin'), ('value__gte', 0), _connector='OR'), name='assumption_not_negative', violation_error_message='It is not negative.')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assumption',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "metrics_assumptionevent" ("during", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "value") VALUES (NEW."during", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."value"); RETURN NULL;', hash='a46e3bdea90d2b9297455ca46584bea34dce9168', operation='INSERT', pgid='pgtrigger_insert_insert_0869c', table='metrics_assumption', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assumption',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "metrics_assumptionevent" ("during", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "value") VALUES (NEW."during", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."value"); RETURN NULL;', hash='cefccb95dfbc6693d379a02f10cb39dd7e667fd6', operation='UPDATE', pgid='pgtrigger_update_update_a9605', table='metrics_assumption', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='assumption',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "metrics_assumptionevent" ("during", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "value") VALUES (OLD."during", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."value"); RETURN NULL;', hash='4d14d5709bf4ad9797cc48d586046b10d2897fc3', operation='DELETE', pgid='pgtrigger_delete_delete_9b6c3', table='metrics_assumption', when='AFTER')),
        ),
        migrations.AddField(
            model_name='assumptionevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='assumptionevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='metrics.assumption'),
        ),
        # The cost of a line decides margins now, so its trigger is made again.
        migrations.RunSQL(
            install_sql([*TABLES, "accounts_orderline"]) + refuse_truncate_sql(TABLES), remove_sql(TABLES)
        ),
    ]
