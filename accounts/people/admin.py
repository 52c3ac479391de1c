from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.people import invitations, letters
from accounts.people.models import (
    Elevation,
    Grant,
    Invitation,
    Membership,
    Message,
    Organisation,
    Team,
    User,
    ViewAs,
    ViewedPage,
)
from kamplan.panel import Configuration, ContentHistory, History, ReadOnly, is_elevated
from kamplan.permissions import signed_in


@admin.register(Organisation)
class OrganisationAdmin(Configuration):
    list_display = ["name", "time_zone", "reporting_currency", "fiscal_year_start"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"name": Organisation.current().name}

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Organisation.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    autocomplete_fields = ["team"]
    formfield_overrides = Configuration.formfield_overrides


@admin.register(User)
class UserAdmin(Configuration):
    list_display = ["name", "email", "role", "is_active", "may_log_in", "last_login"]
    list_filter = ["role", "is_active", "memberships__team"]
    search_fields = ["name", "email", "external_id"]
    ordering = ["name", "pk"]
    fields = ["email", "name", "role", "is_active", "external_id", "last_login", "date_joined"]
    inlines = [MembershipInline]
    actions = ["send_invitations", "close_logins", "remove_apps"]

    @admin.display(boolean=True, description="has a password")
    def may_log_in(self, user: User) -> bool:
        return user.has_usable_password()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # Nobody shuts themselves out, nor gives their own role away, by a slip of the hand.
        own = ["role", "is_active"] if obj is not None and obj.pk == request.user.pk else []
        return ["last_login", "date_joined", *own]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Send an invitation to choose a password")
    def send_invitations(self, request: HttpRequest, users: QuerySet[User]) -> None:
        sent = 0
        for user in users:
            try:
                invitations.invite(user, by=signed_in(request))
                sent += 1
            except ValidationError as refusal:
                self.message_user(request, refusal.messages[0], messages.ERROR)
        self.message_user(request, f"{sent} invited.")

    @admin.action(description="Close the login; sessions end with their next request")
    def close_logins(self, request: HttpRequest, users: QuerySet[User]) -> None:
        closed = users.exclude(pk=signed_in(request).pk).update(is_active=False)
        self.message_user(request, f"{closed} logins closed.")

    @admin.action(description="Remove the authenticator app (lost phone); the person is told")
    def remove_apps(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users.exclude(pk=signed_in(request).pk):
            if Authenticator.objects.filter(user=user).delete()[0]:
                letters.put_notice(user, "mfa/email/totp_deactivated")
                self.log_change(request, user, "The authenticator app was removed.")
        self.message_user(request, "Authenticator apps removed.")


@admin.register(Team)
class TeamAdmin(Configuration):
    list_display = ["name", "parent", "lead", "external_id"]
    list_select_related = ["parent", "lead"]
    list_filter = ["parent"]
    search_fields = ["name", "external_id"]
    autocomplete_fields = ["parent", "lead"]
    ordering = ["name"]


@admin.register(Membership)
class MembershipAdmin(Configuration):
    list_display = ["user", "team", "during"]
    list_select_related = ["user", "team"]
    list_filter = ["team"]
    search_fields = ["user__name", "user__email", "team__name"]
    autocomplete_fields = ["user", "team"]


@admin.register(Grant)
class GrantAdmin(Configuration):
    """Which account a viewer sees names an account: that part needs an elevation."""

    list_display = ["viewer", "team", "whole_company", "granted_by", "granted_at"]
    list_select_related = ["viewer", "team", "granted_by"]
    list_filter = ["whole_company", "team"]
    ordering = ["viewer__name", "-granted_at"]
    search_fields = ["viewer__name", "viewer__email", "team__name"]
    autocomplete_fields = ["viewer", "account", "team"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        grants = super().get_queryset(request)
        return grants if is_elevated(request) else grants.filter(account__isnull=True)

    def get_exclude(self, request: HttpRequest, obj: Grant | None = None) -> list[str]:
        return [] if is_elevated(request) else ["account"]

    def save_model(self, request: HttpRequest, obj: Grant, form: forms.ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        if not change:
            obj.granted_by = signed_in(request)
        super().save_model(request, obj, form, change)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ["created_at", "kind", "recipient", "state", "attempts", "sent_at", "error"]
    list_select_related = ["recipient"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["recipient__email", "dedup_key", "message_id"]
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        # Whom an employee survey reminded has not answered: that is for nobody.
        return super().get_queryset(request).filter(employee__isnull=True)

    def get_exclude(self, request: HttpRequest, obj: Message | None = None) -> list[str]:
        return ["employee"] if is_elevated(request) else ["employee", "contact"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ["user", "invited_by", "invited_at", "expires_at", "used_at"]
    list_filter = ["invited_at", "used_at"]
    list_select_related = ["user", "invited_by"]
    search_fields = ["user__name", "user__email"]
    exclude = ["token_hash"]


@admin.register(Elevation)
class ElevationAdmin(ReadOnly):
    list_display = ["user", "reason", "since", "until", "ended_at"]
    list_select_related = ["user"]
    list_filter = ["since"]
    search_fields = ["user__name", "user__email", "reason"]
    date_hierarchy = "since"


class ViewedPageInline(admin.TabularInline):  # type: ignore[type-arg]
    model = ViewedPage
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ViewAs)
class ViewAsAdmin(ReadOnly):
    list_display = ["by", "whom", "since", "until", "ended_at"]
    list_select_related = ["by", "whom"]
    list_filter = ["since"]
    search_fields = ["by__name", "whom__name"]
    date_hierarchy = "since"
    inlines = [ViewedPageInline]


admin.site.register(User.pgh_event_model, History)  # type: ignore[attr-defined]
admin.site.register(Membership.pgh_event_model, History)  # type: ignore[attr-defined]
admin.site.register(Grant.pgh_event_model, ContentHistory)  # type: ignore[attr-defined]
