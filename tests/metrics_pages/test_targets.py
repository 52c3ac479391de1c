"""Targets on their pages: who sets which, by what rule they are met, how they were attained, and the way back."""

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Tier, User
from metrics.kpis import KPI
from metrics.models import Run, Target
from metrics.result import Result
from metrics.status import Aim, status_of
from metrics.targets import Targets
from tests.clients import as_
from tests.factories import make_target, make_team
from tests.metrics.engine import period

pytestmark = pytest.mark.django_db


def data(**changes: Any) -> dict[str, Any]:
    return {
        "kpi": "nrr",
        "place": "company-all",
        "period_kind": "t12",
        "rule": "at_least",
        "value": "95",
        "starts": "2026-01-01",
        "reason": "agreed with the board",
        **changes,
    }


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (21, 29, "on_target"),
        (10, 19, "short"),
        (31, 40, "over"),
        (18, 25, "too_close"),
        (25, 33, "too_close"),
    ],
)
def test_a_target_between_two_values_is_met_where_the_whole_range_lies_between(
    low: int, high: int, state: str
) -> None:
    found = Result(
        KPI["win_rate"], "company", None, period("2025-01-01", "2026-01-01"), "as-was",
        value=Decimal(low + high) / 2, n=Decimal(50), low=Decimal(low), high=Decimal(high),
    )  # fmt: skip
    assert status_of(found, Aim(Decimal(20), "band", Decimal(30))) == state


def test_the_database_wants_two_ends_of_a_band_and_an_end_after_the_beginning(db: None) -> None:
    for fields in ({"rule": "band"}, {"rule": "band", "upper": 5, "value": 6}, {"upper": 5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_target(**{"value": 1, **fields})
    with pytest.raises(IntegrityError), transaction.atomic():
        make_target(starts=datetime.date(2026, 2, 1), until=datetime.date(2026, 1, 31))


def test_a_target_holds_up_to_its_end(db: None) -> None:
    make_target(kpi="nrr", value=95, starts=datetime.date(2025, 1, 1), until=datetime.date(2025, 12, 31))
    targets = Targets.of([("company", None)])
    assert targets.value(KPI["nrr"], "company", None, period("2025-01-01", "2026-01-01")) == 95
    assert targets.value(KPI["nrr"], "company", None, period("2025-02-01", "2026-02-01")) is None


def test_a_head_sets_a_target_and_takes_it_back(hana: User) -> None:
    client = as_(hana)
    answer = client.post("/targets/add/", data())
    target = Target.objects.get()
    assert (target.value, target.rule, target.set_by, target.reason) == (
        95,
        "at_least",
        hana,
        "agreed with the board",
    )
    page = client.get(answer["Location"])
    undo = re.search(r'action="(/targets/undo/[^"]+)"', page.content.decode())
    assert undo is not None
    client.post(undo[1])
    assert not Target.objects.exists()
    # A second time there is nothing to take back.
    assert "too late" in client.post(undo[1], follow=True).content.decode()


def test_a_removed_target_comes_back_as_it_was_and_its_history_stays(hana: User) -> None:
    client = as_(hana)
    target = make_target(kpi="nrr", value=95, rule="at_least", reason="because")
    answer = client.post(f"/targets/{target.pk}/remove/")
    assert not Target.objects.exists()
    undo = re.search(r'action="(/targets/undo/[^"]+)"', client.get(answer["Location"]).content.decode())
    assert undo is not None
    # Back where it was removed, not on the company's list.
    assert client.post(undo[1])["Location"] == "/targets/?whose=company-all&kind=t12"
    back = Target.objects.get()
    assert (back.value, back.rule, back.reason) == (95, "at_least", "because")
    history = client.get(f"/targets/{back.pk}/").context["history"]
    assert [each.what for each in history] == ["set", "removed", "set"]


def test_a_change_is_kept_beside_what_was_before(hana: User) -> None:
    client = as_(hana)
    target = make_target(kpi="nrr", value=95)
    address = f"/targets/{target.pk}/edit/"
    seen = client.get(address).context["form"]["seen"].value()
    answer = client.post(address, data(value="97", starts="2020-01-01", seen=seen))
    assert answer.status_code == 302
    texts = [
        each.text.replace("\xa0", " ") for each in client.get(f"/targets/{target.pk}/").context["history"]
    ]
    assert [text.partition(",")[0] for text in texts] == ["at least 97 %", "at least 95 %"]


def test_whoever_changes_a_target_second_is_shown_both_versions(hana: User) -> None:
    client = as_(hana)
    target = make_target(kpi="nrr", value=95, rule="at_least", reason="because", starts="2026-01-01")
    address = f"/targets/{target.pk}/edit/"
    seen = client.get(address).context["form"]["seen"].value()
    assert client.post(address, data(value="97", reason="first", seen=seen)).status_code == 302
    conflict = client.post(address, data(value="99", reason="second", seen=seen))
    assert conflict.status_code == 409
    assert conflict.context["theirs"] == [("Value", "97", "99"), ("Reason", "first", "second")]
    assert Target.objects.get().value == 97
    again = conflict.context["form"]["seen"].value()
    assert client.post(address, data(value="99", reason="second", seen=again)).status_code == 302
    assert Target.objects.get().value == 99


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("value", "9" * 30, "no more than 18 digits"),
        ("value", "Infinity", "Enter a number"),
        # What a browser sends for a year typed as 26.
        ("starts", "0026-01-01", "Write all four digits"),
        ("until", "9999-12-31", "no day after this one"),
    ],
)
def test_what_no_target_can_be_is_refused_beside_its_field(
    hana: User, field: str, typed: str, reason: str
) -> None:
    answer = as_(hana).post("/targets/add/", data(**{field: typed}))
    assert answer.status_code == 422 and reason in answer.context["form"].errors[field][0]
    assert typed in answer.content.decode() and not Target.objects.exists()


