"""The read API: accounts, definitions, results and what they are made of, for programs that carry a token.

Everything goes through the same functions as the pages and starts at what the token's person may see today."""

import hashlib
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Path, Query, Schema
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import Field

from accounts.models import Account, Organisation
from accounts.periods import PeriodKind
from kamplan.permissions import Secret, may_see
from metrics.access import may_see_kpi, seen_or_refused, visible_kpis
from metrics.api import answers
from metrics.api.accounts import account_rows
from metrics.api.tokens import A_MINUTE, ApiScope, Caller, caller_of
from metrics.comments import Comment
from metrics.kpi import Definition, Kpi
from metrics.kpis import KPI
from metrics.management.commands.kpi import as_line
from metrics.models import Scope, View
from metrics.needs import of_group
from metrics.pages.choice import Choice, read_choice
from metrics.pages.explain_rows import allowed_sets, statement_text
from metrics.pages.explanation import Explanation
from metrics.pages.figures import PageComputer
from metrics.pages.making import whole_words
from metrics.pages.places import Place, find_place, read_key
from metrics.pages.rows import PAGE, find_rows
from metrics.reading import reading
from metrics.result import Result
from metrics.status import status_of
from metrics.targets import Targets

PAGE_OF_ACCOUNTS = 200


class TooMany(Exception):
    """The token asked more often than it may."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds


class Token(HttpBearer):
    """`Authorization: Bearer kam_…`; a session opens nothing here, so no other site can ask in somebody's name."""

    openapi_description = "A token from the page “API tokens” of the profile."

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        caller = caller_of(token)
        if caller is not None and caller.is_too_fast:
            raise TooMany(caller.seconds)
        return caller


api = NinjaAPI(
    title="kamplan",
    version="1",
    description="Reads accounts, KPI definitions, results and their explanation, with the rights of the "
    "person whose token is used.",
    urls_namespace="api",
    docs_url=None,
    auth=Token(),
)
REFUSALS = dict.fromkeys((401, 403, 404, 422, 429), answers.Problem)


def header(name: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"headers": {name: {"description": description, "schema": {"type": kind}}}}


ETAG = header("ETag", "Stands for this very answer. Sent back as If-None-Match it is not answered twice.")
HEADERS = {
    200: ETAG,
    304: {"description": "What was asked with If-None-Match is still the answer.", **ETAG},
    429: header("Retry-After", "So many seconds until the next minute begins.", "integer"),
}


def answering(path: str, shape: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An operation that answers with this shape, or that nothing changed, or why not."""
    answered = {200: shape, 304: None, **REFUSALS}
    return api.get(path, response=answered, url_name=name, openapi_extra={"responses": HEADERS})


# ----------------------------------------------------------------------------- errors that tell nothing


def problem(request: HttpRequest, detail: str, status: int) -> HttpResponse:
    return api.create_response(request, {"detail": detail}, status=status)


@api.exception_handler(TooMany)
def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    response = problem(request, f"More than {A_MINUTE} requests in a minute.", 429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, "Not found.", 404)


@api.exception_handler(PermissionDenied)
def refused(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problem(request, str(error) or "Not allowed.", 403)


@api.exception_handler(ValidationError)
def not_understood(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Which parameters, what each may be, and nothing of what was sent."""
    said = {str(each["loc"][-1]): expected(each) for each in error.errors}
    return problem(
        request, f"Not understood: {'; '.join(f'{name}: {said[name]}' for name in sorted(said))}.", 422
    )


def expected(error: dict[str, Any]) -> str:
    """No pattern: whoever reads it wants to know what to write."""
    if error["type"] == "string_pattern_mismatch":
        return "a month as 2026-10"
    text = str(error["msg"])
    return text[:1].lower() + text[1:]


def scoped(scope: ApiScope) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The token must have been made for this; what is read is read in one transaction, and has an ETag."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        known = parameters_of(view)

        @wraps(view)
        def guarded(request: HttpRequest, **values: Any) -> Any:
            caller: Caller = request.auth  # type: ignore[attr-defined]
            if scope not in caller.scopes:
                raise PermissionDenied(f"This token was not made for: {scope.label}.")
            if not known.issuperset(request.GET):
                # A misspelt one would be left out unseen, and the answer be one to another question.
                raise HttpError(
                    422, f"A parameter that is not known here. Known: {', '.join(sorted(known)) or 'none'}."
                )
            with reading(), Organisation.kept():
                found = view(request, **values)
            return tagged(request, found)

        return guarded

    return decorate


def parameters_of(view: Callable[..., Any]) -> frozenset[str]:
    """The names that may stand in the query."""
    found = inspect.signature(view).parameters
    own = {name for name, each in found.items() if each.default is not inspect.Parameter.empty}
    return frozenset(own | (set(Asked.model_fields) if "asked" in found else set()))


def tagged(request: HttpRequest, found: Any) -> HttpResponse:
    """304 where the asker has this very answer already."""
    shape = found if isinstance(found, list) else [found]
    body = "[" + ",".join(each.model_dump_json() for each in shape) + "]"
    body = body if isinstance(found, list) else body[1:-1]
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    asked = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    if etag in asked:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body, content_type="application/json; charset=utf-8")
    response.headers["ETag"] = etag
    response.headers["Vary"] = "Authorization"
    return response


