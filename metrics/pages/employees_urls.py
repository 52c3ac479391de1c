"""Employee surveys: the panel with its figures, and the waves of accounts.surveys.employees."""

from django.urls import URLPattern, path

from accounts.surveys.employees.urls import urlpatterns as waves
from metrics.pages import employees

app_name = "employees"
urlpatterns: list[URLPattern] = [path("", employees.panel, name="panel"), *waves]
