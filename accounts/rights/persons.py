"""Whose data are asked for: a person at a customer, or one of us."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.people.models import Role, User
from accounts.revenue.marketing import Lead
from accounts.rights.models import PersonAct
from accounts.rights.words import spellings
from accounts.stakeholders.models import Contact

CONTACT, USER = PersonAct.Kind.CONTACT, PersonAct.Kind.USER
PLACEHOLDERS = {CONTACT: "Erased person", USER: "Former colleague"}


@dataclass(frozen=True)
class Person:
    kind: str
    row: Any

    @property
    def pk(self) -> int:
        return int(self.row.pk)

    @property
    def name(self) -> str:
        return str(self.row.name)

    @property
    def is_contact(self) -> bool:
        return self.kind == CONTACT

    @property
    def is_erased(self) -> bool:
        return self.row.erased_on is not None

    @property
    def placeholder(self) -> str:
        return f"{PLACEHOLDERS[PersonAct.Kind(self.kind)]} {self.pk}"

    @property
    def spellings(self) -> list[str]:
        """The ways in which texts name the person; of an erased one nobody knows any."""
        if self.is_erased:
            return []
        phone = self.row.phone if self.is_contact else ""
        return spellings(self.name, self.row.email, phone)

    def leads(self) -> QuerySet[Lead]:
        """Leads that are this person: the same address, or the same name at the same account."""
        leads: QuerySet[Lead] = Lead.objects.all()
        if not self.is_contact or self.is_erased:
            return leads.none()
        same = Q(person__iexact=self.name, account=self.row.account_id)
        if self.row.email:
            same |= Q(email__iexact=self.row.email)
        return leads.filter(same)


def person_of(user: User, kind: str, pk: int) -> Person:
    """Whom this user may export and erase: customers' people for heads, and administrators while elevated;
    people of ours for administrators."""
    if kind == USER:
        if user.role != Role.ADMINISTRATOR:
            raise PermissionDenied("Only administrators look after the data of people of ours.")
        found = User.objects.filter(pk=pk).first()
    elif user.is_staff and not user.is_elevated:
        raise PermissionDenied("Account content is read during an elevation only.")
    else:
        found = Contact.objects.visible_to(user).select_related("account").filter(pk=pk).first()
    if found is None:
        raise Http404
    return Person(kind, found)
