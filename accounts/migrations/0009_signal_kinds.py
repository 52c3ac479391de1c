"""The usual kinds of digital signals with their weights; an administrator changes them."""

from typing import Any

from django.db import migrations

from accounts.engagement.reference import add_signal_kinds


def add(apps: Any, editor: Any) -> None:
    add_signal_kinds(apps.get_model("accounts", "SignalKind"), apps.get_model("accounts", "SignalWeight"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_import_change")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
