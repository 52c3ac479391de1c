import django.contrib.postgres.fields
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("accounts", "0010_marketing_facts")]

    operations = [
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(blank=True, default='', editable=False, max_length=50)),
                ('external_id', models.CharField(blank=True, default='', max_length=100, verbose_name='external id')),
                ('answered_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-answered_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='AnswerItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('nps', 'recommend, 0 to 10'), ('csat5', 'satisfied, 1 to 5'), ('csat10', 'satisfied, 1 to 10'), ('scale', 'agree, 1 to 5'), ('choice', 'one of several'), ('text', 'in own words')], max_length=6)),
                ('score', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('satisfied', models.BooleanField(blank=True, help_text='By the threshold on the day of the answer; only of satisfaction.', null=True)),
                ('choice', models.CharField(blank=True, default='', help_text="In the survey's own language, whatever they read.", max_length=100)),
                ('text', models.TextField(blank=True, default='')),
            ],
            options={
                'ordering': ['answer', 'question__position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('nps', 'recommend, 0 to 10'), ('csat5', 'satisfied, 1 to 5'), ('csat10', 'satisfied, 1 to 10'), ('scale', 'agree, 1 to 5'), ('choice', 'one of several'), ('text', 'in own words')], max_length=6)),
                ('required', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['survey', 'position'],
            },
        ),
        migrations.CreateModel(
            name='QuestionText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('de', 'German'), ('fr', 'French'), ('es', 'Spanish'), ('it', 'Italian'), ('nl', 'Dutch'), ('pl', 'Polish'), ('pt', 'Portuguese')], max_length=10)),
                ('text', models.CharField(max_length=300)),
                ('low', models.CharField(blank=True, default='', max_length=60, verbose_name='lowest mark')),
                ('high', models.CharField(blank=True, default='', max_length=60, verbose_name='highest mark')),
                ('options', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=12)),
            ],
            options={
                'ordering': ['question', 'language'],
            },
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(help_text='For us; customers see the title.', max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('nps', 'recommendation (NPS)'), ('csat5', 'satisfaction, 5 points'), ('csat10', 'satisfaction, 10 points'), ('relationship', 'relationship'), ('exit', 'exit interview'), ('reference', 'willing to be a reference'), ('heard_about', 'how they heard about us'), ('custom', 'of our own')], default='nps', max_length=12)),
                ('language', models.CharField(choices=[('en', 'English'), ('de', 'German'), ('fr', 'French'), ('es', 'Spanish'), ('it', 'Italian'), ('nl', 'Dutch'), ('pl', 'Polish'), ('pt', 'Portuguese')], default='en', help_text='For everybody whose own language has no texts.', max_length=10)),
                ('satisfied_from', models.PositiveSmallIntegerField(choices=[(8, '8 of 10'), (9, '9 of 10')], default=9, help_text='Which marks of a 10-point question count as satisfied.', validators=[django.core.validators.MinValueValidator(8), django.core.validators.MaxValueValidator(9)], verbose_name='satisfied from')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SurveyInvitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=10)),
                ('invited_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('delivered_at', models.DateTimeField(blank=True, help_text='The first mail was taken by a mail server.', null=True)),
                ('bounced_at', models.DateTimeField(blank=True, null=True)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('token_hash', models.CharField(blank=True, default='', editable=False, max_length=64)),
            ],
            options={
                'ordering': ['wave', 'account', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SurveyText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=[('en', 'English'), ('de', 'German'), ('fr', 'French'), ('es', 'Spanish'), ('it', 'Italian'), ('nl', 'Dutch'), ('pl', 'Polish'), ('pt', 'Portuguese')], max_length=10)),
                ('title', models.CharField(help_text='Above the questions.', max_length=200)),
                ('introduction', models.TextField(blank=True, default='', max_length=2000)),
                ('thanks', models.TextField(blank=True, default='', max_length=2000, verbose_name='thanks after the answer')),
                ('mail_subject', models.CharField(max_length=150, verbose_name='subject of the mail')),
                ('mail_text', models.TextField(blank=True, default='', help_text='Greeting, link and sender are added.', max_length=3000, verbose_name='text of the mail')),
            ],
            options={
                'ordering': ['language'],
            },
        ),
        migrations.CreateModel(
            name='Wave',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('name', models.CharField(max_length=120)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('scheduled', 'scheduled'), ('open', 'running'), ('closed', 'closed')], default='draft', editable=False, max_length=9)),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('sponsor', 'sponsor'), ('decision_maker', 'decides'), ('champion', 'champion'), ('adviser', 'advises'), ('procurement', 'buys'), ('user', 'user'), ('blocker', 'blocks')], max_length=20), blank=True, default=list, help_text='None chosen: every role, also unknown ones.', size=None)),
                ('key_only', models.BooleanField(default=False, verbose_name='key persons only')),
                ('rest_days', models.PositiveSmallIntegerField(default=90, help_text='Days that a person is left in peace after a survey; 0: none.', validators=[django.core.validators.MaxValueValidator(730)], verbose_name='not asked in the last')),
                ('opens_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('days_open', models.PositiveSmallIntegerField(default=21, help_text='Days.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(180)], verbose_name='open for')),
                ('remind_after', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, help_text='Days after the invitation on which who has not answered is reminded.', size=3)),
                ('closes_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='action',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='action',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='action',
            name='delete_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contact',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contact',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='contact',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='contact',
            name='no_surveys_since',
            field=models.DateField(blank=True, editable=False, help_text='Empty: may be asked.', null=True, verbose_name='asked for no surveys'),
        ),
        migrations.AddField(
            model_name='contactevent',
            name='no_surveys_since',
            field=models.DateField(blank=True, editable=False, help_text='Empty: may be asked.', null=True, verbose_name='asked for no surveys'),
        ),
        migrations.AddField(
            model_name='message',
            name='contact',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.contact'),
        ),
        migrations.AlterField(
            model_name='message',
            name='recipient',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('contact__isnull', True), ('recipient__isnull', False)), models.Q(('contact__isnull', False), ('recipient__isnull', True)), _connector='OR'), name='message_to_one', violation_error_message='A mail goes to one of us or to one person at a customer.'),
        ),
        migrations.AddField(
            model_name='answer',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='survey_answers', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='answer',
            name='contact',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='survey_answers', to='accounts.contact'),
        ),
        migrations.AddField(
            model_name='action',
            name='answer',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='actions', to='accounts.answer'),
        ),
        migrations.AddField(
            model_name='actionevent',
            name='answer',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.answer'),
        ),
        migrations.AddField(
            model_name='answeritem',
            name='answer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='accounts.answer'),
        ),
        migrations.AddField(
            model_name='answeritem',
            name='question',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='accounts.question'),
        ),
        migrations.AddField(
            model_name='questiontext',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='accounts.question'),
        ),
        migrations.AddField(
            model_name='survey',
            name='created_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='question',
            name='survey',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='accounts.survey'),
        ),
        migrations.AddField(
            model_name='answer',
            name='survey',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='accounts.survey'),
        ),
        migrations.AddField(
            model_name='surveyinvitation',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='survey_invitations', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='surveyinvitation',
            name='contact',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='survey_invitations', to='accounts.contact'),
        ),
        migrations.AddField(
            model_name='answer',
            name='invitation',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='accounts.surveyinvitation'),
        ),
        migrations.AddField(
            model_name='surveytext',
            name='survey',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='accounts.survey'),
        ),
        migrations.AddField(
            model_name='wave',
            name='accounts',
            field=models.ManyToManyField(blank=True, help_text='None chosen: all that you look after.', related_name='+', to='accounts.account'),
        ),
        migrations.AddField(
            model_name='wave',
            name='created_by',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='survey_waves', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='wave',
            name='survey',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waves', to='accounts.survey'),
        ),
        migrations.AddField(
            model_name='wave',
            name='tiers',
            field=models.ManyToManyField(blank=True, help_text='None chosen: every tier.', related_name='+', to='accounts.tier'),
        ),
        migrations.AddField(
            model_name='surveyinvitation',
            name='wave',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.wave'),
        ),
        migrations.AddField(
            model_name='answer',
            name='wave',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='accounts.wave'),
        ),
        migrations.AddIndex(
            model_name='answeritem',
            index=models.Index(fields=['kind', 'answer'], name='answer_item_kind'),
        ),
        migrations.AddConstraint(
            model_name='answeritem',
            constraint=models.UniqueConstraint(fields=('answer', 'question'), name='answer_item_once_a_question'),
        ),
        migrations.AddConstraint(
            model_name='answeritem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'nps'), ('score__range', (0, 10))), models.Q(('kind', 'csat5'), ('score__range', (1, 5))), models.Q(('kind', 'csat10'), ('score__range', (1, 10))), models.Q(('kind', 'scale'), ('score__range', (1, 5))), models.Q(('kind__in', ['choice', 'text']), ('score__isnull', True)), _connector='OR'), name='answer_item_score', violation_error_message='The mark lies outside its scale.'),
        ),
        migrations.AddConstraint(
            model_name='answeritem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['csat5', 'csat10']), ('satisfied__isnull', False)), models.Q(models.Q(('kind__in', ['csat5', 'csat10']), _negated=True), ('satisfied__isnull', True)), _connector='OR'), name='answer_item_satisfied'),
        ),
        migrations.AddConstraint(
            model_name='answeritem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('kind', 'choice'), _negated=True), models.Q(('choice', ''), _negated=True), _connector='OR'), models.Q(models.Q(('kind', 'text'), _negated=True), models.Q(('text', ''), _negated=True), _connector='OR')), name='answer_item_says_something'),
        ),
        migrations.AddConstraint(
            model_name='questiontext',
            constraint=models.UniqueConstraint(fields=('question', 'language'), name='question_text_one_a_language'),
        ),
        migrations.AddConstraint(
            model_name='questiontext',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='question_text_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='survey',
            constraint=models.CheckConstraint(condition=models.Q(('satisfied_from__in', [8, 9])), name='survey_satisfied_from', violation_error_message='Of ten points, 8 or 9 begin to be satisfied.'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('survey', 'position'), name='question_place'),
        ),
        migrations.AddConstraint(
            model_name='surveytext',
            constraint=models.UniqueConstraint(fields=('survey', 'language'), name='survey_text_one_a_language'),
        ),
        migrations.AddConstraint(
            model_name='surveytext',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('mail_subject', ''), _negated=True)), name='survey_text_has_title_and_subject'),
        ),
        migrations.AddIndex(
            model_name='wave',
            index=models.Index(condition=models.Q(('state', 'closed'), _negated=True), fields=['state'], name='wave_not_closed'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('closes_at__isnull', False), ('opens_at__isnull', False)), _connector='OR'), name='wave_sent_on_a_day', violation_error_message='A wave that is not a draft has a day on which it opens and closes.'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=models.CheckConstraint(condition=models.Q(('closes_at__isnull', True), ('closes_at__gt', models.F('opens_at')), _connector='OR'), name='wave_closes_after_opening', violation_error_message='A wave closes after it opens.'),
        ),
        migrations.AddConstraint(
            model_name='wave',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state', 'closed')), models.Q(models.Q(('state', 'closed'), _negated=True), ('closed_at__isnull', True)), _connector='OR'), name='wave_closed_on_a_day'),
        ),
        migrations.AddIndex(
            model_name='surveyinvitation',
            index=models.Index(fields=['contact', '-invited_at'], name='survey_invitation_contact'),
        ),
        migrations.AddIndex(
            model_name='surveyinvitation',
            index=models.Index(fields=['account', '-invited_at'], name='survey_invitation_account'),
        ),
        migrations.AddConstraint(
            model_name='surveyinvitation',
            constraint=models.UniqueConstraint(fields=('wave', 'contact'), name='survey_invitation_once_a_wave'),
        ),
        migrations.AddConstraint(
            model_name='surveyinvitation',
            constraint=models.UniqueConstraint(condition=models.Q(('token_hash', ''), _negated=True), fields=('token_hash',), name='survey_invitation_token'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(fields=['account', '-answered_at'], name='answer_account_at'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(fields=['contact', '-answered_at'], name='answer_contact_at'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(('invitation__isnull', True), models.Q(('survey__isnull', False), ('wave__isnull', False)), _connector='OR'), name='answer_of_invitation_has_wave'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('source', 'external_id'), name='answer_unique_in_source', violation_error_message='Another row of this source already has this external id.'),
        ),
        # After the columns that they compare.
        pgtrigger.migrations.AddTrigger(
            model_name='action',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_actionevent" ("account_id", "answer_id", "closed_by_id", "closed_on", "contact_id", "created_at", "created_by_id", "due_on", "external_id", "first_due_on", "id", "objective_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "risk_id", "side", "status", "swot_entry_id", "text", "touch_id", "version") VALUES (NEW."account_id", NEW."answer_id", NEW."closed_by_id", NEW."closed_on", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."due_on", NEW."external_id", NEW."first_due_on", NEW."id", NEW."objective_id", NEW."owner_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."review_id", NEW."risk_id", NEW."side", NEW."status", NEW."swot_entry_id", NEW."text", NEW."touch_id", NEW."version"); RETURN NULL;', hash='59129d1b3a9b464d18dbe92f4ace7795d01bf0b5', operation='INSERT', pgid='pgtrigger_insert_insert_8cf08', table='accounts_action', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='action',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."answer_id" IS DISTINCT FROM (NEW."answer_id") OR OLD."closed_by_id" IS DISTINCT FROM (NEW."closed_by_id") OR OLD."closed_on" IS DISTINCT FROM (NEW."closed_on") OR OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."due_on" IS DISTINCT FROM (NEW."due_on") OR OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."first_due_on" IS DISTINCT FROM (NEW."first_due_on") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."objective_id" IS DISTINCT FROM (NEW."objective_id") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."review_id" IS DISTINCT FROM (NEW."review_id") OR OLD."risk_id" IS DISTINCT FROM (NEW."risk_id") OR OLD."side" IS DISTINCT FROM (NEW."side") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."swot_entry_id" IS DISTINCT FROM (NEW."swot_entry_id") OR OLD."text" IS DISTINCT FROM (NEW."text") OR OLD."touch_id" IS DISTINCT FROM (NEW."touch_id") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "accounts_actionevent" ("account_id", "answer_id", "closed_by_id", "closed_on", "contact_id", "created_at", "created_by_id", "due_on", "external_id", "first_due_on", "id", "objective_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "risk_id", "side", "status", "swot_entry_id", "text", "touch_id", "version") VALUES (NEW."account_id", NEW."answer_id", NEW."closed_by_id", NEW."closed_on", NEW."contact_id", NEW."created_at", NEW."created_by_id", NEW."due_on", NEW."external_id", NEW."first_due_on", NEW."id", NEW."objective_id", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."review_id", NEW."risk_id", NEW."side", NEW."status", NEW."swot_entry_id", NEW."text", NEW."touch_id", NEW."version"); RETURN NULL;', hash='9b0085160efc430c023d1299990c4455131318f0', operation='UPDATE', pgid='pgtrigger_update_update_8d39d', table='accounts_action', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='action',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_actionevent" ("account_id", "answer_id", "closed_by_id", "closed_on", "contact_id", "created_at", "created_by_id", "due_on", "external_id", "first_due_on", "id", "objective_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_id", "risk_id", "side", "status", "swot_entry_id", "text", "touch_id", "version") VALUES (OLD."account_id", OLD."answer_id", OLD."closed_by_id", OLD."closed_on", OLD."contact_id", OLD."created_at", OLD."created_by_id", OLD."due_on", OLD."external_id", OLD."first_due_on", OLD."id", OLD."objective_id", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."review_id", OLD."risk_id", OLD."side", OLD."status", OLD."swot_entry_id", OLD."text", OLD."touch_id", OLD."version"); RETURN NULL;', hash='a34caa8d6f9daa58efbcdd85625cbed625105cf2', operation='DELETE', pgid='pgtrigger_delete_delete_4b5f0', table='accounts_action', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contact',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_contactevent" ("account_id", "city", "department", "email", "external_id", "id", "is_placeholder", "key_during", "language", "left_on", "name", "no_surveys_since", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "reports_to_id", "since", "successor_id", "title", "version") VALUES (NEW."account_id", NEW."city", NEW."department", NEW."email", NEW."external_id", NEW."id", NEW."is_placeholder", NEW."key_during", NEW."language", NEW."left_on", NEW."name", NEW."no_surveys_since", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phone", NEW."reports_to_id", NEW."since", NEW."successor_id", NEW."title", NEW."version"); RETURN NULL;', hash='476d04ad14804a0c284304043901e4404014940a', operation='INSERT', pgid='pgtrigger_insert_insert_89558', table='accounts_contact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contact',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."city" IS DISTINCT FROM (NEW."city") OR OLD."department" IS DISTINCT FROM (NEW."department") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."external_id" IS DISTINCT FROM (NEW."external_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_placeholder" IS DISTINCT FROM (NEW."is_placeholder") OR OLD."key_during" IS DISTINCT FROM (NEW."key_during") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."left_on" IS DISTINCT FROM (NEW."left_on") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."no_surveys_since" IS DISTINCT FROM (NEW."no_surveys_since") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."reports_to_id" IS DISTINCT FROM (NEW."reports_to_id") OR OLD."since" IS DISTINCT FROM (NEW."since") OR OLD."successor_id" IS DISTINCT FROM (NEW."successor_id") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."version" IS DISTINCT FROM (NEW."version"))', func='INSERT INTO "accounts_contactevent" ("account_id", "city", "department", "email", "external_id", "id", "is_placeholder", "key_during", "language", "left_on", "name", "no_surveys_since", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "reports_to_id", "since", "successor_id", "title", "version") VALUES (NEW."account_id", NEW."city", NEW."department", NEW."email", NEW."external_id", NEW."id", NEW."is_placeholder", NEW."key_during", NEW."language", NEW."left_on", NEW."name", NEW."no_surveys_since", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phone", NEW."reports_to_id", NEW."since", NEW."successor_id", NEW."title", NEW."version"); RETURN NULL;', hash='bddec7d5ae195c96b9ca5a555bc83166b437bec7', operation='UPDATE', pgid='pgtrigger_update_update_15daf', table='accounts_contact', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='contact',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_contactevent" ("account_id", "city", "department", "email", "external_id", "id", "is_placeholder", "key_during", "language", "left_on", "name", "no_surveys_since", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "reports_to_id", "since", "successor_id", "title", "version") VALUES (OLD."account_id", OLD."city", OLD."department", OLD."email", OLD."external_id", OLD."id", OLD."is_placeholder", OLD."key_during", OLD."language", OLD."left_on", OLD."name", OLD."no_surveys_since", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."phone", OLD."reports_to_id", OLD."since", OLD."successor_id", OLD."title", OLD."version"); RETURN NULL;', hash='6d6644f6dfb03e027e2a9e81e29c92becdedf032', operation='DELETE', pgid='pgtrigger_delete_delete_115a7', table='accounts_contact', when='AFTER')),
        ),
    ]
