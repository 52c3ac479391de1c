"""What customers want to reach: the steps that are open on a day, and the results that fell due."""

from metrics.expressions import Measure
from metrics.sources.source import Beginning, Source

milestones_on_track = Measure(
    "milestones_on_track", "COUNT(*) FILTER (WHERE on_track)", label="open steps on track"
)
milestones_known = Measure(
    "milestones_known", "COUNT(*) FILTER (WHERE on_track IS NOT NULL)", label="open steps somebody looked at"
)
milestones_unknown = Measure(
    "milestones_unknown", "COUNT(*) FILTER (WHERE on_track IS NULL)", label="open steps nobody looked at"
)

# Open, and not reached by its day: off track, whatever somebody thought before. Not looked at yet: unknown.
ON_TRACK = """CASE WHEN s.due_on < {day} THEN FALSE ELSE (
               SELECT seen.on_track FROM accounts_milestonecheck seen
                WHERE seen.milestone_id = s.id AND seen."on" <= {day}
                ORDER BY seen."on" DESC, seen.id DESC LIMIT 1) END"""
IS_OPEN = "(s.reached_on IS NULL OR s.reached_on > {day})"

MILESTONES = Source(
    "milestones",
    "Steps to customers' goals, open on the day",
    "o.account_id",
    f"""
    SELECT x.account_id, x.day AS date, NULL::bigint AS person_id, x.id, x.title AS label,
           'due ' || x.due_on || CASE WHEN x.on_track THEN ', on track' WHEN NOT x.on_track THEN ', off track'
                                      ELSE ', not looked at' END AS detail,
           NULL::numeric AS booked, '' AS currency, x.on_track
      FROM (SELECT o.account_id, m.day, s.id, s.title, s.due_on, {ON_TRACK.format(day="m.day")} AS on_track
              FROM {{days}} m
              JOIN accounts_plan o ON o.during @> m.day
              JOIN accounts_goal g ON g.plan_id = o.id
              JOIN accounts_milestone s ON s.goal_id = g.id AND {IS_OPEN.format(day="m.day")}
             WHERE {{among}}) x""",
    (milestones_on_track, milestones_known, milestones_unknown),
    is_stock=True,
    began=(Beginning("accounts_plan", "LOWER(during)"),),
)

IS_MET = "(r.met AND r.measured_on <= r.due_on)"
outcomes_met = Measure("outcomes_met", "COUNT(*) FILTER (WHERE is_met)", label="results met by their day")
outcomes_judged = Measure(
    "outcomes_judged", "COUNT(*) FILTER (WHERE is_met IS NOT NULL)", label="results due and judged"
)
outcomes_unjudged = Measure(
    "outcomes_unjudged", "COUNT(*) FILTER (WHERE is_met IS NULL)", label="results due, not judged"
)
outcomes_moved = Measure(
    "outcomes_moved", "COUNT(*) FILTER (WHERE is_moved)", label="due days that were moved"
)

OUTCOMES = Source(
    "outcomes",
    "Results that customers judge us by, on the day they are due",
    "o.account_id",
    f"""
    SELECT o.account_id, r.due_on AS date, NULL::bigint AS person_id, r.id, r.title AS label,
           CASE WHEN {IS_MET} THEN 'met' WHEN r.met THEN 'met, but late' WHEN NOT r.met THEN 'not met'
                ELSE 'not judged' END
           || CASE WHEN r.due_on <> r.first_due_on THEN ', first due ' || r.first_due_on ELSE '' END AS detail,
           NULL::numeric AS booked, '' AS currency, {IS_MET} AS is_met, r.due_on <> r.first_due_on AS is_moved
      FROM accounts_outcome r
      JOIN accounts_goal g ON g.id = r.goal_id
      JOIN accounts_plan o ON o.id = g.plan_id
     WHERE {{among}}""",
    (outcomes_met, outcomes_judged, outcomes_unjudged, outcomes_moved),
    began=(
        Beginning(
            "(SELECT o.account_id, r.due_on FROM accounts_outcome r JOIN accounts_goal g ON g.id = r.goal_id"
            " JOIN accounts_plan o ON o.id = g.plan_id) outcome",
            "due_on",
        ),
    ),
)

SOURCES = (MILESTONES, OUTCOMES)
