"""A warning as a night would have left it."""

import itertools
from typing import Any

from accounts.models import Account, Organisation
from metrics.models import Alert

_count = itertools.count(1)


def make_alert(account: Account, kind: str = "interaction_gap", **fields: Any) -> Alert:
    today = Organisation.current().today()
    values: dict[str, Any] = {
        "cause": f"talk:{next(_count)}",
        "is_red": False,
        "opened_on": today,
        "seen_on": today,
        "facts": {"days": 40, "rhythm": 30},
        "evidence": [{"what": "last call in which they took part", "when": "2026-01-05", "value": 40}],
        **fields,
    }
    alert: Alert = Alert.objects.create(account=account, kind=kind, **values)
    return alert
