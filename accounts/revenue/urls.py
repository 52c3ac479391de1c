from django.urls import path

from accounts.revenue import campaign_views, lead_views, views

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
    path("campaigns/", campaign_views.campaign_list, name="campaign_list"),
    path("campaigns/add", campaign_views.campaign_add, name="campaign_add"),
    path("campaigns/<int:pk>/", campaign_views.campaign_detail, name="campaign"),
    path("campaigns/<int:pk>/edit", campaign_views.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:pk>/spend/add", campaign_views.spend_add, name="spend_add"),
    path("spend/<int:pk>/delete", campaign_views.spend_delete, name="spend_delete"),
    path("marketing/undo/<str:token>", campaign_views.marketing_undo, name="marketing_undo"),
    path("leads/", lead_views.lead_list, name="lead_list"),
    path("leads/add", lead_views.lead_add, name="lead_add"),
    path("leads/<int:pk>/", lead_views.lead_detail, name="lead"),
    path("leads/<int:pk>/edit", lead_views.lead_edit, name="lead_edit"),
    path("leads/<int:pk>/answer/<str:item>", lead_views.lead_answer, name="lead_answer"),
    path("leads/<int:pk>/qualify", lead_views.lead_qualify, name="lead_qualify"),
    path("leads/<int:pk>/convert", lead_views.lead_convert, name="lead_convert"),
    path("leads/<int:pk>/won", lead_views.lead_won, name="lead_won"),
    path("leads/<int:pk>/drop", lead_views.lead_drop, name="lead_drop"),
    path("leads/<int:pk>/resume", lead_views.lead_resume, name="lead_resume"),
    path("leads/<int:pk>/delete", lead_views.lead_delete, name="lead_delete"),
]
