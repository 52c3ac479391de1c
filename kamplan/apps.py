from django.apps import AppConfig


class KamplanConfig(AppConfig):
    name = "kamplan"

    def ready(self) -> None:
        # The one registers the deployment check, the other is what `shared_task` sends through.
        from kamplan import celery, health  # noqa: F401
