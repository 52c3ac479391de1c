from django.contrib import admin
from django.http import HttpRequest

from accounts.exchange.models import CalendarFeed, Import, RememberedMapping
from kamplan.panel import ReadOnly


@admin.register(Import)
class ImportAdmin(ReadOnly):
    """What was imported by whom; the work itself is done on the import pages."""

    list_display = ["file_name", "kind", "source", "state", "rows", "refused", "uploaded_by", "uploaded_at"]
    list_filter = ["state", "kind", "source"]
    search_fields = ["file_name", "uploaded_by__name"]
    list_select_related = ["uploaded_by"]
    # What stands in a file is shown to whoever uploaded it only.
    exclude = ["samples"]


@admin.register(RememberedMapping)
class RememberedMappingAdmin(ReadOnly):
    """Choices of columns; deleting one lets the next file be guessed again."""

    list_display = ["kind", "source", "columns", "create_missing"]
    list_filter = ["kind", "source", "create_missing"]
    search_fields = ["kind", "source", "header"]
    search_help_text = "The kind, the source, or a column of the file."
    ordering = ["kind", "source", "pk"]

    @admin.display(description="columns of the file")
    def columns(self, mapping: RememberedMapping) -> str:
        return ", ".join(str(name) for name in mapping.header)

    def has_delete_permission(self, request: HttpRequest, obj: RememberedMapping | None = None) -> bool:  # type: ignore[override]
        return True


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnly):
    """Who lets a calendar program read along, and since when; a deleted address stops working."""

    list_display = ["user", "made_at", "read_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["user__name"]

    def has_delete_permission(self, request: HttpRequest, obj: CalendarFeed | None = None) -> bool:  # type: ignore[override]
        return True
