"""Reviews and hand-overs; what somebody notes for themselves (talks, what is put off) is nobody else's."""

from django.contrib import admin

from accounts.plans.models import HandOver, Review
from kamplan.panel import AccountContent, ContentHistory


@admin.register(Review)
class ReviewAdmin(AccountContent):
    list_display = ["title", "account", "on", "status", "rating", "next_on"]
    list_select_related = ["account"]
    list_filter = ["status", "rating"]
    date_hierarchy = "on"
    search_fields = ["title", "account__name"]
    autocomplete_fields = ["account", "contacts", "colleagues"]
    readonly_fields = ["status", "run"]


@admin.register(HandOver)
class HandOverAdmin(AccountContent):
    list_display = ["account", "from_user", "to_user", "on", "made_by"]
    list_select_related = ["account", "from_user", "to_user", "made_by"]
    date_hierarchy = "on"
    search_fields = ["account__name", "from_user__name", "to_user__name"]
    autocomplete_fields = ["account", "from_user", "to_user", "made_by"]


admin.site.register(Review.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
