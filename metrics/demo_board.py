"""What the head and others of the demonstration company said about its numbers."""

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Organisation, Role, Team, User
from accounts.periods import PeriodKind, latest_complete
from metrics.board import BoardNumber, BoardRemark, choose, usual_numbers
from metrics.comments import Comment
from metrics.models import Scope, WeightChange
from metrics.weights import FAMILIES, concerned, weights_of

NOTED = datetime.time(9)


@transaction.atomic
def add_board(today: datetime.date) -> int:
    """The usual numbers, a sentence, and a few comments; none where somebody chose already."""
    head = User.objects.filter(role=Role.HEAD).first()
    if BoardNumber.objects.exists() or head is None:
        return 0
    choose([kpi.id for kpi in usual_numbers()])
    period = latest_complete(PeriodKind.T12, today)
    said_at = timezone.now().astimezone(Organisation.current().zone) - datetime.timedelta(days=2)
    BoardRemark.objects.create(
        text="Growth carries the year. Renewals slipped in the summer after two site closures; both were known.",
        ends=period.last_day,
        author=head,
        written_at=said_at,
    )
    note_changes(head)
    rows = [Comment(**fields) for fields in said(head)]
    for row in rows:
        row.starts, row.ends, row.written_at = period.start, period.end, said_at
    return len(Comment.objects.bulk_create(rows))


def note_changes(head: User) -> None:
    """The weights that the company changed with a reason, as its people would have noted them."""
    for family in FAMILIES.values():
        for weight in weights_of(family) if family.is_dated else ():
            for held in weight.held:
                if held.reason and held.during and held.during.lower:
                    made = WeightChange.objects.create(
                        weight=weight.name,
                        label=f"{family.title}: {weight.label}"[:150],
                        before=weight.on(held.during.lower - datetime.timedelta(days=1)),
                        after=held.value,
                        starts=held.during.lower,
                        reason=held.reason,
                        kpis=sorted(concerned(family.tables(weight.key))),
                        changed_by=head,
                    )
                    # Before any run, all of which count by it.
                    noted = datetime.datetime.combine(held.during.lower, NOTED, Organisation.current().zone)
                    WeightChange.objects.filter(pk=made.pk).update(changed_at=noted)


def said(head: User) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {
            "kpi": "renewal_rate_count",
            "scope": Scope.COMPANY,
            "key": None,
            "author": head,
            "text": "Two of the contracts that ended belonged to sites that were closed. The others we lost on price.",
        }
    ]
    manager = User.objects.filter(email__startswith="jana.").first()
    if manager is not None:
        text = "Two accounts were lost to their own restructuring. The two smaller renewals grow again in spring."
        found.append({"kpi": "nrr", "scope": Scope.OWNER, "key": manager.pk, "author": manager, "text": text})
    team = Team.objects.filter(lead__isnull=False, name="South").select_related("lead").first()
    if team is not None:
        text = "The win rate counts two tenders that we entered knowing that we were second."
        found.append(
            {"kpi": "win_rate", "scope": Scope.TEAM, "key": team.pk, "author": team.lead, "text": text}
        )
    return found
