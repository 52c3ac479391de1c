"""Walks the URL configuration through every role; a URL without a line in tests/routes.py fails."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Account, Team, User
from tests.clients import as_
from tests.factories import make_run, make_user
from tests.routes import PEOPLE, ROUTES, WHOLE_NAMESPACES, Route

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
BY_NAME = {route.name: route for route in ROUTES}


@pytest.fixture
def world(
    maya: User,
    omar: User,
    lena: User,
    hana: User,
    mira: User,
    vic: User,
    adam: User,
    north: Team,
    south: Team,
    maya_account: Account,
    omar_account: Account,
) -> SimpleNamespace:
    return SimpleNamespace(
        make_user=make_user, make_run=make_run, **{k: v for k, v in locals().items() if k != "self"}
    )


def named_urls(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            if inner not in WHOLE_NAMESPACES:
                yield from named_urls(pattern.url_patterns, inner)
        else:
            assert isinstance(pattern, URLPattern)
            assert pattern.name, f"a URL without a name: {pattern.pattern}"
            yield f"{namespace}:{pattern.name}" if namespace else pattern.name


def url_of(route: Route, world: SimpleNamespace) -> str:
    arguments = {k: v(world) if callable(v) else v for k, v in route.arguments.items()}
    return reverse(route.name, kwargs=arguments)


def ask(client: Client, route: Route, url: str, world: SimpleNamespace) -> Any:
    data = route.data(world) if route.data else {}
    return client.post(url, data) if route.method == "POST" else client.get(url)


def test_every_url_has_a_line_in_the_table() -> None:
    found = set(named_urls(get_resolver().url_patterns))
    assert found - set(BY_NAME) == set(), "give each of these a line in tests/routes.py"


def test_every_line_of_the_table_has_a_url() -> None:
    assert set(BY_NAME) - set(named_urls(get_resolver().url_patterns)) == set()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_each_role_gets_what_the_table_says(route: Route, world: SimpleNamespace, client: Client) -> None:
    for person in PEOPLE:
        url = url_of(route, world)
        someone = Client()
        someone.force_login(getattr(world, person), backend=BACKEND)
        response = ask(someone, route, url, world)
        expected = route.answer if person in route.people else (route.others.get(person, route.refused),)
        assert response.status_code in expected, f"{person} got {response.status_code}"
        assert "no-store" in response["Cache-Control"]
        assert "default-src 'none'" in response["Content-Security-Policy"]


def test_whoever_is_not_logged_in_is_sent_to_the_login(world: SimpleNamespace) -> None:
    open_to_all = []
    for route in ROUTES:
        response = ask(Client(), route, url_of(route, world), world)
        if not route.public and not (
            response.status_code == 302 and response["Location"].startswith(settings.LOGIN_URL)
        ):
            open_to_all.append((route.name, response.status_code))
    assert open_to_all == []


def test_public_pages_answer_without_a_login(world: SimpleNamespace) -> None:
    asked = {r.name: ask(Client(), r, url_of(r, world), world).status_code for r in ROUTES if r.public}
    assert {name: code for name, code in asked.items() if code not in BY_NAME[name].answer} == {}


def test_an_htmx_request_without_a_login_moves_the_whole_page(world: SimpleNamespace) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/people/me/?tab=1"}
    for route in ROUTES:
        if not route.public:
            response = Client().get(url_of(route, world), headers=headers)
            moved_to = f"{settings.LOGIN_URL}?next=%2Fpeople%2Fme%2F%3Ftab%3D1"
            assert (route.name, response.status_code, response.get("HX-Redirect"), response.content) == (
                route.name,
                200,
                moved_to,
                b"",
            )


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "POST"], ids=lambda route: route.name)
def test_a_write_needs_its_token_and_its_method(route: Route, world: SimpleNamespace) -> None:
    for person in route.people:
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(getattr(world, person), backend=BACKEND)
        url = url_of(route, world)
        assert careful.post(url, route.data(world) if route.data else {}).status_code == 403
        assert careful.get(url).status_code == 405


# Counters of attempts, sessions, and the log of pages viewed as somebody else are no data of the business.
BOOKKEEPING = {"kamplan_cache", "accounts_session", "accounts_viewedpage"}


def test_a_zero_byte_in_an_address_is_no_fault_of_the_server(hana: User, maya_account: Account) -> None:
    client = as_(hana)
    for path in (
        "/find",
        "/portfolio/",
        "/plans/",
        "/revenue/leads/",
        "/revenue/campaigns/",
        "/engagement/log/whom",
    ):
        assert client.get(f"{path}?q=Auro%00ra").status_code == 200, path
    assert "Aurora Foods" in client.get("/find?q=Auro%%0000ra%00").content.decode()


def contents() -> dict[str, str]:
    """A checksum of every table."""
    tables = [t for t in connection.introspection.table_names() if t not in BOOKKEEPING]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            rows = f'SELECT hashtextextended(t::text, 0) AS h FROM "{table}" t'
            cursor.execute(f"SELECT count(*) || ' ' || coalesce(sum(h), 0) FROM ({rows}) r")
            found[table] = cursor.fetchone()[0]
    return found


AREAS = sorted({route.name.rpartition(":")[0] for route in ROUTES})


@pytest.mark.parametrize("area", AREAS)
def test_looking_at_a_page_changes_nothing(area: str, world: SimpleNamespace) -> None:
    routes = [r for r in ROUTES if r.method == "GET" and r.name.rpartition(":")[0] == area]
    urls = [url_of(route, world) for route in routes]
    clients = []
    for person in PEOPLE:
        clients.append(Client())
        clients[-1].force_login(getattr(world, person), backend=BACKEND)
    before = contents()
    for client in clients:
        for url in urls:
            client.get(url)
            client.head(url)
    after = contents()
    assert {table for table in before if before[table] != after[table]} == set(), "which URL? ask one by one"


def test_a_right_taken_away_is_gone_with_the_next_request(world: SimpleNamespace, client: Client) -> None:
    client.force_login(world.lena, backend=BACKEND)
    assert client.get(reverse("people:team_list")).status_code == 200
    get_user_model().objects.filter(pk=world.lena.pk).update(role="viewer")
    assert client.get(reverse("people:team_list")).status_code == 403


# An account is read through `visible_to`; what belongs to accounts through an account or accounts so read.
ACCOUNT = re.compile(r"\bAccount\.objects\b(?!\s*\.(?:visible_to|none)\()")
BELONGS = "Assignment|Classification|FunnelPhase|Order|OrderLine|Opportunity|OpportunityPhase|Contract"
BELONGS += "|Contact|SoftFact|Tie|Relationship|Touch|Request|InternalRequest|Signal|Plan|Review|HandOver|Lead"
ROWS = re.compile(rf"\b(?:{BELONGS})\.objects\b(?P<rest>.{{0,160}})", re.DOTALL)
# What a person holds today, or a lead's teams do, narrows what is visible: it opens nothing.
ROOTED = re.compile(
    r"\.visible_to\(|\baccount=account\b|\baccount__in=(?:accounts|visible|seen)\b|\(user=user\)|owned_by_teams\(|\baccount=OuterRef\(|\.none\(\)"
)


def view_files() -> list[Path]:
    root = Path(settings.BASE_DIR)
    views = [path for path in root.glob("accounts/*/*views.py") if re.fullmatch(r"(.*_)?views", path.stem)]
    return [*views, *root.glob("metrics/pages/*.py")]


def test_views_read_accounts_only_through_visible_to() -> None:
    loose = []
    for path in view_files():
        source = path.read_text()
        name = path.relative_to(settings.BASE_DIR)
        loose += [f"{name}: {hit.group()}" for hit in ACCOUNT.finditer(source)]
        loose += [f"{name}: {hit.group()}" for hit in ROWS.finditer(source) if not ROOTED.search(hit["rest"])]
    assert loose == []
