from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0007_funnel_measures")]

    operations = []
