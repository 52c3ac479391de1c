from django.urls import path

from accounts.revenue import views

app_name = "revenue"
urlpatterns = [
    path("accounts/<int:account>/deals/add", views.opportunity_add, name="opportunity_add"),
    path("deals/<int:pk>/", views.opportunity_edit, name="opportunity_edit"),
    path("deals/<int:pk>/stage", views.opportunity_move, name="opportunity_move"),
    path("deals/<int:pk>/close", views.opportunity_close, name="opportunity_close"),
    path("deals/reopen/<str:token>", views.opportunity_reopen, name="opportunity_reopen"),
    path("accounts/<int:account>/contracts/add", views.contract_add, name="contract_add"),
    path("contracts/<int:pk>/", views.contract_edit, name="contract_edit"),
    path("contracts/<int:pk>/decide", views.contract_decide, name="contract_decide"),
]
