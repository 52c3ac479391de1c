"""What happens to a wave: opened, answered, reminded of, closed for good. Releasing it is in `release`."""

import datetime
import hashlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from accounts import outbox
from accounts.people.models import Message, Organisation, Team, User
from accounts.surveys.employees.labels import Labels, labels_of
from accounts.surveys.employees.models import (
    Employee,
    EmployeeAnswer,
    EmployeeAnswerIn,
    EmployeeComment,
    EmployeeInvitation,
    EmployeeStatement,
    EmployeeWave,
)

log = logging.getLogger(__name__)

INVITES, REMINDS = "employee_invitation", "employee_reminder"
TASK = "accounts.tasks.employee_waves"
STATEMENTS = (
    "I am proud of what we deliver",
    "My workload is fair",
    "Tools help me do my work",
    "I am recognised for good work",
    "Decisions are explained to us",
    "I can speak up",
    "I want to be here in two years",
)
# So coarse that one more answer hardly ever shows, also where few are asked.
STEP_OF_RESPONSE, STEP_FOR_FEW, FEW = 10, 25, 40
# Steps of a wave's end: shuffled, invitations rewritten, and dead rows removed after its release.
TIDIED_AFTER_RELEASE = 3
State = EmployeeWave.State


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(wave: EmployeeWave, invitation: EmployeeInvitation) -> str:
    """Derived, so that a second copy of the mail holds the same link; closing throws the salt away."""
    return salted_hmac(
        "accounts.surveys.employees", f"{wave.salt}:{invitation.pk}", algorithm="sha256"
    ).hexdigest()


# ------------------------------------------------------------------------------------------ making one


@transaction.atomic
def save_statements(wave: EmployeeWave, texts: Sequence[str]) -> None:
    """The statements of a draft, in this order; later ones would be answered by nobody."""
    locked = EmployeeWave.objects.select_for_update().get(pk=wave.pk)
    if locked.state != State.DRAFT:
        raise ValidationError("The wave was opened already: its questions stay as they are.")
    wave.statements.all().delete()
    EmployeeStatement.objects.bulk_create(
        [EmployeeStatement(wave=wave, position=at, text=text) for at, text in enumerate(texts, 1)]
    )


def audience(wave: EmployeeWave, today: datetime.date) -> list[tuple[Employee, Labels]]:
    """Everybody who would be asked today, with the groups they would count in."""
    employees = list(Employee.objects.working_on(today).order_by("pk"))
    teams = {team.pk: team for team in Team.objects.all()}
    return list(zip(employees, labels_of(wave, employees, teams, today), strict=True))


@transaction.atomic
def open_wave(wave: EmployeeWave, today: datetime.date) -> int:
    """Invite everybody who works with us today; their groups are copied now and never again."""
    wave = EmployeeWave.objects.select_for_update().get(pk=wave.pk)
    asked = audience(wave, today)
    check_may_open(wave, len(asked), today)
    wave.state, wave.opened_on, wave.salt = State.OPEN, today, secrets.token_hex(32)
    wave.save(update_fields=["state", "opened_on", "salt"])
    invitations = [
        EmployeeInvitation(
            wave=wave,
            employee=employee,
            team_label=labels.team,
            team_key=labels.team_key,
            site_label=labels.site,
            tenure_label=labels.tenure,
        )
        for employee, labels in asked
    ]
    for each in invitations:
        each.token_hash = hashed(token_of(wave, each))
    EmployeeInvitation.objects.bulk_create(invitations)
    _write_to(wave, invitations, INVITES, today)
    return len(invitations)


def check_may_open(wave: EmployeeWave, asked: int, today: datetime.date) -> None:
    if wave.state != State.DRAFT:
        raise ValidationError("The wave was opened already.")
    if wave.closes_on < today:
        raise ValidationError("Its last day has passed.")
    if asked < wave.k:
        raise ValidationError(
            f"{asked} people would be asked, and nothing is shown of fewer than {wave.k}. Add employees first."
        )
    if EmployeeWave.objects.filter(state__in=[State.OPEN, State.CLOSING]).exists():
        raise ValidationError("Another wave is open. Close it first.")


