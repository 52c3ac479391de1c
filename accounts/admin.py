"""The admin panel of the write side: each area registers its own models."""

from accounts.engagement import admin as engagement  # noqa: F401
from accounts.engagement import advocacy_admin as advocacy  # noqa: F401
from accounts.exchange import admin as exchange  # noqa: F401
from accounts.people import admin as people  # noqa: F401
from accounts.people import headcount_admin as headcount  # noqa: F401
from accounts.plans import admin as plans  # noqa: F401
from accounts.portfolio import admin as portfolio  # noqa: F401
from accounts.portfolio import fit_admin as fit  # noqa: F401
from accounts.revenue import admin as revenue  # noqa: F401
from accounts.revenue import marketing_admin as marketing  # noqa: F401
from accounts.stakeholders import admin as stakeholders  # noqa: F401
from accounts.surveys.employees import admin as employees  # noqa: F401
