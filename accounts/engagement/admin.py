from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.engagement.models import (
    Action,
    Department,
    InternalRequest,
    Request,
    Signal,
    SignalKind,
    SignalWeight,
    Touch,
)
from kamplan.panel import AccountContent, Configuration, ContentHistory


@admin.register(Department)
class DepartmentAdmin(Configuration):
    list_display = ["name", "position", "external_id"]
    list_editable = ["position"]
    search_fields = ["name", "external_id"]
    ordering = ["position", "name"]


class SignalWeightInline(admin.TabularInline):  # type: ignore[type-arg]
    """A new weight is a new row that begins where the old one is made to end: figures of then keep theirs."""

    model = SignalWeight
    extra = 0
    formfield_overrides = Configuration.formfield_overrides


@admin.register(SignalKind)
class SignalKindAdmin(Configuration):
    list_display = ["name", "code", "position", "daily_cap"]
    list_editable = ["position", "daily_cap"]
    search_fields = ["name", "code", "external_id"]
    ordering = ["position", "name"]
    inlines = [SignalWeightInline]


@admin.register(Touch)
class TouchAdmin(AccountContent):
    list_display = ["at", "account", "channel", "direction", "actor", "minutes"]
    list_select_related = ["account", "actor"]
    list_filter = ["channel", "direction"]
    search_fields = ["subject", "external_id", "account__name"]
    autocomplete_fields = ["account", "actor", "opportunity"]
    raw_id_fields = ["contacts"]
    date_hierarchy = "at"


@admin.register(Action)
class ActionAdmin(AccountContent):
    list_display = ["text", "account", "side", "owner", "due_on", "status"]
    list_select_related = ["account", "owner"]
    list_filter = ["status", "side"]
    search_fields = ["text", "external_id", "account__name"]
    fields = ["account", "text", "side", "owner", "due_on"]
    autocomplete_fields = ["account", "owner"]

    def save_model(self, request: HttpRequest, obj: Action, form: Any, change: bool) -> None:
        obj.first_due_on = obj.first_due_on or obj.due_on
        super().save_model(request, obj, form, change)


@admin.register(Request)
class RequestAdmin(AccountContent):
    list_display = ["subject", "account", "owner", "opened_at", "first_answer_at", "resolved_at", "reopened"]
    list_select_related = ["account", "owner"]
    list_filter = ["channel"]
    search_fields = ["subject", "number", "external_id", "account__name"]
    raw_id_fields = ["contact"]
    autocomplete_fields = ["account", "owner", "first_answer_by"]
    date_hierarchy = "opened_at"


@admin.register(InternalRequest)
class InternalRequestAdmin(AccountContent):
    list_display = ["subject", "account", "department", "asked_on", "due_on", "done_on"]
    list_select_related = ["account", "department"]
    list_filter = ["department"]
    search_fields = ["subject", "external_id", "account__name"]
    raw_id_fields = ["request"]
    autocomplete_fields = ["account", "department", "asked_by"]


@admin.register(Signal)
class SignalAdmin(AccountContent):
    list_display = ["at", "account", "kind", "contact", "subject"]
    list_select_related = ["account", "kind", "contact"]
    list_filter = ["kind"]
    search_fields = ["subject", "external_id", "account__name"]
    raw_id_fields = ["contact"]
    autocomplete_fields = ["account", "kind"]
    date_hierarchy = "at"


admin.site.register(Touch.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
admin.site.register(Action.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
admin.site.register(Request.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
admin.site.register(InternalRequest.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
