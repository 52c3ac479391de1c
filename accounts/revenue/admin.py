from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet

from accounts.revenue.models import (
    Contract,
    ExchangeRate,
    Opportunity,
    OpportunityPhase,
    OpportunitySplit,
    OpportunityStage,
    Order,
    OrderLine,
    Product,
    ProductCategory,
    Quota,
)
from kamplan.panel import AccountContent, Configuration, ContentHistory


@admin.register(ProductCategory)
class ProductCategoryAdmin(Configuration):
    list_display = ["name", "whitespace_position", "external_id"]
    list_editable = ["whitespace_position"]
    search_fields = ["name", "external_id"]
    ordering = ["name"]


@admin.register(Product)
class ProductAdmin(Configuration):
    list_display = ["name", "code", "category", "external_id"]
    list_select_related = ["category"]
    list_filter = ["category"]
    search_fields = ["name", "code", "external_id"]
    autocomplete_fields = ["category"]


@admin.register(OpportunityStage)
class OpportunityStageAdmin(Configuration):
    list_display = ["name", "position", "qualified", "probability", "external_id"]
    list_editable = ["position", "qualified", "probability"]
    list_filter = ["qualified"]
    search_fields = ["name", "external_id"]
    ordering = ["position", "name"]


@admin.register(ExchangeRate)
class ExchangeRateAdmin(Configuration):
    list_display = ["currency", "quote", "date", "rate"]
    list_filter = ["currency", "quote"]
    search_fields = ["currency", "quote"]
    date_hierarchy = "date"


@admin.register(Quota)
class QuotaAdmin(Configuration):
    list_display = ["user", "starts_on", "amount", "currency", "external_id"]
    list_select_related = ["user"]
    list_filter = ["starts_on", "currency"]
    search_fields = ["user__name", "user__email", "external_id"]
    autocomplete_fields = ["user"]
    date_hierarchy = "starts_on"


class OrderLineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OrderLine
    extra = 0
    fields = ["product", "quantity", "amount", "cost"]
    autocomplete_fields = ["product"]


@admin.register(Order)
class OrderAdmin(AccountContent):
    list_display = ["number", "account", "date", "kind", "currency", "seller"]
    list_select_related = ["account", "seller"]
    list_filter = ["kind", "currency"]
    search_fields = ["number", "external_id", "account__name"]
    autocomplete_fields = ["account", "seller"]
    date_hierarchy = "date"
    inlines = [OrderLineInline]


class OpportunityPhaseInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OpportunityPhase
    extra = 0
    autocomplete_fields = ["stage"]
    formfield_overrides = Configuration.formfield_overrides


class Shares(BaseInlineFormSet):  # type: ignore[type-arg]
    """Says in the form what the database would refuse at the end."""

    def clean(self) -> None:
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        shares = [row["share"] for row in rows if not row.get("DELETE")]
        if shares and sum(shares) != 1:
            raise ValidationError(f"The shares of a deal add up to 1, not to {sum(shares).normalize():f}.")


class OpportunitySplitInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OpportunitySplit
    formset = Shares
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Opportunity)
class OpportunityAdmin(AccountContent):
    list_display = ["name", "account", "kind", "amount", "currency", "opened_on", "closed_on", "outcome"]
    list_select_related = ["account"]
    list_filter = ["outcome", "kind", "origin", "category"]
    search_fields = ["name", "external_id", "account__name"]
    autocomplete_fields = ["account", "category"]
    date_hierarchy = "opened_on"
    inlines = [OpportunityPhaseInline, OpportunitySplitInline]


@admin.register(Contract)
class ContractAdmin(AccountContent):
    list_display = ["number", "account", "annual_value", "currency", "during", "notice_date", "outcome"]
    list_select_related = ["account"]
    list_filter = ["outcome", "currency"]
    search_fields = ["number", "name", "external_id", "account__name"]
    autocomplete_fields = ["account"]


admin.site.register(Opportunity.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
admin.site.register(Contract.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