def _write_to(
    wave: EmployeeWave, invitations: Sequence[EmployeeInvitation], kind: str, today: datetime.date
) -> None:
    outbox.put_all(
        [
            Message(
                kind=kind,
                employee_id=each.employee_id,
                dedup_key=f"{kind}:{wave.pk}:{each.employee_id}:{today}",
                payload={"wave": wave.pk, "invitation": str(each.pk)},
            )
            for each in invitations
            if each.employee_id is not None
        ]
    )


# ------------------------------------------------------------------------------------------ answering


@dataclass(frozen=True)
class Given:
    """What somebody answered; None is a question left out."""

    satisfaction: int | None = None
    enps: int | None = None
    statements: tuple[int | None, ...] = ()
    comment: str = ""


def open_to(token: str) -> EmployeeWave | None:
    """The wave that this token may still answer; looking uses nothing up."""
    found = EmployeeInvitation.objects.filter(
        token_hash=hashed(token), used=False, wave__state=State.OPEN
    ).select_related("wave")
    invitation = found.first()
    return invitation.wave if invitation else None


USE_UP = """
UPDATE accounts_employeeinvitation SET used = TRUE
 WHERE token_hash = %s AND NOT used
RETURNING wave_id, team_label, site_label, tenure_label
"""


@transaction.atomic
def submit(token: str, given: Given) -> bool:
    """Use the token up and keep the answer, both or neither; False if it was used, is wrong or came too late."""
    with connection.cursor() as cursor:
        # Shared with other answers, in the way of closing: no answer can slip in after the shuffle.
        cursor.execute(
            """SELECT w.id FROM accounts_employeewave w JOIN accounts_employeeinvitation i ON i.wave_id = w.id
                WHERE i.token_hash = %s AND w.state = 'open' FOR SHARE OF w""",
            [hashed(token)],
        )
        if cursor.fetchone() is None:
            return False
        cursor.execute(USE_UP, [hashed(token)])
        used = cursor.fetchone()
    if used is None:
        return False
    wave, team, site, tenure = used
    EmployeeAnswerIn.objects.create(
        wave_id=wave,
        team_label=team,
        site_label=site,
        tenure_label=tenure,
        satisfaction=given.satisfaction,
        enps=given.enps,
        statements=list(given.statements),
        comment=given.comment,
    )
    return True


# ------------------------------------------------------------------------------------------ while it is open


@transaction.atomic
def remind(wave: EmployeeWave, today: datetime.date) -> bool:
    """Write to those who have not answered, once a day at most; who they are is said to nobody."""
    wave = EmployeeWave.objects.select_for_update().get(pk=wave.pk)
    if wave.state != State.OPEN or today in {wave.opened_on, wave.reminded_on}:
        return False
    waiting = list(wave.invitations.filter(used=False).order_by("pk"))
    _write_to(wave, waiting, REMINDS, today)
    wave.reminded_on = today
    wave.save(update_fields=["reminded_on"])
    return True


def note_response(wave: EmployeeWave, today: datetime.date) -> None:
    """The one thing said of an open wave: the rounded share that answered, as it was this morning."""
    asked = wave.invitations.count()
    answered = wave.invitations.filter(used=True).count()
    step = STEP_FOR_FEW if asked < FEW else STEP_OF_RESPONSE
    percent = round(100 * answered / asked / step) * step if asked else 0
    EmployeeWave.objects.filter(pk=wave.pk).update(response_percent=percent, response_on=today)


