"""The demonstration company as it stands in a database: who may log in, who sees what, which targets there are."""

import datetime
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.demo import cast
from accounts.demo.organisation import PASSWORD
from accounts.models import Account, Classification, Organisation, Role, Team, User
from metrics.kpis import KPI
from metrics.models import QueuedAccount, Target
from tests.factories import make_account
from tests.test_demo import TODAY, made, seed, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def printed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """What the command says; the company is written once for this file and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        said = seed("--logins")
        # What the database does by itself some time after so many rows, elsewhere.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield said
        transaction.set_rollback(True)


def test_the_command_writes_what_was_made_and_a_second_call_changes_nothing(printed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    organisation = Organisation.current()

    assert stored() == made()
    assert "62 accounts" in printed
    assert organisation.made_up
    assert (organisation.name, organisation.fiscal_year_start) == ("Halden Industriesysteme AG", 4)
    assert "nothing was changed" in seed(today=datetime.date(2027, 1, 5))
    assert stored() == made()


def test_the_logins_work_and_are_printed_with_what_to_look_at(printed: str) -> None:
    jana = User.objects.get(email="jana.brandt@halden.example")
    leaver = User.objects.get(name=cast.LEAVER)

    assert PASSWORD in printed
    for user in User.objects.exclude(pk=leaver.pk):
        assert user.email in printed
    assert leaver.email not in printed
    assert jana.check_password(PASSWORD)
    assert User.objects.filter(is_active=True).count() == 18


def test_people_see_what_their_role_lets_them_see(printed: str) -> None:
    seen = {
        user.name: Account.objects.visible_to(user, TODAY).count()
        for user in User.objects.filter(is_active=True)
    }

    assert seen["Jana Brandt"] == 16  # 14 of her own, two as deputy
    assert seen["Martin Okonkwo"] == 62
    assert seen["Andrea Novak"] == 0
    assert seen["Sabine Keller"] == 14 + 5 + 5 + 5  # South with its sub-team; she sponsors two of them
    assert seen["David Lang"] == 14 + 5 + 5 + 5 + 1  # the granted team, and one account of another


def test_company_teams_and_managers_get_targets_once(printed: str) -> None:
    for _ in range(2):
        call_command("seed_demo_targets", f"--today={TODAY}", stdout=StringIO())
    managers = set(User.objects.filter(role=Role.MANAGER, is_active=True).values_list("pk", flat=True))
    revenue = Target.objects.filter(
        kpi="account_revenue", period_kind="t12", starts=datetime.date(2026, 1, 1)
    )

    assert set(Target.objects.values_list("kpi", flat=True)) <= set(KPI)
    assert Target.objects.values("kpi").distinct().count() == 24
    assert set(Target.objects.filter(scope="owner").values_list("key", flat=True)) == managers
    assert set(Target.objects.filter(scope="team").values_list("key", flat=True)) == set(
        Team.objects.values_list("pk", flat=True)
    )
    assert 45_000_000 < revenue.get(scope="company").value < 55_000_000
    first = Classification.objects.on(TODAY).filter(tier__name="A").values_list("account", flat=True)
    assert set(Target.objects.filter(scope="account").values_list("key", flat=True)) == set(first)


def test_reset_makes_it_anew_on_another_day(printed: str) -> None:
    Account.objects.filter(name="Lumen").update(name="Changed by a visitor")
    make_account("Entered by a visitor")
    call_command("seed_demo_targets", f"--today={TODAY}", stdout=StringIO())

    another_day = datetime.date(2028, 2, 29)
    seed("--reset", today=another_day)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert stored() == made(another_day)
    assert not Target.objects.exists()
    queued = QueuedAccount.objects.exclude(account_id=None).values_list("account_id", flat=True)
    assert set(queued) <= set(Account.objects.values_list("pk", flat=True))
