from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = "Numbers"

    def ready(self) -> None:
        from accounts.plans.kpis import BINDABLE
        from metrics.pages.plan_figures import KPI_CHOICES

        BINDABLE.update(KPI_CHOICES)
