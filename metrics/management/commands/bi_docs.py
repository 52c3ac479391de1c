from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from metrics.bi import document


class Command(BaseCommand):
    help = "Write docs/bi.md from the declarations of the measures."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "bi.md"
        path.write_text(document(), encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} is written.")
