"""Erasure: the person goes, the numbers stay. A placeholder without a name keeps lines, credit and counts."""

import datetime
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.fields import days
from accounts.people.models import Message, Organisation, User
from accounts.portfolio.models import Assignment
from accounts.rights import log
from accounts.rights.declared import DECLARED, REDACTED, Data
from accounts.rights.models import PersonAct
from accounts.rights.notes import Hit, events_of, find, redact
from accounts.rights.persons import Person
from accounts.rights.words import hashed, judge_of
from accounts.stakeholders.models import Contact, SoftFact
from accounts.surveys.employees.models import Employee
from accounts.surveys.models import AnswerItem

Counts = dict[str, int]
Place = tuple[str, int, str]
WITHOUT = "texts without the name"


def hindrances(person: Person) -> list[str]:
    """What has to be settled before one of us is erased: nobody's work may lose its owner unseen."""
    if person.is_contact:
        return []
    found = []
    today = Organisation.current().today()
    if person.row.is_active:
        found.append("The login is still open: close it first.")
    held = Assignment.objects.filter(
        user=person.pk, during__endswith__isnull=True
    ) | Assignment.objects.filter(user=person.pk, during__endswith__gt=today)
    if number := held.values("account").distinct().count():
        found.append(f"{number} account{'s are' if number > 1 else ' is'} assigned today: hand over first.")
    if number := person.row.teams_led.count():
        found.append(f"{number} team{'s have' if number > 1 else ' has'} this lead: name another one first.")
    return found


@transaction.atomic
def erase(person: Person, by: User | None, notes: Iterable[Hit] = ()) -> PersonAct:
    """Overwrite the person wherever their row leads, take copies of the name out, and the name out of `notes`."""
    refusal = ["This person was erased before."] if person.is_erased else hindrances(person)
    if refusal:
        raise ValidationError(refusal)
    spellings = person.spellings
    keys = keys_of(person)
    copies = [hit for hit in find(spellings) if hit.is_copy]
    places = [(hit.label, hit.pk, hit.field) for hit in [*copies, *notes]]
    counts = erase_contact(person.row) if person.is_contact else erase_user(person.row)
    counts[WITHOUT] = redact(places, *judge_of(spellings))
    forget_undo()
    act = PersonAct(act=PersonAct.Act.ERASE, kind=person.kind, number=person.pk, by=by, keys=keys)
    return noted(act, counts, spellings, places)


@transaction.atomic
def redact_notes(spellings: list[str], notes: Iterable[Hit], by: User | None) -> PersonAct:
    """Take these words out of some notes, without erasing anybody."""
    places = [(hit.label, hit.pk, hit.field) for hit in notes]
    number = redact(places, *judge_of(spellings))
    act = PersonAct(act=PersonAct.Act.REDACT, kind=PersonAct.Kind.NOTES, by=by)
    return noted(act, {WITHOUT: number}, spellings, places)


def noted(act: PersonAct, counts: Counts, spellings: Iterable[str], places: Iterable[Place]) -> PersonAct:
    """Write down what was done, as numbers and hashes."""
    act.counts = {what: number for what, number in counts.items() if number}
    act.salt = secrets.token_hex(8)
    act.words = [[len(each.split()), hashed(act.salt, each)] for each in spellings]
    act.notes = [list(place) for place in places]
    act.save()
    # Last, and before the commit: an erasure that was not written down outside would not survive a restore.
    log.write(act)
    return act


def keys_of(person: Person) -> list[str]:
    """By which an import would bring the person back."""
    row = person.row
    return [hashed(row.source, row.external_id)] if row.external_id else []


# --- a person at a customer


def erase_contact(contact: Contact) -> Counts:
    today = Organisation.current().today()
    tomorrow = today + datetime.timedelta(days=1)
    person = Person(PersonAct.Kind.CONTACT, contact)
    leads = Q(pk__in=list(person.leads().values_list("pk", flat=True)))
    counts = {"leads": erase_rows("accounts.Lead", DECLARED["accounts.Lead"], leads)}
    for label, data in DECLARED.items():
        if data.contacts and label != "accounts.Contact":
            leading = Q(*(Q(**{path: contact.pk}) for path in data.contacts), _connector=Q.OR)
            counts[name_of(label)] = erase_rows(label, data, leading)
    waiting = Message.objects.filter(contact=contact, state=Message.State.NEW)
    waiting.update(state=Message.State.FAILED, error="the recipient was erased")
    counts["opinions"] = end_opinions(contact, today, tomorrow)
    counts["answers"] = forget_words(contact)
    end_consents(contact, tomorrow)
    key = contact.key_during
    if key is not None and (key.upper is None or key.upper > tomorrow):
        # Until tonight as before, so that no figure of today changes; nobody is looked after from tomorrow on.
        key = days(key.lower, tomorrow) if key.lower < tomorrow else None
    names = {**DECLARED["accounts.Contact"].erased, "name": person.placeholder}
    Contact.objects.filter(pk=contact.pk).update(
        **names,
        key_during=key,
        erased_on=today,
        no_surveys_since=contact.no_surveys_since or today,
        version=F("version") + 1,
    )
    counts["versions in the history"] = overwrite_history(Contact, contact.pk, names)
    return counts


