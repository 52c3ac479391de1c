"""A customer whose engagement rises to a higher band: told once, kept quiet, and no warning in any number.

Points: a demo request 10, a download 3, a visit 1. Limits: warm from 10, hot from 25, left 20 % below; months of three.
"""

import datetime
from typing import Any

import pytest

from accounts.engagement.reference import add_signal_kinds
from accounts.fields import days
from accounts.models import (
    Account,
    Action,
    Organisation,
    Playbook,
    PlaybookStep,
    SignalKind,
    SignalWeight,
    Tier,
    User,
)
from accounts.periods import month
from metrics.alerts import actions
from metrics.alerts.find import look_for_warnings
from metrics.models import Alert, Scope, Threshold
from tests.alerts.making import make_alert
from tests.clients import as_
from tests.digests.test_digests import lines
from tests.factories import make_account, make_classification, make_contract, make_signal, make_user
from tests.metrics.engine import day, drop_temporary_tables, report_in, result, run

pytestmark = pytest.mark.django_db

TODAY = "2026-06-15"


def night(on: str, run: int = 1) -> list[Alert]:
    """What is open after it."""
    look_for_warnings(run, day(on))
    drop_temporary_tables()
    return list(Alert.objects.open())


def signals(account: Account, kind: str, *dates: str) -> None:
    for date in dates:
        make_signal(account, kind, at=datetime.datetime.fromisoformat(f"{date}T12:00:00Z"))


@pytest.fixture
def account() -> Account:
    """One of tier A, in a company that has recorded signals since March."""
    Organisation.objects.get_or_create(pk=1)
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    signals(make_account(), "site_visit", "2026-03-02")
    made = make_account("Grünwald AG", owner=make_user(), since="2024-01-01")
    make_classification(made, "2024-01-01", tier="A")
    return made


def test_a_rise_is_told_once_with_what_the_customer_did(account: Account) -> None:
    # May ends with 10 points: warm. June adds 2 x 10 + 3: 33 points, hot.
    signals(account, "demo_request", "2026-05-10", "2026-06-10", "2026-06-12")
    signals(account, "download", "2026-06-14")
    (found,) = night(TODAY)
    night(TODAY, run=2)
    assert [each.pk for each in night("2026-06-16")] == [found.pk]
    assert (found.kind, found.cause, found.is_red) == ("warmer", "band:2:2026-06", False)
    assert found.facts == {"was": "warm", "now": "hot", "why": "2 × demo request, 1 × download in June"}
    assert found.evidence == [
        {"what": "2 × demo request, 20 points", "when": "2026-06-12"},
        {"what": "1 × download, 3 points", "when": "2026-06-14"},
        {"what": "33 points in three months; hot from 25"},
    ]


def test_it_is_news_for_this_month_and_the_next(account: Account) -> None:
    signals(account, "demo_request", "2026-06-10", "2026-07-02", "2026-08-02")
    (found,) = night(TODAY)
    assert [each.pk for each in night("2026-07-31")] == [found.pk]
    # August makes it hot: another rise. The one to warm is two months old.
    (other,) = night("2026-08-03")
    assert (other.facts["was"], other.facts["now"]) == ("warm", "hot")


def test_a_rise_is_told_up_to_a_week_after_its_month(account: Account) -> None:
    signals(account, "demo_request", "2026-05-10")
    assert night("2026-06-08") == []
    assert [each.cause for each in night("2026-06-07")] == ["band:1:2026-05"]


def test_it_goes_when_the_band_falls_and_a_new_rise_is_told_anew(account: Account) -> None:
    # April 15, June 10 points: hot with 25 in June, and 10 are left when July ends. A begun month lets nobody fall.
    signals(account, "download", *(f"2026-04-0{number}" for number in range(1, 6)))
    signals(account, "demo_request", "2026-06-10")
    (first,) = night(TODAY)
    assert [each.pk for each in night("2026-07-30")] == [first.pk]
    assert night("2026-07-31") == []
    # 10 of June and 20 of August: hot again.
    signals(account, "demo_request", "2026-08-04", "2026-08-05")
    (second,) = night("2026-08-06")
    assert (second.cause, Alert.objects.count()) == ("band:2:2026-08", 2)


