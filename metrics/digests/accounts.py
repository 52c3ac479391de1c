"""What changed at somebody's accounts: one or two statements a kind, however many accounts there are."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, DateField, ExpressionWrapper, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.engagement.playbooks import NEWS, WarningKind
from accounts.models import Action, AnswerItem, Classification, Contact, Contract, Touch
from accounts.plans.renewals import STAGES
from accounts.surveys.questions import LOW_UP_TO
from kamplan.formats import day, money, plural
from metrics.alerts.rules import RULE_OF
from metrics.digests.lines import Line, Reader
from metrics.models import Alert
from metrics.pages import week_rules
from metrics.pages.warnings import Line as Warned

STEPS = sorted({*STAGES, 14, 7, 0})
"""Days before a notice date on which a digest speaks of it."""
OUT_OF = {"nps": 10, "csat5": 5, "csat10": 10}
# Warnings whose sentence names no opinion and which no other kind of line speaks of.
SPOKEN_OF = (
    WarningKind.NPS_DROP,
    WarningKind.HEALTH_FALL,
    WarningKind.ENGAGEMENT_HALVED,
    WarningKind.REVENUE_DOWN,
    WarningKind.OVERDUE_REQUEST,
    WarningKind.WITHOUT_RESULT,
)


def dates(reader: Reader) -> Iterable[Line]:
    """Undecided contracts whose notice date (or last day) came within one of the steps; each step once."""
    last_day = ExpressionWrapper(F("during__endswith") - Value(1), output_field=DateField())
    span = {step: (reader.first_day + days(step), reader.today + days(step)) for step in STEPS}
    near = Q()
    for first, last in span.values():
        near |= Q(deadline__gte=first, deadline__lte=last)
    rows = (
        Contract.objects.filter(account__in=reader.accounts, outcome=Contract.Outcome.OPEN)
        .annotate(deadline=Coalesce("notice_date", last_day))
        .filter(near, deadline__gte=reader.today)
        .select_related("account")
        .order_by("deadline", "pk")
    )
    for each in rows:
        left = (each.deadline - reader.today).days
        step = next(step for step, (first, last) in span.items() if first <= each.deadline <= last)
        what = "Notice by" if each.notice_date else "Ends on"
        when = "today" if left == 0 else f"in {plural(left, 'day')}"
        yield Line(
            f"contract:{each.pk}:{step}",
            f"{what} {day(each.deadline)}, {when}: contract {each.number} is not decided.",
            reverse("revenue:contract_decide", args=[each.pk]),
            each.account.name,
            "overdue" if left <= 14 else "watch",
            f"{money(each.annual_value, each.currency)} a year",
        )


def overdue(reader: Reader) -> Iterable[Line]:
    """Promises of their own that ran over their day since; an owner answers for those of nobody, too."""
    mine = Q(owner=reader.user)
    if reader.is_manager:
        mine |= Q(owner__isnull=True, account__in=reader.accounts)
    rows = (
        Action.objects.visible_to(reader.user, reader.today)
        .overdue(reader.today)
        .filter(mine, due_on__gte=reader.first_day - days(1))
        .select_related("account")
        .order_by("due_on", "pk")
    )
    for each in rows:
        who = "They promised" if each.side == Action.Side.THEM else "You promised"
        yield Line(
            f"action:{each.pk}:{each.due_on}",
            week_rules.sentence(f"{who}: {each.text}"),
            reverse("engagement:activity", args=[each.account_id]),
            each.account.name,
            "overdue",
            f"due {day(each.due_on)}",
        )


def low_marks(reader: Reader) -> Iterable[Line]:
    """Answers with a mark that calls for a talk: who and which mark, never what they wrote."""
    low = Q()
    for kind, most in LOW_UP_TO.items():
        low |= Q(kind=kind, score__lte=most)
    rows = (
        AnswerItem.objects.visible_to(reader.user, reader.today)
        .filter(low, answer__account__in=reader.accounts)
        .filter(answer__answered_at__gt=reader.since, answer__answered_at__lte=reader.until)
        .select_related("answer__account", "answer__contact", "answer__survey")
        .order_by("-answer__answered_at", "answer", "pk")
    )
    seen: set[int] = set()
    for each in rows:
        answer = each.answer
        if answer.pk in seen:
            continue
        seen.add(answer.pk)
        who = answer.contact.name if answer.contact else "Somebody"
        of = f" in “{answer.survey.name}”" if answer.survey else ""
        url = reverse("surveys:of_account", args=[answer.account_id])
        yield Line(
            f"answer:{answer.pk}",
            f"{who} gave us {each.score} of {OUT_OF[each.kind]}{of}.",
            f"{url}?contact={answer.contact_id}" if answer.contact_id else url,
            answer.account.name,
            "overdue",
        )


def people(reader: Reader) -> Iterable[Line]:
    """Who left without a successor; whom a manager's accounts have not heard from, for others which accounts."""
    yield from left(reader)
    yield from (cold(reader) if reader.is_manager else gaps(reader))


