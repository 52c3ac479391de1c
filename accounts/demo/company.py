"""The whole demonstration company as rows that are not in the database yet: the same day, the same rows."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import models

from accounts.demo.agreements import Agreements
from accounts.demo.calendar import Calendar
from accounts.demo.deals import Deals
from accounts.demo.employees import Employees
from accounts.demo.engagement import name_deals
from accounts.demo.interest import earlier_signals
from accounts.demo.marketing import Marketing
from accounts.demo.money import Rates
from accounts.demo.orders import Orders
from accounts.demo.organisation import Staff, organisation
from accounts.demo.people import People
from accounts.demo.plans import Plans
from accounts.demo.playbooks import playbooks
from accounts.demo.portfolio import Portfolio
from accounts.demo.quotas import quotas
from accounts.demo.renewals import Talks, calls
from accounts.demo.reviews import Reviews
from accounts.demo.standing import Standing
from accounts.demo.surveys import Surveys
from accounts.demo.whitespace import categories, cells
from accounts.demo.work import Work

Rows = Sequence[models.Model]


@dataclass
class Company:
    today: datetime.date
    staff: Staff = field(init=False)
    portfolio: Portfolio = field(init=False)

    def __post_init__(self) -> None:
        calendar = Calendar(self.today)
        self.staff = Staff(calendar)
        self.portfolio = Portfolio(calendar, self.staff)
        self.rates = Rates(calendar)
        self.contracts = Agreements(calendar, self.portfolio, self.rates).contracts()
        self.categories = categories()
        self.deals = Deals(calendar, self.portfolio, self.rates, self.categories)
        self.orders = Orders(calendar, self.portfolio, self.rates, self.contracts, self.deals)
        self.quotas = list(quotas(calendar, self.portfolio))
        self.people = People(calendar, self.portfolio)
        self.work = Work(calendar, self.portfolio, self.people)
        name_deals(self.work.touches, self.deals.opportunities)
        self.work.signals += earlier_signals(calendar, self.work, self.deals.opportunities)
        self.plans = Plans(calendar, self.portfolio, self.people, self.rates, self.orders.lines)
        self.cells = cells(calendar, self.portfolio, self.rates, self.categories, self.orders.lines)
        self.reviews = Reviews(calendar, self.portfolio, self.people)
        self.calls = list(calls(calendar, self.portfolio, self.contracts))
        self.talks = Talks(calendar, self.portfolio, self.people, self.contracts)
        self.marketing = Marketing(calendar, self.portfolio, self.people, self.rates)
        self.surveys = Surveys(calendar, self.portfolio, self.people)
        self.employees = Employees(calendar, self.staff)
        self.standing = Standing(
            calendar, self.portfolio, self.people, self.rates, self.deals, self.marketing
        )

    def batches(self) -> Iterator[Rows]:
        """Rows of one table at a time, each after what it points to."""
        portfolio, deals, orders = self.portfolio, self.deals, self.orders
        accounts = list(portfolio.accounts.values())
        teams = list(self.staff.teams.values())
        yield [organisation()]
        yield list(self.staff.users.values())
        yield [team for team in teams if not team.parent]
        yield [team for team in teams if team.parent]
        yield self.staff.memberships
        yield list(portfolio.tiers.values())
        yield list(portfolio.industries.values())
        yield list(portfolio.regions.values())
        yield portfolio.stages
        yield self.rates.rows()
        yield [account for account in accounts if not account.parent]
        yield [account for account in accounts if account.parent]
        yield portfolio.assignments
        yield portfolio.classifications()
        yield portfolio.funnel_phases()
        yield self.staff.grants(portfolio.accounts)
        yield list(self.categories.values())
        yield list(orders.products.values())
        yield self.contracts
        yield deals.stages
        yield deals.opportunities
        yield deals.phases
        yield deals.splits
        yield orders.orders
        yield orders.lines
        yield self.quotas
        yield from self.people.levels()
        yield self.people.facts
        yield self.people.ties
        yield self.people.relationships
        yield self.cells
        yield self.calls
        yield self.talks.touches
        yield self.talks.links
        yield from self.plans.batches()
        yield from self.work.batches()
        yield from self.reviews.batches()
        yield from self.marketing.batches()
        yield from self.standing.batches()
        yield from self.surveys.batches()
        yield from self.employees.batches()
        yield from playbooks()
