"""Whose digest is due: at seven in the morning where they are. The database decides; a tick only looks.

`asked_at` holds until when somebody's mornings are settled. Two clocks, a lost message or days without a worker make
one digest, never two: the row is moved on in the statement that finds it due, and the outbox knows each period once.
"""

import datetime
from dataclasses import dataclass

from django.db import connection, transaction

from accounts import outbox
from accounts.models import Message, Organisation
from metrics.digests.models import GETS_DIGESTS, DigestSettings, Rhythm, settings_for_all

KIND = "digest"
MORNING = 7

# The newest morning that has begun, in everybody's own zone: of every day, or of the weekday they chose.
DUE = """
    WITH local AS (
        SELECT s.id, s.rhythm, s.weekday, COALESCE(NULLIF(s.time_zone, ''), %(zone)s) AS zone
          FROM metrics_digestsettings s
          JOIN accounts_user u ON u.id = s.user_id AND u.is_active AND u.role = ANY(%(roles)s)
         WHERE s.rhythm <> 'off'),
    day AS (
        SELECT l.*, ((%(now)s AT TIME ZONE l.zone) - make_interval(hours => %(hour)s))::date AS today FROM local l),
    morning AS (
        SELECT d.*, CASE d.rhythm WHEN 'daily' THEN d.today
                    ELSE d.today - (EXTRACT(ISODOW FROM d.today)::int - d.weekday + 7) %% 7 END AS on_day FROM day d)
    UPDATE metrics_digestsettings s SET asked_at = %(now)s
      FROM morning m
     WHERE s.id = m.id
       AND (m.on_day + make_interval(hours => %(hour)s)) AT TIME ZONE m.zone > s.asked_at
    RETURNING s.user_id, m.rhythm, m.on_day"""


@dataclass(frozen=True)
class Due:
    user: int
    rhythm: str
    on: datetime.date

    @property
    def period(self) -> str:
        if self.rhythm == "daily":
            return self.on.isoformat()
        year, week, _ = self.on.isocalendar()
        return f"{year}-W{week:02}"


@transaction.atomic
def put_due(now: datetime.datetime) -> list[Due]:
    """Put everybody's due digest into the outbox; as many statements for a thousand people as for one."""
    settings_for_all(now)
    with connection.cursor() as cursor:
        cursor.execute(
            DUE,
            {
                "now": now,
                "zone": Organisation.current().time_zone,
                "hour": MORNING,
                "roles": sorted(GETS_DIGESTS),
            },
        )
        found = [Due(*row) for row in cursor.fetchall()]
    outbox.put_all(
        [
            Message(
                kind=KIND,
                recipient_id=each.user,
                dedup_key=f"digest:{each.user}:{each.period}",
                payload={"period": each.period, "rhythm": each.rhythm},
            )
            for each in found
        ]
    )
    return found


def next_morning(chosen: DigestSettings, now: datetime.datetime) -> datetime.datetime | None:
    """When the next digest is looked for, in the person's own time; nothing for who wants none."""
    if chosen.rhythm == Rhythm.OFF:
        return None
    local = now.astimezone(chosen.zone)
    for ahead in range(8):
        day = local.date() + datetime.timedelta(days=ahead)
        morning = datetime.datetime.combine(day, datetime.time(MORNING), chosen.zone)
        if morning > now and (chosen.rhythm == Rhythm.DAILY or day.isoweekday() == chosen.weekday):
            return morning
    return None
