"""The read API: the same numbers, for whose token it is, and nothing to whom it is not."""

import datetime
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Role, Team, User
from metrics.api.tokens import A_MINUTE, ApiScope, ApiToken, make, revoke
from metrics.kpis import KPIS
from metrics.models import Run
from tests.clients import as_
from tests.factories import PASSWORD, make_account, make_grant
from tests.metrics_pages.conftest import *  # noqa: F403
from tests.metrics_pages.conftest import BACKEND, T12

pytestmark = pytest.mark.django_db
ALL = [scope.value for scope in ApiScope]


def token_of(user: User, *scopes: str, days: int = 30) -> str:
    return make(user, "a test", scopes or ALL, days)[1]


def ask(token: str, path: str, **headers: str) -> Any:
    return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}", **headers})


def test_a_number_is_the_one_of_its_page_and_command(published: Run, hana: User) -> None:
    found = ask(token_of(hana), f"/results/company/all/account_revenue{T12}").json()
    # 900 + 600 of Aurora, 400 + 100 of Borealis.
    assert (found["value"], found["currency"], found["run"]) == ("2000.000000", "EUR", published.pk)
    assert (found["since"], found["to"], found["as_of"]) == ("2025-01-01", "2026-01-01", "2026-01-10")


def test_a_whole_scorecard_is_every_number_one_by_one(published: Run, hana: User, maya: User) -> None:
    token = token_of(hana)
    card = ask(token, f"/results/owner/{maya.pk}{T12}").json()
    assert [each["kpi"] for each in card] == [kpi.id for kpi in KPIS]
    for each in card[:6]:
        assert ask(token, f"/results/owner/{maya.pk}/{each['kpi']}{T12}").json() == each


def test_a_number_explains_itself_down_to_its_rows(published: Run, maya: User) -> None:
    token = token_of(maya)
    place = f"/results/owner/{maya.pk}/account_revenue"
    made = ask(token, f"{place}/explanation{T12}").json()
    assert [(part["name"], float(part["value"])) for part in made["parts"]][0] == ("revenue_now", 1900)
    rows = ask(token, f"{place}/rows{T12}").json()
    assert [row["row"] for row in rows["rows"]] == ["AUR-2", "AUR-1"]
    # Borealis is Omar's today.
    assert (rows["count"], rows["hidden_count"], float(rows["hidden_total"])) == (3, 1, 400)
    assert "Borealis" not in json.dumps([made, rows])


def test_accounts_are_those_the_person_may_see_page_by_page(
    maya: User, omar: User, maya_account: Account, omar_account: Account
) -> None:
    others = [make_account(f"More {number}", owner=maya).pk for number in range(3)]
    token = token_of(maya)
    first = ask(token, "/accounts?limit=2").json()
    second = ask(token, f"/accounts?limit=2&after={first['next_after']}").json()
    assert [each["id"] for each in first["accounts"] + second["accounts"]] == [maya_account.pk, *others]
    assert (first["count"], second["next_after"]) == (4, None)
    assert first["accounts"][0]["owner"] == "Maya Marin"
    assert ask(token, f"/accounts/{omar_account.pk}").status_code == 404


def test_a_group_that_may_not_be_seen_has_no_number(
    maya: User, hana: User, maya_account: Account, omar_account: Account
) -> None:
    own = make_account("Own daughter", owner=maya, parent=maya_account)
    other = make_account("Daughter of another's", owner=maya, parent=omar_account)
    for user, groups in ((maya, [maya_account.pk, None]), (hana, [maya_account.pk, omar_account.pk])):
        token = token_of(user)
        listed = {row["id"]: row["part_of"] for row in ask(token, "/accounts").json()["accounts"]}
        assert [listed[own.pk], listed[other.pk]] == groups
        found = [ask(token, f"/accounts/{each.pk}").json()["part_of"] for each in (own, other)]
        assert found == groups
    # What is looked for narrows the list, not whose group is told.
    (one,) = ask(token_of(maya), "/accounts?q=own daughter").json()["accounts"]
    assert one["part_of"] == maya_account.pk


