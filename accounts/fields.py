"""Field and constraint shapes that several areas share."""

import datetime
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

import pgtrigger
from django import forms
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q

CURRENCY_PATTERN = r"^[A-Z]{3}$"


class CapitalsField(forms.CharField):
    """Takes small letters for capitals, as people type codes."""

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").upper()


class CurrencyField(models.CharField):  # type: ignore[type-arg]
    """An ISO 4217 code in capitals."""

    default_validators = [RegexValidator(CURRENCY_PATTERN, "A currency is three capital letters, as EUR.")]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": CapitalsField, **kwargs})


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An amount; the currency stands in a field beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 18)
        kwargs.setdefault("decimal_places", 4)
        super().__init__(*args, **kwargs)


class Dated(models.Model):
    """A fact that holds on the days `[from, to)`; an open end is `None`."""

    during = DateRangeField("from, to", help_text="First day, and the first day on which it no longer holds.")

    class Meta:
        abstract = True

    @property
    def first_day(self) -> datetime.date | None:
        day: datetime.date | None = self.during.lower
        return day

    @property
    def last_day(self) -> datetime.date | None:
        return self.during.upper - datetime.timedelta(days=1) if self.during.upper else None


class DatedQuerySet(models.QuerySet[Any]):
    """The queries that every dated fact answers."""

    def on(self, day: Any) -> Self:
        """The rows that hold on this day (a date or an expression)."""
        return self.filter(during__contains=day)


class Sourced(models.Model):
    """A row that may come from another system, told apart there by `source` and `external_id`."""

    source = models.CharField(max_length=50, blank=True, default="", editable=False)
    external_id = models.CharField("external id", max_length=100, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def is_imported(self) -> bool:
        """An import owns the row: removed here, it would come back with the next file."""
        return bool(self.source)

    def refuse_if_imported(self) -> None:
        """Whoever would change it by hand reads where it is changed instead."""
        if self.is_imported:
            raise PermissionDenied(
                f"An import from “{self.source}” brought this and would bring it back: change or remove it there."
            )


class Typed(models.Model):
    """Who typed a row, and when; what an import brought has its source instead."""

    noted_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    noted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def unique_in_source(model: str) -> models.UniqueConstraint:
    """One row per source and external id; rows entered by hand have neither."""
    return models.UniqueConstraint(
        fields=["source", "external_id"],
        condition=~Q(external_id=""),
        name=f"{model}_unique_in_source",
        violation_error_message="Another row of this source already has this external id.",
    )


def never_overlapping(
    model: str, *same: str, message: str, condition: Q | None = None
) -> ExclusionConstraint:
    """No two rows that agree on the columns `same` hold on the same day."""
    expressions: list[tuple[Any, str]] = [(F(column), RangeOperators.EQUAL) for column in same]
    return ExclusionConstraint(
        name=f"{model}_never_overlapping",
        expressions=[*expressions, ("during", RangeOperators.OVERLAPS)],
        condition=condition,
        violation_error_message=message,
    )


def begins_before_it_ends(model: str) -> models.CheckConstraint:
    """The range holds at least one day and has a first one."""
    return models.CheckConstraint(
        condition=Q(during__isempty=False) & Q(during__startswith__isnull=False),
        name=f"{model}_begins_before_it_ends",
        violation_error_message="It must begin before it ends.",
    )


class Versioned(models.Model):
    """A row that two people may edit at once: whoever saves second is told, nothing is overwritten."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class SoftBasis(models.TextChoices):
    """How sure we are of what somebody noted."""

    ASSUMED = "assumed", "assumed"
    CONFIRMED = "confirmed", "confirmed"


class Noted(models.Model):
    """A soft fact: who said it, on which day, and whether it is known or only assumed."""

    basis = models.CharField(max_length=9, choices=SoftBasis, default=SoftBasis.ASSUMED)
    author = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    noted_on = models.DateField()

    class Meta:
        abstract = True


def digest(row: models.Model, fields: Iterable[str]) -> str:
    """What these fields held: a form sends it back, and a difference means that somebody wrote meanwhile."""
    values = "\x1f".join(f"{name}={_plain(getattr(row, name))}" for name in fields)
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def _plain(value: Any) -> str:
    return str(value.normalize()) if isinstance(value, Decimal) else str(value)


def never_above_itself(table: str, message: str, column: str = "parent") -> pgtrigger.Trigger:
    """No row of the tree reaches itself through `column`; a lock lets two writers see each other."""
    return pgtrigger.Trigger(
        name="never_above_itself",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(f"{column}_id"),  # type: ignore[no-untyped-call]
        condition=pgtrigger.Q(**{f"new__{column}__isnull": False}),
        func=f"""
            PERFORM pg_advisory_xact_lock(hashtext('{table}.{column}'));
            IF EXISTS (
                WITH RECURSIVE above AS (
                    SELECT NEW.{column}_id AS id
                    UNION
                    SELECT t.{column}_id FROM {table} t JOIN above a USING (id) WHERE t.{column}_id IS NOT NULL
                )
                SELECT 1 FROM above WHERE id = NEW.id
            ) THEN
                RAISE EXCEPTION '{message}'
                USING ERRCODE = 'check_violation',
                      CONSTRAINT = '{table}_never_above_itself',
                      TABLE = '{table}';
            END IF;
            RETURN NULL;
        """,
    )


def known_currency(model: str, column: str = "currency") -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{column}__regex": CURRENCY_PATTERN}),
        name=f"{model}_{column}_is_a_code",
        violation_error_message="A currency is three capital letters, as EUR.",
    )


def days(first: datetime.date, until: datetime.date | None = None) -> DateRange:
    """The days `[first, until)`."""
    return DateRange(first, until)
