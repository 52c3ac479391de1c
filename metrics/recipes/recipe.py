"""KPIs evaluated from single rows: medians, distributions, and quotas in their own windows.

A recipe is SQL over the relations `period` (with the bounds of every window and `day`, the as-of day within the
period), `facts` and `team_closure`. It yields `starts, ends, scope, key, value, numerator, denominator, n, low,
high` for every scope it is defined for; shares between 0 and 1. `no_rate` counts the amounts without an exchange rate:
where there is one, there is no value.
"""

from dataclasses import dataclass

from metrics.expressions import Window
from metrics.sources.source import Source

ORDERED, SHARE = "order statistics, 95 %", "Wilson, 95 %"
EVERYWHERE = frozenset({"account", "membership", "team", "exchangerate"})


@dataclass(frozen=True)
class Behind:
    """Rows behind a figure, and what is counted of them."""

    label: str
    source: Source
    aggregate: str
    window: Window = Window.NOW
    by_row: bool = True
    """Rows go to the person they name, not whole accounts to their owner."""
    is_money: bool = False
    in_quota: bool = False
    for_targets: str = ""
    """The condition on its rows by which they were for target accounts or for others, where no account says it."""
    dated: str = ""
    """The condition on its rows, and how it is said, where it is none of the windows."""
    when: str = ""


@dataclass(frozen=True)
class Beside:
    """A further column of the figures; shares lie between 0 and 1."""

    name: str
    label: str
    is_share: bool = False
    decimals: int = 0
    unit: str = ""
    """Written as an amount of this unit; `own` is that of the number itself."""


@dataclass(frozen=True)
class Split:
    """By what a figure is split beside its whole; names of keys that a row does not name itself."""

    label: str
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Recipe:
    text: str
    label: str
    tables: frozenset[str]
    """The watched tables (as the queue names them) whose changes can alter it; others leave it alone."""
    behind: tuple[Behind, ...] = ()
    relations: tuple[str, ...] = ()
    """The relations that its text reads, besides the facts."""
    has_windows: bool = False
    """Later rows alter it too, as long as the window of a quota that began in the period is open."""
    columns: tuple[str, ...] = ()
    """The facts it is made of, if it is made of facts alone; others are made of rows, as they are today."""
    months: tuple[int, int] = (0, 0)
    """Made of facts: the months before its period's start and behind its end that it looks at."""
    terms: tuple[str, str] = ("", "")
    """What its numerator and its denominator are, where it has them."""
    beside: tuple[Beside, ...] = ()
    """Further columns of its figures that are shown with the value."""
    split: Split | None = None
    """Its figures hold `slices`, an array of name, value, numerator and n."""
    channels: Split | None = None
    """Where it is split by something else, its figures hold `channels`, such an array, too."""
    interval: str = ""
    """How its range is made, in words; nothing where it has none."""
    of_accounts: str = ""
    """The branch of its text for single accounts that the planner cannot leave out of a run by itself."""
    matures_days: int = 0
    """The days that rows have until their outcome counts: so long a closed period still changes with the day."""
    made_of: str = ""
    """The table without any row of which it has no figure at all."""
    reaches_back: int = 0
    """The months before a period's end since which it reads rows of its relations, if that is before its start."""
    goes_by_opening: bool = False
    """Its rows go by what their account was when they were opened, not at the period's start."""

    @property
    def reads_rows(self) -> bool:
        return not self.columns

    @property
    def is_stamped(self) -> bool:
        """Its rows go by what their account was at the period's start."""
        return STAMP in self.text


# The owner, team and segment of an account at the period's start, or when it began if that was later.
STAMP = """stamped AS (
    SELECT DISTINCT account_id, month, began, owner_id, team_id, tier_id, industry_id, region_id,
           is_target::int AS target
      FROM facts WHERE month IN (SELECT starts FROM period) OR month = began),
-- By themselves, or all stamps would be looked through for them once a period.
beginner AS MATERIALIZED (SELECT * FROM stamped WHERE month = began),
stamp AS MATERIALIZED (
    SELECT p.starts, p.ends, f.account_id, f.owner_id, f.team_id, f.tier_id, f.industry_id, f.region_id, f.target
      FROM period p JOIN stamped f ON f.month = p.starts
     UNION ALL
    SELECT p.starts, p.ends, f.account_id, f.owner_id, f.team_id, f.tier_id, f.industry_id, f.region_id, f.target
      FROM period p JOIN beginner f ON f.began > p.starts AND f.began < p.ends)"""

SEGMENTS = """
    CASE GROUPING(owner_id, tier_id, industry_id, region_id, target)
         WHEN 31 THEN 'company' WHEN 15 THEN 'owner' WHEN 23 THEN 'tier' WHEN 27 THEN 'industry'
         WHEN 29 THEN 'region' ELSE 'target' END AS scope,
    CASE GROUPING(owner_id, tier_id, industry_id, region_id, target)
         WHEN 31 THEN NULL WHEN 15 THEN owner_id WHEN 23 THEN tier_id WHEN 27 THEN industry_id
         WHEN 29 THEN region_id ELSE target END AS key"""
