"""The stored figures: what they cover, differences added to them, and those kept that did not change."""

from collections.abc import Sequence
from typing import Any

from accounts.periods import Day, Period, PeriodKind, latest_complete, trailing_year
from metrics.models import Run, ScopeFigures
from metrics.recompute.changed import Changes
from metrics.recompute.stage import execute, renew_statistics

Kind = ScopeFigures.Kind
ASKED_FOR = [field.attname for field in ScopeFigures._meta.fields if field.attname != "figures"]
"""By what figures are looked for."""
NEWS = ("starts", "ends", "valid_from", "valid_to")
NO_SPAN = f"(DATE '{Day.min}', DATE '{Day.min}')"


def stored_spans() -> set[tuple[Day, Day]]:
    company = ScopeFigures.objects.filter(valid_to__isnull=True, scope="company", kind=Kind.ACCOUNTS)
    return set(company.values_list("starts", "ends"))


def account_periods(as_of: Day) -> list[Period]:
    """Accounts keep stored figures only for the trailing years that a portfolio is sorted by."""
    return sorted({latest_complete(PeriodKind.T12, as_of), trailing_year(as_of)})


def new_account_periods(periods: Sequence[Period], changes: Changes) -> list[Period]:
    """Those in which every account may differ, or that were not stored before."""
    stored = ScopeFigures.objects.filter(valid_to__isnull=True, scope="account")
    known = set(stored.values_list("starts", "ends").distinct())
    return [each for each in periods if changes.is_anew(each) or each.span not in known]


def add_to_stored(moved: Sequence[Period]) -> None:
    """`run_figures`: fresh sums as they are; for moved periods the stored sums with the differences added."""
    spans, params = span_rows(moved)
    execute(
        f"""
        INSERT INTO run_figures
        WITH moved (starts, ends) AS (VALUES {spans}),
        -- An empty object added once unpacks what is stored, before it is asked for one name after the other.
        touched AS MATERIALIZED (
            SELECT r.*, f.figures || '{{}}' AS stored
              FROM (SELECT * FROM run_raw JOIN moved USING (starts, ends) WHERE figures <> '{{}}') r
              LEFT JOIN metrics_scopefigures f
                ON f.valid_to IS NULL AND f.view = r.view AND f.starts = r.starts AND f.ends = r.ends
               AND f.scope = r.scope AND COALESCE(f.key, -1) = COALESCE(r.key, -1) AND f.kind = r.kind)
        SELECT view, starts, ends, scope, key, kind,
               COALESCE(stored, '{{}}') - added.gone || added.figures, TRUE
          FROM touched, LATERAL (
               SELECT COALESCE(array_agg(name) FILTER (WHERE x = 0), '{{}}') AS gone,
                      COALESCE(jsonb_object_agg(name, x) FILTER (WHERE x <> 0), '{{}}') AS figures
                 FROM (SELECT t.key AS name,
                              t.value::numeric + COALESCE((touched.stored ->> t.key)::numeric, 0) AS x
                         FROM jsonb_each_text(touched.figures) t) each) added
         UNION ALL
        SELECT r.view, r.starts, r.ends, r.scope, r.key, r.kind, r.figures, FALSE
          FROM run_raw r LEFT JOIN moved m ON m.starts = r.starts AND m.ends = r.ends
         WHERE m.starts IS NULL AND r.figures <> '{{}}'
        """,
        params,
    )


def span_rows(periods: Sequence[Period]) -> tuple[str, dict[str, Any]]:
    """A VALUES list of spans; a span that never was stands in for none."""
    spans = [(period.start, period.end) for period in periods] or [(Day.min, Day.min)]
    params: dict[str, Any] = {}
    for index, (start, end) in enumerate(spans):
        params |= {f"start_{index}": start, f"end_{index}": end}
    return ", ".join(f"(%(start_{i})s::date, %(end_{i})s::date)" for i in range(len(spans))), params


def keep_changed(
    run: Run, single: Sequence[Period], fresh: Sequence[Period], is_full: bool, has_new_spans: bool
) -> int:
    """End the validity of stored figures that differ or vanished, and insert the new ones.

    Vanished, too, are the figures of periods before the first fact, and those of accounts without any left.
    """
    of_single, of_fresh = (
        ", ".join(f"(DATE '{each.start}', DATE '{each.end}')" for each in some) or NO_SPAN
        for some in (single, fresh)
    )
    params = {"run": run.pk, "first": run.first_month}
    account_spans = ", ".join(f"(DATE '{p.start}', DATE '{p.end}')" for p in account_periods(run.as_of))
    # Analysing keeps the planner from joining thousands of rows one by one.
    execute(
        "CREATE INDEX ON run_figures (starts, ends, scope, key); ANALYZE run_figures (starts, ends, scope, key)"
    )
    same = """n.view = f.view AND n.starts = f.starts AND n.ends = f.ends AND n.scope = f.scope
              AND COALESCE(n.key, -1) = COALESCE(f.key, -1) AND n.kind = f.kind"""
    unnamed = (
        "TRUE"
        if is_full
        else f"""(f.kind = '{Kind.SINGLE}' AND (f.starts, f.ends) IN (VALUES {of_single})
                  OR f.kind <> '{Kind.SINGLE}' AND f.scope <> 'account' AND (f.starts, f.ends) IN (VALUES {of_fresh})
                  OR f.scope = 'account' AND (f.starts, f.ends) NOT IN (VALUES {account_spans})
                  OR f.scope = 'account' AND EXISTS (
                     SELECT 1 FROM run_changed ch WHERE ch.account_key = f.key AND ch.month < f.ends)
                  OR f.ends <= COALESCE(%(first)s::date, 'infinity'))"""
    )
    execute(
        f"""
        UPDATE metrics_scopefigures SET valid_to = %(run)s WHERE ctid = ANY (ARRAY(
            SELECT f.ctid FROM metrics_scopefigures f LEFT JOIN run_figures n ON {same}
             WHERE f.valid_to IS NULL AND (n.differs OR n.figures <> f.figures OR n.view IS NULL AND {unnamed})))
        """,
        params,
    )
    written = execute(
        f"""
        INSERT INTO metrics_scopefigures (view, starts, ends, scope, key, kind, figures, valid_from)
        WITH f AS MATERIALIZED (
            SELECT view, starts, ends, scope, key, kind FROM metrics_scopefigures WHERE valid_to IS NULL)
        SELECT n.view, n.starts, n.ends, n.scope, n.key, n.kind, n.figures, %(run)s
          FROM run_figures n
         WHERE n.figures <> '{{}}' AND NOT EXISTS (SELECT 1 FROM f WHERE {same})
        """,
        params,
    )
    renew_statistics("metrics_scopefigures", written, ASKED_FOR, NEWS if has_new_spans else ())
    return written
