"""Old versions: after 13 months only what the last run of a month saw is kept."""

import datetime

from django.db import connection

KEPT_MONTHS = 13


def prune(now: datetime.datetime) -> int:
    """Delete versions that only given-up runs saw; returns how many rows went."""
    limit = now - datetime.timedelta(days=30.44 * KEPT_MONTHS)
    mark(limit)
    return sum(prune_table(table) for table in ("metrics_accountmonthpast", "metrics_scopefigures"))


def mark(limit: datetime.datetime) -> None:
    """Runs older than the limit that were not the last of their month are given up."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE metrics_run r SET is_kept = FALSE
             WHERE is_kept AND published_at < %s
               AND EXISTS (SELECT 1 FROM metrics_run later WHERE later.id > r.id
                              AND date_trunc('month', later.as_of) = date_trunc('month', r.as_of))
            """,
            [limit],
        )


def prune_table(table: str) -> int:
    """A version goes if every run in `[valid_from, valid_to)` is given up."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {table} v
             WHERE v.valid_to IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM metrics_run kept
                    WHERE kept.is_kept AND kept.id >= v.valid_from AND kept.id < v.valid_to)
            """
        )
        return int(cursor.rowcount)
