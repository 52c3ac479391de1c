from typing import Any

from django import forms
from django.db import transaction

from accounts.fields import days
from accounts.people.models import Grant, Membership, Organisation, Role, Team, User
from accounts.portfolio.models import Account


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["name"]


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, help_text="From today on; empty: no team (yet)."
    )

    class Meta:
        model = User
        fields = ["email", "name", "role"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit=False)
        user.set_unusable_password()
        user.save()
        if self.cleaned_data["team"]:
            Membership.objects.create(
                user=user, team=self.cleaned_data["team"], during=days(Organisation.current().today())
            )
        return user


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label="New password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        strip=False,
        max_length=128,
        help_text="At least 12 characters; a short sentence is easy to keep in mind.",
    )


class ElevationForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text="It is kept, with your name and the time.")
    proof = forms.CharField(
        label="Your password, or a code of your authenticator app",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        max_length=128,
    )


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a viewer may see; an account is named in full, because a list of all would be too long."""

    account = forms.CharField(
        required=False, max_length=200, help_text="Its full name; or a team; or the whole company."
    )

    class Meta:
        model = Grant
        fields = ["viewer", "account", "team", "whole_company"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["viewer"].queryset = User.objects.filter(role=Role.VIEWER, is_active=True)  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["viewer"].help_text = ""

    def clean_account(self) -> Account | None:
        name = self.cleaned_data["account"].strip()
        if not name:
            return None
        found = list(Account.objects.visible_to(self.user).filter(name__iexact=name)[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "No account has this name." if not found else "Several accounts have this name."
            )
        return found[0]


class UserFilter(forms.Form):
    q = forms.CharField(
        label="Name or e-mail", required=False, max_length=100, widget=forms.TextInput(attrs={"size": 14})
    )
    role = forms.ChoiceField(choices=[("", "every role"), *Role.choices], required=False)
    team = forms.ModelChoiceField(Team.objects.all(), required=False, empty_label="every team")
    active = forms.ChoiceField(
        label="May log in", choices=[("", "yes"), ("no", "no"), ("all", "everyone")], required=False
    )


class AuditFilter(forms.Form):
    model = forms.ChoiceField(label="What", required=False)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, models: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].choices = [("", "everything"), *models]  # type: ignore[attr-defined]
