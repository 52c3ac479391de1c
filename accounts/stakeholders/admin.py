from django.contrib import admin

from accounts.stakeholders.models import Contact, Relationship, SoftFact, Tie
from kamplan.panel import AccountContent, ContentHistory


class SoftFactInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SoftFact
    extra = 0
    fields = ["kind", "value", "basis", "noted_on"]


@admin.register(Contact)
class ContactAdmin(AccountContent):
    list_display = ["name", "account", "title", "is_placeholder", "left_on", "external_id"]
    list_select_related = ["account"]
    list_filter = ["is_placeholder"]
    search_fields = ["name", "email", "external_id", "account__name"]
    autocomplete_fields = ["account", "reports_to"]
    inlines = [SoftFactInline]


@admin.register(Tie)
class TieAdmin(AccountContent):
    list_display = ["contact", "kind", "other", "about", "basis", "noted_on", "ended_on"]
    list_select_related = ["contact", "other"]
    list_filter = ["kind", "basis"]
    search_fields = ["contact__name", "other__name", "external_id"]
    autocomplete_fields = ["contact", "other"]


@admin.register(Relationship)
class RelationshipAdmin(AccountContent):
    list_display = ["colleague", "contact", "level", "desired", "basis", "noted_on"]
    list_select_related = ["contact", "colleague"]
    list_filter = ["level", "desired"]
    search_fields = ["contact__name", "colleague__name"]
    autocomplete_fields = ["contact", "colleague"]


for tracked in (Contact, Tie, Relationship):
    admin.site.register(tracked.pgh_event_model, ContentHistory)  # type: ignore[union-attr]
