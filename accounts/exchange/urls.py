from django.urls import path

from accounts.exchange import feed_views, views

app_name = "exchange"
urlpatterns = [
    path("", views.import_list, name="import_list"),
    path("new/", views.import_start, name="import_start"),
    path("<int:pk>/", views.import_detail, name="import_detail"),
    path("<int:pk>/columns/", views.import_mapping, name="import_mapping"),
    path("<int:pk>/samples/", views.import_samples, name="import_samples"),
    path("<int:pk>/refused.csv", views.import_refusals, name="import_refusals"),
    path("<int:pk>/apply/", views.import_apply, name="import_apply"),
    path("<int:pk>/discard/", views.import_discard, name="import_discard"),
    path("calendar/", feed_views.calendar_feed, name="calendar_feed"),
    path("calendar/make/", feed_views.calendar_make, name="calendar_make"),
    path("calendar/revoke/", feed_views.calendar_revoke, name="calendar_revoke"),
    path("calendar/<str:token>.ics", feed_views.calendar, name="calendar"),
]
