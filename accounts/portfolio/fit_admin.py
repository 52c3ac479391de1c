"""What an ideal customer is, and how accounts and leads compare, in the admin panel."""

from django.contrib import admin

from accounts.portfolio.fit import Fit, IcpCriterion, IcpWeight
from kamplan.panel import AccountContent, Configuration, History


class IcpWeightInline(admin.TabularInline):  # type: ignore[type-arg]
    model = IcpWeight
    extra = 0
    formfield_overrides = Configuration.formfield_overrides


@admin.register(IcpCriterion)
class IcpCriterionAdmin(Configuration):
    list_display = ["name", "position", "question", "external_id"]
    list_editable = ["position"]
    search_fields = ["name", "external_id"]
    ordering = ["position", "name"]
    inlines = [IcpWeightInline]


@admin.register(Fit)
class FitAdmin(AccountContent):
    list_display = ["account", "lead", "criterion", "match", "basis", "author", "noted_on"]
    list_select_related = ["account", "lead", "criterion", "author"]
    list_filter = ["criterion", "basis"]
    search_fields = ["account__name", "lead__company", "external_id"]
    autocomplete_fields = ["account", "lead", "criterion"]
    date_hierarchy = "noted_on"


admin.site.register(IcpWeight.pgh_event_model, History)  # type: ignore[attr-defined]
