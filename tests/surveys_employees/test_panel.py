"""The panel, its files and the scorecards: released rows, for those who may read them."""

import csv
import datetime
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, EmployeeWave, Headcount, Leaver, Team, User
from accounts.surveys.employees import release
from accounts.surveys.employees.staffing import Attrition, attrition_for, average_headcount
from metrics.access import visible_kpis
from metrics.models import Scope
from metrics.pages.employees import Summary, summary_of
from metrics.pages.places import Place
from metrics.recompute.run import Order, recompute
from tests.api.test_api import ask, token_of
from tests.factories import make_order, make_run
from tests.surveys_employees.test_waves import signed_in
from tests.surveys_employees.waves import answered_wave, today

pytestmark = pytest.mark.django_db
GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())
PANEL = "employees:panel"


@pytest.fixture
def west(db: None) -> Team:
    return Team.objects.create(name="West")


@pytest.fixture
def wave(north: Team, south: Team, west: Team) -> EmployeeWave:
    """North is shown; South is too small, and West is hidden with it."""
    found = answered_wave(
        {north: [5, 4, 4, 3, 2, 5, 4, 4], south: [5, 1], west: [2, 3, 4, 5, 1, 4]}, silent=1
    )
    release.release(found, today())
    found.refresh_from_db()
    return found


def text(client: Client, **query: object) -> str:
    return client.get(reverse(PANEL), query).content.decode()


def test_a_head_sees_all_groups_and_why_some_are_hidden(wave: EmployeeWave, hana: User) -> None:
    page = text(signed_in(hana))
    assert "<h1>Company</h1>" in page and "<b>16</b> <span>of 19 asked" in page
    assert "Hidden: fewer than 5 people answered" in page
    assert "Hidden too, so that nobody’s answer can be worked out" in page
    assert page.index(">North<") < page.index("South") < page.index("West")
    assert "8 of 9" in page and "2 of 3" not in page and "6 of 7" not in page


def test_a_manager_sees_the_own_team_beside_the_company_and_nobody_elses(
    wave: EmployeeWave, maya: User, omar: User
) -> None:
    page = text(signed_in(maya))
    assert "<h1>North</h1>" in page and "company " in page and "West" not in page
    assert text(signed_in(maya), group="company:").count("West") == 0
    assert signed_in(maya).get(reverse(PANEL), {"group": "team:West"}).status_code == 404
    hidden = text(signed_in(omar))
    assert "<h1>Company</h1>" in hidden and "South is hidden" in hidden and "North" not in hidden


def test_a_lead_sees_the_teams_below(wave: EmployeeWave, lena: User) -> None:
    page = text(signed_in(lena), group="company:")
    assert ">North</a>" in page and "West" not in page


