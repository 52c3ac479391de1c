"""The forms of the login with the words of every other form: a label, and no second one inside the field."""

from typing import Any

from allauth.account import forms

LABELS = {
    "login": "E-mail",
    "email": "E-mail",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password again",
}


class _InOurWords:
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)


class LoginForm(_InOurWords, forms.LoginForm):  # type: ignore[misc]
    pass


class ResetPasswordForm(_InOurWords, forms.ResetPasswordForm):  # type: ignore[misc]
    pass


class ChangePasswordForm(_InOurWords, forms.ChangePasswordForm):  # type: ignore[misc]
    pass


class ResetPasswordKeyForm(_InOurWords, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(_InOurWords, forms.ReauthenticateForm):  # type: ignore[misc]
    pass
