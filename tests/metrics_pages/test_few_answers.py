"""What fewer than five people at customers said is told to nobody from whom opinions are hidden."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Review, Team, User
from metrics.access import hidden_groups
from metrics.api.tokens import ApiScope, make
from metrics.models import Run
from metrics.pages.review_figures import review_figures
from tests.clients import ask
from tests.factories import (
    day,
    make_answer,
    make_classification,
    make_contact,
    make_grant,
    make_objective,
    make_plan,
    make_review,
)
from tests.metrics.engine import report_in, run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db
REASON = "too few answers to show to this role"
ON = "2025-11-02T10:00+00:00"


def said(account: Account, *marks: int) -> None:
    """Each by a person of its own; from 9 on they are satisfied, too."""
    for mark in marks:
        make_answer(account, make_contact(account), ON, nps=mark, csat5=5 if mark > 8 else 1)


@pytest.fixture
def heard(north: Team, aurora: Account, borealis: Account, corvus: Account, vic: User) -> Run:
    """Tier A: 3 for us, 1 against, of 4 (+50). Tier B: 5 and 1 of 6 (+67). Tier C: 10 of 10. All 20: +80."""
    make_grant(vic)
    make_classification(corvus, "2023-01-01", tier="C", region="North", industry="Paper", is_target=False)
    said(aurora, 10, 10, 9, 2)
    said(borealis, 10, 10, 9, 9, 9, 3)
    said(corvus, *[10] * 10)
    report_in("EUR")
    return run("2026-01-10")


def tier(account: Account) -> int:
    found: int = account.classifications.get().tier_id
    return found


def text_of(user: User, url: str) -> str:
    answer = ask(user, url)
    assert answer.status_code == 200, url
    content = answer.getvalue() if answer.streaming else answer.content
    return re.sub(r"<[^>]+>|\s+", " ", content.decode("utf-8-sig")).replace("\xa0", " ")


def row_of(text: str, name: str) -> dict[str, str]:
    return next(row for row in csv.DictReader(io.StringIO(text)) if row["number"] == name)


def api(user: User, path: str) -> Any:
    token = make(user, "a test", [scope.value for scope in ApiScope], 30)[1]
    return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("kpi", "value"), [("nps", "+50 points"), ("csat", "75.0 %"), ("csat_mean", "8 points")]
)
def test_the_page_of_few_answers_says_why_there_is_no_number(
    heard: Run, aurora: Account, corvus: Account, hana: User, mira: User, vic: User, kpi: str, value: str
) -> None:
    few = f"/scorecards/tier/{tier(aurora)}/{kpi}/{T12}"
    assert value in text_of(hana, few) and REASON not in text_of(hana, few)
    for reader in (mira, vic):
        page = text_of(reader, few)
        assert REASON in page and value not in page
        # The answers of another tier, and those of all, are enough.
        for enough in (f"tier/{tier(corvus)}", "company/all"):
            assert REASON not in text_of(reader, f"/scorecards/{enough}/{kpi}/{T12}")


def test_no_list_of_numbers_tells_what_few_people_said(
    heard: Run, aurora: Account, hana: User, mira: User, vic: User
) -> None:
    key = tier(aurora)
    places = {
        f"/scorecards/tier/{key}/{T12}&all=1": "+50",
        f"/scorecards/tier/{key}/nps/{T12}": "+50",
        f"/scorecards/company/all/{T12}&by=tier&group=relationship&all=1": "+80",
        f"/compare/nps/{T12}&by=tier": "+80",
        f"/compare/{T12}&by=tier&group={key}": "+50",
    }
    for url, told in places.items():
        assert "+50" in text_of(hana, url), url
        for reader in (mira, vic):
            page = text_of(reader, url)
            assert "+50 points" not in page, (url, reader)
            assert told in page or told == "+50", (url, reader)


def test_few_answers_cannot_be_worked_out_from_what_is_told(
    heard: Run, aurora: Account, borealis: Account, corvus: Account, hana: User, mira: User, vic: User
) -> None:
    """All 20 less the 6 of one tier and the 10 of the other are the 4 of the third: of two tiers nothing is told."""
    one, other, third = (f"/scorecards/tier/{tier(each)}/nps/{T12}" for each in (aurora, borealis, corvus))
    for reader, is_told in ((hana, True), (mira, False), (vic, False)):
        assert [REASON not in text_of(reader, url) for url in (one, other, third)] == [is_told, is_told, True]
        groups = text_of(reader, f"/compare/nps/{T12}&by=tier")
        assert ["+67 points" in groups, "+100 points" in groups] == [is_told, True]
        # Of the others of a tier of few: 15 - 1 of 16 (+88).
        beside = text_of(reader, f"/compare/{T12}&by=tier&group={tier(aurora)}")
        assert ("+88 points" in beside) == is_told


def test_groups_that_hide_each_other_take_no_third_with_them() -> None:
    assert hidden_groups({1: 4, 2: 6, 3: 10}) == {1, 2}
    assert hidden_groups({1: 4, 2: 1, 3: 10}) == {1, 2}
    assert hidden_groups({1: 0, 2: 6, None: 5}) == set()
    assert hidden_groups({1: 3, 2: 6, None: 6}) == {1, 2}


def test_files_and_the_interface_leave_few_answers_out(
    heard: Run, aurora: Account, hana: User, mira: User, vic: User
) -> None:
    key = tier(aurora)
    file = f"/scorecards/tier/{key}/{T12}&all=1&export=csv"
    told = row_of(ask(hana, file).getvalue().decode("utf-8-sig"), "nps")
    assert (float(told["value"]), told["n"], told["reason"]) == (50, "4", "")
    for reader in (mira, vic):
        line = row_of(ask(reader, file).getvalue().decode("utf-8-sig"), "nps")
        assert (line["value"], line["low"], line["high"], line["n"]) == ("", "", "", "4")
        assert REASON in line["reason"]
        card = {each["kpi"]: each for each in api(reader, f"/results/tier/{key}{T12}").json()}
        one = api(reader, f"/results/tier/{key}/nps{T12}").json()
        assert card["nps"] == one and one["reason"] == "few_answers"
        assert (one["value"], one["numerator"], one["interval"], one["n"]) == (None, None, None, 4)
        made = api(reader, f"/results/tier/{key}/nps/explanation{T12}").json()
        assert ([part["value"] for part in made["parts"]], made["row_sets"]) == (["4"], [])
    assert float(api(hana, f"/results/tier/{key}/nps{T12}").json()["value"]) == 50


def test_rows_of_few_answers_are_not_added_up(
    heard: Run, aurora: Account, corvus: Account, hana: User, mira: User, vic: User
) -> None:
    """How many of the four are promoters is the number itself."""
    few, enough = (f"/scorecards/tier/{tier(each)}/nps/{T12}&part=" for each in (aurora, corvus))
    assert "3 rows" in text_of(hana, f"{few}rows")
    for reader in (mira, vic):
        assert "3 rows" not in text_of(reader, f"{few}rows")
        assert ask(reader, f"{few}csv").status_code == ask(reader, f"{few}xlsx").status_code == 404
        assert "10 rows" in text_of(reader, f"{enough}rows")


def test_a_trend_has_a_gap_where_few_had_answered(
    heard: Run, corvus: Account, hana: User, mira: User
) -> None:
    """Ten people said +100 in November; of the only one who had answered until October nothing is drawn."""
    make_answer(corvus, make_contact(corvus), "2025-10-02T10:00+00:00", nps=0)
    run("2026-01-11")
    url = f"/scorecards/tier/{tier(corvus)}/nps/{T12}"
    assert "−100" in text_of(hana, url) and "−100" not in text_of(mira, url)
    assert REASON not in text_of(mira, url)


def test_what_the_people_of_one_account_said_stands_in_no_plan_of_a_viewer(
    heard: Run, corvus: Account, hana: User, vic: User
) -> None:
    """Ten people answered, and it is one account all the same, whose own page refuses the number."""
    plan = make_plan(corvus, "2025-01-01", "2026-01-01")
    make_objective(plan, kpi="nps", baseline=0, target=80)
    url = f"/plans/{plan.pk}/"
    assert "+100" in text_of(hana, url)
    assert "+100" not in text_of(vic, url)
    assert REASON in text_of(vic, url)


def test_what_the_people_of_one_account_said_stands_in_no_review_of_a_viewer(
    heard: Run, corvus: Account, hana: User, vic: User
) -> None:
    """Neither while it is planned, nor in what is kept of it once it was held."""
    span = {"period_start": day("2025-10-01"), "period_end": day("2026-01-01")}
    review = make_review(corvus, "2026-01-10", **span)
    held = make_review(corvus, "2026-01-10", **span, status=Review.Status.HELD)
    Review.objects.filter(pk=held.pk).update(figures=review_figures(review, hana, heard))
    for each in (review, held):
        url = f"/plans/reviews/{each.pk}/"
        assert "+100" in text_of(hana, url)
        assert "+100" not in text_of(vic, url)


def test_what_is_hidden_of_accounts_that_may_be_seen_is_their_number(
    heard: Run, aurora: Account, borealis: Account, mira: User, vic: User
) -> None:
    """Marketing opens every account; this number of a single one is what it may not see."""
    make_answer(aurora, make_contact(aurora), "2025-12-02T10:00+00:00", nps=0)
    run("2026-01-11")
    nps = f"/scorecards/company/all/nps/{T12}&part="
    moved = f"/scorecards/company/all/nps/moved/?period=t12&end=2025-12&compare={heard.pk}"
    for reader in (mira, vic):
        assert ask(reader, f"/portfolio/{aurora.pk}/").status_code == 200
        for url in (f"{nps}accounts", moved):
            page = text_of(reader, url)
            assert "own number is not for this role" in page and "you may not see" not in page, url
        rows = text_of(reader, f"{nps}rows")
        assert "that are not for this role one by one" in rows and "you may not see" not in rows
