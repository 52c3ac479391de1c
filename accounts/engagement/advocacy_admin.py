"""Consents, advocacy, lost customers and states of accounts in the admin panel."""

from django.contrib import admin

from accounts.engagement.advocacy import AdvocacyAction, LossInterview, LossReason, ReferenceConsent
from accounts.engagement.states import AccountState
from kamplan.panel import AccountContent, Configuration, ContentHistory, TypedContent


@admin.register(LossReason)
class LossReasonAdmin(Configuration):
    list_display = ["name", "position", "external_id"]
    list_editable = ["position"]
    search_fields = ["name", "external_id"]
    ordering = ["position", "name"]


@admin.register(ReferenceConsent)
class ReferenceConsentAdmin(AccountContent):
    list_display = ["account", "contact", "during", "revoked_on", "evidence"]
    list_select_related = ["account", "contact"]
    search_fields = ["account__name", "contact__name", "external_id"]
    autocomplete_fields = ["account"]
    raw_id_fields = ["contact"]


@admin.register(AdvocacyAction)
class AdvocacyActionAdmin(AccountContent):
    list_display = ["account", "on", "kind", "is_positive", "subject", "contact"]
    list_select_related = ["account", "contact"]
    list_filter = ["kind", "is_positive"]
    search_fields = ["account__name", "subject", "external_id"]
    autocomplete_fields = ["account"]
    raw_id_fields = ["contact"]
    date_hierarchy = "on"


@admin.register(LossInterview)
class LossInterviewAdmin(AccountContent):
    list_display = ["account", "lost_on", "interviewed_on", "reason", "interviewer"]
    list_select_related = ["account", "reason", "interviewer"]
    list_filter = ["reason"]
    search_fields = ["account__name", "external_id"]
    autocomplete_fields = ["account", "reason", "interviewer"]
    date_hierarchy = "lost_on"


@admin.register(AccountState)
class AccountStateAdmin(TypedContent):
    list_display = ["account", "kind", "date", "value", "level", "source", "noted_by"]
    list_select_related = ["account", "noted_by"]
    list_filter = ["kind", "level", "source"]
    search_fields = ["account__name", "external_id"]
    autocomplete_fields = ["account"]
    date_hierarchy = "date"


for tracked in (ReferenceConsent, AdvocacyAction, LossInterview, AccountState):
    admin.site.register(tracked.pgh_event_model, ContentHistory)  # type: ignore[union-attr]
