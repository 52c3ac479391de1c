"""Writes of plans, of the week, of renewals and whitespace, and of handing over: none of them needs a figure."""

from django.urls import URLPattern, path

from accounts.plans import plan_views, reassign_views, undo_views, week_views

urlpatterns: list[URLPattern] = [
    path("<int:pk>/delete", plan_views.plan_delete, name="plan_delete"),
    path("week/snoozed/", week_views.week_snoozed, name="week_snoozed"),
    path("week/snoozed/<int:pk>/wake", week_views.week_wake, name="week_wake"),
    path("week/undo/<str:token>", week_views.week_undo, name="week_undo"),
    path("week/<str:item>/snooze", week_views.week_snooze, name="week_snooze"),
    path("week/<str:item>/done", week_views.week_done, name="week_done"),
    path("week/<str:item>/hand-on", week_views.week_hand_on, name="week_hand_on"),
    path("reassign/", reassign_views.reassign, name="reassign"),
    path("whitespace/undo/<str:token>", undo_views.whitespace_take_back, name="whitespace_take_back"),
    path("renewals/undo/<str:token>", undo_views.renewal_call_take_back, name="renewal_call_take_back"),
]