def left(reader: Reader) -> Iterable[Line]:
    rows = Contact.objects.visible_to(reader.user, reader.today).known()
    rows = rows.filter(
        account__in=reader.accounts,
        left_on__gte=reader.first_day,
        left_on__lte=reader.today,
        successor__isnull=True,
    )
    if not reader.is_manager:
        rows = rows.filter(key_during__isnull=False)
    for each in rows.select_related("account").order_by("-left_on", "pk"):
        yield Line(
            f"left:{each.pk}",
            f"{each.name} left on {day(each.left_on)}; nobody follows yet.",
            reverse("stakeholders:left", args=[each.pk]),
            each.account.name,
            "watch",
        )


def cold(reader: Reader) -> Iterable[Line]:
    """Key persons whose silence grew longer than the rhythm of their account's tier since."""
    talks = (
        Touch.contacts.through.objects.filter(contact=OuterRef("pk"))
        .filter(touch__direction__in=["inbound", "two_way"], touch__at__lte=reader.until)
        .order_by()
        .values("contact")
        .values(last=Max("touch__at"))
    )
    kind = Classification.objects.on(reader.today).filter(account=OuterRef("account"))
    rows = (
        Contact.objects.visible_to(reader.user, reader.today)
        .filter(account__in=reader.accounts)
        .key(reader.today)
        .known()
        .annotate(last_talk=Subquery(talks), rhythm=Subquery(kind.values("tier__cadence_days")[:1]))
        .filter(rhythm__gt=0)
        .select_related("account")
        .order_by("account__name", "name", "pk")
    )
    for each in rows:
        last = timezone.localdate(each.last_talk, reader.organisation.zone) if each.last_talk else None
        silent = (reader.today - (last or each.key_during.lower or each.since)).days
        if not 0 < silent - each.rhythm <= (reader.today - reader.first_day).days + 1:
            continue
        said = f"{each.name} has not answered for {plural(silent, 'day')}"
        if last is None:
            said = f"Nobody of us has talked with {each.name} yet"
        yield Line(
            f"cold:{each.pk}:{last or ''}",
            f"{said}; the rhythm is {plural(each.rhythm, 'day')}.",
            f"{reverse('stakeholders:map', args=[each.account_id])}?contact={each.pk}",
            each.account.name,
            "watch",
        )


def gaps(reader: Reader) -> Iterable[Line]:
    yield from (
        opened(each) for each in new_warnings(reader).filter(kind=WarningKind.GAP) if each.resolved_on is None
    )


def warnings(reader: Reader) -> Iterable[Line]:
    """Opened and still open, then resolved; one that came and went in between is no news."""
    rows = list(new_warnings(reader).filter(kind__in=SPOKEN_OF))
    yield from (opened(each) for each in rows if each.resolved_on is None)
    for each in rows:
        if each.resolved_on is not None and each.opened_on < reader.first_day:
            yield Line(
                f"warning:{each.pk}:resolved",
                f"Resolved: {Warned(each, RULE_OF[each.kind]).sentence}",
                reverse("metrics:warning_list") + "?state=resolved",
                each.account.name,
                "on_target",
            )


def warmer(reader: Reader) -> Iterable[Line]:
    """Good news that is still true."""
    yield from (
        opened(each) for each in new_warnings(reader).filter(kind__in=NEWS) if each.resolved_on is None
    )


def new_warnings(reader: Reader) -> Any:
    """Those that were opened or resolved since, grave ones first."""
    first, last = reader.first_day, reader.today
    rows = Alert.objects.visible_to(reader.user, reader.today).filter(account__in=reader.accounts)
    rows = rows.filter(
        Q(opened_on__gte=first, opened_on__lte=last) | Q(resolved_on__gte=first, resolved_on__lte=last)
    )
    is_new = Case(When(opened_on__gte=first, then=Value(0)), default=Value(1))
    return rows.select_related("account").order_by(is_new, "-is_red", "opened_on", "pk")


def opened(alert: Any) -> Line:
    found = Warned(alert, RULE_OF[alert.kind])
    return Line(
        f"warning:{alert.pk}:opened",
        week_rules.sentence(found.sentence),
        found.url,
        alert.account.name,
        found.mark,
        found.next_step,
    )


def days(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)
