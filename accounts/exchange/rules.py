"""The models' own constraints, asked of rows not written yet, so that each refusal names its line."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.expressions import BaseExpression
from django.db.models.sql.query import Query

from accounts.exchange.columns import Column, model_field
from accounts.exchange.images import Image, column_of
from accounts.exchange.staging import MAX_REFUSALS, Refusal, fetch, refuse
from accounts.people.models import Organisation

DEEPEST = 50
ERASABLE = {"accounts.Contact": "contacts", "accounts.User": "users"}


def refuse_violations(image: Image) -> None:
    unique = [c for c in image.model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    by_expression = {name for c in unique for expression in c.expressions for name in _names(expression)}
    for found in image.fields:
        _refuse_too_long(image, found)
        _refuse_missing(image, found)
        if found.unique and found.name not in by_expression:
            _refuse_conflicts(image, [F(found.name)], None, "It is used by another row already.")
    for column in image.part.columns:
        if column.observed and column.name in image.given:
            _refuse_still_to_come(image, column)
    for constraint in image.model._meta.constraints:
        message = str(constraint.violation_error_message)
        if isinstance(constraint, models.CheckConstraint):
            _refuse_check(image, constraint.condition, message)
        elif isinstance(constraint, models.UniqueConstraint):
            expressions = constraint.expressions or tuple(F(name) for name in constraint.fields)
            if "external_id" in constraint.fields and image.made_of("external_id"):
                continue
            _refuse_conflicts(image, list(expressions), constraint.condition, message)
        elif isinstance(constraint, ExclusionConstraint):
            same = [expression for expression, operator in constraint.expressions if operator == "="]
            _refuse_conflicts(
                image, [as_expression(e) for e in same], constraint.condition, message, overlap=True
            )
    for constraint in unique:
        if "external_id" in constraint.fields and (made_of := image.made_of("external_id")):
            # The file has no such column to speak of: where no other rule did, its own columns are named.
            same = [F(name) for name in constraint.fields]
            message = f"Another row has the same {', '.join(made_of)}."
            _refuse_conflicts(image, same, constraint.condition, message, unless_refused=True)
    if image.model._meta.label in ERASABLE:
        _refuse_erased(image)
    if image.own_parent():
        _refuse_loops(image)
        if image.part.within:
            _refuse_foreign(image)
    for name, (theirs, ours) in image.part.agrees.items():
        if name in image.given:
            _refuse_disagreeing(image, name, theirs, ours)


def as_expression(expression: Any) -> Any:
    return F(expression) if isinstance(expression, str) else expression


def _compile(model: type[models.Model], what: Any) -> tuple[str, list[Any]]:
    """SQL with bare column names, which fits the table as well as its image."""
    query = Query(model=model, alias_cols=False)
    node = query.build_where(what) if isinstance(what, Q) else what.resolve_expression(query)
    sql, params = query.get_compiler(connection=connection).compile(node)
    return sql, list(params)


def _names(what: Any) -> list[str]:
    """The fields that a condition or an expression speaks of."""
    if isinstance(what, Q):
        return [name for child in what.children for name in _names(child)]
    if isinstance(what, tuple):
        # Of a lookup; the two ends of a range name nothing.
        return [what[0].split("__")[0], *([] if isinstance(what[1], tuple) else _names(what[1]))]
    if isinstance(what, F):
        return [str(what.name).split("__")[0]]  # type: ignore[attr-defined]
    if isinstance(what, BaseExpression):
        return [name for child in what.get_source_expressions() for name in _names(child)]
    return []


def _refuse_check(image: Image, condition: Any, message: str) -> None:
    sql, params = _compile(image.model, condition)
    rows = fetch(
        f"SELECT file_row FROM {image.image} WHERE state <> 'same' AND NOT ({sql}) "
        f"ORDER BY file_row LIMIT {MAX_REFUSALS}",
        *params,
    )
    column = image.feeding(_names(condition))
    refuse([Refusal(row, column, "", message) for (row,) in rows])


def _refuse_too_long(image: Image, found: "models.Field[Any, Any]") -> None:
    """Only texts that were put together can be too long; the others were measured when read."""
    if (
        not isinstance(found, models.CharField)
        or found.name not in image.part.computed
        or found not in image.fed
    ):
        return
    rows = fetch(
        f"SELECT file_row FROM {image.image} WHERE length({column_of(found)}) > {found.max_length} "
        f"ORDER BY file_row LIMIT {MAX_REFUSALS}"
    )
    column = image.feeding([found.name])
    refuse(
        [Refusal(row, column, "", f"It may have {found.max_length} characters at most.") for (row,) in rows]
    )


def _refuse_missing(image: Image, found: "models.Field[Any, Any]") -> None:
    """A column that is needed only together with others, as the team of a membership."""
    if found.null or found not in image.fed:
        return
    rows = fetch(
        f"SELECT file_row FROM {image.image} WHERE {column_of(found)} IS NULL "
        f"ORDER BY file_row LIMIT {MAX_REFUSALS}"
    )
    column = image.feeding([found.name])
    found_by_itself = found.name in image.part.computed and isinstance(found, models.ForeignKey)
    reason = (
        f"There is no {found.verbose_name} that fits." if found_by_itself else "It must not be empty here."
    )
    refuse([Refusal(row, column, "", reason) for (row,) in rows])


def _refuse_still_to_come(image: Image, column: Column) -> None:
    """Nobody saw what has not been yet; by day, for a day without a time counts as its noon."""
    found = model_field(image.part, column)
    assert found is not None
    organisation = Organisation.current()
    day = column_of(found)
    params: list[Any] = [organisation.today()]
    if isinstance(found, models.DateTimeField):
        day, params = f"({day} AT TIME ZONE %s)::date", [organisation.time_zone, *params]
    rows = fetch(
        f"SELECT file_row FROM {image.image} WHERE state <> 'same' AND {day} > %s "
        f"ORDER BY file_row LIMIT {MAX_REFUSALS}",
        *params,
    )
    reason = "This day is still to come: only what has been can be imported."
    refuse([Refusal(row, column.name, "", reason) for (row,) in rows])


def _refuse_conflicts(
    image: Image,
    same: list[Any],
    condition: Q | None,
    message: str,
    *,
    overlap: bool = False,
    unless_refused: bool = False,
) -> None:
    """Rows that agree with another one, of the file or of the table, where no two may."""
    compiled = [_compile(image.model, expression) for expression in same]
    where, where_params = _compile(image.model, condition) if condition else ("TRUE", [])
    keys = ", ".join(f"{sql} AS k{n}" for n, (sql, _) in enumerate(compiled))
    params = [*(p for _, ps in compiled for p in ps), *where_params]
    during = ", during" if overlap else ""
    agree = " AND ".join(f"a.k{n} = b.k{n}" for n in range(len(compiled))) + (
        " AND a.during && b.during" if overlap else ""
    )
    said = (
        "EXISTS (SELECT FROM import_refused f WHERE f.file_row = a.file_row)" if unless_refused else "FALSE"
    )
    key_names = ", ".join(f"k{n}" for n in range(len(compiled)))
    rows = fetch(
        f"WITH mine AS (SELECT id, file_row, state, {keys}{during} FROM {image.image} WHERE {where}), "
        f"others AS (SELECT id, NULL::integer AS file_row, {keys}{during} "
        f"FROM {image.table} m WHERE ({where}) "
        f"AND id NOT IN (SELECT id FROM {image.image}) AND NOT ({image.removed})), "
        f"after AS (SELECT id, file_row, {key_names}{during} FROM mine "
        f"UNION ALL SELECT * FROM others) "
        f"SELECT a.file_row, min(b.file_row) FROM mine a JOIN after b ON {agree} "
        f"AND a.id <> b.id AND (b.file_row IS NULL OR b.file_row < a.file_row) "
        f"WHERE (a.state <> 'same' OR b.file_row IS NOT NULL) AND NOT {said} "
        f"GROUP BY a.file_row ORDER BY a.file_row LIMIT {MAX_REFUSALS}",
        *params,
        *params,
    )
    names = (["during"] if overlap else []) + [name for expression in same for name in _names(expression)]
    column = image.feeding(names) or image.feeding(["external_id"])
    refuse(
        [
            Refusal(
                row,
                column,
                "",
                f"{message} {f'See row {other}.' if other else 'It is in the database already.'}",
            )
            for row, other in rows
        ]
    )


def _refuse_erased(image: Image) -> None:
    """Who was erased does not come back with the next file: only a hash of their key is known."""
    key = "encode(sha256(convert_to(i.source || E'\\x1f' || i.external_id, 'UTF8')), 'hex')"
    rows = fetch(
        f"SELECT i.file_row FROM {image.image} i WHERE i.state = 'new' AND i.external_id <> '' AND EXISTS ("
        f"SELECT FROM accounts_personact a WHERE a.act = 'erase' AND a.kind = %s AND a.keys ? {key}) "
        f"ORDER BY i.file_row LIMIT {MAX_REFUSALS}",
        ERASABLE[image.model._meta.label],
    )
    reason = "This person was erased at their wish: take the row out, and the person out of the other system."
    refuse([Refusal(row, "external_id", "", reason) for (row,) in rows])


def _refuse_loops(image: Image) -> None:
    """Nothing may be part of itself, by way of others."""
    column = image.own_parent()
    assert column is not None
    above = image.column_named(column.field or column.name)
    rows = fetch(
        f"WITH RECURSIVE after AS (SELECT id, {above} AS above FROM {image.image} "
        f"UNION ALL SELECT id, {above} FROM {image.table} WHERE id NOT IN (SELECT id FROM {image.image})), "
        f"up AS (SELECT file_row, id AS start, {above} AS above, 1 AS depth FROM {image.image} "
        f"WHERE state <> 'same' "
        f"UNION ALL SELECT up.file_row, up.start, after.above, up.depth + 1 "
        f"FROM up JOIN after ON after.id = up.above "
        f"WHERE up.above <> up.start AND up.depth < {DEEPEST}) "
        f"SELECT DISTINCT file_row FROM up WHERE above = start AND depth > 1 OR depth = {DEEPEST} "
        f"ORDER BY file_row LIMIT {MAX_REFUSALS}"
    )
    refuse([Refusal(row, column.name, "", "It would be part of itself.") for (row,) in rows])


def _refuse_foreign(image: Image) -> None:
    """The row above belongs to the same account, say; one that the file names but nobody knows is refused, too."""
    column = image.own_parent()
    assert column is not None
    above = image.column_named(column.field or column.name)
    within = image.column_named(image.part.within)
    rows = fetch(
        f"WITH after AS (SELECT id, {within} AS w FROM {image.image} "
        f"UNION ALL SELECT id, {within} FROM {image.table} WHERE id NOT IN (SELECT id FROM {image.image})) "
        f"SELECT i.file_row FROM {image.image} i LEFT JOIN after a ON a.id = i.{above} "
        f"WHERE i.named_parent IS NOT NULL AND a.w IS DISTINCT FROM i.{within} "
        f"ORDER BY i.file_row LIMIT {MAX_REFUSALS}"
    )
    noun = image.part.within.replace("_", " ")
    refuse([Refusal(row, column.name, "", f"It belongs to another {noun}.") for (row,) in rows])


def _refuse_disagreeing(image: Image, name: str, theirs: str, ours: str) -> None:
    """A row that the file names belongs to the same account, or plan, as this one."""
    named = next(f for f in image.fields if f.name == (image.kind.column(name).field or name))
    first, _, rest = ours.partition("__")
    mine = next(f for f in image.fields if f.name == first)
    own = f"i.{column_of(mine)}"
    if rest:
        own = f"(SELECT o.whole FROM ({_paths(mine, rest)}) o WHERE o.id = {own})"
    rows = fetch(
        f"SELECT i.file_row FROM {image.image} i JOIN ({_paths(named, theirs)}) t ON t.id = i.{column_of(named)} "
        f"WHERE t.whole IS DISTINCT FROM {own} ORDER BY i.file_row LIMIT {MAX_REFUSALS}"
    )
    noun = theirs.rpartition("__")[2].replace("_", " ")
    refuse([Refusal(row, name, "", f"It belongs to another {noun}.") for (row,) in rows])


def _paths(found: "models.Field[Any, Any]", path: str) -> str:
    """Every row that the field may name, with what a path leads to from there."""
    assert isinstance(found, models.ForeignKey)
    rows = found.related_model._base_manager.order_by().values_list("pk", path)
    sql, params = rows.query.sql_with_params()
    assert not params
    return f"SELECT id, whole FROM ({sql}) AS pairs(id, whole)"