def test_the_statements_of_a_list_do_not_grow_with_it(maya: User, maya_account: Account) -> None:
    token = token_of(maya)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert ask(token, "/accounts").status_code == 200
        return len(found)

    few = count()
    for _ in range(30):
        make_account(owner=maya)
    assert count() == few


def test_strangers_learn_nothing_and_marketing_no_contract_values(
    published: Run, maya: User, omar: User, lena: User, mira: User, vic: User, adam: User
) -> None:
    path = f"/results/owner/{maya.pk}/account_revenue{T12}"
    assert ask(token_of(lena), path).status_code == 200
    assert ask(token_of(omar), path).status_code == 404
    assert ask(token_of(vic), path).status_code == 404
    assert ask(token_of(adam), path).status_code == 403
    assert ask(token_of(adam), "/accounts").json()["count"] == 0
    token = token_of(mira)
    assert ask(token, f"/results/company/all/account_revenue{T12}").status_code == 200
    assert ask(token, f"/results/company/all/nrr{T12}").status_code == 403
    assert "nrr" not in {each["id"] for each in ask(token, "/kpis").json()}


def test_what_the_few_people_of_an_account_answered_is_for_whoever_reads_opinions(
    published: Run, maya: User, mira: User, vic: User, aurora: Account
) -> None:
    """Where one person answered, the score of the account is what this person said."""
    make_grant(vic, account=aurora)
    account, company = f"account/{aurora.pk}", "company/all"
    for user, of_account, of_company in ((maya, 200, 404), (mira, 403, 200), (vic, 403, 404)):
        token, client = token_of(user), Client()
        client.force_login(user, backend=BACKEND)
        for kpi in ("nps", "csat", "nps_by_account", "csat_mean"):
            for where, expected in ((account, of_account), (company, of_company)):
                assert ask(token, f"/results/{where}/{kpi}").status_code == expected, (user, where, kpi)
                for page in (f"/scorecards/{where}/{kpi}/", f"/scorecards/{where}/{kpi}/moved/"):
                    assert client.get(page).status_code == expected, (user, page)
        card = {each["kpi"] for each in ask(token, f"/results/{account}").json()}
        assert ("csat" in card) == (of_account == 200) and "account_revenue" in card


# What each may ask, by the first letters: hana, lena, maya, omar, mira, vic and adam without an elevation.
MATRIX = {
    "/me": "hlmoivA",
    "/accounts": "hlmoivA",
    "/accounts/{account}": "hlmi",
    "/kpis": "hlmoivA",
    "/kpis/nrr": "hlmovA",
    "/kpis/account_revenue": "hlmoivA",
    "/results/company/all": "hi",
    "/results/company/all/account_revenue": "hi",
    "/results/company/all/nrr": "h",
    "/results/company/all/nrr/explanation": "h",
    "/results/company/all/nrr/rows": "h",
    "/results/team/{team}": "hl",
    "/results/team/{team}/nrr": "hl",
    "/results/owner/{maya}": "hlm",
    "/results/owner/{maya}/nrr": "hlm",
    "/results/owner/{maya}/nrr/explanation": "hlm",
    "/results/owner/{maya}/account_revenue/rows": "hlm",
    "/results/account/{account}": "hlmi",
    "/results/account/{account}/account_revenue": "hlmi",
    "/results/account/{account}/nrr": "hlm",
    "/results/account/{account}/nrr/rows": "hlm",
}


def test_every_role_gets_from_every_endpoint_what_is_its_own(
    published: Run, hana: User, lena: User, maya: User, omar: User, mira: User, vic: User, adam: User,
    north: Team, aurora: Account,
) -> None:  # fmt: skip
    people = {"h": hana, "l": lena, "m": maya, "o": omar, "i": mira, "v": vic, "A": adam}
    tokens = {letter: token_of(user) for letter, user in people.items()}
    keys = {"account": aurora.pk, "team": north.pk, "maya": maya.pk}
    found = {
        path: "".join(
            letter
            for letter, token in tokens.items()
            if ask(token, f"{path.format(**keys)}{T12 * path.startswith('/results')}").status_code == 200
        )
        for path in MATRIX
    }
    assert found == MATRIX


