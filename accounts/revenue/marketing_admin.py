"""Campaigns, spend, leads, costs to serve and forecasts in the admin panel."""

from django.contrib import admin

from accounts.revenue.costs import CostToServe
from accounts.revenue.forecasts import Forecast
from accounts.revenue.marketing import Campaign, CampaignTouch, Lead, Spend
from kamplan.panel import AccountContent, ContentHistory, LookedUp, TypedContent


@admin.register(Campaign)
class CampaignAdmin(AccountContent):
    list_display = ["name", "channel", "during", "is_target", "budget", "currency", "external_id"]
    list_filter = ["channel", "is_target"]
    search_fields = ["name", "external_id"]


@admin.register(Spend)
class SpendAdmin(AccountContent):
    list_display = ["date", "kind", "amount", "currency", "campaign", "account", "is_target", "external_id"]
    list_select_related = ["campaign", "account"]
    list_filter = ["kind", "is_target", "currency"]
    search_fields = ["description", "external_id", "campaign__name", "account__name"]
    autocomplete_fields = ["campaign", "account"]
    date_hierarchy = "date"


@admin.register(Lead)
class LeadAdmin(AccountContent):
    list_display = ["company", "created_on", "channel", "owner", "mql_on", "sql_on", "customer_on", "account"]
    list_select_related = ["owner", "account"]
    list_filter = ["channel", "heard_through"]
    search_fields = ["company", "person", "email", "external_id", "account__name"]
    autocomplete_fields = ["campaign", "owner", "account"]
    date_hierarchy = "created_on"


@admin.register(CampaignTouch)
class CampaignTouchAdmin(AccountContent):
    list_display = ["campaign", "on", "kind", "account", "lead", "external_id"]
    list_select_related = ["campaign", "account", "lead"]
    list_filter = ["kind"]
    search_fields = ["campaign__name", "account__name", "lead__company", "external_id"]
    autocomplete_fields = ["campaign", "account", "lead"]
    raw_id_fields = ["contact"]
    date_hierarchy = "on"


@admin.register(CostToServe)
class CostToServeAdmin(TypedContent):
    list_display = ["account", "date", "kind", "amount", "currency", "external_id", "noted_by"]
    list_select_related = ["account", "noted_by"]
    list_filter = ["kind", "currency"]
    search_fields = ["account__name", "description", "external_id"]
    autocomplete_fields = ["account"]
    date_hierarchy = "date"


@admin.register(Forecast)
class ForecastAdmin(LookedUp):
    """Frozen on its day, and never made better afterwards: not here, either."""

    list_display = ["starts_on", "ends_on", "user", "measure", "amount", "currency", "frozen_on", "source"]
    list_select_related = ["user"]
    list_filter = ["measure", "starts_on", "source"]
    search_fields = ["user__name", "user__email", "external_id"]


for tracked in (Campaign, Spend, Lead, CostToServe, Forecast):
    admin.site.register(tracked.pgh_event_model, ContentHistory)  # type: ignore[union-attr]
