"""Whitespace and renewals: pages with figures, and the writes beside them."""

from django.urls import path

from accounts.plans.urls_growth import urlpatterns as writes
from metrics.pages import renewals, whitespace

CELL = "accounts/<int:account>/whitespace/<int:category>/"

urlpatterns = [
    path("accounts/<int:account>/whitespace/", whitespace.whitespace, name="whitespace"),
    path("accounts/<int:account>/whitespace/fill/", whitespace.whitespace_fill, name="whitespace_fill"),
    path("accounts/<int:account>/whitespace.xlsx", whitespace.whitespace_export, name="whitespace_export"),
    path(CELL, whitespace.whitespace_cell, name="whitespace_cell"),
    path(f"{CELL}edit", whitespace.whitespace_edit, name="whitespace_edit"),
    path(f"{CELL}open", whitespace.whitespace_open, name="whitespace_open"),
    path("renewals/", renewals.renewal_list, name="renewals"),
    path("renewals/<int:contract>/", renewals.renewal_call, name="renewal_call"),
    *writes,
]