EACH_SEGMENT = """GROUP BY GROUPING SETS ((starts, ends), (starts, ends, owner_id), (starts, ends, tier_id),
                                  (starts, ends, industry_id), (starts, ends, region_id), (starts, ends, target))"""

CREDITED = """LEFT JOIN accounts_assignment owner ON owner.account_id = r.account_id
                AND owner.role = 'owner' AND owner.during @> r.date"""

NO_RATE = "r.booked <> 0 AND r.amount IS NULL"
"""A row whose amount has no exchange rate, as in the facts."""

# Figures of single accounts are made when a page asks; a run leaves the last branch out, and the planner with it.
# A person's first team counts from the first day of its month on, as in the facts. A deal with several persons is
# one deal of the company and of a team. Scopes are numbers until their figures are told: names take longer to sort.
SCOPE_NAME = "(ARRAY['company', 'owner', 'team', 'tier', 'industry', 'region', 'target', 'account'])[scope]"
ROW_SCOPES = """scoped AS (
    SELECT starts, ends, 1 AS scope, NULL::bigint AS key, id, x FROM credited WHERE is_first
     UNION ALL
    SELECT starts, ends, 2, person_id, id, x FROM credited
     UNION ALL
    SELECT DISTINCT starts, ends, 3, c.above_id, credited.id, x FROM credited
      LEFT JOIN (SELECT user_id, MIN(LOWER(during)) AS day FROM accounts_membership GROUP BY 1) first
             ON first.user_id = person_id AND date_trunc('month', first.day) = credited.month
      LEFT JOIN accounts_membership m
             ON m.user_id = person_id AND m.during @> COALESCE(first.day, credited.month)
      LEFT JOIN team_closure c ON c.id = m.team_id
     UNION ALL
    SELECT starts, ends, s.scope, s.key, credited.id, x FROM credited
      LEFT JOIN stamp USING (starts, ends, account_id)
     CROSS JOIN LATERAL (VALUES (4, stamp.tier_id), (5, stamp.industry_id),
                                (6, stamp.region_id), (7, stamp.target)) s(scope, key)
     WHERE is_first
     UNION ALL
    SELECT starts, ends, 8, account_id, id, x FROM credited WHERE is_first AND account_id IS NOT NULL)"""

# Where rows go by what their account was when they were opened: they bring it along themselves.
OPENED = """LEFT JOIN accounts_classification k ON k.account_id = r.account_id AND k.during @> r.{day}"""
OPENED_AS = "k.tier_id, k.industry_id, k.region_id, k.is_target::int AS target"
ROW_SCOPES_BY_OPENING = ROW_SCOPES.replace("LEFT JOIN stamp USING (starts, ends, account_id)", "").replace(
    "stamp.", "credited."
)

# The bounds are order statistics at the ranks n/2 -+ 0.98 sqrt(n): free of any distribution of the values, with the
# binomial of the ranks approximated by a normal one, so rough where n is small (none are given below 6). One period
# after the other: its rows are sorted in a moment, where those of all periods in all scopes would not fit in memory.
MEDIAN = f"""
    -- figures
    SELECT p.starts, p.ends, m.*
      FROM period p
     CROSS JOIN LATERAL (
        WITH credited AS (
            SELECT p.starts, p.ends, r.account_id, r.person_id, r.id, r.is_first,
                   r.tier_id, r.industry_id, r.region_id, r.target,
                   date_trunc('month', r.date)::date AS month, {{x}} AS x
              FROM {{relation}} r
             WHERE r.date >= p.starts AND r.date < p.ends AND {{condition}}),
        {ROW_SCOPES_BY_OPENING},
        sorted AS (
            SELECT scope, key, COUNT(x)::int AS n, COUNT(*) - COUNT(x) AS gaps,
                   array_agg(x ORDER BY x) FILTER (WHERE x IS NOT NULL) AS xs
              FROM scoped GROUP BY 1, 2)
        SELECT {SCOPE_NAME} AS scope, key, (xs[(n + 1) / 2] + xs[n / 2 + 1]) / 2.0 AS value,
               NULL AS numerator, NULL AS denominator, n,
               CASE WHEN n >= 6 THEN xs[GREATEST(1, FLOOR(n / 2.0 - 0.98 * SQRT(n)))::int] END AS low,
               CASE WHEN n >= 6 THEN xs[LEAST(n, CEIL(n / 2.0 + 1 + 0.98 * SQRT(n)))::int] END AS high,
               NULLIF(gaps, 0) AS no_rate
          FROM sorted) m"""
