"""How many people teams had, and how many left, in the admin panel; no names stand there."""

from django.contrib import admin

from accounts.people.headcount import Headcount, Leaver
from kamplan.panel import Configuration, History


@admin.register(Headcount)
class HeadcountAdmin(Configuration):
    list_display = ["team", "on", "number", "external_id"]
    list_select_related = ["team"]
    list_filter = ["team"]
    search_fields = ["team__name", "external_id"]
    autocomplete_fields = ["team"]
    date_hierarchy = "on"


@admin.register(Leaver)
class LeaverAdmin(Configuration):
    list_display = ["team", "left_on", "reason", "external_id"]
    list_select_related = ["team"]
    list_filter = ["team", "reason"]
    search_fields = ["team__name", "external_id"]
    autocomplete_fields = ["team"]
    date_hierarchy = "left_on"


admin.site.register(Headcount.pgh_event_model, History)  # type: ignore[attr-defined]
admin.site.register(Leaver.pgh_event_model, History)  # type: ignore[attr-defined]
