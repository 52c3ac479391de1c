"""The week, reviews, handing over: pages with figures, and the writes of accounts.plans."""

from django.urls import URLPattern

from accounts.plans.urls_rhythm import urlpatterns as writes

urlpatterns: list[URLPattern] = [*writes]
