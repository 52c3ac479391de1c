from django.urls import path

from accounts.rights import views

app_name = "rights"
urlpatterns = [
    path("", views.person_list, name="list"),
    path("notes/", views.note_list, name="notes"),
    path("<slug:kind>/<int:pk>/", views.person, name="person"),
    path("<slug:kind>/<int:pk>/export/", views.export, name="export"),
    path("<slug:kind>/<int:pk>/erase/", views.erase_person, name="erase"),
]
