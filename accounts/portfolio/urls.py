"""Addresses that change something; the pages of the portfolio show figures and live in metrics."""

from django.urls import path

from accounts.portfolio import views

app_name = "portfolio"
urlpatterns = [
    path("<int:pk>/edit/<slug:field>", views.account_edit, name="account_edit"),
    path("filters", views.saved_filter_save, name="saved_filter_save"),
    path("filters/<int:pk>", views.saved_filter_rename, name="saved_filter_rename"),
    path("filters/<int:pk>/delete", views.saved_filter_delete, name="saved_filter_delete"),
    path("filters/restore/<str:token>", views.saved_filter_restore, name="saved_filter_restore"),
]
