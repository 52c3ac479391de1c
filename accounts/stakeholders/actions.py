"""Writes to the people of an account; each gives a token with which it can be taken back for a minute."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core import serializers, signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F

from accounts import way_back
from accounts.fields import days
from accounts.people.models import User
from accounts.portfolio.models import Account
from accounts.stakeholders.models import Contact, Relationship, SoftFact, Tie
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.people"
AREA = "removed-person"
DESCRIBED = (
    "name",
    "is_placeholder",
    "title",
    "department",
    "city",
    "email",
    "phone",
    "language",
    "reports_to",
    "key_during",
)


class Overtaken(Exception):
    """Somebody else changed the row after it had been shown; nothing was written."""


def token(kind: str, *parts: Any) -> str:
    return signing.dumps([kind, *parts], salt=SALT)


def changed_at(model: type[models.Model], pk: int, seen: int, **values: Any) -> int:
    """Write to a row that nobody has changed since; the number of its new version."""
    found = model._default_manager.filter(pk=pk, version=seen)
    if not found.update(**values, version=F("version") + 1):
        raise Overtaken
    return seen + 1


# --- who reports to whom


@transaction.atomic
def move(contact: Contact, above: Contact | None, seen: int) -> str:
    """`contact` reports to `above` from now on."""
    before = contact.reports_to_id
    if above and above.account_id != contact.account_id:
        raise ValidationError(f"{above.name} does not work at this account.")
    refuse_loop(contact, above)
    try:
        with transaction.atomic():
            version = changed_at(Contact, contact.pk, seen, reports_to=above)
    except IntegrityError as refusal:
        # Somebody closed the circle at the same moment: the database saw it.
        raise ValidationError(f"{contact.name} would report to themselves.") from refusal
    return token("move", contact.pk, before, version)


def refuse_loop(contact: Contact, above: Contact | None) -> None:
    at, seen = above, set()
    while at is not None and at.pk not in seen:
        if at.pk == contact.pk:
            assert above is not None
            way = "" if above.pk == contact.pk else f", by way of {above.name}"
            raise ValidationError(f"{contact.name} would report to themselves{way}.")
        seen.add(at.pk)
        at = at.reports_to


def last_change(contact: Contact) -> tuple[str, str]:
    """Who changed the contact last, and under whom it stands now: for those who came second."""
    events: Any = Contact.pgh_event_model  # type: ignore[attr-defined]
    event = (
        events.objects.filter(pgh_obj=contact.pk).select_related("pgh_context").order_by("-pgh_id").first()
    )
    who = (event.pgh_context.metadata if event and event.pgh_context else {}).get("user")
    name = (
        User.objects.filter(pk=who).values_list("name", flat=True).first() if isinstance(who, int) else None
    )
    contact.refresh_from_db()
    return name or "Somebody", contact.reports_to.name if contact.reports_to else "nobody"


# --- people come, change, go


@transaction.atomic
def add(contact: Contact, facts: Iterable[tuple[str, str, str]], by: User, today: datetime.date) -> str:
    """A new person or place; `facts` are kind, value and basis of what is thought of them."""
    contact.full_clean()
    contact.save()
    note_all(contact, facts, by, today)
    return token("add", contact.pk)


def note_all(contact: Contact, facts: Iterable[tuple[str, str, str]], by: User, today: datetime.date) -> None:
    SoftFact.objects.bulk_create(
        SoftFact(contact=contact, kind=kind, value=value, basis=basis, author=by, noted_on=today)
        for kind, value, basis in facts
        if value
    )


def edit(contact: Contact, seen: int) -> None:
    """Save what describes the person; what others changed meanwhile is not overwritten."""
    changed_at(Contact, contact.pk, seen, **{name: getattr(contact, name) for name in DESCRIBED})


def note(contact: Contact, kind: str, value: str, basis: str, by: User, today: datetime.date) -> str:
    """A newer word on a person; the older ones stay in the history."""
    fact = SoftFact(contact=contact, kind=kind, value=value, basis=basis, author=by, noted_on=today)
    fact.full_clean()
    fact.save()
    return token("note", fact.pk)


@dataclass
class Follow:
    """Who comes after somebody who leaves: a person of the map, or a new one by this name."""

    person: Contact | None = None
    name: str = ""
    is_placeholder: bool = False
    takes_reports: bool = True


@transaction.atomic
def mark_left(
    contact: Contact,
    seen: int,
    left_on: datetime.date,
    follow: Follow,
    tasks: Iterable[tuple[str, datetime.date]],
    by: User,
    today: datetime.date,
) -> tuple[Contact | None, str]:
    """The person is gone from `left_on` on; what hung on them goes to the successor, tasks go to `by`."""
    successor = follow.person
    made = None
    if successor is None and follow.name:
        successor = made = new_successor(contact, follow, left_on)
    if successor is not None and successor.pk == contact.pk:
        raise ValidationError("Nobody succeeds themselves.")
    during = contact.key_during
    ends = during and (during.upper is None or during.upper > left_on) and during.lower < left_on
    key = days(during.lower, left_on) if ends and during else during
    check = Contact(**{f.attname: getattr(contact, f.attname) for f in contact._meta.concrete_fields})
    check.left_on = left_on
    check.full_clean(validate_unique=False)
    version = changed_at(Contact, contact.pk, seen, left_on=left_on, successor=successor, key_during=key)
    moved, risen = hand_over_reports(contact, successor) if successor and follow.takes_reports else ([], None)
    actions = [open_action(contact, successor, text, due, by, today) for text, due in tasks]
    before = {
        "left_on": contact.left_on and contact.left_on.isoformat(),
        "successor": contact.successor_id,
        "key": [during.lower.isoformat(), during.upper and during.upper.isoformat()] if during else None,
        "moved": moved,
        "risen": risen,
        "made": made and made.pk,
        "actions": [each.pk for each in actions],
    }
    return successor, token("left", contact.pk, version, before)


def new_successor(contact: Contact, follow: Follow, since: datetime.date) -> Contact:
    made = Contact(
        account=contact.account,
        name=follow.name,
        is_placeholder=follow.is_placeholder,
        title="" if follow.is_placeholder else contact.title,
        department=contact.department,
        city=contact.city,
        reports_to=contact.reports_to,
        since=since,
    )
    made.full_clean()
    made.save()
    return made


def hand_over_reports(contact: Contact, successor: Contact) -> tuple[list[int], int | None]:
    """Those who reported to the person now report to the successor, whom the successor's own line may not meet."""
    above: set[int] = set()
    at: Contact | None = successor
    while at is not None and at.pk not in above:
        above.add(at.pk)
        at = at.reports_to
    moved = [pk for pk in contact.reports.values_list("pk", flat=True) if pk not in above]
    Contact.objects.filter(pk__in=moved).update(reports_to=successor, version=F("version") + 1)
    if successor.reports_to_id != contact.pk:
        return moved, None
    # A report who takes over takes over the line upwards, too.
    Contact.objects.filter(pk=successor.pk).update(reports_to=contact.reports_to_id, version=F("version") + 1)
    return moved, successor.pk


