from django.urls import path

from accounts.engagement import action_views, calendar_views, playbook_views, request_views, views

app_name = "engagement"
urlpatterns = [
    path("accounts/<int:account>/", views.activity, name="activity"),
    path("accounts/<int:account>/recent", views.recent, name="recent"),
    path("calendar", calendar_views.calendar_import, name="calendar_import"),
    path("calendar/undo", calendar_views.calendar_undo, name="calendar_undo"),
    path("log", views.log, name="log"),
    path("log/whom", views.whom, name="whom"),
    path("undo/<str:token>", views.undo, name="undo"),
    path("touches/<int:pk>/", views.touch_edit, name="touch_edit"),
    path("touches/<int:pk>/delete", views.touch_delete, name="touch_delete"),
    path("accounts/<int:account>/next", action_views.following, name="next"),
    path("accounts/<int:account>/actions/add", action_views.action_add, name="action_add"),
    path("actions/<int:pk>/", action_views.action_edit, name="action_edit"),
    path("actions/<int:pk>/done", action_views.action_done, name="action_done"),
    path("actions/<int:pk>/drop", action_views.action_drop, name="action_drop"),
    path("actions/<int:pk>/move", action_views.action_move, name="action_move"),
    path("actions/<int:pk>/hand-on", action_views.action_hand_on, name="action_hand_on"),
    path("playbooks/", playbook_views.playbook_list, name="playbook_list"),
    path("playbooks/<slug:kind>/", playbook_views.playbook_edit, name="playbook_edit"),
    path("requests/", request_views.request_list, name="request_list"),
    path("requests/add", request_views.request_new, name="request_new"),
    path("accounts/<int:account>/requests/add", request_views.request_add, name="request_add"),
    path("requests/<int:pk>/", request_views.request_detail, name="request"),
    path("requests/<int:pk>/edit", request_views.request_edit, name="request_edit"),
    path("requests/<int:pk>/answer", request_views.request_answer, name="request_answer"),
    path("requests/<int:pk>/resolve", request_views.request_resolve, name="request_resolve"),
    path("requests/<int:pk>/reopen", request_views.request_reopen, name="request_reopen"),
    path("requests/<int:pk>/ask", request_views.internal_add, name="internal_add"),
    path("internal/<int:pk>/done", request_views.internal_done, name="internal_done"),
]
