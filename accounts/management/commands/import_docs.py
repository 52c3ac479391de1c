from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.exchange.documentation import document


class Command(BaseCommand):
    help = "Write docs/import.md from the declarations of the kinds."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "import.md"
        path.write_text(document(), encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} is written.")
