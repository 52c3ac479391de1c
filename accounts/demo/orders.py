"""Orders and credit notes: what deals and contracts brought, and the daily business of the rest."""

import datetime
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import NamedTuple

from accounts.demo import cast
from accounts.demo.agreements import FIRMS, invoice_days
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.cast import Firm
from accounts.demo.deals import Deals, new_categories
from accounts.demo.money import Rates
from accounts.demo.portfolio import Portfolio, buys
from accounts.demo.whitespace import COLUMN_OF, usual
from accounts.people.models import User
from accounts.revenue.models import Contract, Order, OrderLine, Product

Day = datetime.date
SEASON = (0.90, 0.93, 1.08, 0.98, 1.00, 1.09, 0.88, 0.80, 1.07, 1.08, 1.09, 1.10)
SMALLEST_DAILY_BUSINESS = 0.15  # share of the year that comes without deal or contract
CREDITED, BY_A_COLLEAGUE, COST_UNKNOWN = 0.02, 0.04, 0.1
WITHOUT_ACCOUNT = 8
PRICES = {product: price for products in cast.CATALOGUE.values() for product, price in products.items()}


class Draft(NamedTuple):
    """An order before it has a number: lines are (product, amount in the order's currency)."""

    day: Day
    firm: Firm | None
    lines: list[tuple[str, Decimal]]
    is_credit: bool = False
    seller: User | None = None

    @property
    def currency(self) -> str:
        return self.firm.currency if self.firm else "EUR"


def expected(firm: Firm, offset: int, calendar: Calendar) -> float:
    """What the customer buys in a month, in EUR, before chance has its say."""
    if not buys(firm, offset):
        return 0.0
    season = SEASON[calendar.month(offset).month - 1]
    growth = (1 + firm.growth) ** ((offset + 6.5) / 12)
    return float(firm.level * 1000 / 12 * growth * season * calendar.elapsed(offset))


def window(offset: int) -> int:
    """Years counted back from the current month, which stands alone as -1."""
    return (-offset - 1) // 12