@pytest.mark.parametrize("who", ["mira", "vic"])
def test_marketing_and_viewers_get_nothing(
    wave: EmployeeWave, who: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    assert signed_in(user).get(reverse(PANEL)).status_code == 403
    assert release.rows_for(user, wave, today()) == [] and release.waves_for(user) == []


FIELDS = ("asked", "n", "favourable", "unfavourable", "total")


@pytest.mark.parametrize("who", ["hana", "lena", "maya", "omar"])
def test_files_hold_the_released_rows_and_nothing_else(
    wave: EmployeeWave, who: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    expected = [
        [row.dimension, row.label or "Company", *(getattr(row, name) for name in FIELDS), row.hidden]
        for row in release.rows_for(user, wave, today())
    ]
    client = signed_in(user)
    csv_body = b"".join(client.get(reverse(PANEL), {"export": "csv"}).streaming_content)  # type: ignore[attr-defined]
    lines = list(csv.reader(io.StringIO(csv_body.decode("utf-8-sig"))))[1:]
    found = [[*line[2:4], *(int(cell) if cell else None for cell in line[5:10]), line[10]] for line in lines]
    assert found == expected
    book = b"".join(client.get(reverse(PANEL), {"export": "xlsx"}).streaming_content)  # type: ignore[attr-defined]
    sheet = openpyxl.load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    cells = [list(row) for row in sheet.iter_rows(min_row=4, values_only=True)]
    assert [[*row[2:4], *row[5:10], row[10] or ""] for row in cells] == expected


def test_what_a_page_says_of_a_group_is_its_released_row(wave: EmployeeWave, maya: User) -> None:
    page = text(signed_in(maya))
    row = wave.results.get(label="North", item="satisfaction")
    assert f"{row.favourable} of {row.n}" in page and (row.favourable, row.n) == (6, 8)
    assert "75.0\xa0%" in page


def test_no_filter_of_the_address_cuts_a_group_any_smaller(wave: EmployeeWave, hana: User) -> None:
    """Attack by A less A-and-B: nothing but wave and group is read of an address, and each names whole rows."""
    client = signed_in(hana)
    north = client.get(reverse(PANEL), {"group": "team:North"})
    more = client.get(reverse(PANEL), {"group": "team:North", "site": "Oslo", "tenure": "1", "team": "South"})
    assert body(north) == body(more)
    assert client.get(reverse(PANEL), {"group": "team:North,site:Oslo"}).status_code == 404


def body(response: Any) -> str:
    """What the page says, without the form's secrets and the links that repeat the address."""
    page: str = response.content.decode()
    return re.sub(r"<[^>]+>", "", page[page.index("<main") : page.index("</main>")])


def test_the_api_says_of_a_team_what_its_released_row_says_and_of_a_hidden_one_nothing(
    wave: EmployeeWave, north: Team, south: Team, hana: User, maya_account: Account
) -> None:
    make_order(maya_account, f"{today():%Y-%m}-01", 100)
    recompute(Order("full", today()))
    token = token_of(hana)

    def asked(team: Team) -> Any:
        month = f"period=month&end={today():%Y-%m}"
        return ask(token, f"/results/team/{team.pk}/employee_satisfaction?{month}").json()

    row = wave.results.get(label="North", item="satisfaction")
    shown, hidden = asked(north), asked(south)
    assert (shown["numerator"], shown["denominator"], shown["n"]) == (row.favourable, row.n, row.n)
    assert (hidden["value"], hidden["numerator"], hidden["denominator"]) == (None, None, None)
    assert not hidden["n"]


def test_figures_for_numbers_are_the_rows_of_company_and_teams(wave: EmployeeWave, north: Team) -> None:
    tomorrow = today() + datetime.timedelta(days=1)
    found = {(each.scope, each.team): each for each in release.figures("enps", today(), tomorrow)}
    shown = found["team", north.pk]
    assert (shown.n, shown.favourable, shown.unfavourable, shown.hidden) == (8, 2, 2, "")
    assert {each.hidden for each in found.values()} == {"", "few", "protect"}
    assert all(each.n is None for each in found.values() if each.hidden)
    assert list(release.figures("enps", tomorrow, tomorrow)) == []


def test_the_scorecard_shows_the_team_or_the_level_above_with_the_reason(
    wave: EmployeeWave, maya: User, omar: User, north: Team, south: Team
) -> None:
    def card(user: User, team: Team) -> Summary:
        place = Place(Scope.OWNER, user.pk, user.name, Place(Scope.TEAM, team.pk, team.name))
        found = summary_of(user, place, today())
        assert found is not None
        return found

    shown, hidden = card(maya, north), card(omar, south)
    assert (shown.name, shown.notice, shown.satisfied.value) == ("North", "", "75.0\xa0%")
    assert hidden.name == "Company" and "South: Hidden: fewer than 5 people answered" in hidden.notice
    make_run(today())
    url = reverse("metrics:scorecard_of", kwargs={"scope": "owner", "key": omar.pk})
    page = signed_in(omar).get(url).content.decode()
    assert "Company, Autumn, closed" in page and hidden.notice in page


def test_segments_and_readers_without_the_panel_have_no_such_part(
    wave: EmployeeWave, hana: User, mira: User
) -> None:
    assert summary_of(hana, Place(Scope.TIER, 1, "A"), today()) is None
    assert summary_of(mira, Place(Scope.COMPANY, None, "Company"), today()) is None


def test_the_number_of_statements_does_not_grow_with_waves_groups_or_people(
    wave: EmployeeWave, hana: User, north: Team
) -> None:
    def one_more(name: str, scores: dict[Team, list[int]]) -> None:
        release.release(answered_wave(scores, name=name), today())

    client = signed_in(hana)
    one_more("Second", {north: [1, 5, 4, 3, 4, 2, 5]})
    count(client)
    few = count(client)
    more = [Team.objects.create(name=f"Team {number}") for number in range(6)]
    one_more("Third", {team: [1, 5, 4, 3, 4, 2, 5] for team in [north, *more]})
    assert count(client) == few


def count(client: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(reverse(PANEL)).status_code == 200
    return len(caught)


def test_before_a_first_release_the_panel_says_so(maya: User, hana: User) -> None:
    assert "No results yet" in text(signed_in(maya)) and "Employee surveys" not in text(signed_in(maya))
    assert reverse("employees:wave_list") in text(signed_in(hana))


def test_attrition_is_that_of_the_worked_example() -> None:
    (case,) = [case for case in GOLDEN if case["kpi"] == "attrition"]
    sums = case["inputs"]
    assert Attrition(sums["num"], Decimal(sums["den"]), today(), today()).percent == case["expected"]


def test_headcount_is_averaged_over_the_days_and_moves_within_the_company_are_no_leavers(
    north: Team, hana: User, maya: User
) -> None:
    day = datetime.date
    counted = [
        (1, day(2025, 1, 1), Decimal(10)),
        (1, day(2026, 1, 31), Decimal(20)),
        (2, day(2026, 1, 16), Decimal(4)),
    ]
    # Thirty days of 10, thirty of 20, and 45 days of 4.
    assert average_headcount(counted, day(2026, 1, 1), day(2026, 3, 2)) == Decimal(900 + 180) / 60
    now = day(2026, 11, 22)
    Headcount.objects.create(team=north, on=day(2025, 1, 1), number=16)
    for left, reason in (
        ("2026-03-01", "resigned"),
        ("2026-06-01", ""),
        ("2026-06-01", "moved"),
        ("2025-06-01", ""),
    ):
        Leaver.objects.create(team=north, left_on=day.fromisoformat(left), reason=reason)
    found = attrition_for(hana, now)
    assert found is not None and (found.leavers, found.average, found.percent) == (2, 16, Decimal("12.5"))
    assert attrition_for(maya, now) is None


def test_numbers_about_our_people_are_for_those_who_may_read_the_panel(
    mira: User, vic: User, maya: User, hana: User
) -> None:
    about_people = {"employee_satisfaction", "enps", "attrition"}
    for user, sees in ((mira, set()), (vic, set()), (maya, about_people), (hana, about_people)):
        assert {kpi.id for kpi in visible_kpis(user)} & about_people == sees
