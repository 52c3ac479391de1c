from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts.surveys.employees.public_views import answer as employee_answer
from kamplan import health
from metrics.pages.digests import digest_stop
from metrics.pages.find import find
from metrics.pages.home import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("accounts.people.login_urls")),
    path("people/", include("accounts.people.urls")),
    path("rights/", include("accounts.rights.urls")),
    path("exchange/", include("accounts.exchange.urls")),
    path("", home, name="home"),
    path("find", find, name="find"),
    path("portfolio/", include("metrics.pages.portfolio_urls")),
    path("revenue/", include("accounts.revenue.urls")),
    path("stakeholders/", include("accounts.stakeholders.urls")),
    path("engagement/", include("accounts.engagement.urls")),
    path("plans/", include("metrics.pages.plans_urls")),
    path("s/", include("accounts.surveys.public_urls")),
    path("e/<str:token>/", employee_answer, name="employee_answer"),
    path("u/<str:token>/", digest_stop, name="digest_stop"),
    path("surveys/employees/", include("metrics.pages.employees_urls")),
    path("surveys/", include("metrics.pages.surveys_urls")),
    path("api/", include("metrics.api.urls")),
    path("", include("metrics.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
]

handler500 = "kamplan.health.failed"
