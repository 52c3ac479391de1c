from django.contrib import admin

from accounts.portfolio.models import (
    Account,
    Assignment,
    Classification,
    FunnelPhase,
    FunnelStage,
    Industry,
    Region,
    Tier,
)
from kamplan.panel import AccountContent, Configuration, ContentHistory


class NamedAdmin(Configuration):
    list_display = ["name", "position", "external_id"]
    list_editable = ["position"]
    search_fields = ["name", "external_id"]
    ordering = ["position", "name"]


@admin.register(Tier)
class TierAdmin(NamedAdmin):
    list_display = ["name", "position", "cadence_days", "answer_hours", "external_id"]


@admin.register(Industry)
class IndustryAdmin(NamedAdmin):
    pass


@admin.register(Region)
class RegionAdmin(NamedAdmin):
    pass


@admin.register(FunnelStage)
class FunnelStageAdmin(NamedAdmin):
    pass


class AssignmentInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Assignment
    extra = 0
    autocomplete_fields = ["user"]
    formfield_overrides = Configuration.formfield_overrides


class ClassificationInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Classification
    extra = 0
    autocomplete_fields = ["tier", "industry", "region"]
    formfield_overrides = Configuration.formfield_overrides


@admin.register(Account)
class AccountAdmin(AccountContent):
    list_display = ["name", "parent", "currency", "city", "country", "external_id", "archived_at"]
    list_select_related = ["parent"]
    list_filter = ["currency", "country", ("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "external_id", "city"]
    autocomplete_fields = ["parent"]
    readonly_fields = ["archived_at"]
    inlines = [AssignmentInline, ClassificationInline]


@admin.register(Assignment)
class AssignmentAdmin(AccountContent):
    list_display = ["account", "user", "role", "during"]
    list_select_related = ["account", "user"]
    list_filter = ["role"]
    search_fields = ["account__name", "user__name", "user__email"]
    autocomplete_fields = ["account", "user"]


@admin.register(Classification)
class ClassificationAdmin(AccountContent):
    list_display = ["account", "tier", "is_target", "industry", "region", "during"]
    list_select_related = ["account", "tier", "industry", "region"]
    list_filter = ["tier", "is_target", "industry", "region"]
    search_fields = ["account__name"]
    autocomplete_fields = ["account", "tier", "industry", "region"]


@admin.register(FunnelPhase)
class FunnelPhaseAdmin(AccountContent):
    list_display = ["account", "stage", "during"]
    list_select_related = ["account", "stage"]
    list_filter = ["stage"]
    search_fields = ["account__name"]
    autocomplete_fields = ["account", "stage"]


admin.site.register(Account.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
admin.site.register(Assignment.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
