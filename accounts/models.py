"""All facts of the write side; each area keeps its own models."""

from accounts.engagement.models import *  # noqa: F403
from accounts.exchange.models import *  # noqa: F403
from accounts.people.models import *  # noqa: F403
from accounts.plans.models import *  # noqa: F403
from accounts.portfolio.models import *  # noqa: F403
from accounts.revenue.models import *  # noqa: F403
from accounts.stakeholders.models import *  # noqa: F403
