"""What the models of the admin panel share."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.forms import RangeWidget
from django.db.models import Model
from django.http import HttpRequest


class Configuration(admin.ModelAdmin):  # type: ignore[type-arg]
    """Settings and reference data: an administrator's daily work."""

    formfield_overrides = {DateRangeField: {"widget": RangeWidget(AdminDateWidget())}}
    list_per_page = 50
    show_full_result_count = False


class AccountContent(Configuration):
    """Accounts and what belongs to them: only during an elevation, and nothing is deleted here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_elevated(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_elevated(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_elevated(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_elevated(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(Configuration):
    """What the application keeps about itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class History(ReadOnly):
    """The rows of the history triggers; those about accounts only during an elevation."""

    list_display = ["pgh_created_at", "pgh_label", "who", "pgh_obj_id"]
    list_filter = ["pgh_label", "pgh_created_at"]
    list_select_related = ["pgh_context"]
    date_hierarchy = "pgh_created_at"
    ordering = ["-pgh_id"]

    @admin.display(description="user")
    def who(self, event: Any) -> str:
        return str((event.pgh_context.metadata if event.pgh_context else {}).get("user", "a program"))


class ContentHistory(History):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_elevated(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_elevated(request)


def is_elevated(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_elevated", False))
