import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_request_limits"), ("pghistory", "0007_auto_20250421_0444")]

    operations = [
        migrations.CreateModel(
            name="Play",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cause",
                    models.CharField(help_text="What the warning is about, as contract:12.", max_length=60),
                ),
                ("begun_on", models.DateField()),
            ],
            options={
                "ordering": ["-begun_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Playbook",
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
                        unique=True,
                        verbose_name="begins when",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PlaybookEvent",
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
                        verbose_name="begins when",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlaybookStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=99, editable=False)),
                ("text", models.CharField(max_length=300, verbose_name="what")),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("owner", "who owns the account"),
                            ("deputy", "the deputy, else the owner"),
                            ("lead", "the owner's lead, else the owner"),
                        ],
                        default="owner",
                        max_length=6,
                    ),
                ),
                (
                    "due_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MaxValueValidator(365)],
                        verbose_name="days until due",
                    ),
                ),
            ],
            options={
                "ordering": ["playbook", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PlaybookStepEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("position", models.PositiveSmallIntegerField(default=99, editable=False)),
                ("text", models.CharField(max_length=300, verbose_name="what")),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("owner", "who owns the account"),
                            ("deputy", "the deputy, else the owner"),
                            ("lead", "the owner's lead, else the owner"),
                        ],
                        default="owner",
                        max_length=6,
                    ),
                ),
                (
                    "due_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MaxValueValidator(365)],
                        verbose_name="days until due",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlayTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["play", "position"],
            },
        ),
        migrations.AddField(
            model_name="play",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="plays", to="accounts.account"
            ),
        ),
        migrations.AddField(
            model_name="play",
            name="playbook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="plays", to="accounts.playbook"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="playbook",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_playbookevent" ("id", "is_active", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."is_active", NEW."kind", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="41a0d52068432c0e545aaf46be37f49870977a8e",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7041e",
                    table="accounts_playbook",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="playbook",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_playbookevent" ("id", "is_active", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."is_active", NEW."kind", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="922d2dab1b958561aac07a7dff9218e59a41b748",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b54ed",
                    table="accounts_playbook",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="playbook",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_playbookevent" ("id", "is_active", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."id", OLD."is_active", OLD."kind", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="9dfb1f692d30f36131d93a121733b21a9260de23",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8b7be",
                    table="accounts_playbook",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="playbookevent",
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
            model_name="playbookevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="accounts.playbook",
            ),
        ),
        migrations.AddField(
            model_name="playbookstep",
            name="playbook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="accounts.playbook"
            ),
        ),
        migrations.AddField(
            model_name="playbookstepevent",
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
            model_name="playbookstepevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="accounts.playbookstep",
            ),
        ),
        migrations.AddField(
            model_name="playbookstepevent",
            name="playbook",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="accounts.playbook",
            ),
        ),
        migrations.AddField(
            model_name="playtask",
            name="action",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="play_task", to="accounts.action"
            ),
        ),
        migrations.AddField(
            model_name="playtask",
            name="play",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="tasks", to="accounts.play"
            ),
        ),
        migrations.AddConstraint(
            model_name="play",
            constraint=models.UniqueConstraint(
                fields=("account", "playbook", "cause"), name="play_once_a_cause"
            ),
        ),
        migrations.AddConstraint(
            model_name="playbookstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="playbook_step_says_something",
                violation_error_message="Say what is to be done.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="playbookstep",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_playbookstepevent" ("due_days", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "playbook_id", "position", "text", "who") VALUES (NEW."due_days", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."playbook_id", NEW."position", NEW."text", NEW."who"); RETURN NULL;',
                    hash="3ef8cd85855fd05bd239c845a6e3fa798bbd5279",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_55d2a",
                    table="accounts_playbookstep",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="playbookstep",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "accounts_playbookstepevent" ("due_days", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "playbook_id", "position", "text", "who") VALUES (NEW."due_days", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."playbook_id", NEW."position", NEW."text", NEW."who"); RETURN NULL;',
                    hash="d9691579af6c8a0ab1dc8f029e000e36eeb52f84",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_eca5a",
                    table="accounts_playbookstep",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="playbookstep",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "accounts_playbookstepevent" ("due_days", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "playbook_id", "position", "text", "who") VALUES (OLD."due_days", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."playbook_id", OLD."position", OLD."text", OLD."who"); RETURN NULL;',
                    hash="cca13732ae4e5655b26322b072da978028f172a1",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_3b26a",
                    table="accounts_playbookstep",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="playtask",
            constraint=models.UniqueConstraint(fields=("play", "position"), name="play_task_position"),
        ),
    ]
