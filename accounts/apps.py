from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Key accounts"

    def ready(self) -> None:
        # Declares the kinds of mail that the outbox can write.
        from accounts.people import letters  # noqa: F401
        from accounts.surveys import letters as survey_letters  # noqa: F401
        from accounts.surveys.employees import letters as employee_letters  # noqa: F401