# ---------------------------------------------------------------------------------------------- reading


Number = Annotated[int, Path(ge=1, le=2**62)]
ScopeName = Annotated[
    str, Path(description="company, owner, team, tier, industry, region, target or account")
]
Key = Annotated[
    str, Path(description="Its id; all for the company, none for what belongs to nobody, 1 and 0 for target.")
]
KpiName = Annotated[str, Path(description="As in the answer of /kpis.")]


@answering("/me", answers.Me, "me")
def me(request: HttpRequest) -> Any:
    """Whose token this is, and for what it was made."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    who = answers.Me(name=caller.user.name, role=caller.user.role, scopes=sorted(caller.scopes))
    return tagged(request, who)


@answering("/accounts", answers.Accounts, "accounts")
@scoped(ApiScope.ACCOUNTS)
def accounts(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=100, description="A part of the name.")] = "",
    after: Annotated[int, Query(ge=0, le=2**62, description="The next_after of the page before.")] = 0,
    limit: Annotated[
        int, Query(ge=1, le=PAGE_OF_ACCOUNTS, description=f"So many at a time, {PAGE_OF_ACCOUNTS} at most.")
    ] = PAGE_OF_ACCOUNTS,
) -> Any:
    """The accounts that you may see today, by id; q looks for a part of the name."""
    user, today = request.auth.user, Organisation.current().today()  # type: ignore[attr-defined]
    visible = Account.objects.visible_to(user, today)
    found = visible.named_like(q) if q else visible
    rows = account_rows(found.filter(pk__gt=after), visible, today, limit + 1)
    more = len(rows) > limit
    return answers.Accounts(
        count=found.count(), next_after=rows[limit - 1].id if more else None, accounts=rows[:limit]
    )


@answering("/accounts/{id}", answers.AccountOut, "account")
@scoped(ApiScope.ACCOUNTS)
def account(request: HttpRequest, id: Number) -> Any:
    """One of them."""
    user, today = request.auth.user, Organisation.current().today()  # type: ignore[attr-defined]
    visible = Account.objects.visible_to(user, today)
    rows = account_rows(visible.filter(pk=id), visible, today, 1)
    if not rows:
        raise Http404
    return rows[0]


@answering("/kpis", list[answers.KpiOut], "kpis")
@scoped(ApiScope.NUMBERS)
def kpis(request: HttpRequest) -> Any:
    """Every definition whose value you may see."""
    return [definition(kpi) for kpi in visible_kpis(request.auth.user)]  # type: ignore[attr-defined]


@answering("/kpis/{kpi}", answers.KpiOut, "kpi")
@scoped(ApiScope.NUMBERS)
def kpi(request: HttpRequest, kpi: KpiName) -> Any:
    """One definition: formula in words, unit, direction, source, caveats."""
    return definition(seen_kpi(request, kpi))


def definition(kpi: Definition) -> answers.KpiOut:
    return answers.KpiOut(
        id=kpi.id,
        name=kpi.name,
        formula=kpi.words,
        unit=kpi.unit.value,
        direction=kpi.direction.value,
        timing=kpi.timing.value,
        group=kpi.group.value,
        usual_period=kpi.usual.value,
        source=kpi.source,
        caveats=kpi.caveats,
        how_to_move=kpi.how_to_move,
        version=kpi.version,
    )


def seen_kpi(request: HttpRequest, id: str, scope: str = "") -> Definition:
    found = KPI.get(id)
    if found is None:
        raise Http404
    if not may_see_kpi(request.auth.user, found, scope):  # type: ignore[attr-defined]
        raise PermissionDenied("This number is not shown to this role.")
    return found


Month = Annotated[str, Field(pattern=r"^((199\d|2[01]\d\d)-(0[1-9]|1[0-2]))?$")]


class Asked(Schema):
    """As in the addresses of the pages; but a page shows something for whatever stands there, a program is told."""

    period: Annotated[
        PeriodKind, Field(description="A custom one needs since and to, else the answer is 422.")
    ] = PeriodKind.T12
    end: Annotated[
        Month, Field(description="The last month, as 2026-10; the latest complete one if left out.")
    ] = ""
    since: Annotated[Month, Field(description="The first month of a custom period.")] = ""
    to: Annotated[Month, Field(description="The last month of a custom period.")] = ""
    view: Annotated[
        View, Field(description="Credit as it was, or whole accounts to whoever has them today.")
    ] = View.AS_WAS
    run: Annotated[
        int | None, Field(description="An earlier run, as it was published; the newest if left out.")
    ] = None

    def query(self) -> dict[str, str]:
        if self.period == PeriodKind.CUSTOM and not "" < self.since <= self.to:
            raise HttpError(422, "A custom period has a first and a last month: since and to.")
        found = {"end": self.end, "from": self.since, "to": self.to}
        found |= {"period": self.period.value, "view": self.view.value}
        return {**found, "run": str(self.run or ""), "compare": "before"}


def explained(request: HttpRequest, scope: str, key: str, kpi: str, asked: Asked) -> Explanation:
    """The number asked for, if it may be seen; 404 otherwise, and while nothing is computed."""
    user = request.auth.user  # type: ignore[attr-defined]
    today = Organisation.current().today()
    found = read_key(scope, key)
    seen_or_refused(user, scope, found, today)
    number = seen_kpi(request, kpi, scope)
    stands_in = of_group(number, scope, found)
    if stands_in is not None:
        number, scope, found = seen_kpi(request, stands_in.id), Scope.COMPANY.value, None
    choice = read_choice(asked.query(), Organisation.current(), user)
    if choice is None or (asked.run is not None and choice.run.pk != asked.run):
        raise Http404
    return Explanation(user, number, find_place(scope, found, today), choice)


def result_out(result: Result, place: Place, choice: Choice, target: Any) -> answers.ResultOut:
    line = as_line(result, place.name)
    same = ("kpi", "scope", "view", "value", "numerator", "denominator", "n", "interval", "unit", "reason")
    return answers.ResultOut(
        **{name: line[name] for name in same},
        key=place.key,
        name=place.name,
        since=result.period.start,
        to=result.period.end,
        currency=line.get("currency"),
        partial=result.is_partial,
        notice=line.get("notice"),
        target=answers.text(target),
        status=status_of(result, target),
        run=choice.run.pk,
        as_of=choice.run.as_of,
    )


def one_result(made: Explanation) -> answers.ResultOut:
    choice, place = made.choice, made.place
    computer = PageComputer(
        choice.run, choice.newest, place.scope, [place.key], choice.view, choice.organisation, made.user
    )
    made.now = computer.all([made.kpi], [choice.period])[made.kpi.id, choice.period, place.key]
    targets = Targets.of([(place.scope, place.key)], [made.kpi.id])
    target = targets.value(made.kpi, place.scope, place.key, choice.period)
    return result_out(made.now, place, choice, target)


@answering("/results/{scope}/{key}", list[answers.ResultOut], "results")
@scoped(ApiScope.NUMBERS)
def results(request: HttpRequest, scope: ScopeName, key: Key, asked: Query[Asked]) -> Any:
    """A whole scorecard: every number of one scope. The key is “all” for the company and “none” for nobody's."""
    user = request.auth.user  # type: ignore[attr-defined]
    today = Organisation.current().today()
    found = read_key(scope, key)
    seen_or_refused(user, scope, found, today)
    place = find_place(scope, found, today)
    choice = read_choice(asked.query(), Organisation.current(), user)
    if choice is None or (asked.run is not None and choice.run.pk != asked.run):
        raise Http404
    shown = visible_kpis(user, scope)
    computer = PageComputer(choice.run, choice.newest, scope, [found], choice.view, choice.organisation, user)
    made = computer.all(shown, [choice.period])
    targets = Targets.of([(scope, found)])
    return [
        result_out(
            made[kpi.id, choice.period, found],
            place,
            choice,
            targets.value(kpi, scope, found, choice.period),
        )
        for kpi in shown
    ]


