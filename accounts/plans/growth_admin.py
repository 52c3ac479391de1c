from django.contrib import admin
from django.http import HttpRequest

from accounts.plans.models import RenewalCall, WhitespaceCell
from kamplan.panel import AccountContent, ContentHistory


class LookedUp(AccountContent):
    """Written on the pages of the product, where nobody writes over anybody; looked up here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


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


admin.site.register(WhitespaceCell.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
