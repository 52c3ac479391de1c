"""Merges what was staged into the facts that are to be published, stamped with whose the accounts were."""

from metrics.recompute.stage import NOBODY_BEGAN, as_text, execute, same_key, staged, type_of
from metrics.sources import SOURCES
from metrics.sources.source import columns_of


def make_stamps() -> None:
    """Owner, team and classification of each account on each month's first day.

    In the month in which an account began, what held first in that month stands in for the first day. Ranges are
    compared outside the joins' equalities on purpose: looked up by their index they cost ten times as much.
    """
    execute(
        """
        CREATE TEMP TABLE run_stamp ON COMMIT DROP AS
        WITH dated AS MATERIALIZED (
            SELECT b.account_id, m.month, m.day, b.month AS began, a.currency,
                   CASE WHEN m.month = b.month THEN daterange(m.month, m.day, '[]')
                        ELSE daterange(m.month, m.month, '[]') END AS window
              FROM (SELECT DISTINCT account_id, month FROM run_key WHERE account_id IS NOT NULL) s
              JOIN run_month m ON m.month = s.month
              JOIN run_began b ON b.account_id = s.account_id
              JOIN accounts_account a ON a.id = s.account_id),
        owned AS (SELECT account_id, user_id, during FROM accounts_assignment WHERE role = 'owner' OFFSET 0),
        classified AS (SELECT * FROM accounts_classification OFFSET 0)
        SELECT DISTINCT ON (d.account_id, d.month)
               d.account_id, d.month, d.began, d.currency,
               o.user_id AS owner_id, t.team_id, c.tier_id, c.industry_id, c.region_id, c.is_target,
               h.user_id AS holder_id, ht.team_id AS holder_team_id
          FROM dated d
          LEFT JOIN owned o ON o.account_id = d.account_id AND o.during && d.window
          LEFT JOIN classified c ON c.account_id = d.account_id AND c.during && d.window
          LEFT JOIN accounts_membership t
                 ON t.user_id = o.user_id AND t.during @> GREATEST(d.month, LOWER(o.during))
          LEFT JOIN owned h ON h.account_id = d.account_id AND h.during @> d.day
          LEFT JOIN accounts_membership ht ON ht.user_id = h.user_id AND ht.during @> d.day
         ORDER BY d.account_id, d.month, LOWER(o.during), LOWER(c.during)
        """
    )
    execute("ANALYZE run_stamp (account_id, month)")


def make_keys() -> None:
    """`run_key`: every account, month and person that has a row."""
    keys = " UNION ".join(
        f"SELECT account_id, month, person_id, '' AS opened_as FROM {table}"
        for table in ("run_empty", *(staged(source) for source in SOURCES))
    )
    execute(f"CREATE TEMP TABLE run_key ON COMMIT DROP AS {keys}")
    execute("ANALYZE run_key")


def tell_classes_apart() -> None:
    """Rows of accounts that were something else when they were opened have keys of their own; most were not."""
    classed = [staged(source) for source in SOURCES if source.classed_on]
    for table in classed:
        execute(
            f"""
            UPDATE {table} s SET opened_as = '' FROM run_stamp x
             WHERE x.account_id = s.account_id AND x.month = s.month AND s.opened_as = {as_text("x")}
            """
        )
        execute(f"ANALYZE {table} (account_id, month, person_id, opened_as)")
    others = " UNION ".join(
        f"SELECT account_id, month, person_id, opened_as FROM {table} WHERE opened_as <> ''"
        for table in classed
    )
    execute(f"INSERT INTO run_key {others}")
    execute("ANALYZE run_key")


def make_facts() -> None:
    """The staged sums merged and stamped: one row per account, month, person and class, as they are to be published.

    In order of month: what is read together, all accounts of a few months, then stands together.
    """
    sums = ", ".join(
        f"COALESCE({staged(source)}.{column.name}, 0::{type_of(column)}) AS {column.name}"
        for source in SOURCES
        for column in columns_of(source)
    )
    joins = "\n".join(f"LEFT JOIN {staged(source)} ON {same_key('k', staged(source))}" for source in SOURCES)
    # The order of so many joins is of no matter here, but looking for the best takes longer than a night's rows do.
    execute("SET LOCAL join_collapse_limit = 1")
    execute(
        f"""
        CREATE TEMP TABLE run_fact ON COMMIT DROP AS
        WITH nobody AS (SELECT ({NOBODY_BEGAN}) AS began),
        joined_late AS (SELECT user_id, date_trunc('month', MIN(LOWER(during)))::date AS month
                          FROM accounts_membership GROUP BY user_id),
        k AS MATERIALIZED (
            SELECT k.account_id, k.month, k.person_id, k.opened_as, pt.team_id AS person_team_id,
                   COALESCE(x.began, nobody.began) AS began,
                   COALESCE(x.currency, org.reporting_currency) AS currency,
                   x.owner_id, x.team_id, x.tier_id, x.industry_id, x.region_id, x.is_target,
                   x.holder_id, x.holder_team_id
              FROM run_key k
             CROSS JOIN nobody
             CROSS JOIN accounts_organisation org
              LEFT JOIN run_stamp x ON x.account_id = k.account_id AND x.month = k.month
              LEFT JOIN joined_late j ON j.user_id = k.person_id AND j.month = k.month
              LEFT JOIN accounts_membership pt
                     ON pt.user_id = k.person_id
                    AND CASE WHEN j.user_id IS NULL THEN pt.during @> k.month
                             ELSE LOWER(pt.during) = (SELECT MIN(LOWER(m.during)) FROM accounts_membership m
                                                       WHERE m.user_id = k.person_id) END
             ORDER BY k.month, k.account_id)
        SELECT k.*, {sums}
          FROM k {joins}
        """
    )
    execute("SET LOCAL join_collapse_limit TO DEFAULT")
    execute("CREATE INDEX ON run_fact (account_id, month); ANALYZE run_fact (account_id, month, person_id)")
