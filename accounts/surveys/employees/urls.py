"""Running waves; the panel shows figures and lives in metrics."""

from django.urls import URLPattern, path

from accounts.surveys.employees import views

urlpatterns: list[URLPattern] = [
    path("waves/", views.wave_list, name="wave_list"),
    path("waves/add", views.wave_add, name="wave_add"),
    path("waves/<int:pk>/", views.wave, name="wave"),
    path("waves/<int:pk>/edit", views.wave_edit, name="wave_edit"),
    path("waves/<int:pk>/preview", views.wave_preview, name="wave_preview"),
    path("waves/<int:pk>/open", views.wave_open, name="wave_open"),
    path("waves/<int:pk>/remind", views.wave_remind, name="wave_remind"),
    path("waves/<int:pk>/close", views.wave_close, name="wave_close"),
    path("waves/<int:pk>/release", views.wave_release, name="wave_release"),
    path("waves/<int:pk>/discard", views.wave_discard, name="wave_discard"),
    path("waves/restore/<str:token>", views.wave_restore, name="wave_restore"),
]
