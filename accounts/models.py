"""All facts of the write side; each area keeps its own models."""

from accounts.engagement.advocacy import *  # noqa: F403
from accounts.engagement.health import *  # noqa: F403
from accounts.engagement.models import *  # noqa: F403
from accounts.engagement.playbooks import *  # noqa: F403
from accounts.engagement.states import *  # noqa: F403
from accounts.exchange.models import *  # noqa: F403
from accounts.people.bounces import *  # noqa: F403
from accounts.people.headcount import *  # noqa: F403
from accounts.people.models import *  # noqa: F403
from accounts.plans.models import *  # noqa: F403
from accounts.portfolio.fit import *  # noqa: F403
from accounts.portfolio.models import *  # noqa: F403
from accounts.revenue.costs import *  # noqa: F403
from accounts.revenue.forecasts import *  # noqa: F403
from accounts.revenue.marketing import *  # noqa: F403
from accounts.revenue.models import *  # noqa: F403
from accounts.rights.models import *  # noqa: F403
from accounts.stakeholders.models import *  # noqa: F403
from accounts.surveys.employees.models import *  # noqa: F403
from accounts.surveys.models import *  # noqa: F403
