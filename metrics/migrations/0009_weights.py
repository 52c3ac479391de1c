import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import accounts.fields
from metrics.triggers import install_sql, refuse_truncate_sql, remove_sql

LIMITS = ["metrics_threshold"]


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0008_voice_measures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Threshold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "during",
                    django.contrib.postgres.fields.ranges.DateRangeField(
                        help_text="First day, and the first day on which it no longer holds.",
                        verbose_name="from, to",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("band_warm", "Warm from"),
                            ("band_hot", "Hot from"),
                            ("band_red_hot", "Red-hot from"),
                            ("band_stay", "Stays in its band until it fell by"),
                        ],
                        max_length=30,
                    ),
                ),
                ("value", models.DecimalField(decimal_places=2, max_digits=8)),
            ],
            options={
                "ordering": ["name", "during"],
            },
        ),
        migrations.CreateModel(
            name="WeightChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "weight",
                    models.CharField(help_text="Which one: its kind and number or name.", max_length=60),
                ),
                ("label", models.CharField(max_length=150)),
                ("before", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ("after", models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ("starts", models.DateField(verbose_name="from")),
                ("reason", models.CharField(max_length=200)),
                ("kpis", models.JSONField(default=list, help_text="The numbers it enters.")),
                ("changed_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-starts", "-pk"],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="target",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="target",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="target",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="target",
            name="reason",
            field=models.CharField(blank=True, default="", help_text="Why this value.", max_length=200),
        ),
        migrations.AddField(
            model_name="target",
            name="rule",
            field=models.CharField(
                blank=True,
                choices=[("at_least", "at least"), ("at_most", "at most"), ("band", "between")],
                default="",
                help_text="Empty: what is better for this number.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="until",
            field=models.DateField(
                blank=True,
                help_text="Last day on which it holds; empty: until the next one begins.",
                null=True,
                verbose_name="up to",
            ),
        ),
        migrations.AddField(
            model_name="target",
            name="upper",
            field=accounts.fields.MoneyField(
                blank=True,
                decimal_places=4,
                help_text="Of a target that is met between two values.",
                max_digits=18,
                null=True,
                verbose_name="upper end",
            ),
        ),
        migrations.AddField(
            model_name="targetevent",
            name="reason",
            field=models.CharField(blank=True, default="", help_text="Why this value.", max_length=200),
        ),
        migrations.AddField(
            model_name="targetevent",
            name="rule",
            field=models.CharField(
                blank=True,
                choices=[("at_least", "at least"), ("at_most", "at most"), ("band", "between")],
                default="",
                help_text="Empty: what is better for this number.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="targetevent",
            name="until",
            field=models.DateField(
                blank=True,
                help_text="Last day on which it holds; empty: until the next one begins.",
                null=True,
                verbose_name="up to",
            ),
        ),
        migrations.AddField(
            model_name="targetevent",
            name="upper",
            field=accounts.fields.MoneyField(
                blank=True,
                decimal_places=4,
                help_text="Of a target that is met between two values.",
                max_digits=18,
                null=True,
                verbose_name="upper end",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "metrics_targetevent" ("id", "key", "kpi", "period_kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "rule", "scope", "set_at", "set_by_id", "starts", "until", "upper", "value") VALUES (NEW."id", NEW."key", NEW."kpi", NEW."period_kind", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."rule", NEW."scope", NEW."set_at", NEW."set_by_id", NEW."starts", NEW."until", NEW."upper", NEW."value"); RETURN NULL;',
                    hash="bced47067934249121370d216db7ec69281ec19a",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_26551",
                    table="metrics_target",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "metrics_targetevent" ("id", "key", "kpi", "period_kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "rule", "scope", "set_at", "set_by_id", "starts", "until", "upper", "value") VALUES (NEW."id", NEW."key", NEW."kpi", NEW."period_kind", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."rule", NEW."scope", NEW."set_at", NEW."set_by_id", NEW."starts", NEW."until", NEW."upper", NEW."value"); RETURN NULL;',
                    hash="dc33a95381cb5152545856ef049553264afaa139",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_9b96d",
                    table="metrics_target",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="target",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "metrics_targetevent" ("id", "key", "kpi", "period_kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "rule", "scope", "set_at", "set_by_id", "starts", "until", "upper", "value") VALUES (OLD."id", OLD."key", OLD."kpi", OLD."period_kind", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."rule", OLD."scope", OLD."set_at", OLD."set_by_id", OLD."starts", OLD."until", OLD."upper", OLD."value"); RETURN NULL;',
                    hash="ab628635770fb244021009c99035bc63232de5d7",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_52702",
                    table="metrics_target",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gte", models.F("starts")), _connector="OR"
                ),
                name="target_ends_after_it_starts",
                violation_error_message="It must not end before it begins.",
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rule", "band"), ("upper__gt", models.F("value")), ("upper__isnull", False)),
                    models.Q(models.Q(("rule", "band"), _negated=True), ("upper__isnull", True)),
                    _connector="OR",
                ),
                name="target_band_has_two_ends",
                violation_error_message="Two values need an upper end above the lower one; other rules have none.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__startswith__isnull", False)),
                name="threshold_begins_before_it_ends",
                violation_error_message="It must begin before it ends.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[(models.F("name"), "="), ("during", "&&")],
                name="threshold_never_overlapping",
                violation_error_message="This limit has another value on some of these days.",
            ),
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(("value__gte", 0)),
                name="threshold_not_negative",
                violation_error_message="A limit is not negative.",
            ),
        ),
        migrations.AddField(
            model_name="weightchange",
            name="changed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="weightchange",
            index=models.Index(fields=["weight", "-starts"], name="weight_change_weight"),
        ),
        migrations.AddConstraint(
            model_name="weightchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="weight_change_has_a_reason",
                violation_error_message="Say why it is changed.",
            ),
        ),
        migrations.RunSQL(install_sql(LIMITS) + refuse_truncate_sql(LIMITS), remove_sql(LIMITS)),
    ]
