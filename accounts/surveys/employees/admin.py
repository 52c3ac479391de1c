"""Only the list of whom to ask is in the admin panel: no wave, no invitation, no answer."""

from django.contrib import admin

from accounts.surveys.employees.models import Employee
from kamplan.panel import Configuration


@admin.register(Employee)
class EmployeeAdmin(Configuration):
    list_display = ["name", "email", "team", "site", "started_on", "left_on"]
    list_select_related = ["team"]
    list_filter = ["team", "site"]
    search_fields = ["name", "email", "external_id"]
    autocomplete_fields = ["team"]
