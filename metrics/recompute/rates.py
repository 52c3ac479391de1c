"""The daily rates that a run reads, made of the rates that were entered."""

from django.db import connection

from accounts.periods import Day
from metrics.recompute.stage import execute

MONTHLY_RATES = """SELECT currency, day, rate FROM metrics_dailyrate
    WHERE EXTRACT(day FROM day) = 1 AND day <= {until}"""


def refresh_daily_rates(since: Day | None, until: Day) -> None:
    """One rate a day and currency, each holding until the next; from `since` on, or all of them."""
    execute(
        f"CREATE TEMP TABLE run_former_rate ON COMMIT DROP AS {MONTHLY_RATES.format(until='%(until)s')}",
        {"until": until},
    )
    execute("DELETE FROM metrics_dailyrate WHERE day >= %(since)s", {"since": since or Day.min})
    execute(
        """
        WITH org AS (SELECT reporting_currency AS code FROM accounts_organisation),
        rates AS (
            SELECT currency, date, rate,
                   COALESCE(LEAD(date) OVER (PARTITION BY currency ORDER BY date), %(until)s::date + 1) AS next
              FROM accounts_exchangerate, org WHERE quote = org.code)
        INSERT INTO metrics_dailyrate (currency, day, rate)
        SELECT currency, d::date, rate
          FROM rates, generate_series(GREATEST(date, %(since)s), next - 1, '1 day') d
        """,
        {"since": since or Day.min, "until": until},
    )


def monthly_rates_changed(known_until: Day) -> bool:
    """Amounts at the rate of a period's first day then differ also for accounts whose facts stayed the same."""
    rates = MONTHLY_RATES.format(until="%(until)s")
    former = "SELECT currency, day, rate FROM run_former_rate WHERE day <= %(until)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (({rates} EXCEPT {former}) UNION ALL ({former} EXCEPT {rates}))",
            {"until": known_until},
        )
        changed: bool = cursor.fetchone()[0]
    return changed
