"""Open promises of an account, both ways: what lists of actions show."""

import datetime
from dataclasses import dataclass

from accounts.engagement.models import Action
from accounts.people.models import User

SHOWN = 5


@dataclass(frozen=True)
class Item:
    """An open action as a list says it."""

    action: Action
    today: datetime.date

    @property
    def late(self) -> int:
        due = self.action.due_on
        return (self.today - due).days if due is not None and due < self.today else 0

    @property
    def is_theirs(self) -> bool:
        return bool(self.action.side == Action.Side.THEM)

    @property
    def late_words(self) -> str:
        return f"{self.late} day{'' if self.late == 1 else 's'} overdue"

    @property
    def whom(self) -> str:
        """`to Bjørn-Erik` for what we owe, `from Bjørn-Erik` for what they owe."""
        if self.action.contact is None:
            return ""
        return f"{'from' if self.is_theirs else 'to'} {self.action.contact.name}"

    @property
    def due_words(self) -> str:
        due = self.action.due_on
        if due is None:
            return "no due date"
        if due == self.today:
            return "due today"
        year = "" if due.year == self.today.year else f" {due.year}"
        return f"due {due:%a} {due.day} {due:%b}{year}"

    @property
    def was_moved(self) -> bool:
        first = self.action.first_due_on
        return first is not None and self.action.due_on is not None and first != self.action.due_on


@dataclass(frozen=True)
class Next:
    items: list[Item]
    account: int
    more: int = 0


def next_of(user: User, account: int, today: datetime.date, at_most: int = 0) -> Next:
    """Open actions of an account that the person may see, what is due first on top; without a limit all of them."""
    opened = Action.objects.of_account(user, account).open()
    found = list(opened.select_related("owner", "contact"))
    shown = found[:at_most] if at_most else found
    return Next([Item(each, today) for each in shown], account, len(found) - len(shown))
