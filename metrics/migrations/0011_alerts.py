import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from metrics.triggers import install_sql, refuse_truncate_sql, remove_sql


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0010_board_api"),
        ("accounts", "0015_health_inputs"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
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
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        help_text="What it is about, as answer:12; one open warning each.", max_length=60
                    ),
                ),
                ("is_red", models.BooleanField(help_text="Puts revenue at risk; others ask for a look.")),
                ("opened_on", models.DateField()),
                ("run", models.BigIntegerField(help_text="The run that found it.", null=True)),
                (
                    "facts",
                    models.JSONField(default=dict, help_text="The values that its sentence is made of."),
                ),
                (
                    "evidence",
                    models.JSONField(
                        default=list, help_text="The rows it rests on: what, when, which value."
                    ),
                ),
                ("seen_on", models.DateField(help_text="The last night on which its cause was there.")),
                (
                    "acted_on",
                    models.DateField(help_text="The day on which somebody first took it up.", null=True),
                ),
                ("acknowledged_on", models.DateField(null=True)),
                ("snoozed_until", models.DateField(null=True)),
                ("snooze_reason", models.CharField(blank=True, default="", max_length=300)),
                ("resolved_on", models.DateField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="accounts.account",
                    ),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "snoozed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-is_red", "opened_on", "pk"],
            },
        ),
        migrations.CreateModel(
            name="AlertEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
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
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        help_text="What it is about, as answer:12; one open warning each.", max_length=60
                    ),
                ),
                ("is_red", models.BooleanField(help_text="Puts revenue at risk; others ask for a look.")),
                ("opened_on", models.DateField()),
                ("run", models.BigIntegerField(help_text="The run that found it.", null=True)),
                ("seen_on", models.DateField(help_text="The last night on which its cause was there.")),
                (
                    "acted_on",
                    models.DateField(help_text="The day on which somebody first took it up.", null=True),
                ),
                ("acknowledged_on", models.DateField(null=True)),
                ("snoozed_until", models.DateField(null=True)),
                ("snooze_reason", models.CharField(blank=True, default="", max_length=300)),
                ("resolved_on", models.DateField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="metrics.alert",
                    ),
                ),
                (
                    "snoozed_by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("resolved_on__isnull", True)),
                fields=["account"],
                name="alert_open_account",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["opened_on"], name="alert_opened"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_on__isnull", True)),
                fields=("account", "kind", "cause"),
                name="alert_one_open_a_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("resolved_on__isnull", True),
                    ("resolved_on__gte", models.F("opened_on")),
                    _connector="OR",
                ),
                name="alert_resolved_after_opened",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("snoozed_until__isnull", True),
                    models.Q(("snooze_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="alert_snoozed_with_reason",
                violation_error_message="Say why it can wait.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "metrics_alertevent" ("account_id", "acknowledged_by_id", "acknowledged_on", "acted_on", "cause", "id", "is_red", "kind", "opened_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolved_on", "run", "seen_on", "snooze_reason", "snoozed_by_id", "snoozed_until") VALUES (NEW."account_id", NEW."acknowledged_by_id", NEW."acknowledged_on", NEW."acted_on", NEW."cause", NEW."id", NEW."is_red", NEW."kind", NEW."opened_on", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."resolved_on", NEW."run", NEW."seen_on", NEW."snooze_reason", NEW."snoozed_by_id", NEW."snoozed_until"); RETURN NULL;',
                    hash="95296c5abac273b0b7089f8510ca495d97f02174",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_29200",
                    table="metrics_alert",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."acknowledged_by_id" IS DISTINCT FROM (NEW."acknowledged_by_id") OR OLD."acknowledged_on" IS DISTINCT FROM (NEW."acknowledged_on") OR OLD."acted_on" IS DISTINCT FROM (NEW."acted_on") OR OLD."cause" IS DISTINCT FROM (NEW."cause") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_red" IS DISTINCT FROM (NEW."is_red") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."opened_on" IS DISTINCT FROM (NEW."opened_on") OR OLD."resolved_on" IS DISTINCT FROM (NEW."resolved_on") OR OLD."run" IS DISTINCT FROM (NEW."run") OR OLD."seen_on" IS DISTINCT FROM (NEW."seen_on") OR OLD."snooze_reason" IS DISTINCT FROM (NEW."snooze_reason") OR OLD."snoozed_by_id" IS DISTINCT FROM (NEW."snoozed_by_id") OR OLD."snoozed_until" IS DISTINCT FROM (NEW."snoozed_until"))',
                    func='INSERT INTO "metrics_alertevent" ("account_id", "acknowledged_by_id", "acknowledged_on", "acted_on", "cause", "id", "is_red", "kind", "opened_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolved_on", "run", "seen_on", "snooze_reason", "snoozed_by_id", "snoozed_until") VALUES (NEW."account_id", NEW."acknowledged_by_id", NEW."acknowledged_on", NEW."acted_on", NEW."cause", NEW."id", NEW."is_red", NEW."kind", NEW."opened_on", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."resolved_on", NEW."run", NEW."seen_on", NEW."snooze_reason", NEW."snoozed_by_id", NEW."snoozed_until"); RETURN NULL;',
                    hash="473fed0744f41cf890e5694370e511f2c390d193",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_67edd",
                    table="metrics_alert",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alert",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "metrics_alertevent" ("account_id", "acknowledged_by_id", "acknowledged_on", "acted_on", "cause", "id", "is_red", "kind", "opened_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resolved_on", "run", "seen_on", "snooze_reason", "snoozed_by_id", "snoozed_until") VALUES (OLD."account_id", OLD."acknowledged_by_id", OLD."acknowledged_on", OLD."acted_on", OLD."cause", OLD."id", OLD."is_red", OLD."kind", OLD."opened_on", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."resolved_on", OLD."run", OLD."seen_on", OLD."snooze_reason", OLD."snoozed_by_id", OLD."snoozed_until"); RETURN NULL;',
                    hash="75c34b537dbb88e77e6775b8b000d96176ef0fc1",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_92d53",
                    table="metrics_alert",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(
            install_sql(["metrics_alert"]) + refuse_truncate_sql(["metrics_alert"]),
            remove_sql(["metrics_alert"]),
        ),
    ]
