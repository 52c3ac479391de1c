"""Every model and every text in it says whether it holds a person's data: nothing is forgotten in an export."""

from typing import Any

import pghistory
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Contact, Employee, Lead, User
from accounts.rights.declared import DECLARED

TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, ArrayField)


def all_models() -> list[type[models.Model]]:
    """But history tables, which hold what their model holds, and the tables between two models."""
    events = set(pghistory.core.event_models())
    return [m for m in apps.get_models() if m._meta.managed and not m._meta.proxy and m not in events]


def is_text(field: Any) -> bool:
    return isinstance(field, TEXTS) and not field.choices


def links_to(model: type[models.Model], target: type[models.Model]) -> set[str]:
    fields = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return {field.name for field in fields if field.related_model is target}


def ends(paths: tuple[str, ...]) -> set[str]:
    return {path for path in paths if path != "pk" and "__" not in path}


def test_every_model_is_declared_and_nothing_else_is() -> None:
    assert {model._meta.label for model in all_models()} == set(DECLARED)


def test_every_text_of_every_model_is_declared() -> None:
    missing, unknown = [], []
    for model in all_models():
        names = {field.name for field in model._meta.concrete_fields}
        texts = {field.name for field in model._meta.concrete_fields if is_text(field)}
        named = DECLARED[model._meta.label].named
        missing += [f"{model._meta.label}.{name}" for name in texts - named]
        unknown += [f"{model._meta.label}.{name}" for name in named - names]
    assert (missing, unknown) == ([], [])


def test_every_link_to_a_person_is_declared() -> None:
    for model in all_models():
        data = DECLARED[model._meta.label]
        of_contacts = links_to(model, Contact)
        assert of_contacts == ends((*data.contacts, *data.points)), model._meta.label
        assert links_to(model, User) == ends(data.users), model._meta.label
        assert set(data.gone_with) <= set(data.users), model._meta.label


def test_only_what_belongs_to_it_leads_to_a_lead_or_an_employee() -> None:
    leading = {
        (m._meta.label, name) for m in all_models() for t in (Lead, Employee) for name in links_to(m, t)
    }
    assert leading == {
        ("accounts.Fit", "lead"),
        ("accounts.CampaignTouch", "lead"),
        ("accounts.Message", "employee"),
        # Without an answer: which answer is whose leads nowhere.
        ("accounts.EmployeeInvitation", "employee"),
    }


def test_nothing_of_an_employee_survey_is_read_for_an_export_or_a_search() -> None:
    for label, data in DECLARED.items():
        if label.startswith("accounts.Employee"):
            assert (data.contacts, data.free, data.copies, data.gone) == ((), (), (), False)
