"""What waits for a person, for the figures beside the navigation: one statement on every page."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest

from accounts.people.models import User
from accounts.plans.renewals import MUST_KNOW_DAYS, STAGES

WEEK = "week"
WAITING = """
    WITH mine AS (
        SELECT s.account_id AS id FROM accounts_assignment s
          JOIN accounts_account a ON a.id = s.account_id AND a.archived_at IS NULL
         WHERE s.user_id = %(user)s AND s.role = 'owner' AND s.during @> %(today)s::date),
    ending AS (
        SELECT c.id, COALESCE(c.notice_date, UPPER(c.during) - 1) AS deadline
          FROM accounts_contract c JOIN mine ON mine.id = c.account_id
         WHERE c.outcome = 'open' AND UPPER(c.during) > %(today)s::date),
    staged AS (
        SELECT e.*, (SELECT MIN(stage) FROM UNNEST(%(stages)s::int[]) stage
                      WHERE e.deadline - %(today)s::date <= stage) AS stage FROM ending e),
    called AS (
        SELECT DISTINCT ON (r.contract_id) r.contract_id, r.call, r.made_on
          FROM accounts_renewalcall r JOIN staged ON staged.id = r.contract_id
         ORDER BY r.contract_id, r.made_on DESC, r.id DESC)
    SELECT (SELECT COUNT(*) FROM staged s LEFT JOIN called c ON c.contract_id = s.id
             WHERE s.stage IS NOT NULL
               AND (c.contract_id IS NULL OR c.made_on < s.deadline - s.stage
                    OR (c.call = 'unknown' AND s.deadline - %(today)s::date <= %(must_know)s))),
           (SELECT COUNT(*) FROM accounts_request q
             WHERE q.resolved_at IS NULL AND q.first_answer_at IS NULL
               AND (q.owner_id = %(user)s
                    OR (q.owner_id IS NULL AND q.account_id IN (SELECT id FROM mine))))"""


@dataclass(frozen=True)
class Waiting:
    """Contracts without a call, requests without an answer, items of the week: of this person alone."""

    calls: int = 0
    requests: int = 0
    week: int | None = None
    """As many as the week showed when it was last looked at today; none before that."""


def remember_week(request: HttpRequest, today: datetime.date, items: int) -> None:
    """Which items a week has is worked out on its page alone; the other pages repeat the figure."""
    said = [getattr(request.user, "pk", 0), today.isoformat(), items]
    if request.session.get(WEEK) != said:
        request.session[WEEK] = said


def week_of(request: HttpRequest, today: datetime.date) -> int | None:
    pk, day, items = request.session.get(WEEK) or (0, "", 0)
    return int(items) if (pk, day) == (getattr(request.user, "pk", 0), today.isoformat()) else None


def waiting(user: User, today: datetime.date) -> Waiting:
    params: dict[str, Any] = {
        "user": user.pk,
        "today": today,
        "stages": list(STAGES),
        "must_know": MUST_KNOW_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(WAITING, params)
        return Waiting(*cursor.fetchone())
