"""What the answers of one wave or of one account say together: counts, shares, means with their ranges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts.models import Account, AnswerItem, Question, SurveyInvitation
from accounts.periods import add_months, first_of_month
from kamplan.charts import MixPart
from kamplan.formats import format_range, format_value, number, share
from metrics.intervals import net_share, wilson
from metrics.models import Run

# Below it a mark is nearly a name.
FEWEST = 5
SELF_SELECTED = 20
MONTHS = 12


@dataclass(frozen=True)
class Coverage:
    """Whom we reached: everything else is to be read in its light."""

    asked: int = 0
    delivered: int = 0
    bounced: int = 0
    answered: int = 0
    accounts_asked: int = 0
    accounts_heard: int = 0
    revenue_heard: Decimal | None = None
    """Per cent of the revenue of the accounts asked."""

    @property
    def response(self) -> Decimal | None:
        return Decimal(100 * self.answered) / self.delivered if self.delivered else None

    @property
    def response_text(self) -> str:
        return share(self.response) if self.response is not None else "–"

    @property
    def is_self_selected(self) -> bool:
        return self.response is not None and self.response < SELF_SELECTED

    @property
    def revenue_text(self) -> str:
        return share(self.revenue_heard) if self.revenue_heard is not None else "–"


COUNTS = {
    "asked": Count("pk"),
    "delivered": Count("pk", filter=Q(delivered_at__isnull=False, bounced_at__isnull=True)),
    "bounced": Count("pk", filter=Q(bounced_at__isnull=False)),
    "answered": Count("pk", filter=Q(answered_at__isnull=False)),
    "accounts_asked": Count("account", distinct=True),
    "accounts_heard": Count("account", distinct=True, filter=Q(answered_at__isnull=False)),
}


def coverage_by_wave(waves: Iterable[int], accounts: QuerySet[Account]) -> dict[int, Coverage]:
    """Of several waves in one statement, as far as the accounts are visible."""
    asked = SurveyInvitation.objects.filter(
        wave__in=list(waves), account__in=accounts.order_by().values("pk")
    )
    rows = asked.order_by().values("wave").annotate(**COUNTS)
    return {row.pop("wave"): Coverage(**row) for row in rows}


def coverage_of(wave: int, accounts: QuerySet[Account], run: Run | None) -> Coverage:
    """Of one wave, with the share of revenue that was heard."""
    found = coverage_by_wave([wave], accounts).get(wave, Coverage())
    return Coverage(**{**vars(found), "revenue_heard": revenue_heard(wave, accounts, run)})


def revenue_heard(wave: int, accounts: QuerySet[Account], run: Run | None) -> Decimal | None:
    if run is None:
        return None
    seen, parameters = accounts.order_by().values("pk").query.sql_with_params()
    until = first_of_month(run.as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT SUM(m.revenue), SUM(m.revenue) FILTER (WHERE i.heard)
                  FROM metrics_accountmonth m
                  JOIN (SELECT account_id, bool_or(answered_at IS NOT NULL) AS heard
                          FROM accounts_surveyinvitation
                         WHERE wave_id = %s AND account_id IN ({seen}) GROUP BY account_id) i
                    ON i.account_id = m.account_id
                 WHERE m.month > %s AND m.month <= %s""",
            [wave, *parameters, add_months(until, -MONTHS), until],
        )
        everything, heard = cursor.fetchone()
    return (heard or Decimal(0)) / everything * 100 if everything else None


@dataclass(frozen=True)
class Line:
    """One question with what was answered to it; all texts are ready to be shown."""

    text: str
    kind: str
    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    value_text: str = ""
    range_text: str = ""
    note: str = ""
    scale: tuple[int, int] = (0, 100)
    parts: Sequence[MixPart] = ()
    counts: Sequence[tuple[str, int, str]] = field(default_factory=tuple)
    is_hidden: bool = False

    @property
    def is_few(self) -> bool:
        return self.n < FEWEST

    @property
    def scale_min(self) -> int:
        return self.scale[0]

    @property
    def scale_max(self) -> int:
        return self.scale[1]

    @property
    def drawing_label(self) -> str:
        return f"{self.text} {self.value_text}, likely {self.range_text}"


