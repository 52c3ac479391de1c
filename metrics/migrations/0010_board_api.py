import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0009_weights"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BoardNumberEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('kpi', models.CharField(max_length=50, verbose_name='number')),
                ('position', models.PositiveSmallIntegerField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BoardRemark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=400)),
                ('ends', models.DateField(help_text='Last day of the period it speaks of.')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-written_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kpi', models.CharField(max_length=50, verbose_name='number')),
                ('scope', models.CharField(choices=[('company', 'company'), ('owner', 'person'), ('team', 'team'), ('tier', 'tier'), ('industry', 'industry'), ('region', 'region'), ('target', 'target accounts'), ('account', 'account')], max_length=10)),
                ('key', models.BigIntegerField(blank=True, null=True)),
                ('starts', models.DateField()),
                ('ends', models.DateField(help_text='First day after the period.')),
                ('text', models.CharField(max_length=1000)),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-written_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='As: the sheet of the controllers.', max_length=100, verbose_name='what for')),
                ('prefix', models.CharField(editable=False, max_length=20)),
                ('token_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('accounts', 'accounts and who looks after them'), ('numbers', 'definitions and results'), ('rows', 'the rows behind a result')], max_length=10), size=None)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('minute_began', models.DateTimeField(editable=False, null=True)),
                ('minute_count', models.PositiveIntegerField(default=0, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['-made_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='BoardNumber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kpi', models.CharField(max_length=50, unique=True, verbose_name='number')),
                ('position', models.PositiveSmallIntegerField(unique=True)),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.CheckConstraint(condition=models.Q(('position__range', (1, 8))), name='board_number_position')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='boardnumber',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "metrics_boardnumberevent" ("id", "kpi", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") VALUES (NEW."id", NEW."kpi", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position"); RETURN NULL;', hash='57d465eb27f879d3df8d92f38a1f5aa67a4f3b0b', operation='INSERT', pgid='pgtrigger_insert_insert_20714', table='metrics_boardnumber', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='boardnumber',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "metrics_boardnumberevent" ("id", "kpi", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") VALUES (NEW."id", NEW."kpi", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."position"); RETURN NULL;', hash='8cdb0ac000e620d6bedaff90b2103ca257c9d99c', operation='UPDATE', pgid='pgtrigger_update_update_1cf1a', table='metrics_boardnumber', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='boardnumber',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "metrics_boardnumberevent" ("id", "kpi", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") VALUES (OLD."id", OLD."kpi", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."position"); RETURN NULL;', hash='9491cdb48148675de05ebfad00cd90271002f297', operation='DELETE', pgid='pgtrigger_delete_delete_48ee9', table='metrics_boardnumber', when='AFTER')),
        ),
        migrations.AddField(
            model_name='boardnumberevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='boardnumberevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='metrics.boardnumber'),
        ),
        migrations.AddField(
            model_name='boardremark',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('made_at')), ('expires_at__lte', django.db.models.expressions.CombinedExpression(models.F('made_at'), '+', models.Value(datetime.timedelta(days=366))))), name='api_token_expires', violation_error_message='A token works for a year at most.'),
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__len__gt', 0)), name='api_token_may_something', violation_error_message='Choose what it may read.'),
        ),
        migrations.AddIndex(
            model_name='boardremark',
            index=models.Index(fields=['ends', '-written_at'], name='board_remark_ends'),
        ),
        migrations.AddConstraint(
            model_name='boardremark',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='board_remark_says_something'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['scope', 'key', 'kpi', '-ends'], name='comment_of_number'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts'))), name='comment_period'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='comment_says_something'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='comment',
            trigger=pgtrigger.compiler.Trigger(name='comment_never_changes', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='679c10d65b90c91b315678ade060dbc32a1a166e', operation='UPDATE', pgid='pgtrigger_comment_never_changes_5c7c2', table='metrics_comment', when='BEFORE')),
        ),
    ]
