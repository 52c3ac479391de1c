"""Who typed a state or a cost, and when; and the history that states lacked."""

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_signal_message'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountStateEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('external_id', models.CharField(blank=True, default='', max_length=100, verbose_name='external id')),
                ('noted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('date', models.DateField()),
                ('kind', models.CharField(choices=[('usage', 'usage'), ('payment', 'payment'), ('support', 'support')], max_length=7)),
                ('value', models.DecimalField(blank=True, decimal_places=2, help_text='0 (worst) to 100 (best), as the share of licences in use or of invoices paid in time.', max_digits=6, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('level', models.CharField(blank=True, choices=[('', 'a number'), ('good', 'good'), ('fair', 'fair'), ('poor', 'poor')], default='', max_length=4)),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='costtoserve',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='costtoserve',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='costtoserve',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='accountstate',
            name='noted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='accountstate',
            name='noted_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='costtoserve',
            name='noted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='costtoserve',
            name='noted_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='costtoserveevent',
            name='noted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='costtoserveevent',
            name='noted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountstate',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_accountstateevent" ("account_id", "date", "external_id", "id", "kind", "level", "noted_at", "noted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "value") VALUES (NEW."account_id", NEW."date", NEW."external_id", NEW."id", NEW."kind", NEW."level", NEW."noted_at", NEW."noted_by_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."value"); RETURN NULL;', hash='4f556cb3fb482220918ddfa95bbe76293af13165', operation='INSERT', pgid='pgtrigger_insert_insert_7b0bd', table='accounts_accountstate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountstate',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."date" IS DISTINCT FROM (NEW."date") OR OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."level" IS DISTINCT FROM (NEW."level") OR OLD."noted_at" IS DISTINCT FROM (NEW."noted_at") OR OLD."noted_by_id" IS DISTINCT FROM (NEW."noted_by_id") OR OLD."value" IS DISTINCT FROM (NEW."value"))', func='INSERT INTO "accounts_accountstateevent" ("account_id", "date", "external_id", "id", "kind", "level", "noted_at", "noted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "value") VALUES (NEW."account_id", NEW."date", NEW."external_id", NEW."id", NEW."kind", NEW."level", NEW."noted_at", NEW."noted_by_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."value"); RETURN NULL;', hash='984854955e086b8b377bcd4d3ee493b8edf920dc', operation='UPDATE', pgid='pgtrigger_update_update_f849e', table='accounts_accountstate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountstate',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_accountstateevent" ("account_id", "date", "external_id", "id", "kind", "level", "noted_at", "noted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "value") VALUES (OLD."account_id", OLD."date", OLD."external_id", OLD."id", OLD."kind", OLD."level", OLD."noted_at", OLD."noted_by_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."value"); RETURN NULL;', hash='1e9c562b603c7745929fd5d477f52af8369d3071', operation='DELETE', pgid='pgtrigger_delete_delete_bf8d3', table='accounts_accountstate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='costtoserve',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_costtoserveevent" ("account_id", "amount", "currency", "date", "description", "external_id", "id", "kind", "noted_at", "noted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."account_id", NEW."amount", NEW."currency", NEW."date", NEW."description", NEW."external_id", NEW."id", NEW."kind", NEW."noted_at", NEW."noted_by_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;', hash='74e4dbe7925077ad30538fbcf2458e3d6cc1bd86', operation='INSERT', pgid='pgtrigger_insert_insert_e2edb', table='accounts_costtoserve', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='costtoserve',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."date" IS DISTINCT FROM (NEW."date") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."noted_at" IS DISTINCT FROM (NEW."noted_at") OR OLD."noted_by_id" IS DISTINCT FROM (NEW."noted_by_id"))', func='INSERT INTO "accounts_costtoserveevent" ("account_id", "amount", "currency", "date", "description", "external_id", "id", "kind", "noted_at", "noted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."account_id", NEW."amount", NEW."currency", NEW."date", NEW."description", NEW."external_id", NEW."id", NEW."kind", NEW."noted_at", NEW."noted_by_id", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;', hash='c1b680580e605bf4060cb5774a55e8e97449143c', operation='UPDATE', pgid='pgtrigger_update_update_904e0', table='accounts_costtoserve', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='costtoserve',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_costtoserveevent" ("account_id", "amount", "currency", "date", "description", "external_id", "id", "kind", "noted_at", "noted_by_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."account_id", OLD."amount", OLD."currency", OLD."date", OLD."description", OLD."external_id", OLD."id", OLD."kind", OLD."noted_at", OLD."noted_by_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;', hash='cc07b38fef75b9d309554290aa9819d676baeab3', operation='DELETE', pgid='pgtrigger_delete_delete_1ec18', table='accounts_costtoserve', when='AFTER')),
        ),
        migrations.AddField(
            model_name='accountstateevent',
            name='account',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='accountstateevent',
            name='noted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='accountstateevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='accountstateevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.accountstate'),
        ),
    ]