def test_a_right_taken_away_is_gone_with_the_next_request(published: Run, lena: User, maya: User) -> None:
    token, path = token_of(lena), f"/results/owner/{maya.pk}/account_revenue{T12}"
    assert ask(token, path).status_code == 200
    User.objects.filter(pk=lena.pk).update(role=Role.VIEWER)
    assert ask(token, path).status_code == 404
    User.objects.filter(pk=lena.pk).update(is_active=False)
    assert ask(token, path).status_code == 401


def test_wrong_expired_and_revoked_tokens_get_the_same_answer(maya: User) -> None:
    expired, revoked = token_of(maya), token_of(maya)
    last = ApiToken.objects.order_by("pk").last()
    revoke(maya, last.pk)
    ago = timezone.now() - datetime.timedelta(days=40)
    ApiToken.objects.exclude(pk=last.pk).update(made_at=ago, expires_at=ago + datetime.timedelta(days=30))
    answers = [ask(token, "/me") for token in ("kam_wrong", expired, revoked, "")]
    assert {(each.status_code, each.content) for each in answers} == {(401, b'{"detail": "Unauthorized"}')}


def test_a_token_opens_only_what_it_was_made_for(published: Run, maya: User, maya_account: Account) -> None:
    token = token_of(maya, "accounts")
    assert ask(token, f"/accounts/{maya_account.pk}").status_code == 200
    for path in ("/kpis", f"/results/owner/{maya.pk}", f"/results/owner/{maya.pk}/account_revenue/rows"):
        assert ask(token, path).status_code == 403


def test_who_asks_too_often_waits_for_the_next_minute(maya: User) -> None:
    token = token_of(maya)
    ask(token, "/me")
    ApiToken.objects.update(minute_count=A_MINUTE)
    answer = ask(token, "/me")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    ApiToken.objects.update(minute_began=timezone.now() - datetime.timedelta(minutes=2))
    assert ask(token, "/me").status_code == 200