@pytest.mark.parametrize(
    ("kpi", "place"), [("rfm", "company-all"), ("cac", "tier-"), ("quota_attainment", "tier-")]
)
def test_a_target_for_a_number_that_the_place_never_has_is_refused(hana: User, kpi: str, place: str) -> None:
    tier = Tier.objects.create(name="Gold")
    place = f"tier-{tier.pk}" if place == "tier-" else place
    answer = as_(hana).post("/targets/add/", data(kpi=kpi, place=place, value="3"))
    whose = "Gold" if place != "company-all" else "Company"
    assert answer.context["form"].errors["place"] == [
        f"This number is not made for {whose}: nothing would ever meet the target."
    ]
    assert not Target.objects.exists()


def test_a_rule_that_rewards_the_opposite_is_refused(hana: User) -> None:
    answer = as_(hana).post("/targets/add/", data(rule="at_most"))
    assert answer.status_code == 422 and "the opposite" in answer.content.decode()
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    ("kpi", "value", "reason"),
    [
        ("win_rate", "-5", "between 0 and 100 per cent"),
        ("win_rate", "101", "between 0 and 100 per cent"),
        ("lead_conversion", "120", "between 0 and 100 per cent"),
        ("nps", "-101", "between −100 and +100 points"),
        ("account_revenue", "-1", "not below 0"),
        ("win_rate", "100", ""),
        ("nps", "-20", ""),
        # What grows may shrink, and what is kept may be more than there was.
        ("revenue_growth", "-3", ""),
        ("nrr", "110", ""),
    ],
)
def test_a_value_that_the_number_never_has_is_refused(hana: User, kpi: str, value: str, reason: str) -> None:
    answer = as_(hana).post("/targets/add/", data(kpi=kpi, value=value))
    assert answer.status_code == (422 if reason else 302)
    assert reason in answer.content.decode() and Target.objects.exists() != bool(reason)


def test_the_upper_end_and_the_short_form_refuse_it_too(published: Run, hana: User) -> None:
    client = as_(hana)
    answer = client.post("/targets/add/", data(kpi="win_rate", rule="band", value="40", upper="140"))
    assert answer.context["form"].errors.keys() == {"upper"}
    client.post("/scorecards/company/all/win_rate/", {"value": "140", "starts": "2026-01-01"})
    assert not Target.objects.exists()


def test_two_targets_from_one_day_are_refused_in_words(hana: User) -> None:
    make_target(kpi="nrr", value=95, starts=datetime.date(2026, 1, 1))
    answer = as_(hana).post("/targets/add/", data())
    assert answer.status_code == 422
    assert "There is a target from this day already." in answer.content.decode()


def test_a_lead_sets_targets_of_the_own_people_only(lena: User, maya: User, omar: User) -> None:
    client = as_(lena)
    assert client.post("/targets/add/", data(place=f"owner-{maya.pk}")).status_code == 302
    for place in ("company-all", f"owner-{omar.pk}", "owner-x", "tier-none"):
        assert client.post("/targets/add/", data(place=place)).status_code == 422
    theirs = make_target(omar)
    assert client.get(f"/targets/{theirs.pk}/").status_code == 404
    assert client.post(f"/targets/{theirs.pk}/remove/").status_code == 404


