"""The mails of employee surveys; made when they are sent, kept nowhere."""

from django.urls import reverse

from accounts import outbox
from accounts.outbox import Letter, Outdated
from accounts.people.letters import absolute, render
from accounts.people.models import Message
from accounts.surveys.employees import actions
from accounts.surveys.employees.models import EmployeeInvitation, EmployeeWave
from accounts.surveys.employees.words import PROMISE


def invited(message: Message) -> EmployeeInvitation:
    found = (
        EmployeeInvitation.objects.select_related("wave")
        .filter(pk=message.payload["invitation"], used=False, wave__state=EmployeeWave.State.OPEN)
        .first()
    )
    if found is None:
        # The same words whether somebody answered or the wave ended: the outbox is read by people.
        raise Outdated("no longer wanted")
    return found


def letter(message: Message, subject: str, *, is_reminder: bool) -> Letter:
    invitation = invited(message)
    token = actions.token_of(invitation.wave, invitation)
    return render(
        "employee_survey",
        f"{subject}: {invitation.wave.name}",
        message,
        wave=invitation.wave,
        employee=message.employee,
        promise=PROMISE,
        is_reminder=is_reminder,
        link=absolute(reverse("employee_answer", args=[token])),
    )


@outbox.kind(actions.INVITES, resend=True)
def invitation(message: Message) -> Letter:
    return letter(message, "Your opinion", is_reminder=False)


@outbox.kind(actions.REMINDS)
def reminder(message: Message) -> Letter:
    return letter(message, "A reminder", is_reminder=True)
