from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("metrics", "0010_board_api")]

    operations = []
