"""What the API answers: plain shapes, with numbers as in `manage.py kpi --json`."""

import datetime
from typing import Any

import ninja
from pydantic import ConfigDict


class Schema(ninja.Schema):
    """What stands under a field describes it to programs, too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Problem(Schema):
    """The only thing an error says."""

    detail: str


class Me(Schema):
    name: str
    role: str
    scopes: list[str]


class AccountOut(Schema):
    id: int
    external_id: str | None
    name: str
    city: str
    country: str
    currency: str
    part_of: int | None
    """The company above it; none where you may not see that one."""
    owner: str | None
    tier: str | None
    industry: str | None
    region: str | None
    is_target: bool | None
    is_archived: bool


class Accounts(Schema):
    count: int
    next_after: int | None
    """Ask for the next page with this; none on the last."""
    accounts: list[AccountOut]


class KpiOut(Schema):
    id: str
    name: str
    formula: str
    unit: str
    direction: str
    timing: str
    group: str
    usual_period: str
    source: str
    caveats: str
    how_to_move: str
    version: str


class ResultOut(Schema):
    """`to` is the first day after the period. Money is text, so that no digit is lost."""

    kpi: str
    scope: str
    key: int | None
    name: str
    since: datetime.date
    to: datetime.date
    view: str
    value: str | float | int | None
    numerator: str | float | int | None
    denominator: str | float | int | None
    n: str | float | int | None
    interval: list[str | float | int | None] | None
    unit: str
    currency: str | None
    partial: bool
    """Whether days of the period are still to come: the figures are those up to `as_of`."""
    reason: str | None
    """Why there is no value."""
    notice: str | None
    """What has to be known beside its certainty: as of an earlier run, that it is made of today's rows."""
    target: str | None
    status: str
    run: int
    as_of: datetime.date


class PartOut(Schema):
    name: str
    label: str
    value: str


class InputOut(Schema):
    kpi: str
    since: datetime.date
    to: datetime.date
    value: str | None


class CommentOut(Schema):
    text: str
    author: str
    written_at: datetime.datetime


class RowsLink(Schema):
    set: int
    counts: str


class ExplanationOut(Schema):
    result: ResultOut
    formula: str
    parts: list[PartOut]
    inputs: list[InputOut]
    row_sets: list[RowsLink]
    comments: list[CommentOut]
    definition_version: str
    sql: str


class RowOut(Schema):
    date: datetime.date
    account: int | None
    account_name: str
    row: str
    detail: str
    amount: str | None
    currency: str
    counted: str


class Rows(Schema):
    counts: str
    count: int
    total: str
    page: int
    pages: int
    hidden_count: int
    """Rows in accounts you may not see, or that are not for your role one by one; their sum is in the total."""
    hidden_total: str
    rows: list[RowOut]


def text(value: Any) -> str | None:
    return None if value is None else str(value)
