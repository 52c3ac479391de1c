"""Surveys under one name: pages that show figures, and the writes of accounts.surveys."""

from django.urls import URLPattern, path

from accounts.surveys import views, wave_views
from metrics.pages import surveys

app_name = "surveys"
urlpatterns: list[URLPattern] = [
    path("", surveys.survey_list, name="list"),
    path("questionnaires/add", views.survey_add, name="survey_add"),
    path("questionnaires/<int:pk>/", views.survey, name="survey"),
    path("questionnaires/<int:pk>/settings", views.survey_edit, name="survey_edit"),
    path("questionnaires/<int:pk>/preview", views.preview, name="preview"),
    path("questionnaires/<int:pk>/copy", views.survey_copy, name="survey_copy"),
    path("questionnaires/<int:pk>/archive", views.survey_archive, name="survey_archive"),
    path("questions/restore/<str:token>", views.question_restore, name="question_restore"),
    path("waves/add", wave_views.wave_add, name="wave_add"),
    path("waves/<int:pk>/", surveys.wave, name="wave"),
    path("waves/<int:pk>/edit", wave_views.wave_edit, name="wave_edit"),
    path("waves/<int:pk>/test", wave_views.wave_test, name="wave_test"),
    path("waves/<int:pk>/schedule", wave_views.wave_schedule, name="wave_schedule"),
    path("waves/<int:pk>/call-back", wave_views.wave_call_back, name="wave_call_back"),
    path("waves/<int:pk>/close", wave_views.wave_close, name="wave_close"),
    path("waves/<int:pk>/discard", wave_views.wave_discard, name="wave_discard"),
    path("waves/restore/<str:token>", wave_views.wave_restore, name="wave_restore"),
    path("invitations/<int:pk>/bounced", wave_views.invitation_bounced, name="invitation_bounced"),
    path("accounts/<int:account>/", surveys.of_account, name="of_account"),
    path("accounts/<int:account>/answers/add", wave_views.answer_add, name="answer_add"),
    path("contacts/<int:pk>/peace", wave_views.contact_peace, name="contact_peace"),
]
