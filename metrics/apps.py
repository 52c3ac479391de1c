from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = "Numbers"

    def ready(self) -> None:
        from accounts.plans.kpis import BINDABLE
        from metrics.pages.plan_figures import KPI_CHOICES

        BINDABLE.update(KPI_CHOICES)
        # Declares the kinds of mail that the outbox can write.
        from metrics.digests import letters  # noqa: F401
        from metrics.recompute import due  # noqa: F401
