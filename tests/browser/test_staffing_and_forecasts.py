"""Staffing and forecasts in a browser: a number noted and taken back, readable at every width."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import Forecast, Organisation, Team, User
from accounts.people.headcount import Headcount, Leaver
from tests.factories import day, make_rate

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_head_counts_a_team_takes_it_back_and_reads_what_was_expected(
    open_as: Any, hana: User, maya: User, north: Team, south: Team
) -> None:
    Organisation.objects.get_or_create(pk=1)
    Headcount.objects.create(team=south, on=day("2025-01-01"), number=Decimal("4.5"))
    Leaver.objects.create(team=south, left_on=day("2025-02-01"), reason="resigned")
    for who, frozen in ((None, "2025-01-01"), (maya, "2025-01-20"), (maya, "2025-02-15")):
        Forecast.objects.create(
            user=who,
            starts_on=day("2025-01-01"),
            ends_on=day("2025-04-01"),
            frozen_on=day(frozen),
            amount=9000,
        )
    make_rate("CHF", "1.1", "2025-01-01")
    Forecast.objects.create(
        user=maya,
        starts_on=day("2025-04-01"),
        ends_on=day("2025-07-01"),
        frozen_on=day("2025-06-20"),
        amount=1234567,
        currency="CHF",
        left_out=12,
    )
    wide, phone = open_as(hana), open_as(hana, "dark", 320)
    for path in ("/people/staffing/", f"/people/staffing/?team={south.pk}", "/forecasts/"):
        phone.expect_clean(path)
    wide.expect_clean("/forecasts/")
    wide.expect_clean("/people/staffing/leaver/add/")

    wide.expect_clean("/people/staffing/")
    wide.page.get_by_role("link", name="Note a number").click()
    wide.page.get_by_label("Team").select_option(label="North")
    wide.page.get_by_role("button", name="Save").click()
    expect(wide.page.get_by_text("This field is required.")).to_be_visible()
    wide.page.get_by_label("People", exact=True).fill("7.5")
    wide.page.get_by_role("button", name="Save").click()
    expect(wide.page.get_by_role("row", name="Together")).to_contain_text("12")
    wide.page.get_by_role("button", name="Undo").click()
    expect(wide.page.get_by_role("row", name="North")).to_contain_text("not counted yet")
    assert list(Headcount.objects.values_list("team", flat=True)) == [south.pk]


@pytest.mark.parametrize(
    "path", ["/targets/?kind=fiscal", "/forecasts/?kind=fiscal", "/forecasts/?kind=year"]
)
def test_on_a_phone_no_filter_is_hidden_by_the_chosen_kind_of_period(
    open_as: Any, hana: User, maya: User, path: str
) -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"fiscal_year_start": 4})
    for first, until in (
        ("2025-01", "2025-02"),
        ("2025-01", "2025-04"),
        ("2025-01", "2026-01"),
        ("2025-04", "2026-04"),
    ):
        for who in (maya, None):
            span = {"starts_on": day(f"{first}-01"), "ends_on": day(f"{until}-01")}
            Forecast.objects.create(user=who, **span, frozen_on=day(f"{first}-01"), amount=9000)
    phone = open_as(hana, "light", 390)
    phone.expect_clean(path)
    narrowing = phone.page.get_by_role("navigation", name="What is shown")
    shown = [*narrowing.locator("select").all(), narrowing.locator("[aria-current]")]
    assert len(shown) >= 2
    for each in shown:
        box = each.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390, (box, each)
