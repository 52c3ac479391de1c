"""Early warnings: found once, kept, resolved by themselves, taken up, and what they begin."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.fields import days
from accounts.models import (
    Account,
    AccountState,
    Action,
    Organisation,
    Play,
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
from metrics.kpis import KPI
from metrics.models import Alert
from metrics.results import results
from tests.alerts.making import make_alert
from tests.factories import (
    make_account,
    make_answer,
    make_classification,
    make_contact,
    make_contract,
    make_fact,
    make_opportunity,
    make_order,
    make_request,
    make_signal,
    make_touch,
    make_user,
)
from tests.metrics.engine import drop_temporary_tables, run

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 6, 15)


def ago(number: int) -> datetime.date:
    return TODAY - datetime.timedelta(days=number)


def noon(number: int) -> datetime.datetime:
    return datetime.datetime.combine(ago(number), datetime.time(12), datetime.UTC)


def night(day: datetime.date = TODAY, run: int = 1) -> None:
    look_for_warnings(run, day)
    drop_temporary_tables()


@pytest.fixture
def account() -> Account:
    Organisation.objects.get_or_create(pk=1)
    made = make_account(owner=make_user(), since="2024-01-01")
    make_classification(made, "2024-01-01", tier="A")
    Tier.objects.update(cadence_days=30)
    return made


def kinds() -> set[str]:
    return set(Alert.objects.open().values_list("kind", flat=True))


def test_silence_beyond_the_rhythm_warns_once_and_resolves_with_the_next_talk(account: Account) -> None:
    make_touch(account, at=noon(40))
    night()
    night(run=2)
    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.facts, alert.opened_on) == (
        "interaction_gap",
        {"days": 40, "rhythm": 30},
        TODAY,
    )
    assert alert.evidence[0]["when"] == str(ago(40))

    make_touch(account, at=noon(0))
    night(TODAY + datetime.timedelta(days=1))
    alert.refresh_from_db()
    assert alert.resolved_on == TODAY + datetime.timedelta(days=1)


@pytest.mark.parametrize("number", [0, 30])
def test_what_is_unknown_or_within_its_limit_warns_of_nothing(account: Account, number: int) -> None:
    if number:
        make_touch(account, at=noon(number))
    night()

    assert kinds() == set()


def test_each_rule_finds_its_cause(account: Account) -> None:
    person = make_contact(account)
    make_answer(account, person, noon(10), nps=3)
    make_answer(account, make_contact(account), noon(10), csat5=2)
    gone = make_contact(account, left_on=ago(5))
    make_fact(gone, "role", "champion", "2025-01-01")
    make_contract(account, "2025-08-01", "2026-08-01", number="C-1")
    make_request(account, opened_at=noon(20), due_on=ago(3))
    # The weights of the first migration are not there after a test that empties tables.
    asked, _ = SignalKind.objects.get_or_create(code="demo_request", defaults={"name": "demo request"})
    if not asked.weights.exists():
        SignalWeight.objects.create(kind=asked, weight=10, during=days(datetime.date(2000, 1, 1), None))
    # 900 and then 100: a fall of 800, and 1.96 errors are 1.96 * sqrt(10 * 100 * 100) = 620.
    for number in range(9):
        make_order(account, f"2025-12-0{number + 1}", 100)
        make_signal(account, "demo_request", at=noon(120 + number))
    make_order(account, "2026-04-01", 100)
    night()

    assert kinds() == {
        "detractor",
        "low_satisfaction",
        "champion_left",
        "notice_near",
        "overdue_request",
        "revenue_down",
        "engagement_halved",
    }


def test_an_open_renewal_a_successor_and_a_closed_loop_end_their_warnings(account: Account) -> None:
    make_contract(account, "2025-08-01", "2026-08-01")
    gone = make_contact(account, left_on=ago(5))
    make_fact(gone, "role", "sponsor", "2025-01-01")
    answer = make_answer(account, make_contact(account), noon(3), nps=0)
    night()
    assert kinds() == {"notice_near", "champion_left", "detractor"}

    make_opportunity(account, "2026-06-01", kind="renewal")
    gone.successor = make_contact(account)
    gone.save()
    Action.objects.create(account=account, text="Called", answer=answer, status="done", closed_on=TODAY)
    night(run=2)

    assert kinds() == set()


def test_a_cause_has_one_open_warning(account: Account) -> None:
    make_alert(account, cause="talk")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_alert(account, cause="talk")
    Alert.objects.update(resolved_on=Organisation.current().today())

    make_alert(account, cause="talk")


def test_a_warning_begins_its_tasks_once_with_owners_and_days(account: Account) -> None:
    book = Playbook.objects.create(kind="champion_left", name="A champion left")
    PlaybookStep.objects.create(playbook=book, position=1, text="Call the sponsor", due_days=2)
    PlaybookStep.objects.create(playbook=book, position=2, text="Review the map", who="lead", due_days=14)
    gone = make_contact(account, left_on=ago(5))
    make_fact(gone, "role", "champion", "2025-01-01")
    night()
    Alert.objects.update(resolved_on=TODAY)
    night(run=2)

    owner = account.assignments.get(role="owner").user
    found = list(Action.objects.order_by("due_on").values_list("text", "owner", "due_on"))
    assert found == [
        ("Call the sponsor", owner.pk, ago(-2)),
        ("Review the map", owner.pk, ago(-14)),
    ]
    play = Play.objects.visible_to(owner).with_progress().get()
    assert (play.number, play.closed) == (2, 0)


def test_the_first_deed_counts_and_can_be_taken_back(account: Account) -> None:
    user = make_user()
    alert = make_alert(account, opened_on=ago(5), seen_on=TODAY)
    actions.snooze(alert, user, ago(-7), "They are on holiday", ago(2))
    alert = actions.acknowledge(alert, user, TODAY)
    assert (alert.acted_on, alert.snoozed_until, alert.snooze_reason) == (ago(2), None, "")

    assert actions.reopen(alert, TODAY).acted_on == ago(2)
    assert actions.reopen(alert, ago(2)).acted_on is None


def test_the_page_shows_own_warnings_with_evidence_and_hides_those_put_off(
    client: Client, maya: User, maya_account: Account, omar_account: Account
) -> None:
    alert = make_alert(maya_account)
    make_alert(omar_account, cause="other")
    client.force_login(maya)
    page = client.get("/warnings/").content.decode()
    assert "No talk for 40 days; the rhythm is 30." in page
    assert "last call in which they took part, 5\N{NO-BREAK SPACE}Jan" in page
    assert omar_account.name not in page

    until = Organisation.current().today() + datetime.timedelta(days=7)
    data: dict[str, Any] = {"until": until, "reason": "They are away"}
    assert client.post(f"/warnings/{alert.pk}/snooze", data).status_code == 302
    assert "No talk for 40 days" not in client.get("/warnings/").content.decode()
    assert "They are away" in client.get("/warnings/?state=snoozed").content.decode()


def test_a_tap_takes_it_up_and_offers_the_way_back(client: Client, maya: User, maya_account: Account) -> None:
    alert = make_alert(maya_account)
    client.force_login(maya)
    answer = client.post(f"/warnings/{alert.pk}/acknowledge", headers={"HX-Request": "true"})
    assert "taken up by" in answer.content.decode()
    assert f"/warnings/{alert.pk}/reopen" in answer.headers["HX-Trigger"]

    client.post(f"/warnings/{alert.pk}/reopen", headers={"HX-Request": "true"})
    alert.refresh_from_db()
    assert (alert.acknowledged_on, alert.acted_on) == (None, None)


def test_who_may_not_see_opinions_sees_no_warning(
    mira: User, vic: User, omar: User, lena: User, maya_account: Account
) -> None:
    make_alert(maya_account)

    for user in (mira, vic, omar):
        assert not Alert.objects.visible_to(user).exists()
    assert Alert.objects.visible_to(lena).exists()


def test_a_customer_that_is_lost_already_is_warned_of_no_loss(account: Account) -> None:
    """Lost a year ago by its contract, or by a year without an order; what is owed to it still is."""
    make_touch(account, at=noon(200))
    make_contract(account, "2024-01-01", "2025-06-01", outcome="lost")
    make_request(account, opened_at=noon(20), due_on=ago(3))
    other = make_account(owner=make_user(), since="2024-01-01")
    make_classification(other, "2024-01-01", tier="A")
    make_touch(other, at=noon(200))
    make_order(other, "2025-03-01", 100)
    night()
    assert kinds() == {"overdue_request"}

    make_order(account, "2026-06-01", 100)
    make_order(other, "2026-06-01", 100)
    night(run=2)
    assert Alert.objects.open().filter(kind="interaction_gap").count() == 2


@pytest.mark.parametrize(
    ("before", "now", "is_red"),
    [
        ("99977", "00977", None),
        ("99999", "00777", True),
        ("9" * 15 + "7" * 15, "9" * 10 + "7" * 16 + "0" * 4, False),
    ],
)
def test_a_fall_that_may_be_chance_is_told_of_many_alone_and_not_in_red(
    account: Account, before: str, now: str, is_red: bool | None
) -> None:
    """Adjusted Wald by hand, n + 3 and 3/4 more at both ends.

    3.75 - .75 against 1.75 - 2.75, of 8: a fall of .5, and 1.96 errors are 1.96 * sqrt(.0527 + .0684) = .68.
    5.75 - .75 against .75 - 2.75, of 8: a fall of .875, and 1.96 errors are 1.96 * sqrt(.0527 + .0469) = .62.
    15.75 - .75 against 10.75 - 4.75, of 33: a fall of .273, and 1.96 errors are 1.96 * sqrt(.0089 + .0132) = .29.
    """
    for number, marks in ((200, before), (20, now)):
        for mark in marks:
            make_answer(account, make_contact(account), noon(number), nps=int(mark))
    night()
    found = Alert.objects.filter(kind="nps_drop").first()

    assert (found.is_red if found else None) == is_red
    assert found is None or ("may be chance" in str(found.evidence)) != is_red


def test_new_weights_are_no_change_of_the_customer_and_a_loud_day_counts_with_its_cap(
    account: Account,
) -> None:
    opened, _ = SignalKind.objects.get_or_create(
        code="email_open", defaults={"name": "opened", "daily_cap": 3}
    )
    SignalKind.objects.filter(pk=opened.pk).update(daily_cap=3)
    opened.weights.all().delete()
    for worth, first, until in ((4, datetime.date(2000, 1, 1), ago(95)), (1, ago(95), None)):
        SignalWeight.objects.create(kind=opened, weight=worth, during=days(first, until))
    for number in range(12):
        make_signal(account, "email_open", at=noon(10 + 6 * number))
        make_signal(account, "email_open", at=noon(100 + 6 * number))
    for _ in range(60):
        make_signal(account, "email_open", at=noon(101))
    night()

    assert kinds() == set()


def test_a_past_night_sees_what_was_open_then(account: Account) -> None:
    make_request(account, opened_at=noon(40), due_on=ago(30), resolved_at=noon(10))
    night(ago(20))
    assert kinds() == {"overdue_request"}
    night()
    assert kinds() == set()


@pytest.mark.parametrize(
    ("zone", "solved_at", "is_overdue"),
    [("America/Los_Angeles", "2026-06-16T01:00Z", False), ("Asia/Tokyo", "2026-06-15T16:00Z", True)],
)
def test_a_request_is_solved_on_the_day_of_the_organisation(
    account: Account, zone: str, solved_at: str, is_overdue: bool
) -> None:
    """18:00 on the day of the night in Los Angeles; 1:00 on the day after it in Tokyo."""
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": zone})
    make_request(account, opened_at=noon(9), due_on=ago(1), resolved_at=solved_at)
    night()

    assert kinds() == ({"overdue_request"} if is_overdue else set())


def test_months_before_the_first_night_have_a_reason_and_no_zero(account: Account) -> None:
    make_contract(account, "2025-01-01", None, 100)
    make_alert(account, kind="detractor", is_red=True, opened_on=ago(45), seen_on=ago(-1))
    run(TODAY, "full")
    kpis = [KPI["at_risk_revenue"], KPI["early_warning"]]
    months = {"before": month(ago(80)), "first": month(ago(45))}
    found = results(kpis, list(months.values()))

    def said(kpi: str, which: str) -> tuple[Any, str]:
        one = found[kpi, months[which], None]
        return one.value, one.reason

    assert said("at_risk_revenue", "before") == said("early_warning", "before") == (None, "not_looked")
    assert said("at_risk_revenue", "first") == (100, "") and said("early_warning", "first") == (1, "")


def test_a_fall_of_health_names_the_parts_that_moved_and_nothing_else(account: Account) -> None:
    for kind, before, now in (("usage", 80, 30), ("support", 90, 90), ("payment", 70, 60)):
        AccountState.objects.create(account=account, date=ago(60), kind=kind, value=before)
        AccountState.objects.create(account=account, date=ago(5), kind=kind, value=now)
    make_touch(account, at=noon(35))
    make_touch(account, at=noon(1))
    night()
    found = Alert.objects.get(kind="health_fall")
    # 25 * 80 + 15 * 90 + 10 * 70 + 20 * 100 of 70, then 25 * 30 + 15 * 90 + 10 * 60 + 20 * 100.
    assert found.facts == {"before": 86, "now": 67}
    assert [each["what"] for each in found.evidence] == ["usage 80 → 30", "payment 70 → 60"]
