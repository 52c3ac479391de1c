from django.urls import path

from accounts.surveys import public_views

urlpatterns = [
    path("<str:token>/", public_views.answer, name="answer"),
    path("<str:token>/stop", public_views.answer_stop, name="answer_stop"),
]