def test_who_took_it_up_is_not_told_again(account: Account) -> None:
    signals(account, "demo_request", "2026-06-10")
    (found,) = night(TODAY)
    actions.acknowledge(found, make_user(), day(TODAY))
    assert night("2026-06-16") == []
    assert night("2026-06-17") == []
    found.refresh_from_db()
    assert found.resolved_on == day("2026-06-16")


def test_a_lower_limit_or_another_tier_is_no_deed_of_a_customer(account: Account) -> None:
    # 22 points since May; from June on hot begins at 20 in its tier, and a visit adds 1.
    signals(account, "demo_request", "2026-05-02", "2026-05-03")
    signals(account, "site_visit", "2026-05-04", "2026-05-05", "2026-06-02")
    Threshold.objects.create(
        name="band_hot", tier=Tier.objects.get(), value=20, during=days(day("2026-06-01"))
    )
    assert night(TODAY) == []
    # Without these the limit is 25, and 2 demo requests in June pass it.
    Threshold.objects.all().delete()
    signals(account, "demo_request", "2026-06-03", "2026-06-04")
    assert [each.facts["now"] for each in night("2026-06-16")] == ["hot"]


def test_the_limit_of_a_tier_is_named(account: Account) -> None:
    Threshold.objects.create(
        name="band_warm", tier=Tier.objects.get(), value=12, during=days(day("2026-01-01"))
    )
    signals(account, "demo_request", "2026-06-03")
    assert night(TODAY) == []
    signals(account, "download", "2026-06-04")
    (found,) = night(TODAY, run=2)
    assert found.evidence[-1]["what"] == "13 points in three months; warm from 12 in tier A"


def test_where_nothing_was_recorded_before_nobody_was_cold(account: Account) -> None:
    account.signals.model.objects.all().delete()
    signals(account, "demo_request", "2026-06-10")
    assert night(TODAY) == []


def test_it_is_in_no_number_of_warnings_and_puts_no_revenue_at_risk(account: Account) -> None:
    report_in("EUR")
    make_contract(account, "2026-01-01", "2028-01-01", annual_value=1000)
    signals(account, "demo_request", "2026-06-10")
    run(TODAY)
    (found,) = Alert.objects.open()
    actions.acknowledge(found, make_user(), day(TODAY))
    run(TODAY)
    assert found.kind == "warmer"
    for kpi, expected in (("early_warning", 0), ("at_risk_revenue", 0), ("warning_to_action", None)):
        assert result(kpi, month(day(TODAY)), Scope.ACCOUNT, account.pk).value == expected


def test_it_begins_its_playbook(account: Account) -> None:
    book = Playbook.objects.create(kind="warmer", name="Warm call")
    PlaybookStep.objects.create(playbook=book, position=1, text="Ask what they look for", due_days=2)
    signals(account, "demo_request", "2026-06-10")
    night(TODAY)
    night("2026-06-16")
    assert Action.objects.get().due_on == day("2026-06-17")


def test_it_stands_behind_warnings_as_good_news(maya: User, maya_account: Account) -> None:
    facts = {"was": "warm", "now": "hot", "why": "3 × demo request in June"}
    make_alert(maya_account, "warmer", facts=facts, cause="band:2:2026-06")
    make_alert(maya_account, "without_result", facts={"lead": 80, "lag": 20})
    said = "Engagement rose from warm to hot: 3 × demo request in June."
    client = as_(maya)

    listed = client.get("/warnings/").context["lines"]
    assert [(each.alert.kind, each.mark) for each in listed] == [
        ("without_result", "watch"),
        ("warmer", "higher"),
    ]
    page = client.get(f"/portfolio/{maya_account.pk}/")
    assert [each.sentence for each in page.context["news"]] == [said]
    assert [each.alert.kind for each in page.context["warnings"]] == ["without_result"]
    week: list[Any] = client.get("/").context["week"]
    assert [each.item.kind for each in week] == ["warned", "warmer"]
    assert week[1].item.cause == said and "more warning" not in week[0].item.cause
    assert said in lines(maya)
