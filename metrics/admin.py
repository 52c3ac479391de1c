from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from accounts.periods import PeriodKind
from kamplan.panel import Configuration, History, LookedUp, ReadOnly, is_elevated
from metrics.kpis import KPI, KPIS
from metrics.models import AccountMonth, Run, RunAttempt, Scope, ScopeFigures, Target, Threshold
from metrics.pages.choice import KIND_WORDS
from metrics.pages.places import NAMES_OF_NONE, labels_of


class TargetAdminForm(forms.ModelForm):  # type: ignore[type-arg]
    """Numbers and kinds of period by name; a key must name something that exists."""

    kpi = forms.ChoiceField(label="Number", choices=[(kpi.id, kpi.name) for kpi in KPIS])
    period_kind = forms.ChoiceField(
        choices=[(kind.value, words) for kind, words in KIND_WORDS.items() if kind != PeriodKind.CUSTOM]
    )

    class Meta:
        model = Target
        fields = ["kpi", "scope", "key", "period_kind", "starts", "value"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        scope, key = cleaned.get("scope"), cleaned.get("key")
        if scope == Scope.ACCOUNT:
            self.add_error("scope", "Targets are set for people, teams, segments and the company.")
        elif scope and key is not None and labels_of(scope, [key]).get(key) == f"number {key}":
            self.add_error("key", f"There is no {Scope(scope).label} with this id.")
        return cleaned


@admin.register(Target)
class TargetAdmin(Configuration):
    form = TargetAdminForm
    list_display = ["number", "whose", "kind", "starts", "value", "set_by"]
    list_filter = ["scope", "period_kind", "kpi"]
    list_select_related = ["set_by"]
    search_fields = ["kpi"]
    date_hierarchy = "starts"
    ordering = ["kpi", "scope", "key", "-starts"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        self.names: dict[tuple[str, int | None], str] = {}
        targets: QuerySet[Target] = super().get_queryset(request)
        # What is aimed at with one account is account content.
        return targets if is_elevated(request) else targets.exclude(scope=Scope.ACCOUNT)

    @admin.display(description="number", ordering="kpi")
    def number(self, target: Target) -> str:
        return KPI[target.kpi].name if target.kpi in KPI else target.kpi

    @admin.display(description="for", ordering="scope")
    def whose(self, target: Target) -> str:
        if target.key is None:
            return NAMES_OF_NONE[Scope(target.scope)]
        if not self.names.get((target.scope, target.key)):
            # All names of the scope at once, so that a page of targets asks once a scope.
            keys = Target.objects.filter(scope=target.scope).values_list("key", flat=True).distinct()
            self.names.update(
                {(target.scope, key): name for key, name in labels_of(target.scope, keys).items()}
            )
        return self.names[target.scope, target.key]

    @admin.display(description="kind of period", ordering="period_kind")
    def kind(self, target: Target) -> str:
        words = {kind.value: words for kind, words in KIND_WORDS.items()}
        return words.get(target.period_kind, target.period_kind)

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        obj.set_by_id = request.user.pk
        super().save_model(request, obj, form, change)


@admin.register(Threshold)
class ThresholdAdmin(ReadOnly):
    """Changed under Weights and limits, with a preview and a reason."""

    list_display = ["name", "tier", "value", "during"]
    list_filter = ["name", "tier"]
    list_select_related = ["tier"]
    search_fields = ["name", "tier__name"]
    ordering = ["name", "tier", "-during"]


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = [
        "id",
        "published_at",
        "cause",
        "due",
        "as_of",
        "seconds",
        "rows_inserted",
        "rows_replaced",
        "restated",
        "left_out",
    ]
    list_filter = ["cause", "is_full", "is_kept", "published_at"]
    search_fields = ["=id", "as_of", "due", "fingerprint"]
    search_help_text = (
        "The run's number, the day it looked at (2026-11-30), or the fingerprint of its definitions."
    )
    date_hierarchy = "published_at"
    ordering = ["-pk"]

    @admin.display(description="rows left out")
    def left_out(self, run: Run) -> int:
        return len(run.errors)


@admin.register(RunAttempt)
class RunAttemptAdmin(ReadOnly):
    list_display = [
        "id",
        "cause",
        "due",
        "state",
        "asked_by",
        "asked_at",
        "started_at",
        "ended_at",
        "tries",
        "step",
        "run",
        "what_failed",
    ]
    list_filter = ["state", "cause", "asked_at"]
    list_select_related = ["asked_by", "run"]
    search_fields = ["=id", "due", "asked_by__name", "step", "error"]
    search_help_text = "The number, the night (2026-11-30), who asked, the step, or a word of the error."
    date_hierarchy = "asked_at"
    ordering = ["-pk"]

    @admin.display(description="error")
    def what_failed(self, attempt: RunAttempt) -> str:
        return Truncator(attempt.error).chars(80)


@admin.register(AccountMonth)
class AccountMonthAdmin(LookedUp):
    list_display = ["account_id", "month", "person_id", "owner_id", "revenue", "orders", "valid_from"]
    list_filter = ["month"]
    search_fields = ["=account_id", "=person_id"]
    ordering = ["-month", "account_id"]


@admin.register(ScopeFigures)
class ScopeFiguresAdmin(LookedUp):
    list_display = ["scope", "key", "view", "kind", "starts", "ends", "valid_from", "valid_to"]
    list_filter = ["scope", "view", "kind"]
    search_fields = ["=key"]
    ordering = ["-ends", "scope", "key"]


class TargetHistory(History):
    """What was aimed at with one account is told during an elevation only."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        events: QuerySet[Any] = super().get_queryset(request)
        return events if is_elevated(request) else events.exclude(scope=Scope.ACCOUNT)


admin.site.register(Target.pgh_event_model, TargetHistory)  # type: ignore[attr-defined]
