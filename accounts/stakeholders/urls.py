from django.urls import path

from accounts.stakeholders import exports, views

app_name = "stakeholders"
urlpatterns = [
    path("accounts/<int:account>/", views.people_map, name="map"),
    path("accounts/<int:account>/map.svg", exports.map_svg, name="map_svg"),
    path("accounts/<int:account>/map.pdf", exports.map_pdf, name="map_pdf"),
    path("accounts/<int:account>/people.xlsx", exports.people_xlsx, name="people_xlsx"),
    path("accounts/<int:account>/add", views.add_person, name="add"),
    path("contacts/<int:pk>/", views.edit_person, name="edit"),
    path("contacts/<int:pk>/panel", views.panel, name="panel"),
    path("contacts/<int:pk>/move", views.move_person, name="move"),
    path("contacts/<int:pk>/left", views.person_left, name="left"),
    path("contacts/<int:pk>/remove", views.remove_person, name="remove"),
    path("contacts/<int:pk>/facts/<slug:kind>", views.fact, name="fact"),
    path("contacts/<int:pk>/ties", views.add_tie, name="tie"),
    path("ties/<int:pk>/end", views.end_a_tie, name="tie_end"),
    path("contacts/<int:pk>/relationships/<int:colleague>", views.relationship, name="relationship"),
    path("undo/<str:token>", views.take_back, name="undo"),
]
