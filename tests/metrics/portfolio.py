"""A small random portfolio, the same for the same seed: everything the engine reads, with its awkward cases."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from accounts.models import (
    Account,
    Industry,
    OpportunityStage,
    Product,
    Region,
    Team,
    Tier,
    User,
)
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contract,
    make_membership,
    make_opportunity,
    make_order,
    make_product,
    make_quota,
    make_rate,
    make_stage,
    make_team,
    make_user,
)
from tests.metrics.engine import report_in

Day = datetime.date
CURRENCIES = ("EUR", "EUR", "USD", "GBP")
KINDS = ("new", "upsell", "cross_sell", "renewal")
ORIGINS = ("", "referral", "event")


@dataclass
class Portfolio:
    """Rows of `months` months up to `as_of`, and the means to make more of them."""

    random: Random
    first: Day
    as_of: Day
    users: list[User] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    stages: list[OpportunityStage] = field(default_factory=list)

    @property
    def length(self) -> int:
        return (self.as_of - self.first).days

    def some_day(self, since: Day | None = None, until: Day | None = None) -> Day:
        since, until = since or self.first, until or self.as_of
        return since + datetime.timedelta(days=self.random.randint(0, max((until - since).days, 0)))

    def amount(self, most: int = 5000) -> Decimal:
        return Decimal(self.random.randint(1, most * 100)) / 100

    def account(self) -> Account | None:
        return self.random.choice(self.accounts) if self.random.random() > 0.05 else None

    def add_order(self, account: Account | None, date: Day | None = None) -> None:
        random = self.random
        sign = -1 if random.random() < 0.1 else 1
        make_order(
            account,
            date or self.some_day(),
            kind="credit_note" if sign < 0 else "order",
            currency=random.choice(CURRENCIES),
            seller=random.choice(self.users) if random.random() < 0.2 else None,
            lines=[
                {
                    "amount": sign * self.amount(),
                    "product": random.choice(self.products) if random.random() > 0.1 else None,
                }
                for _ in range(random.randint(1, 3))
            ],
        )

    def add_deal(self, account: Account | None) -> None:
        random = self.random
        opened = self.some_day()
        outcome = random.choice(("won", "won", "lost", "open"))
        closed = None if outcome == "open" else self.some_day(opened)
        contact = opened - datetime.timedelta(days=random.randint(-20, 60)) if random.random() < 0.5 else None
        half = self.some_day(opened, closed)
        phases = [(random.choice(self.stages), opened, half)] if half > opened else []
        if closed is None or closed > half:
            phases.append((random.choice(self.stages), half, closed))
        one, other = random.sample(self.users, 2)
        splits = {one: Decimal("0.7"), other: Decimal("0.3")} if random.random() < 0.3 else None
        make_opportunity(
            account,
            opened,
            self.amount() if outcome == "won" or random.random() > 0.2 else None,
            outcome=outcome,
            closed_on=closed,
            first_contact_on=contact,
            phases=phases,
            splits=splits,
            kind=random.choice(KINDS),
            origin=random.choice(ORIGINS),
            currency=random.choice(CURRENCIES),
        )

    def add_contracts(self, account: Account) -> None:
        """One number whose terms follow each other, until one is lost or still open."""
        random = self.random
        start = self.some_day(self.first - datetime.timedelta(days=200))
        number = f"C-{account.pk}-{random.random()}"
        while start < self.as_of:
            end = start + datetime.timedelta(days=random.choice((120, 365)))
            outcome = random.choice(("renewed", "renewed", "lost", "lapsed")) if end <= self.as_of else "open"
            make_contract(
                account,
                start,
                end,
                self.amount(20_000),
                number=number,
                currency=random.choice(CURRENCIES),
                outcome=outcome,
                renewed_value=self.amount(20_000) if outcome == "renewed" else None,
            )
            if outcome != "renewed":
                return
            start = end

    def assign(self, account: Account) -> None:
        """Owners that follow each other, sometimes with days that nobody owns."""
        day = self.some_day(
            self.first - datetime.timedelta(days=100), self.first + datetime.timedelta(days=400)
        )
        while day < self.as_of:
            until = day + datetime.timedelta(days=self.random.randint(40, 600))
            is_last = until >= self.as_of or self.random.random() < 0.1
            make_assignment(account, self.random.choice(self.users), day, None if is_last else until)
            if is_last:
                return
            day = until + datetime.timedelta(days=self.random.choice((0, 0, 0, 35)))

    def classify(self, account: Account) -> None:
        day = self.some_day(
            self.first - datetime.timedelta(days=100), self.first + datetime.timedelta(days=300)
        )
        for _ in range(self.random.randint(0, 3)):
            until = day + datetime.timedelta(days=self.random.randint(30, 400))
            make_classification(
                account,
                day,
                until,
                tier=self.random.choice((None, *Tier.objects.all())),
                industry=self.random.choice((None, *Industry.objects.all())),
                region=self.random.choice((None, *Region.objects.all())),
                is_target=self.random.choice((None, True, False)),
            )
            day = until


def make_portfolio(
    seed: int, accounts: int = 25, first: str = "2023-01-01", as_of: str = "2025-06-17"
) -> Portfolio:
    report_in("EUR", grace_days=15, fiscal_year_start=4)
    made = Portfolio(Random(seed), Day.fromisoformat(first), Day.fromisoformat(as_of))
    make_references(made)
    make_people(made)
    for number in range(accounts):
        account = make_account(f"Account {number}", currency=made.random.choice(CURRENCIES))
        made.accounts.append(account)
        made.assign(account)
        made.classify(account)
        if made.random.random() < 0.4:
            made.add_contracts(account)
        # Few of them buy all the time, so that some are lost and some come back.
        often = made.random.choice((0, 1, 4, 12))
        since, until = sorted((made.some_day(), made.some_day()))
        for _ in range(often):
            made.add_order(account, made.some_day(since, until))
        for _ in range(made.random.randint(0, 4)):
            made.add_deal(account)
    for _ in range(4):
        made.add_order(None)
        made.add_deal(None)
    return made


def make_references(made: Portfolio) -> None:
    for name in ("one", "two"):
        Tier.objects.create(name=f"Tier {name}")
        Industry.objects.create(name=f"Industry {name}")
        Region.objects.create(name=f"Region {name}")
    for category in ("Bikes", "Clothing", "Parts", None):
        made.products.append(make_product(category=category))
    made.stages = [
        make_stage("Early", qualified=False, probability="0.1"),
        make_stage("Offer", probability="0.4"),
        make_stage("Talks", probability="0.75"),
    ]
    day = made.first - datetime.timedelta(days=500)
    while day < made.as_of:
        for currency, around in (("USD", 90), ("GBP", 115)):
            make_rate(currency, Decimal(around + made.random.randint(-5, 5)) / 100, day)
        day += datetime.timedelta(days=made.random.randint(20, 60))


def make_people(made: Portfolio) -> None:
    made.users = [make_user() for _ in range(6)]
    north, south = make_team("North"), make_team("South")
    inner = make_team("Inner North", parent=north)
    made.teams = [north, inner, south]
    middle = made.first + datetime.timedelta(days=450)
    first, second, third, fourth, fifth, _ = made.users
    make_membership(first, north)
    make_membership(second, inner)
    make_membership(third, south, until=middle)
    make_membership(third, inner, middle)
    make_membership(fourth, south, made.first + datetime.timedelta(days=200))
    make_membership(fifth, north, made.first, middle - datetime.timedelta(days=90))
    for user in made.users[:4]:
        day = made.first + datetime.timedelta(days=made.random.randint(0, 60))
        while day < made.as_of:
            make_quota(user, day, made.amount(30_000), currency=made.random.choice(CURRENCIES))
            day += datetime.timedelta(days=made.random.randint(60, 130))
