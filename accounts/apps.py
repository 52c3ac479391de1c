from django import forms
from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Key accounts"

    def ready(self) -> None:
        # Declares the kinds of mail that the outbox can write.
        from accounts.forms import within_reach
        from accounts.people import letters  # noqa: F401
        from accounts.surveys import letters as survey_letters  # noqa: F401
        from accounts.surveys.employees import letters as employee_letters  # noqa: F401

        # Here, so that no form can forget it: a fact of the year 26 would have every month since then computed.
        forms.DateField.default_validators = [within_reach]
        forms.DateTimeField.default_validators = [within_reach]