def erase_rows(label: str, data: Data, which: Q) -> int:
    """Rows of a person, and their history: removed, or left without their words."""
    if not data.gone and not data.erased:
        return 0
    rows: Any = apps.get_model(label)._default_manager
    event = events_of().get(label)
    own = list(rows.filter(which).order_by().values_list("pk", flat=True).distinct())
    past: Any = None if event is None else event._default_manager.filter(pgh_obj_id__in=own)
    if data.gone:
        rows.filter(pk__in=own).delete()
        if event is not None:
            # Those that were removed earlier, too.
            event._default_manager.filter(which).delete()
            past.delete()
        return len(own)
    rows.filter(pk__in=own).update(**data.erased)
    if event is not None:
        past.update(**_kept_by(event, data.erased))
    return len(own)


def _kept_by(event: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {one.name for one in event._meta.concrete_fields}
    return {name: value for name, value in values.items() if name in kept}


def end_opinions(contact: Contact, today: datetime.date, tomorrow: datetime.date) -> int:
    """What was written about the person goes. Role, influence and support are codes that figures are made of:
    they stay for the days that were, and from tomorrow on nobody knows any more."""
    facts = SoftFact.objects.filter(contact=contact)
    gone = facts.exclude(kind__in=["role", "influence", "support"]).delete()[0]
    facts.filter(noted_on__gt=today).delete()
    held = facts.values_list("kind", flat=True).distinct().order_by("kind")
    SoftFact.objects.bulk_create(
        SoftFact(contact=contact, kind=kind, value="", noted_on=tomorrow) for kind in list(held)
    )
    return int(gone)


def forget_words(contact: Contact) -> int:
    """Marks stay as they are; what the person wrote goes."""
    items = AnswerItem.objects.filter(answer__contact=contact).exclude(text="")
    written = models.Case(models.When(kind="text", then=models.Value(REDACTED)), default=models.Value(""))
    return int(items.update(text=written))


def end_consents(contact: Contact, tomorrow: datetime.date) -> None:
    consents: Any = contact.reference_consents
    held = consents.filter(Q(revoked_on__isnull=True) | Q(revoked_on__gt=tomorrow))
    held.update(revoked_on=Greatest(models.Value(tomorrow), models.Func(F("during"), function="LOWER")))


# --- one of us


def erase_user(user: User) -> Counts:
    counts: Counts = {}
    Employee.objects.filter(email__iexact=user.email).delete()
    for label, data in DECLARED.items():
        condition = Q()
        for path in data.gone_with:
            condition |= Q(**{path: user.pk})
        if condition:
            rows: Any = apps.get_model(label)._default_manager.filter(condition)
            counts[name_of(label)] = rows.count()
            rows.delete()
            event = events_of().get(label)
            if event is not None:
                event._default_manager.filter(condition).delete()
    names = {"name": f"Former colleague {user.pk}", "email": f"former-{user.pk}@erased.invalid"}
    User.objects.filter(pk=user.pk).update(
        **names,
        external_id="",
        password="!",
        is_active=False,
        last_login=None,
        erased_on=Organisation.current().today(),
    )
    counts["versions in the history"] = overwrite_history(User, user.pk, names)
    return counts


# --- shared


def overwrite_history(model: type[models.Model], pk: int, names: Mapping[str, Any]) -> int:
    event: Any = model.pgh_event_model  # type: ignore[attr-defined]
    return int(event._default_manager.filter(pgh_obj=pk).update(**_kept_by(event, names)))


def name_of(label: str) -> str:
    return str(apps.get_model(label)._meta.verbose_name_plural)


def forget_undo() -> None:
    """Removed people lie aside for a minute so that they can be put back: not this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('kamplan_cache') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute(
                "DELETE FROM kamplan_cache WHERE cache_key LIKE %s OR expires < %s",
                ["%removed-person:%", timezone.now()],
            )
