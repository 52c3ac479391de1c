from django.urls import path

from accounts.people import staffing_views, views

app_name = "people"
urlpatterns = [
    path("", views.user_list, name="user_list"),
    path("me/", views.profile, name="profile"),
    path("me/sessions/", views.session_list, name="session_list"),
    path("me/sessions/end/", views.end_sessions, name="end_sessions"),
    path("teams/", views.team_list, name="team_list"),
    path("teams/<int:pk>/", views.team, name="team"),
    path("staffing/", staffing_views.staffing, name="staffing"),
    path("staffing/undo/<str:token>/", staffing_views.staffing_undo, name="staffing_undo"),
    path("staffing/<slug:kind>/add/", staffing_views.staffing_add, name="staffing_add"),
    path("staffing/<slug:kind>/<int:pk>/", staffing_views.staffing_edit, name="staffing_edit"),
    path("staffing/<slug:kind>/<int:pk>/remove/", staffing_views.staffing_remove, name="staffing_remove"),
    path("<int:pk>/invite/", views.invite_again, name="invite_again"),
    path("<int:pk>/deactivate/", views.set_active, {"active": False}, name="deactivate"),
    path("<int:pk>/reactivate/", views.set_active, {"active": True}, name="reactivate"),
    path("<int:pk>/view-as/", views.view_as, name="view_as"),
    path("view-as/stop/", views.stop_view_as, name="stop_view_as"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("elevation/", views.elevation, name="elevation"),
    path("elevation/end/", views.end_elevation, name="end_elevation"),
    path("grants/", views.grant_list, name="grant_list"),
    path("grants/<int:pk>/remove/", views.remove_grant, name="remove_grant"),
    path("audit/", views.audit, name="audit"),
]
