"""What customers asked for and what we asked other departments: rows of medians, not of sums."""

from metrics.sources.source import Source


def hours(until: str) -> str:
    """Hours since the request; empty while nothing came."""
    return f"ROUND(EXTRACT(EPOCH FROM {until} - o.opened_at) / 3600, 4)"


def requests(name: str, label: str, person: str) -> Source:
    return Source(
        name,
        label,
        "o.account_id",
        f"""
    SELECT o.account_id, (o.opened_at AT TIME ZONE org.time_zone)::date AS date, {person} AS person_id, o.id,
           CONCAT_WS(' ', 'request', NULLIF(o.number, '')) AS label,
           CASE WHEN o.resolved_at IS NOT NULL THEN 'resolved' WHEN o.first_answer_at IS NOT NULL THEN 'answered'
                ELSE 'waits for an answer' END AS detail,
           NULL::numeric AS booked, '' AS currency,
           {hours("o.first_answer_at")} AS to_answer, {hours("o.resolved_at")} AS to_resolve
      FROM accounts_request o CROSS JOIN accounts_organisation org
     WHERE {{among}}""",
        (),
        may_be_planned=True,
    )


# A first answer is credited to who gave it, a solution to who looks after the request.
REQUESTS = requests("requests", "Requests of customers", "COALESCE(o.first_answer_by_id, o.owner_id)")
SOLUTIONS = requests("solutions", "Requests of customers, with their solution", "o.owner_id")

INTERNAL_REQUESTS = Source(
    "internal",
    "Requests to other departments",
    "o.account_id",
    """
    SELECT o.account_id, o.asked_on AS date, o.asked_by_id AS person_id, o.id, d.name AS label,
           CONCAT_WS(', ', 'due ' || o.due_on, COALESCE('done ' || o.done_on, 'open')) AS detail,
           NULL::numeric AS booked, '' AS currency, o.due_on, o.done_on, o.done_on - o.asked_on AS to_do
      FROM accounts_internalrequest o
      JOIN accounts_department d ON d.id = o.department_id
     WHERE {among}""",
    (),
)