def test_what_has_not_changed_is_not_sent_again(published: Run, hana: User) -> None:
    token, path = token_of(hana), f"/results/company/all/nrr{T12}"
    first = ask(token, path)
    again = ask(token, path, **{"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_every_operation_declares_what_it_answers(published: Run, hana: User, aurora: Account) -> None:
    """By a real request to each: the first answer, the same asked for once more, and what refuses it."""
    token, stranger = token_of(hana), token_of(hana, "accounts")
    operations = as_(hana).get("/api/v1/openapi.json").json()["paths"]
    places = {"id": aurora.pk, "scope": "company", "key": "all", "kpi": "account_revenue"}
    for path, operation in operations.items():
        declared = operation["get"]["responses"]
        address = path.removeprefix("/api/v1").format(**places)
        first = ask(token, address)
        again = ask(token, address, **{"If-None-Match": f'"another", W/{first["ETag"]}'})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b""), path
        assert again["ETag"] == first["ETag"]
        for answer in (first, again):
            assert "ETag" in declared[str(answer.status_code)]["headers"], path
        assert "content" in declared["200"] and "content" not in declared["304"]
        assert "If-None-Match" in declared["304"]["description"]
        refusals = [ask("kam_wrong", address), ask(stranger, address), ask(token, f"{address}?nothing=1")]
        ApiToken.objects.update(minute_count=A_MINUTE)
        refusals.append(ask(token, address))
        ApiToken.objects.update(minute_count=0)
        for answer in refusals:
            assert str(answer.status_code) in declared, (path, answer.status_code)
        assert refusals[-1].status_code == 429 and refusals[-1]["Retry-After"]
        assert "Retry-After" in declared["429"]["headers"]


def test_what_does_not_exist_is_not_found(published: Run, hana: User) -> None:
    token = token_of(hana)
    for path in (
        "/results/company/all/nothing",
        "/results/planet/all/nrr",
        "/results/owner/x/nrr",
        "/results/company/all/nrr?run=999999",
        "/results/company/all/nrr/rows?set=19",
    ):
        answer = ask(token, path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."}), path


def test_a_program_is_told_what_was_not_understood(published: Run, hana: User) -> None:
    token = token_of(hana)
    wrong = {
        "period=years": "period: input should be 'month', 'quarter', 'year'",
        "end=October": "end: a month as 2026-10",
        "end=2025-13": "end: a month as 2026-10",
        "view=mine": "view: input should be 'as-was' or 'current-book'",
        "period=custom": "since and to",
        "period=custom&since=2025-04&to=2025-01": "since and to",
        # Left out unseen, it would be answered as the usual twelve months.
        "perod=month": "Known: end, period, run, since, to, view.",
    }
    for query, said in wrong.items():
        answer = ask(token, f"/results/company/all/account_revenue?{query}")
        assert (answer.status_code, set(answer.json())) == (422, {"detail"}), query
        assert said in answer.json()["detail"], query
    assert ask(token, "/kpis?page=2").status_code == 422
    assert ask(token, "/results/company/all/nrr?period=custom&since=2025-01&to=2025-04").status_code == 200


def test_an_error_repeats_nothing_of_what_was_sent(hana: User) -> None:
    answer = ask(token_of(hana), "/accounts?limit=%3Cscript%3E")
    said = "Not understood: limit: input should be a valid integer, unable to parse string as an integer."
    assert (answer.status_code, answer.json()) == (422, {"detail": said})


def test_a_session_opens_nothing_and_a_token_writes_nothing(hana: User) -> None:
    client = as_(hana)
    assert client.get("/api/v1/me").status_code == 401
    token = token_of(hana)
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(Client(), method)("/api/v1/accounts", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 405


# --------------------------------------------------------------------------------------------- the pages


def test_a_token_is_shown_once_and_kept_as_a_hash(maya: User) -> None:
    client = as_(maya)
    data = {"name": "A sheet", "scopes": ["accounts"], "days": "30", "proof": PASSWORD}
    answer = client.post("/api/tokens/", data)
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    row = ApiToken.objects.get()
    assert secret not in str(vars(row)) and secret.startswith(row.prefix)
    listed = client.get("/api/tokens/").content.decode()
    assert row.prefix in listed and secret not in listed
    assert ask(secret, "/me").json() == {"name": "Maya Marin", "role": "manager", "scopes": ["accounts"]}
    client.post(f"/api/tokens/{row.pk}/revoke/")
    assert ask(secret, "/me").status_code == 401


def test_no_token_without_the_password_and_none_of_somebody_else(maya: User, omar: User) -> None:
    client = as_(maya)
    data = {"name": "A sheet", "scopes": ["accounts"], "days": "30", "proof": "a guess"}
    assert client.post("/api/tokens/", data).status_code == 422
    token_of(omar)
    client.post(f"/api/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert ApiToken.objects.get().revoked_at is None


def test_the_schema_names_every_operation_and_the_page_shows_them(maya: User) -> None:
    client = as_(maya)
    schema = client.get("/api/v1/openapi.json").json()
    page = client.get("/api/docs/").content.decode()
    assert len(schema["paths"]) == 9
    # Between its steps a phone may break an address.
    assert all(f"<code>GET {path}</code>" in page.replace("<wbr>", "") for path in schema["paths"])
    assert "/<wbr>{key}/<wbr>{kpi}/<wbr>rows" in page
    # What may stand in a parameter, and what it is if it does not.
    assert "month, quarter, year, ytd, t12, fiscal, custom. A custom one needs since and to" in page
    for path in schema["paths"].values():
        for each in path["get"].get("parameters", []):
            assert each["name"] == "id" or each.get("description"), each
    assert all(set(each) == {"get"} for each in schema["paths"].values())


def test_a_program_that_asks_for_what_is_not_there_gets_no_page_for_people() -> None:
    for path in ("/nothing", "/accounts/", "/results/company/all/nrr/rows/more"):
        answer = ask("kam_wrong", path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
