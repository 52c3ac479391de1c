"""The KPIs that an objective may be bound to, by id with their names.

They are defined on the read side, which this side does not know: `metrics` fills them in when it starts.
"""

BINDABLE: dict[str, str] = {}
