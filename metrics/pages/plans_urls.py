"""Plans, whitespace, renewals and reviews under one name: pages that show figures, and their writes."""

from django.urls import URLPattern

from metrics.pages import plan_urls

app_name = "plans"
urlpatterns: list[URLPattern] = [
    *plan_urls.urlpatterns,
]