@answering("/results/{scope}/{key}/{kpi}", answers.ResultOut, "result")
@scoped(ApiScope.NUMBERS)
def result(request: HttpRequest, scope: ScopeName, key: Key, kpi: KpiName, asked: Query[Asked]) -> Any:
    """One number of one scope, the same as on its page."""
    return one_result(explained(request, scope, key, kpi, asked))


@answering("/results/{scope}/{key}/{kpi}/explanation", answers.ExplanationOut, "explanation")
@scoped(ApiScope.NUMBERS)
def explanation(request: HttpRequest, scope: ScopeName, key: Key, kpi: KpiName, asked: Query[Asked]) -> Any:
    """What the number is made of: parts or inputs, kinds of rows, what its owner says, and the statement."""
    made = explained(request, scope, key, kpi, asked)
    shown = one_result(made)
    place, period = made.place, made.choice.period
    said = Comment.objects.about(kpi, place.scope, place.key).during(period).select_related("author")
    return answers.ExplanationOut(
        result=shown,
        formula=made.kpi.words,
        parts=parts_of(made),
        inputs=inputs_of(made),
        row_sets=[
            answers.RowsLink(set=number, counts=each.words) for number, each in enumerate(allowed_sets(made))
        ],
        comments=[
            answers.CommentOut(text=each.text, author=each.author.name, written_at=each.written_at)
            for each in said[:50]
        ],
        definition_version=made.choice.run.definitions.get(kpi, made.kpi.version),
        sql=statement_text(made) if may_see(made.user, Secret.CONTRACT_VALUE) else "",
    )