def lines_of(items: QuerySet[AnswerItem], questions: Sequence[Question], *, sees_few: bool) -> list[Line]:
    """Each question but those in own words; who sees no names sees no figure of fewer than five answers."""
    rows = items.order_by().values("question", "score", "satisfied", "choice").annotate(n=Count("pk"))
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(row["question"], []).append(row)
    lines = [
        line_of(question, found.get(question.pk, []))
        for question in questions
        if question.kind != Question.Kind.TEXT
    ]
    return lines if sees_few else [hidden(line) for line in lines]


def hidden(line: Line) -> Line:
    return Line(line.text, line.kind, line.n, is_hidden=True) if line.is_few else line


def line_of(question: Any, rows: Sequence[dict[str, Any]]) -> Line:
    text = question.words.text
    if question.kind == Question.Kind.CHOICE:
        return choice_line(text, question.words.options, rows)
    return score_line(text, question.kind, {row["score"]: row["n"] for row in rows}, satisfied_in(rows))


def satisfied_in(rows: Sequence[dict[str, Any]]) -> int:
    """The threshold of the survey was applied when the answer came."""
    return sum(row["n"] for row in rows if row["satisfied"])


def score_line(text: str, kind: str, scores: dict[int, int], satisfied: int) -> Line:
    n = sum(scores.values())
    if n == 0:
        return Line(text, kind, 0)
    if kind == Question.Kind.NPS:
        return nps_line(text, scores, n)
    mean = sum(score * times for score, times in scores.items()) / n
    good = satisfied if kind != Question.Kind.SCALE else sum(scores.get(mark, 0) for mark in (4, 5))
    bounds = wilson(good, n)
    low, high = (bounds[0] * 100, bounds[1] * 100) if bounds else (None, None)
    value = 100 * good / n
    words = "agree" if kind == Question.Kind.SCALE else "satisfied"
    return Line(
        text,
        kind,
        n,
        value,
        low,
        high,
        f"{format_value(Decimal(value), 'share')} {words}",
        format_range(low, high, "share") if low is not None and high is not None else "",
        f"mean {number(Decimal(mean), 1)}",
        parts=(MixPart(words, value, 3), MixPart("others", 100 - value, 1)),
        counts=counted(scores),
    )


def nps_line(text: str, scores: dict[int, int], n: int) -> Line:
    promoters = sum(times for score, times in scores.items() if score >= 9)
    detractors = sum(times for score, times in scores.items() if score <= 6)
    bounds = net_share(promoters, detractors, n)
    low, high = (bounds[0] * 100, bounds[1] * 100) if bounds else (None, None)
    value = 100 * (promoters - detractors) / n
    return Line(
        text,
        Question.Kind.NPS,
        n,
        value,
        low,
        high,
        format_value(Decimal(value), "points"),
        format_range(low, high, "points") if low is not None and high is not None else "",
        f"{promoters} promoters, {n - promoters - detractors} passives, {detractors} detractors",
        scale=(-100, 100),
        parts=(
            MixPart("detractors (0–6)", 100 * detractors / n, 1),
            MixPart("passives (7–8)", 100 * (n - promoters - detractors) / n, 2),
            MixPart("promoters (9–10)", 100 * promoters / n, 3),
        ),
        counts=counted(scores),
    )


def counted(scores: dict[int, int]) -> list[tuple[str, int, str]]:
    n = sum(scores.values())
    return [(str(score), times, share(Decimal(100 * times) / n)) for score, times in sorted(scores.items())]


def choice_line(text: str, options: Sequence[str], rows: Sequence[dict[str, Any]]) -> Line:
    """By frequency; what nobody chose is shown as well."""
    times = dict.fromkeys(options, 0)
    for row in rows:
        times[row["choice"]] = times.get(row["choice"], 0) + row["n"]
    n = sum(times.values())
    ranked = sorted(times.items(), key=lambda each: -each[1])
    return Line(
        text,
        Question.Kind.CHOICE,
        n,
        counts=[(each, count, share(Decimal(100 * count) / n) if n else "–") for each, count in ranked],
    )
