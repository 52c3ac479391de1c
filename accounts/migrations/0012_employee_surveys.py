import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_surveys"),
    ]

    operations = [
        migrations.CreateModel(
            name="Employee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=50)),
                (
                    "external_id",
                    models.CharField(blank=True, default="", max_length=100, verbose_name="external id"),
                ),
                ("name", models.CharField(max_length=200)),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                (
                    "site",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="Coarse: a place with many people, not a room.",
                        max_length=100,
                    ),
                ),
                (
                    "started_on",
                    models.DateField(blank=True, help_text="First working day; empty: unknown.", null=True),
                ),
                (
                    "left_on",
                    models.DateField(
                        blank=True, help_text="First day on which they no longer belong to us.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="EmployeeAnswer",
            fields=[
                ("team_label", models.CharField(blank=True, default="", max_length=100)),
                ("site_label", models.CharField(blank=True, default="", max_length=100)),
                ("tenure_label", models.CharField(blank=True, default="", max_length=100)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("satisfaction", models.PositiveSmallIntegerField(null=True)),
                ("enps", models.PositiveSmallIntegerField(null=True)),
                (
                    "statements",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(null=True), default=list, size=None
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="EmployeeAnswerIn",
            fields=[
                ("team_label", models.CharField(blank=True, default="", max_length=100)),
                ("site_label", models.CharField(blank=True, default="", max_length=100)),
                ("tenure_label", models.CharField(blank=True, default="", max_length=100)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("satisfaction", models.PositiveSmallIntegerField(null=True)),
                ("enps", models.PositiveSmallIntegerField(null=True)),
                (
                    "statements",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(null=True), default=list, size=None
                    ),
                ),
                ("comment", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="EmployeeComment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="EmployeeInvitation",
            fields=[
                ("team_label", models.CharField(blank=True, default="", max_length=100)),
                ("site_label", models.CharField(blank=True, default="", max_length=100)),
                ("tenure_label", models.CharField(blank=True, default="", max_length=100)),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("team_key", models.BigIntegerField(help_text="The team's number at that time.", null=True)),
                ("token_hash", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("used", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="EmployeeResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("company", "company"),
                            ("team", "team"),
                            ("site", "site"),
                            ("tenure", "tenure"),
                        ],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(blank=True, default="", max_length=100)),
                (
                    "team_key",
                    models.BigIntegerField(
                        help_text="The team's number when the wave was opened.", null=True
                    ),
                ),
                (
                    "item",
                    models.CharField(
                        choices=[
                            ("participation", "took part"),
                            ("satisfaction", "satisfied"),
                            ("enps", "would recommend us"),
                            ("statement", "agrees"),
                            ("comments", "comments"),
                        ],
                        max_length=13,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "hidden",
                    models.CharField(
                        blank=True, choices=[("few", "few"), ("protect", "protect")], default="", max_length=7
                    ),
                ),
                ("asked", models.PositiveIntegerField(null=True)),
                ("n", models.PositiveIntegerField(null=True)),
                ("favourable", models.PositiveIntegerField(null=True)),
                ("unfavourable", models.PositiveIntegerField(null=True)),
                (
                    "total",
                    models.PositiveIntegerField(
                        help_text="Sum of the scores: the mean is total / n.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["wave", "dimension", "label", "item", "position"],
            },
        ),
        migrations.CreateModel(
            name="EmployeeStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MaxValueValidator(12)]
                    ),
                ),
                ("text", models.CharField(max_length=160)),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="EmployeeWave",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "introduction",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Stands above the questions, after the promise.",
                        max_length=1000,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("open", "open"),
                            ("closing", "being closed"),
                            ("closed", "closed"),
                            ("released", "released"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=8,
                    ),
                ),
                (
                    "k",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="A group with fewer answers is hidden. 5 or more; once a wave was opened, never less again.",
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="smallest group shown",
                    ),
                ),
                ("asks_comment", models.BooleanField(default=False, verbose_name="ask for a comment")),
                (
                    "comment_k",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="With fewer comments none is shown, and all are deleted.",
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="comments needed",
                    ),
                ),
                ("by_team", models.BooleanField(default=True, verbose_name="show teams")),
                (
                    "teams_as",
                    models.CharField(
                        choices=[
                            ("own", "the team somebody belongs to"),
                            ("top", "the topmost team above it"),
                        ],
                        default="own",
                        max_length=3,
                        verbose_name="a team is",
                    ),
                ),
                ("by_site", models.BooleanField(default=False, verbose_name="show sites")),
                ("by_tenure", models.BooleanField(default=False, verbose_name="show years with us")),
                (
                    "closes_on",
                    models.DateField(
                        help_text="Answers are taken to the end of this day.", verbose_name="last day"
                    ),
                ),
                (
                    "remind_days",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="Days before the last one; only who has not answered gets it, and nobody learns who. 0: never.",
                        validators=[django.core.validators.MaxValueValidator(30)],
                        verbose_name="remind",
                    ),
                ),
                ("opened_on", models.DateField(editable=False, null=True)),
                ("reminded_on", models.DateField(editable=False, null=True)),
                ("closed_on", models.DateField(editable=False, null=True)),
                ("released_on", models.DateField(editable=False, null=True)),
                ("salt", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("steps_closed", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("response_percent", models.PositiveSmallIntegerField(editable=False, null=True)),
                ("response_on", models.DateField(editable=False, null=True)),
            ],
            options={
                "ordering": [models.OrderBy(models.F("opened_on"), descending=True, nulls_first=True), "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_to_one",
        ),
        migrations.AddField(
            model_name="employee",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="employees",
                to="accounts.team",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="employee",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.employee",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("contact__isnull", True), ("employee__isnull", True), ("recipient__isnull", False)
                    ),
                    models.Q(
                        ("contact__isnull", False), ("employee__isnull", True), ("recipient__isnull", True)
                    ),
                    models.Q(
                        ("contact__isnull", True), ("employee__isnull", False), ("recipient__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="message_to_one",
                violation_error_message="A mail goes to one of us or to one person at a customer.",
            ),
        ),
        migrations.AddField(
            model_name="employeeinvitation",
            name="employee",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.employee",
            ),
        ),
        migrations.AddField(
            model_name="employeewave",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="employeestatement",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="statements",
                to="accounts.employeewave",
            ),
        ),
        migrations.AddField(
            model_name="employeeresult",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="results",
                to="accounts.employeewave",
            ),
        ),
        migrations.AddField(
            model_name="employeeinvitation",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="invitations",
                to="accounts.employeewave",
            ),
        ),
        migrations.AddField(
            model_name="employeecomment",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.employeewave"
            ),
        ),
        migrations.AddField(
            model_name="employeeanswerin",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.employeewave"
            ),
        ),
        migrations.AddField(
            model_name="employeeanswer",
            name="wave",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.employeewave"
            ),
        ),
        migrations.AddConstraint(
            model_name="employee",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                name="employee_email_unique",
                violation_error_message="Somebody has this e-mail already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="employee",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("left_on__isnull", True),
                    ("started_on__isnull", True),
                    ("left_on__gte", models.F("started_on")),
                    _connector="OR",
                ),
                name="employee_leaves_after_starting",
                violation_error_message="Nobody leaves before they started.",
            ),
        ),
        migrations.AddConstraint(
            model_name="employee",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("source", "external_id"),
                name="employee_unique_in_source",
                violation_error_message="Another row of this source already has this external id.",
            ),
        ),
        migrations.AddConstraint(
            model_name="employeewave",
            constraint=models.CheckConstraint(
                condition=models.Q(("comment_k__gte", 10), ("k__gte", 5)),
                name="employee_wave_protects",
                violation_error_message="Groups of fewer than 5, and fewer than 10 comments, are never shown.",
            ),
        ),
        migrations.AddConstraint(
            model_name="employeewave",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("state__in", ["open", "closing"])),
                name="employee_wave_one_open",
                violation_error_message="Another wave is open.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="employeewave",
            trigger=pgtrigger.compiler.Trigger(
                name="only_raised",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nIF TG_OP = 'UPDATE' AND OLD.state <> 'draft' AND (NEW.k < OLD.k OR NEW.comment_k < OLD.comment_k) THEN\n    RAISE EXCEPTION 'The smallest group that is shown may only be raised.' USING ERRCODE = 'check_violation';\nEND IF;\nIF NEW.state IN ('draft', 'open') AND EXISTS (\n    SELECT 1 FROM accounts_employeewave other\n     WHERE other.id <> NEW.id AND other.state <> 'draft'\n       AND (other.k > NEW.k OR other.comment_k > NEW.comment_k)) THEN\n    RAISE EXCEPTION 'An earlier wave promised a larger smallest group.' USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;\n",
                    hash="9bfd6ecb2ea99127ee595f1e0c61ef20652a870e",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_only_raised_c7390",
                    table="accounts_employeewave",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="employeestatement",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("wave", "position"),
                name="employee_statement_one_a_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="employeeresult",
            constraint=models.UniqueConstraint(
                fields=("wave", "dimension", "label", "item", "position"), name="employee_result_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="employeeresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hidden", ""), ("n__gte", 5)),
                    models.Q(
                        ("asked__isnull", True),
                        ("favourable__isnull", True),
                        ("n__isnull", True),
                        ("total__isnull", True),
                        ("unfavourable__isnull", True),
                        models.Q(("hidden", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="employee_result_protects",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="employeeresult",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="07a3635f4d2d16514266e39c951bff004fea1121",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_04d12",
                    table="accounts_employeeresult",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="employeeinvitation",
            constraint=models.UniqueConstraint(fields=("wave", "employee"), name="employee_invited_once"),
        ),
        migrations.AddConstraint(
            model_name="employeeinvitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token_hash", ""), _negated=True),
                fields=("token_hash",),
                name="employee_token_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="employeeanswerin",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("satisfaction__isnull", True), ("satisfaction__range", (1, 5)), _connector="OR"
                    ),
                    models.Q(("enps__isnull", True), ("enps__range", (0, 10)), _connector="OR"),
                ),
                name="employee_answer_in_scales",
            ),
        ),
    ]
