"""Puts the demonstration company into an empty database, and takes a demonstration out of one again."""

import datetime

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction

from accounts.demo.company import Company
from accounts.demo.organisation import PASSWORD
from accounts.engagement.models import SignalKind, SignalWeight
from accounts.engagement.reference import add_signal_kinds
from accounts.people.models import Organisation, Team, User
from accounts.portfolio.models import Account
from accounts.revenue.models import ExchangeRate, Order, Product

BATCH = 4000
FACTS = (User, Team, Account, Product, Order, ExchangeRate)
KEPT_APPS = {"contenttypes", "auth"}
# What migrations ship and every installation begins with.
KEPT_TABLES = {"accounts_plantemplate", "accounts_plantemplateitem"}


class HoldsRealData(Exception):
    """The database has rows that no demonstration may touch."""


def is_demonstration() -> bool:
    return Organisation.objects.filter(made_up=True).exists()


def holds_facts() -> bool:
    named = Organisation.objects.exclude(name=Organisation._meta.get_field("name").default).exists()
    return named or any(model._default_manager.exists() for model in FACTS)


def write(today: datetime.date) -> Company:
    """All or nothing; refuses beside rows of anybody else."""
    if holds_facts():
        raise HoldsRealData
    company = Company(today)
    password = make_password(PASSWORD)  # once: each hash costs as much as all the rows of a table
    for user in company.staff.users.values():
        user.password = password
    with transaction.atomic():
        Organisation.objects.filter(pk=1).delete()
        SignalWeight.objects.all().delete()
        SignalKind.objects.all().delete()
        for rows in company.batches():
            if rows:
                type(rows[0])._default_manager.bulk_create(rows, batch_size=BATCH)
        confirm_addresses(list(company.staff.users.values()))
    return company


def confirm_addresses(users: list[User]) -> None:
    """The login asks for confirmed e-mail addresses where allauth is installed."""
    if apps.is_installed("allauth.account"):
        address = apps.get_model("account", "EmailAddress")
        address._default_manager.bulk_create(
            [address(user=user, email=user.email, verified=True, primary=True) for user in users]
        )


def clear() -> None:
    """Deletes every row of a demonstration; the facts first, so that what they queue goes too."""
    if not is_demonstration():
        raise HoldsRealData
    tables = [model._meta.db_table for model in sorted(_emptied(), key=lambda model: _place(model))]
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {quote(table)}")
        # What every installation begins with.
        add_signal_kinds(SignalKind, SignalWeight)


def _emptied() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.app_label not in KEPT_APPS
        and model._meta.db_table not in KEPT_TABLES
    ]


def _place(model: type[models.Model]) -> tuple[bool, bool, str]:
    is_history = model.__name__.endswith("Event") or model._meta.app_label == "pghistory"
    return model._meta.app_label != "accounts", is_history, model._meta.db_table
