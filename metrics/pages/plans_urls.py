"""Plans, whitespace, renewals and reviews under one name: pages that show figures, and their writes."""

from django.urls import URLPattern

from metrics.pages import growth_urls, plan_urls, rhythm_urls

app_name = "plans"
urlpatterns: list[URLPattern] = [
    *plan_urls.urlpatterns,
    *growth_urls.urlpatterns,
    *rhythm_urls.urlpatterns,
]
