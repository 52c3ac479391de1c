"""The nightly look for warnings, inside the run's transaction: in sets, however many accounts there are."""

from typing import Any

from django.db import connection

from accounts.engagement.playbook_actions import Cause, begin_plays
from accounts.periods import Day
from metrics.alerts.rules import RULES
from metrics.models import Alert
from metrics.recompute.signals import make_signal_days, make_signal_months
from metrics.sources.prepared import in_run


def look_for_warnings(run: int | None, day: Day) -> None:
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
    make_signal_days()
    make_signal_months(day)
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMP TABLE run_warning (kind text, account_id bigint, cause text, is_red boolean,
                                             facts jsonb, evidence jsonb) ON COMMIT DROP"""
        )
        cursor.execute(f"CREATE TEMP TABLE run_lost ON COMMIT DROP AS {LOST}", {"day": day})
        for rule in RULES:
            params: dict[str, Any] = {"day": day, "kind": rule.kind.value}
            cursor.execute(
                f"""
                INSERT INTO run_warning
                SELECT %(kind)s, w.account_id, w.cause, w.is_red, w.facts, w.evidence FROM ({in_run(rule.sql)}) w
                  JOIN accounts_account a ON a.id = w.account_id AND a.archived_at IS NULL
                 {"WHERE w.account_id NOT IN (SELECT account_id FROM run_lost)" if rule.foretells else ""}
                """,
                params,
            )
        cursor.execute("ANALYZE run_warning")


# Lost as the numbers mean it: without a contract since its end and the days of grace; without any, no order in a year.
LOST = """
    SELECT a.id AS account_id
      FROM accounts_account a
     CROSS JOIN accounts_organisation org
      LEFT JOIN (SELECT account_id, MAX(UPPER(during)) AS ended, BOOL_OR(during @> %(day)s::date) AS is_live
                   FROM accounts_contract WHERE LOWER(during) <= %(day)s GROUP BY account_id) k ON k.account_id = a.id
      LEFT JOIN (SELECT account_id, MAX(date) AS newest FROM accounts_order
                  WHERE kind = 'order' AND date <= %(day)s GROUP BY account_id) o ON o.account_id = a.id
     WHERE CASE WHEN k.is_live THEN FALSE
                WHEN k.ended IS NOT NULL THEN k.ended + org.grace_days <= %(day)s
                                          AND COALESCE(o.newest < k.ended, TRUE)
                ELSE o.newest <= %(day)s::date - INTERVAL '1 year' END"""
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