def poisson(random: Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


@dataclass
class Orders:
    calendar: Calendar
    portfolio: Portfolio
    rates: Rates
    contracts: list[Contract]
    deals: Deals
    orders: list[Order] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.products = {
            product: Product(
                name=product,
                code=f"{category[:2].upper()}-{n}0",
                category=self.deals.categories[COLUMN_OF[product]],
            )
            for category, products in cast.CATALOGUE.items()
            for n, product in enumerate(products, 1)
        }
        agreed: dict[str, list[Draft]] = defaultdict(list)
        for draft in [*self._invoices(), *self._from_deals()]:
            assert draft.firm
            agreed[draft.firm.name].append(draft)
        drafts = [draft for each in agreed.values() for draft in each]
        for firm in cast.FIRMS:
            drafts += self._daily_business(firm, agreed[firm.name])
        drafts += [*self._credits(drafts), *self._without_account()]
        self._number(sorted(drafts, key=lambda draft: (draft.day, draft.firm.name if draft.firm else "")))

    def _invoices(self) -> Iterator[Draft]:
        for contract in self.contracts:
            quarter = (contract.annual_value / 4).quantize(Decimal("0.01"))
            for day in invoice_days(contract, self.calendar.today):
                yield Draft(day, FIRMS[contract.account.name], [("Service contract", quarter)])

    def _from_deals(self) -> Iterator[Draft]:
        """A won deal is delivered in one to three parts; the service contract is not a delivery."""
        for win in self.deals.bought:
            random = dice("delivery", win.name, win.firm.name, self.calendar.offset(win.closed))
            parts = random.choice((1, 1, 2, 3))
            part = (win.amount / parts).quantize(Decimal("0.01"))
            for n in range(parts):
                due = weekday(win.closed + datetime.timedelta(days=random.randint(2, 20) + 30 * n))
                day = max(due, win.closed)
                if day <= self.calendar.today and buys(win.firm, self.calendar.offset(day)):
                    yield Draft(day, win.firm, [(win.product, part)])

    def _daily_business(self, firm: Firm, agreed: list[Draft]) -> Iterator[Draft]:
        """Orders of each window of 12 months, scaled to what deals and contracts left to be bought."""
        fixed: dict[int, float] = defaultdict(float)
        for draft in agreed:
            year = window(self.calendar.offset(draft.day))
            fixed[year] += sum(
                self.rates.in_euros(amount, draft.currency, draft.day) for _, amount in draft.lines
            )
        begins = new_categories(firm, self.calendar)
        for year in sorted({window(offset) for offset in self.calendar.months}):
            random = dice("orders", firm.name, year)
            offsets = [offset for offset in self.calendar.months if window(offset) == year]
            total = sum(expected(firm, offset, self.calendar) for offset in offsets)
            weighted = [pair for offset in offsets for pair in self._weights(random, firm, offset)]
            remaining = max(SMALLEST_DAILY_BUSINESS * total, total - fixed[year]) * random.uniform(0.96, 1.04)
            scale = remaining / sum(weight for _, weight in weighted) if weighted else 0
            for day, weight in weighted:
                yield self._order(random, firm, day, weight * scale, begins)

    def _weights(self, random: Random, firm: Firm, offset: int) -> Iterator[tuple[Day, float]]:
        amount, working_days = expected(firm, offset, self.calendar), self.calendar.working_days(offset)
        if not amount or not working_days:
            return
        mean = min(5.0, max(0.8, firm.level / 150)) * self.calendar.elapsed(offset)
        for _ in range(poisson(random, mean)):
            yield random.choice(working_days), amount / mean * random.lognormvariate(-0.15, 0.55)

    def _order(self, random: Random, firm: Firm, day: Day, euros: float, begins: dict[str, int]) -> Draft:
        offset = self.calendar.offset(day)
        # The deal that opened the category is delivered first.
        known = [
            name
            for name, begin in sorted(begins.items())
            if begin + 1 < offset or begin == self.calendar.months[0]
        ]
        count = random.choice((1, 1, 2, 2, 3, 4))
        cuts = sorted(random.uniform(0.1, 0.9) for _ in range(count - 1))
        shares = [after - before for before, after in zip([0, *cuts], [*cuts, 1], strict=True)]
        lines = []
        for share in shares:
            products = [
                name for name in sorted(cast.CATALOGUE[random.choice(known)]) if name != "Service contract"
            ]
            step = "0.05" if firm.currency == "CHF" else "0.01"
            amount = self.rates.in_currency(max(20.0, euros * share), firm.currency, day, step)
            lines.append((usual(firm, random.choice(products)), amount))
        return Draft(day, firm, lines, seller=self._colleague(random, firm, day))

    def _colleague(self, random: Random, firm: Firm, day: Day) -> User | None:
        """Now and then somebody else of the team takes the order and gets the credit."""
        owner = self.portfolio.owner_on(firm, day)
        if random.random() >= BY_A_COLLEAGUE or not owner:
            return None
        others = self.portfolio.staff.colleagues(owner, day)
        return random.choice(others) if others else None

    def _credits(self, drafts: list[Draft]) -> Iterator[Draft]:
        random = dice("credit notes")
        for draft in sorted(drafts, key=lambda draft: (draft.day, draft.firm.name if draft.firm else "")):
            lucky, share, delay = random.random() < CREDITED, random.uniform(0.2, 1.0), random.randint(8, 45)
            day = weekday(draft.day + datetime.timedelta(days=delay))
            product, amount = draft.lines[0]
            same_month_bought = draft.firm and buys(draft.firm, self.calendar.offset(day))
            if (
                lucky
                and draft.day <= day <= self.calendar.today
                and product != "Service contract"
                and same_month_bought
            ):
                back = (amount * Decimal(f"{share:.2f}")).quantize(Decimal("0.01"))
                yield Draft(day, draft.firm, [(product, -back)], True, draft.seller)

    def _without_account(self) -> Iterator[Draft]:
        """Orders that nobody has matched to an account yet; half of them name a seller."""
        random = dice("without account")
        sellers = [self.portfolio.staff.users[name] for name in (cast.JANA, cast.CLAIRE, cast.AINO)]
        for n in range(WITHOUT_ACCOUNT):
            day = weekday(self.calendar.in_days(-random.randint(20, 700)))
            amount = Decimal(random.randint(800, 9000)) / 2
            seller = random.choice(sellers) if n % 2 else None
            yield Draft(
                day, None, [(random.choice(sorted(cast.CATALOGUE["Spare parts"])), amount)], seller=seller
            )

    def _number(self, drafts: list[Draft]) -> None:
        count: dict[str, int] = defaultdict(int)
        random = dice("costs")
        for draft in drafts:
            series = f"{'CN' if draft.is_credit else 'SO'}-{draft.day.year}"
            count[series] += 1
            order = Order(
                account=self.portfolio.accounts[draft.firm.name] if draft.firm else None,
                number=f"{series}-{count[series]:05}",
                date=draft.day,
                kind=Order.Kind.CREDIT_NOTE if draft.is_credit else Order.Kind.ORDER,
                currency=draft.currency,
                seller=draft.seller,
            )
            self.orders.append(order)
            self.lines += [self._line(random, order, product, amount) for product, amount in draft.lines]

    def _line(self, random: Random, order: Order, product: str, amount: Decimal) -> OrderLine:
        margin = Decimal(f"{random.uniform(0.52, 0.76):.3f}")
        known = random.random() >= COST_UNKNOWN
        price = self.rates.in_currency(PRICES[product], order.currency, order.date)
        return OrderLine(
            order=order,
            product=self.products[product],
            quantity=max(Decimal(1), abs(amount / price).quantize(Decimal(1))),
            amount=amount,
            cost=(amount * margin).quantize(Decimal("0.01")) if known else None,
        )