def open_action(
    contact: Contact,
    successor: Contact | None,
    text: str,
    due: datetime.date,
    by: User,
    today: datetime.date,
) -> Any:
    actions: Any = contact.account.actions
    return actions.create(text=text, owner=by, contact=successor, due_on=due, first_due_on=due, created_by=by)


# --- ties and relations


@transaction.atomic
def tie(
    contact: Contact, other: Contact, kind: str, about: str, basis: str, by: User, today: datetime.date
) -> str:
    made = Tie(contact=contact, other=other, kind=kind, about=about, basis=basis, author=by, noted_on=today)
    made.full_clean()
    made.save()
    return token("tie", made.pk)


def end_tie(found: Tie, today: datetime.date) -> str:
    Tie.objects.filter(pk=found.pk, ended_on__isnull=True).update(ended_on=today)
    return token("end_tie", found.pk)


@transaction.atomic
def relate(
    contact: Contact,
    colleague: User,
    levels: tuple[int, int],
    basis: str,
    seen: int,
    by: User,
    today: datetime.date,
) -> str:
    """How well one of us knows a person, and how well that should be; `seen` is 0 where nothing was noted."""
    now = {"level": levels[0], "desired": levels[1], "basis": basis, "author": by, "noted_on": today}
    found = Relationship.objects.filter(contact=contact, colleague=colleague).first()
    if found is None:
        if seen:
            raise Overtaken
        made = Relationship(contact=contact, colleague=colleague, **now)
        made.full_clean()
        made.save()
        return token("related", made.pk, made.version, None)
    before = [found.level, found.desired, found.basis, found.author_id, found.noted_on.isoformat()]
    version = changed_at(Relationship, found.pk, seen, **now)
    return token("related", found.pk, version, before)


# --- removing, with a way back

ROW, LINKS = "rows", "links"


@transaction.atomic
def remove(user: User, contact: Contact) -> str:
    """Take a person entered by mistake off the map, with what is thought of them; kept aside for a minute."""
    kept: dict[str, Any] = {ROW: [contact], LINKS: []}
    for relation in contact._meta.related_objects:
        if relation.one_to_many:
            rows = relation.related_model._default_manager.filter(**{relation.field.name: contact})
            if relation.on_delete is models.CASCADE:
                kept[ROW] += list(rows)
            else:
                label = relation.related_model._meta.label
                kept[LINKS].append([label, relation.field.name, list(rows.values_list("pk", flat=True))])
    touches: Any = contact.touches
    kept["touches"] = list(touches.values_list("pk", flat=True))
    kept[ROW] = serializers.serialize("json", kept[ROW])
    name = way_back.keep(user, AREA, **kept)
    contact.delete()
    return token("remove", name, contact.account_id)


