"""Plans and what belongs to them; what somebody notes for themselves (talks, what is put off) is nobody else's."""

from typing import Any

from django.contrib import admin

from accounts.plans.models import (
    Goal,
    HandOver,
    Milestone,
    Objective,
    Outcome,
    Plan,
    PlanComment,
    PlanTemplate,
    PlanTemplateItem,
    PlanVersion,
    RenewalCall,
    Review,
    Risk,
    SwotEntry,
    WhitespaceCell,
)
from kamplan.panel import AccountContent, Configuration, ContentHistory, LookedUp


class PlanTemplateItemInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PlanTemplateItem
    extra = 1
    fields = ["kind", "position", "text", "kpi", "due_after_days"]


@admin.register(PlanTemplate)
class PlanTemplateAdmin(Configuration):
    list_display = ["name", "situation", "description"]
    list_filter = ["situation"]
    search_fields = ["name", "description"]
    inlines = [PlanTemplateItemInline]


@admin.register(Plan)
class PlanAdmin(AccountContent):
    list_display = ["name", "account", "during", "status", "situation", "created_by"]
    list_select_related = ["account", "created_by"]
    list_filter = ["status", "situation"]
    search_fields = ["name", "account__name"]
    autocomplete_fields = ["account"]
    readonly_fields = ["status", "carried_from", "created_by", "created_at"]


class LineAdmin(LookedUp):
    """A line of a plan: changed on the plan's page, where nothing is written over anybody; looked up here."""

    list_display = ["__str__", "plan", "position", "verified_on", "verified_by"]
    list_select_related = ["plan__account", "verified_by"]
    search_fields = ["plan__name", "plan__account__name"]


@admin.register(Goal)
class GoalAdmin(LineAdmin):
    search_fields = ["title", "plan__account__name"]


@admin.register(Objective)
class ObjectiveAdmin(LineAdmin):
    list_display = ["title", "plan", "kpi", "baseline", "target", "due_on", "status"]
    list_filter = ["status", "kpi"]
    search_fields = ["title", "plan__account__name"]


@admin.register(SwotEntry)
class SwotEntryAdmin(LineAdmin):
    list_filter = ["quadrant"]
    search_fields = ["text", "plan__account__name"]


@admin.register(Risk)
class RiskAdmin(LineAdmin):
    list_display = ["text", "plan", "severity", "owner", "closed_on"]
    list_filter = ["severity"]
    search_fields = ["text", "plan__account__name"]


class OfGoalAdmin(LineAdmin):
    list_display = ["title", "goal", "due_on", "first_due_on"]
    list_select_related = ["goal__plan__account"]
    search_fields = ["title", "goal__title", "goal__plan__account__name"]


@admin.register(Milestone)
class MilestoneAdmin(OfGoalAdmin):
    list_display = ["title", "goal", "due_on", "first_due_on", "reached_on"]


@admin.register(Outcome)
class OutcomeAdmin(OfGoalAdmin):
    list_display = ["title", "goal", "due_on", "measured_on", "met"]
    list_filter = ["met"]


@admin.register(PlanComment)
class PlanCommentAdmin(LineAdmin):
    list_display = ["plan", "step", "author", "at"]
    list_select_related = ["plan__account", "author"]
    list_filter = ["step"]


@admin.register(PlanVersion)
class PlanVersionAdmin(LineAdmin):
    list_display = ["plan", "number", "cause", "made_by", "made_at"]
    list_select_related = ["plan__account", "made_by"]
    list_filter = ["cause"]


TRACKED: tuple[Any, ...] = (Plan, Goal, Milestone, Outcome, Objective, SwotEntry, Risk)
for model in TRACKED:
    admin.site.register(model.pgh_event_model, ContentHistory)


@admin.register(WhitespaceCell)
class WhitespaceCellAdmin(LookedUp):
    list_display = ["account", "category", "holder", "holder_name", "yearly_spend", "currency", "noted_on"]
    list_select_related = ["account", "category"]
    list_filter = ["holder", "category", "basis"]
    search_fields = ["account__name", "holder_name"]


@admin.register(RenewalCall)
class RenewalCallAdmin(LookedUp):
    list_display = ["contract", "call", "expected_value", "author", "made_on"]
    list_select_related = ["contract", "author"]
    list_filter = ["call"]
    search_fields = ["contract__number", "contract__account__name"]


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
class HandOverAdmin(LookedUp):
    list_display = ["account", "from_user", "to_user", "on", "made_by"]
    list_select_related = ["account", "from_user", "to_user", "made_by"]
    date_hierarchy = "on"
    list_filter = ["to_user", "from_user"]
    search_fields = ["account__name", "from_user__name", "to_user__name"]


admin.site.register(WhitespaceCell.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
admin.site.register(Review.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
