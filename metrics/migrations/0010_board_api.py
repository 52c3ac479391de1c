from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0009_weights")]

    operations = []
