"""The way back from a write: once, for one person, for one area."""

import pytest

from accounts import way_back
from accounts.models import User

pytestmark = pytest.mark.django_db


def test_what_is_kept_is_taken_once_by_whom_it_is_of(maya: User, omar: User) -> None:
    token = way_back.keep(maya, "staffing", pk=7)
    assert way_back.take(omar, "staffing", token) is None
    assert way_back.take(maya, "marketing", token) is None
    assert way_back.waiting(maya, "staffing", token) == {"pk": 7}
    assert way_back.take(maya, "staffing", token) == {"pk": 7}
    assert way_back.take(maya, "staffing", token) is None
    assert way_back.waiting(maya, "staffing", "") is None
