"""The forms of the login with the words of every other form: a label, and no second one inside the field."""

from typing import Any

from allauth.account import forms


class _InOurWords:
    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in ("login", "email"):
                field.label = "E-mail"


class LoginForm(_InOurWords, forms.LoginForm):  # type: ignore[misc]
    pass


class ResetPasswordForm(_InOurWords, forms.ResetPasswordForm):  # type: ignore[misc]
    pass