def look_after_waves() -> None:
    """What is due today: the rounded response, the reminder, closing. Running twice equals once."""
    today = Organisation.current().today()
    for wave in EmployeeWave.objects.filter(state=State.OPEN):
        if wave.closes_on < today:
            stop(wave)
            continue
        if wave.response_on != today:
            note_response(wave, today)
        due = wave.closes_on - datetime.timedelta(days=wave.remind_days)
        if wave.remind_days and wave.reminded_on is None and due <= today:
            remind(wave, today)
    for wave in EmployeeWave.objects.filter(state=State.CLOSING):
        close(wave)
        tidy()
        EmployeeWave.objects.filter(pk=wave.pk, state=State.CLOSING).update(state=State.CLOSED)
    left = EmployeeWave.objects.filter(state=State.RELEASED, steps_closed__lt=TIDIED_AFTER_RELEASE)
    if left.exists():
        tidy()
        left.update(steps_closed=TIDIED_AFTER_RELEASE)


# ------------------------------------------------------------------------------------------ closing


def stop(wave: EmployeeWave) -> bool:
    """From now on no answer is taken; the worker does the rest."""
    return bool(EmployeeWave.objects.filter(pk=wave.pk, state=State.OPEN).update(state=State.CLOSING))


def close(wave: EmployeeWave) -> None:
    """Cut what joins answers to people: twice a transaction of its own, each done once, even after a crash."""
    _once(wave, 0, shuffle)
    _once(wave, 1, rewrite_invitations)


def _once(wave: EmployeeWave, step: int, deed: object) -> None:
    with transaction.atomic():
        locked = EmployeeWave.objects.select_for_update().get(pk=wave.pk)
        if locked.state == State.CLOSING and locked.steps_closed == step:
            deed(locked)  # type: ignore[operator]
            EmployeeWave.objects.filter(pk=wave.pk).update(steps_closed=step + 1)


SHUFFLE = """
INSERT INTO accounts_employeeanswer
       (id, wave_id, team_label, site_label, tenure_label, satisfaction, enps, statements)
SELECT gen_random_uuid(), wave_id, team_label, site_label, tenure_label, satisfaction, enps, statements
  FROM accounts_employeeanswerin ORDER BY random()
"""
SHUFFLE_COMMENTS = """
INSERT INTO accounts_employeecomment (id, wave_id, text)
SELECT gen_random_uuid(), wave_id, comment FROM accounts_employeeanswerin
 WHERE comment <> '' ORDER BY random()
"""


def shuffle(wave: EmployeeWave) -> None:
    """All answers in one transaction, in a new order with new numbers; what came in is emptied."""
    with connection.cursor() as cursor:
        # TRUNCATE refuses while a check of this transaction is still to come.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(SHUFFLE)
        cursor.execute(SHUFFLE_COMMENTS)
        cursor.execute("TRUNCATE accounts_employeeanswerin")
    EmployeeWave.objects.filter(pk=wave.pk).update(closed_on=Organisation.current().today())


def rewrite_invitations(wave: EmployeeWave) -> None:
    """Every invitation becomes a new row of this transaction, in a new order, without its token."""
    rows = list(wave.invitations.all())
    wave.invitations.all().delete()
    secrets.SystemRandom().shuffle(rows)
    EmployeeInvitation.objects.bulk_create(
        [
            EmployeeInvitation(
                wave=wave,
                employee_id=row.employee_id,
                team_label=row.team_label,
                team_key=row.team_key,
                site_label=row.site_label,
                tenure_label=row.tenure_label,
                used=row.used,
            )
            for row in rows
        ]
    )
    EmployeeWave.objects.filter(pk=wave.pk).update(salt="")
    # Whoever was reminded had not answered by then.
    Message.objects.filter(kind__in=[INVITES, REMINDS], payload__wave=wave.pk).delete()


TIDIED = (EmployeeAnswerIn, EmployeeAnswer, EmployeeComment, EmployeeInvitation, EmployeeWave)


def tidy() -> None:
    """Write the tables anew, so that no dead row keeps what joined them; impossible inside a transaction."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for model in TIDIED:
            cursor.execute(f"VACUUM FULL {connection.ops.quote_name(model._meta.db_table)}")


@transaction.atomic
def discard(wave: EmployeeWave, by: User) -> bool:
    """Throw a draft away; what was asked of people is kept."""
    found = EmployeeWave.objects.visible_to(by).select_for_update().filter(pk=wave.pk, state=State.DRAFT)
    return bool(found.delete()[0])