def test_past_periods_are_held_against_the_target_of_their_time(published: Run, hana: User) -> None:
    # Revenue was 2,500 in 2024 and is 2,000 in 2025.
    make_target(value=2400, starts=datetime.date(2024, 1, 1), period_kind="year")
    newer = make_target(value=2600, starts=datetime.date(2025, 1, 1), period_kind="year")
    response = as_(hana).get(f"/targets/{newer.pk}/")
    rows = {each[0]: each for each in response.context["drawn_rows"]}
    assert (rows["2025"][2], rows["2025"][4], rows["2025"][5]) == ("€2,000", "target €2,600", "short")
    assert (rows["2024"][2], rows["2024"][4], rows["2024"][5]) == ("€2,500", "target €2,400", "on_target")
    assert response.context["attained"] == "met in 1 of 2 periods"


def test_the_list_says_how_each_target_stands(published: Run, hana: User) -> None:
    make_target(value=1900)
    make_target(kpi="nrr", value=90, period_kind="year")
    response = as_(hana).get("/targets/")
    lines = {line.kpi.id: line for _, some in response.context["sections"] for line in some}
    assert list(lines) == ["account_revenue"]
    assert lines["account_revenue"].status == "on_target"
    assert lines["account_revenue"].wanted == "at least €1,900"


def test_a_target_that_began_after_the_newest_period_is_not_judged_by_it(published: Run, hana: User) -> None:
    # 2025 is the newest whole year, and 2,000 of 1,900 would be enough.
    make_target(value=1900, starts=datetime.date(2025, 1, 1), period_kind="year")
    newer = make_target(value=9000, starts=datetime.date(2026, 1, 1), period_kind="year")
    client = as_(hana)
    answer = client.get("/targets/?kind=year")
    (line,) = [line for _, some in answer.context["sections"] for line in some]
    assert (line.wanted, line.status, answer.context["tallies"]) == (
        "at least €9,000", "waiting", [("waiting", "1 not judged yet")],
    )  # fmt: skip
    assert (
        "the newest period ended before this target began"
        in client.get(f"/targets/{newer.pk}/").content.decode()
    )


def test_no_more_statements_for_more_targets(published: Run, hana: User) -> None:
    def statements() -> int:
        as_(hana).get("/targets/")
        client = as_(hana)
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/targets/").status_code == 200
        return len(caught)

    make_target(value=1900, period_kind="t12")
    before = statements()
    for kpi in ("nrr", "grr", "win_rate", "revenue_growth", "retention_logo"):
        make_target(kpi=kpi, value=90, period_kind="t12")
    assert statements() == before


def test_a_target_of_a_deleted_team_is_never_offered_to_the_company(published: Run, hana: User) -> None:
    team = make_team("East")
    target = make_target(kpi="nrr", value=95, scope="team", key=team.pk)
    team.delete()
    client, page = as_(hana), f"/targets/{target.pk}/"
    for answer in (client.get(f"{page}edit/", follow=True), client.post(f"{page}edit/", data(), follow=True)):
        assert answer.redirect_chain == [(page, 302)]
        text = answer.content.decode()
        assert f"Team number {target.key}, deleted" in text
        assert "The team of this target was deleted: it can be removed, not edited." in text
    target.refresh_from_db()
    assert (target.scope, target.value) == ("team", 95)
    # It can still be found and removed.
    assert "edit/" not in client.get(page).content.decode()
    assert client.post(f"{page}remove/").status_code == 302 and not Target.objects.exists()


def test_a_target_of_somebody_who_left_the_team_stays_theirs_when_it_is_edited(
    hana: User, maya: User
) -> None:
    target = make_target(maya, kpi="nrr", value=95, rule="at_least")
    maya.memberships.all().delete()
    client = as_(hana)
    form = client.get(f"/targets/{target.pk}/edit/").context["form"]
    assert form["place"].value() == f"owner-{maya.pk}"
    assert ("As it is", [(f"owner-{maya.pk}", "Maya Marin")]) in form.fields["place"].choices
    sent = data(value="97", place=form["place"].value(), seen=form["seen"].value())
    assert client.post(f"/targets/{target.pk}/edit/", sent).status_code == 302
    target.refresh_from_db()
    assert (target.value, target.scope, target.key) == (97, "owner", maya.pk)
