from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_playbooks")]

    operations = [
        migrations.CreateModel(
            name="HealthWeightEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "during",
                    django.contrib.postgres.fields.ranges.DateRangeField(
                        help_text="First day, and the first day on which it no longer holds.",
                        verbose_name="from, to",
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("usage", "usage"),
                            ("satisfaction", "satisfaction (surveys)"),
                            ("support", "support"),
                            ("interaction", "talks with us"),
                            ("payment", "payment"),
                            ("engagement", "digital engagement"),
                        ],
                        max_length=12,
                    ),
                ),
                ("weight", models.DecimalField(decimal_places=2, default=Decimal("10"), max_digits=6)),
                (
                    "reason",
                    models.CharField(blank=True, default="", help_text="Why it was changed.", max_length=200),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HealthWeight",
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
                    "part",
                    models.CharField(
                        choices=[
                            ("usage", "usage"),
                            ("satisfaction", "satisfaction (surveys)"),
                            ("support", "support"),
                            ("interaction", "talks with us"),
                            ("payment", "payment"),
                            ("engagement", "digital engagement"),
                        ],
                        max_length=12,
                    ),
                ),
                ("weight", models.DecimalField(decimal_places=2, default=Decimal("10"), max_digits=6)),
                (
                    "reason",
                    models.CharField(blank=True, default="", help_text="Why it was changed.", max_length=200),
                ),
            ],
            options={
                "verbose_name": "weight of a part of health",
                "verbose_name_plural": "weights of the parts of health",
                "ordering": ["part", "during"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False), ("during__startswith__isnull", False)),
                        name="health_weight_begins_before_it_ends",
                        violation_error_message="It must begin before it ends.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[(models.F("part"), "="), ("during", "&&")],
                        name="health_weight_never_overlapping",
                        violation_error_message="This part has another weight on some of these days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight__gte", 0)),
                        name="health_weight_not_negative",
                        violation_error_message="A weight is not negative.",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="healthweight",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_healthweightevent" ("during", "id", "part", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "weight") VALUES (NEW."during", NEW."id", NEW."part", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."reason", NEW."weight"); RETURN NULL;',
                    hash="07bb1aa2a49b345c934b5d5af3d6e011fb5d9459",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_99a34",
                    table="accounts_healthweight",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="healthweight",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_healthweightevent" ("during", "id", "part", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "weight") VALUES (NEW."during", NEW."id", NEW."part", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."reason", NEW."weight"); RETURN NULL;',
                    hash="1931bb459e32c4fa853dd6cd5f979575ede20035",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_2c045",
                    table="accounts_healthweight",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="healthweight",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_healthweightevent" ("during", "id", "part", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "weight") VALUES (OLD."during", OLD."id", OLD."part", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."reason", OLD."weight"); RETURN NULL;',
                    hash="8a1ebf6cc8d564f153e7cab3d9eedb0adcc3b599",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_28fd4",
                    table="accounts_healthweight",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="healthweightevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="healthweightevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="accounts.healthweight",
            ),
        ),
    ]
