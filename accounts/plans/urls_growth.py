"""Writes of whitespace and renewals that need no figure."""

from django.urls import path

from accounts.plans import growth_views

urlpatterns = [
    path("whitespace/undo/<str:token>", growth_views.whitespace_take_back, name="whitespace_take_back"),
    path("renewals/undo/<str:token>", growth_views.renewal_call_take_back, name="renewal_call_take_back"),
]
