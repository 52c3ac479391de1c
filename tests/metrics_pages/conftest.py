"""A small portfolio whose numbers can be worked out by hand, and its people."""

import pytest

from accounts.models import Account, Team, User
from metrics.models import Run
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contract,
    make_opportunity,
    make_order,
)
from tests.metrics.engine import report_in, run

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
T12 = "?period=t12&end=2025-12"
"""January to December 2025."""


@pytest.fixture
def aurora(maya: User) -> Account:
    """Maya's: 1,200 in 2024, 1,500 in 2025, a contract that grew, two deals won and one lost."""
    account = make_account("Aurora Foods", owner=maya, since="2023-01-01")
    make_classification(account, "2023-01-01", tier="A", region="North", industry="Food", is_target=True)
    make_order(account, "2024-03-10", 1200)
    make_order(account, "2025-03-10", 900, number="AUR-1")
    make_order(account, "2025-09-10", 600, number="AUR-2")
    for number, outcome in enumerate(("won", "won", "lost")):
        make_opportunity(
            account,
            "2025-02-01",
            1000,
            outcome=outcome,
            closed_on="2025-06-15",
            name=f"Deal of Aurora {number}",
        )
    make_contract(account, "2024-01-01", "2026-07-01", 5000)
    return account


@pytest.fixture
def borealis(maya: User, omar: User) -> Account:
    """Maya's until June 2025, Omar's since: 800 in 2024, 400 with Maya and 100 with Omar in 2025."""
    account = make_account("Borealis Steel", since="2023-01-01")
    make_assignment(account, maya, "2023-01-01", "2025-07-01")
    make_assignment(account, omar, "2025-07-01")
    make_classification(account, "2023-01-01", tier="B", region="North", industry="Metal", is_target=False)
    make_order(account, "2024-05-10", 800)
    make_order(account, "2025-02-10", 400, number="BOR-1")
    make_order(account, "2025-10-10", 100, number="BOR-2")
    return account


@pytest.fixture
def corvus(omar: User) -> Account:
    """Omar's: bought in 2024 and never again."""
    account = make_account("Corvus Paper", owner=omar, since="2023-01-01")
    make_order(account, "2024-07-10", 500)
    return account


@pytest.fixture
def published(north: Team, aurora: Account, borealis: Account, corvus: Account) -> Run:
    report_in("EUR")
    return run("2026-01-10")
