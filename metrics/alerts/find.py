"""The nightly look for warnings, inside the run's transaction: in sets, however many accounts there are."""

from typing import Any

from django.db import connection

from accounts.engagement.playbook_actions import Cause, begin_plays
from accounts.periods import Day
from metrics.alerts.rules import RULES
from metrics.models import Alert


def look_for_warnings(run: int, day: Day) -> None:
    """Open what is new, keep what is still there, resolve what is gone; a second time finds nothing to do."""
    if Alert.objects.filter(seen_on__gt=day).exists():
        return
    collect(day)
    params: dict[str, Any] = {"run": run, "day": day}
    with connection.cursor() as cursor:
        cursor.execute(KEEP, params)
        cursor.execute(RESOLVE, params)
        cursor.execute(OPEN, params)
        opened = [Cause(*row) for row in cursor.fetchall()]
    begin_plays(opened, day)


def collect(day: Day) -> None:
    """`run_warning`: every cause that the rules find."""
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMP TABLE run_warning (kind text, account_id bigint, cause text, is_red boolean,
                                             facts jsonb, evidence jsonb) ON COMMIT DROP"""
        )
        for rule in RULES:
            params: dict[str, Any] = {"day": day, "kind": rule.kind.value}
            cursor.execute(
                f"""
                INSERT INTO run_warning
                SELECT %(kind)s, w.account_id, w.cause, w.is_red, w.facts, w.evidence FROM ({rule.sql}) w
                  JOIN accounts_account a ON a.id = w.account_id AND a.archived_at IS NULL
                """,
                params,
            )
        cursor.execute("ANALYZE run_warning")


SAME = "w.account_id = a.account_id AND w.kind = a.kind AND w.cause = a.cause"
KEEP = f"""
    UPDATE metrics_alert a SET seen_on = %(day)s, is_red = w.is_red, facts = w.facts, evidence = w.evidence
      FROM run_warning w WHERE a.resolved_on IS NULL AND {SAME}"""
RESOLVE = f"""
    UPDATE metrics_alert a SET resolved_on = %(day)s
     WHERE a.resolved_on IS NULL AND NOT EXISTS (SELECT 1 FROM run_warning w WHERE {SAME})"""
OPEN = f"""
    INSERT INTO metrics_alert (account_id, kind, cause, is_red, opened_on, run, facts, evidence, seen_on, snooze_reason)
    SELECT w.account_id, w.kind, w.cause, w.is_red, %(day)s, %(run)s, w.facts, w.evidence, %(day)s, ''
      FROM run_warning w
     WHERE NOT EXISTS (SELECT 1 FROM metrics_alert a WHERE a.resolved_on IS NULL AND {SAME})
     RETURNING account_id, kind, cause"""