def parts_of(made: Explanation) -> list[answers.PartOut]:
    labels = {part.name: part.label for part in made.kpi.parts()} if isinstance(made.kpi, Kpi) else {}
    own = [
        answers.PartOut(name=name, label=labels.get(name, name), value=str(value))
        for name, value in made.now.parts.items()
    ]
    of = whole_words(made.now)
    whole = [
        answers.PartOut(name=f"{name}_whole", label=f"{labels.get(name, name)}{of}", value=str(value))
        for name, value in made.now.whole.items()
    ]
    return [*own, *whole]


def inputs_of(made: Explanation) -> list[answers.InputOut]:
    return [
        answers.InputOut(
            kpi=each.kpi.id, since=each.period.start, to=each.period.end, value=answers.text(each.value)
        )
        for each in made.now.inputs
    ]


@answering("/results/{scope}/{key}/{kpi}/rows", answers.Rows, "rows")
@scoped(ApiScope.ROWS)
def rows(
    request: HttpRequest,
    scope: ScopeName,
    key: Key,
    kpi: KpiName,
    asked: Query[Asked],
    set: Annotated[
        int, Query(ge=0, le=20, description="Which kind of rows, as numbered in row_sets of the explanation.")
    ] = 0,
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Of as many as pages in the answer.")] = 1,
) -> Any:
    """The rows that a number counts, fifty at a time; those you may not see only as count and sum."""
    made = explained(request, scope, key, kpi, asked)
    sets = allowed_sets(made)
    if set >= len(sets):
        raise Http404
    found = find_rows(made.user, sets[set], made.place, made.choice, page)
    return answers.Rows(
        counts=sets[set].words,
        count=found.count,
        total=str(found.total),
        page=page,
        pages=Paginator(range(max(found.shown_count, 0)), PAGE).num_pages,
        hidden_count=found.hidden_count,
        hidden_total=str(found.hidden_total),
        rows=[
            answers.RowOut(
                date=each.date, account=each.account_id, account_name=each.account, row=each.label or "",
                detail=each.detail or "", amount=answers.text(each.booked), currency=each.currency or "",
                counted=str(each.counted),
            )
            for each in found.rows
        ],
    )  # fmt: skip