def put_back(user: User, name: str) -> int | None:
    """The removed rows again, under their old numbers, and what pointed to them."""
    from django.apps import apps

    kept = way_back.take(user, AREA, name)
    if kept is None:
        return None
    rows = [row.object for row in serializers.deserialize("json", kept[ROW])]
    if Contact.objects.filter(pk=rows[0].pk).exists():
        return None
    for row in rows:
        row.save(force_insert=True)
    contact: Any = rows[0]
    for label, field, pks in kept[LINKS]:
        model: Any = apps.get_model(label)
        model._default_manager.filter(pk__in=pks, **{f"{field}__isnull": True}).update(**{field: contact.pk})
    touches: Any = contact.touches
    touches.add(*kept["touches"])
    return int(contact.pk)


# --- taking back


def undo(user: User, text: str) -> tuple[Account | None, int | None]:
    """Take a write back; nothing where it is too late, or somebody changed the row meanwhile."""
    try:
        kind, *parts = signing.loads(text, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return None, None
    try:
        with transaction.atomic():
            done: tuple[Account, int | None] = UNDO[kind](user, *parts)
            return done
    except Overtaken:
        return None, None


def own(user: User, pk: int) -> Contact:
    found: Contact | None = Contact.objects.visible_to(user).select_related("account").filter(pk=pk).first()
    if found is None:
        raise Overtaken
    return found


def undo_move(user: User, pk: int, before: int | None, version: int) -> tuple[Account, int]:
    contact = own(user, pk)
    if before and not Contact.objects.filter(pk=before).exists():
        raise Overtaken
    try:
        with transaction.atomic():
            changed_at(Contact, pk, version, reports_to=before)
    except IntegrityError as refusal:
        raise Overtaken from refusal
    return contact.account, pk


def undo_add(user: User, pk: int) -> tuple[Account, None]:
    contact = own(user, pk)
    if contact.version != 1:
        raise Overtaken
    contact.delete()
    return contact.account, None


def undo_note(user: User, pk: int) -> tuple[Account, int]:
    fact = SoftFact.objects.visible_to(user).select_related("contact__account").filter(pk=pk).first()
    if fact is None:
        raise Overtaken
    fact.delete()
    return fact.contact.account, fact.contact_id


def undo_left(user: User, pk: int, version: int, before: dict[str, Any]) -> tuple[Account, int]:
    contact = own(user, pk)
    first = [datetime.date.fromisoformat(each) if each else None for each in before["key"] or ()]
    changed_at(
        Contact,
        pk,
        version,
        left_on=before["left_on"] and datetime.date.fromisoformat(before["left_on"]),
        successor=before["successor"],
        key_during=days(first[0], first[1]) if first and first[0] else None,
    )
    rows: Any = contact.account.actions
    rows.filter(pk__in=before["actions"], version=1).delete()
    people = Contact.objects.filter(account=contact.account)
    back = [*before["moved"], *([before["risen"]] if before["risen"] else [])]
    people.filter(pk__in=back).update(reports_to=contact, version=F("version") + 1)
    if before["made"]:
        people.filter(pk=before["made"], version=1).delete()
    return contact.account, pk


def undo_tie(user: User, pk: int) -> tuple[Account, int]:
    found = own_tie(user, pk)
    found.delete()
    return found.contact.account, found.contact_id


def undo_end_tie(user: User, pk: int) -> tuple[Account, int]:
    found = own_tie(user, pk)
    try:
        with transaction.atomic():
            Tie.objects.filter(pk=pk).update(ended_on=None)
    except IntegrityError as refusal:
        raise Overtaken from refusal
    return found.contact.account, found.contact_id


def own_tie(user: User, pk: int) -> Tie:
    found: Tie | None = Tie.objects.visible_to(user).select_related("contact__account").filter(pk=pk).first()
    if found is None:
        raise Overtaken
    return found


def undo_related(user: User, pk: int, version: int, before: list[Any] | None) -> tuple[Account, int]:
    rows = Relationship.objects.visible_to(user).select_related("contact__account").filter(pk=pk)
    found = rows.first()
    if found is None or found.version != version:
        raise Overtaken
    if before is None:
        found.delete()
    else:
        level, desired, basis, author, noted_on = before
        day = datetime.date.fromisoformat(noted_on)
        changed_at(
            Relationship, pk, version, level=level, desired=desired, basis=basis, author=author, noted_on=day
        )
    return found.contact.account, found.contact_id


def undo_remove(user: User, name: str, account: int) -> tuple[Account, int]:
    found = Account.objects.visible_to(user).filter(pk=account).first()
    pk = put_back(user, name) if found else None
    if found is None or pk is None:
        raise Overtaken
    return found, pk


UNDO: dict[str, Any] = {
    "move": undo_move,
    "add": undo_add,
    "note": undo_note,
    "left": undo_left,
    "tie": undo_tie,
    "end_tie": undo_end_tie,
    "related": undo_related,
    "remove": undo_remove,
}
