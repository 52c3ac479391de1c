"""What the models of the admin panel share."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import NestedObjects
from django.contrib.admin.widgets import AdminDateWidget
from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.forms import RangeWidget
from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, Model, OuterRef, QuerySet, Subquery, TextField, URLField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst

from accounts.people.history import is_content, name_of
from accounts.people.models import User
from kamplan.formats import moment, plural


class Configuration(admin.ModelAdmin):  # type: ignore[type-arg]
    """Settings and reference data: an administrator's daily work."""

    formfield_overrides = {
        DateRangeField: {"widget": RangeWidget(AdminDateWidget())},
        # As on the pages of an account.
        URLField: {"assume_scheme": "https"},
    }
    list_per_page = 50
    show_full_result_count = False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes along and what stands in the way: account content without an elevation as numbers only."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        if is_elevated(request):
            return deleted, counts, missing, protected
        collector = NestedObjects(using=DEFAULT_DB_ALIAS, origin=objs)
        collector.collect(objs)
        gone = [row for rows in collector.data.values() for row in rows]
        return told(gone), counts, missing, told(collector.protected)


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


class TypedContent(AccountContent):
    """What is typed here says who typed it, as on the pages."""

    readonly_fields = ["noted_by", "noted_at"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.noted_by, obj.noted_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)


class LookedUp(AccountContent):
    """Written on the pages of the product, or by it; looked up here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
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

    list_display = ["at", "row", "what", "who"]
    list_filter = ["pgh_label", "pgh_created_at"]
    search_fields = ["=row_number", "by_name"]
    readonly_fields = ["at", "what", "who"]
    search_help_text = "The number of the row, its name, or who changed it."
    date_hierarchy = "pgh_created_at"
    ordering = ["-pgh_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with the name of who did it, and the number of its row as a text to search in."""
        by = Cast(KeyTextTransform("user", "pgh_context__metadata"), BigIntegerField())
        named = User.objects.filter(pk=OuterRef("by_user")).values("name")
        events: QuerySet[Any] = super().get_queryset(request)
        numbered = events.annotate(by_user=by, row_number=Cast("pgh_obj_id", TextField()))
        found: QuerySet[Any] = numbered.annotate(by_name=Subquery(named))
        return found

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """By what a row is called, too."""
        own = {field.name for field in self.opts.get_fields()}
        return [*self.search_fields, *(name for name in ("name", "title", "text", "email") if name in own)]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What happened, and the row as it was then."""
        held = [field.name for field in self.opts.fields if not field.name.startswith("pgh_")]
        return [*self.readonly_fields, *held]

    @admin.display(description="when", ordering="pgh_created_at")
    def at(self, event: Any) -> str:
        return moment(event.pgh_created_at)

    @admin.display(description="what")
    def row(self, event: Any) -> str:
        return name_of(event)

    @admin.display(description="was", ordering="pgh_label")
    def what(self, event: Any) -> str:
        found: str = event.what
        return found

    @admin.display(description="by", ordering="by_name")
    def who(self, event: Any) -> str:
        return event.by_name or (f"user {event.by_user}" if event.by_user else "a program")


class ContentHistory(History):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_elevated(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_elevated(request)


def told(rows: Iterable[Model]) -> list[str]:
    """Rows by their names, those of account content only counted."""
    closed: Counter[Any] = Counter()
    named = []
    for row in rows:
        if is_content(type(row)):
            closed[row._meta] += 1
        else:
            named.append(f"{capfirst(row._meta.verbose_name)}: {row}")
    counted = [
        f"{plural(number, meta.verbose_name, meta.verbose_name_plural)}, shown during an elevation"
        for meta, number in closed.items()
    ]
    return sorted(named) + sorted(counted)


def is_elevated(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_elevated", False))
