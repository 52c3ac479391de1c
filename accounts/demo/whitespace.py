"""What the made-up customers do not buy from us yet."""

import datetime
from collections import defaultdict
from decimal import Decimal
from random import Random

from accounts.demo import cast
from accounts.demo.calendar import Calendar, dice
from accounts.demo.cast import Firm
from accounts.demo.money import Rates
from accounts.demo.portfolio import Portfolio
from accounts.fields import SoftBasis
from accounts.plans.models import RenewalCall, WhitespaceCell
from accounts.revenue.models import Order, OrderLine, ProductCategory

Day = datetime.date
Holder = WhitespaceCell.Holder
Call = RenewalCall.Call

COLUMNS = {
    "Remote diagnostics": ("Remote diagnostics",),
    "Sensors": ("Vibration sensors", "Pressure sensors"),
    "Fleet analytics": ("Fleet analytics",),
    "Service": ("Service contract", "Emergency call-out", "Inspection on site", "Calibration"),
    "Training": ("Operator training",),
    "Spare parts": ("Bearing set", "Seal kit", "Gear unit", "Filter cartridge", "Pump head"),
    "Retrofit kits": ("Retrofit kit, small", "Retrofit kit, large", "Frequency drive", "Control cabinet"),
    "Modernisation": ("Line modernisation", "Energy recovery unit"),
}
COLUMN_OF = {product: column for column, products in COLUMNS.items() for product in products}
FAMILY_OF = {product: family for family, products in cast.CATALOGUE.items() for product in products}


def categories() -> dict[str, ProductCategory]:
    return {
        name: ProductCategory(name=name, whitespace_position=place) for place, name in enumerate(COLUMNS, 1)
    }


def usual(firm: Firm, product: str) -> str:
    """What this customer buys instead: of each family only some products, so that others stay to be sold."""
    family = FAMILY_OF[product]
    if family == "Spare parts":
        return product
    choices = [name for name in sorted(cast.CATALOGUE[family]) if name != "Service contract"]
    random = dice("range", firm.name, family)
    kept = random.sample(choices, random.choice((1, 2, 2, 3)))
    return product if product in kept else kept[choices.index(product) % len(kept)]


# ---------------------------------------------------------------------------------------------- whitespace

RIVALS = ("Hexatron", "Brandt & Söhne", "Kessler Industrie", "Norvane", "Hexatron")
OWN_STAFF = ("own staff", "own workshop", "maintenance team")
STEPS = (
    "show the reference plant",
    "ask for last year’s volumes",
    "offer a trial on one line",
    "meet the head of maintenance",
    "wait for the budget round",
)
NOTED = {cast.JANA: 0.8, cast.TOMASZ: 0.7}
USUALLY_NOTED = 0.45
YEAR = datetime.timedelta(days=365)


def cells(
    calendar: Calendar,
    portfolio: Portfolio,
    rates: Rates,
    columns: dict[str, ProductCategory],
    lines: list[OrderLine],
) -> list[WhitespaceCell]:
    won = yearly(calendar, lines)
    found = []
    for firm in cast.FIRMS:
        for name, category in columns.items():
            random = dice("whitespace", firm.name, name)
            if random.random() < NOTED.get(firm.owner, USUALLY_NOTED):
                bought = won.get((firm.name, name), Decimal(0))
                found.append(cell(random, calendar, portfolio, rates, firm, category, bought))
    return found


def yearly(calendar: Calendar, lines: list[OrderLine]) -> dict[tuple[str, str], Decimal]:
    """What each customer bought of each column within a year, in the customer's currency."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        order: Order = line.order
        if order.account and line.product and order.date > calendar.today - YEAR:
            found[order.account.name, COLUMN_OF[line.product.name]] += line.amount
    return found


def cell(
    random: Random,
    calendar: Calendar,
    portfolio: Portfolio,
    rates: Rates,
    firm: Firm,
    category: ProductCategory,
    bought: Decimal,
) -> WhitespaceCell:
    noted_on = calendar.in_days(-random.choice((6, 19, 40, 75, 110, 160, 230, 300, 430)))
    holder = Holder.US if bought > 0 else random.choices(*OTHERS)[0]
    asked = random.random() < SPEND_KNOWN[holder]
    guess = max(firm.level, 150) * 1000 * random.uniform(0.02, 0.12)
    spend = bought * Decimal(str(round(random.choice((1.0, 1.15, 1.3, 1.6, 2.1)), 2)))
    until = calendar.in_days(random.randint(120, 900)).replace(day=1)
    author = portfolio.staff.users[portfolio.owner_on(firm, noted_on) or firm.owner]
    return WhitespaceCell(
        account=portfolio.accounts[firm.name],
        category=category,
        holder=holder,
        holder_name=random.choice(NAMES.get(holder, ("",))),
        held_until=until if holder == Holder.COMPETITOR and random.random() < 0.5 else None,
        yearly_spend=(
            rounded(spend)
            if bought > 0 and asked
            else rates.in_currency(guess, firm.currency, noted_on, "1000")
            if asked
            else None
        ),
        currency=firm.currency,
        next_step=random.choice(STEPS) if holder != Holder.NOT_NEEDED and random.random() < 0.2 else "",
        basis=SoftBasis.CONFIRMED if random.random() < 0.35 else SoftBasis.ASSUMED,
        author=author,
        noted_on=noted_on,
    )


OTHERS = (
    [Holder.COMPETITOR, Holder.IN_HOUSE, Holder.NOT_NEEDED, Holder.UNKNOWN],
    [46, 18, 18, 18],
)
SPEND_KNOWN = {
    Holder.US: 0.7,
    Holder.COMPETITOR: 0.75,
    Holder.IN_HOUSE: 0.4,
    Holder.NOT_NEEDED: 0.0,
    Holder.UNKNOWN: 0.8,
}
NAMES = {Holder.COMPETITOR: RIVALS, Holder.IN_HOUSE: OWN_STAFF}


def rounded(amount: Decimal) -> Decimal:
    return (amount / 1000).quantize(Decimal(1)) * 1000
