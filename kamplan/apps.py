from django.apps import AppConfig


class KamplanConfig(AppConfig):
    name = "kamplan"

    def ready(self) -> None:
        # Registers the deployment check.
        from kamplan import health  # noqa: F401
