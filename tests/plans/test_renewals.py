"""Renewals: what the rules find, what a call must say and when, and the list of both."""

import datetime
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.fields import days as day_range
from accounts.models import Account, Contract, Organisation, Plan, RenewalCall, Risk, User
from accounts.plans.renewals import call_due_since
from kamplan.formats import day
from metrics.pages.renewal_rows import Evidence, Person, Renewal, Said, Signal, signal_of
from metrics.pages.renewal_rows import renewals as renewals_of
from tests.clients import HTMX, as_
from tests.factories import (
    make_account,
    make_assignment,
    make_classification,
    make_contact,
    make_contract,
    make_fact,
    make_grant,
    make_rate,
    make_request,
    make_touch,
    moment,
)
from tests.plans.helpers import published

DAY = datetime.timedelta(days=1)
NOW = datetime.date(2026, 11, 22)


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


def due(account: Account, in_days: int, value: int = 12000, **fields: Any) -> Contract:
    """An open contract whose notice date lies so many days ahead."""
    today = Organisation.current().today()
    notice = today + in_days * DAY
    return make_contract(account, "2020-01-01", notice + 90 * DAY, value, notice_date=notice, **fields)


def say(contract: Contract, call: str, author: User, days_ago: int = 0, **fields: Any) -> RenewalCall:
    made_on = Organisation.current().today() - days_ago * DAY
    return RenewalCall.objects.create(contract=contract, call=call, author=author, made_on=made_on, **fields)


def listed(user: User, query: str = "") -> Any:
    return as_(user).get(reverse("plans:renewals") + query)


def rows_of(user: User, query: str = "") -> list[Renewal]:
    return list(listed(user, query).context["page"].object_list)


# ----------------------------------------------------------------------------------------------- the rules


def ago(days: int) -> datetime.date:
    return NOW - days * DAY


SPONSOR = Person("sponsor", "Ingrid Haugen", None, ago(41))
FINE = {"cadence": 21, "heard": ago(5), "requests": 3, "recent": Decimal(100), "before": Decimal(100)}


@pytest.mark.parametrize(
    ("known", "state", "findings"),
    [
        ({}, "unknown", []),
        ({"requests": 2}, "unknown", []),
        ({"requests": 2, "risks": 0}, "fine", []),
        (FINE, "fine", []),
        ({**FINE, "heard": ago(22)}, "watch", ["nobody has been heard from for 22 days, the rhythm is 21"]),
        ({**FINE, "heard": ago(21)}, "fine", []),
        (
            {**FINE, "people": [SPONSOR]},
            "watch",
            ["sponsor Ingrid Haugen has been silent for 41 days, the rhythm is 21"],
        ),
        (
            {**FINE, "people": [Person("sponsor", "Nils", None, None)]},
            "watch",
            ["sponsor Nils has never been heard from"],
        ),
        # A second sponsor who talks is enough; one who left counts no more.
        ({**FINE, "people": [SPONSOR, Person("sponsor", "Nils", None, ago(3))]}, "fine", []),
        ({**FINE, "people": [Person("sponsor", "Nils", ago(9), None)]}, "fine", []),
        (
            {**FINE, "people": [Person("champion", "Sofie Dahl", ago(20), None)]},
            "watch",
            [f"champion Sofie Dahl left on {day(ago(20))}, nobody has taken the part"],
        ),
        ({**FINE, "people": [Person("champion", "Sofie Dahl", ago(366), None)]}, "fine", []),
        (
            {
                **FINE,
                "people": [Person("champion", "Sofie", ago(20), None), Person("champion", "Jo", None, None)],
            },
            "fine",
            [],
        ),
        (
            {**FINE, "recent": Decimal(75)},
            "watch",
            ["revenue of the last 3 months is 25\u00a0% below the 3 before"],
        ),
        ({**FINE, "recent": Decimal("75.1")}, "fine", []),
        ({**FINE, "recent": Decimal(0), "before": Decimal(0)}, "fine", []),
        ({**FINE, "overdue": 1}, "watch", ["1 request overdue"]),
        (
            {**FINE, "risks": 2, "risk": "Price war"},
            "watch",
            ["critical risk in the plan: Price war and 1 more"],
        ),
        (
            {**FINE, "overdue": 2, "people": [SPONSOR]},
            "at_risk",
            ["sponsor Ingrid Haugen has been silent for 41 days, the rhythm is 21", "2 requests overdue"],
        ),
        # Without a rhythm, or any talk on record, nobody is called silent.
        ({"heard": ago(400), "requests": 1, "risks": 0}, "fine", []),
        ({"cadence": 21, "requests": 1, "risks": 0}, "fine", []),
    ],
)
def test_each_rule_speaks_with_evidence_and_is_silent_without_input(
    known: dict[str, Any], state: str, findings: list[str]
) -> None:
    found = signal_of(Evidence(NOW, **known))
    assert (found.state, [each.words for each in found.findings]) == (state, findings)
    assert len(found.checked) + len(found.silent) == 5


def renewal(state_findings: int, call: str | None) -> Renewal:
    signal = Signal([SimpleNamespace()] * state_findings, ["a", "b"], [])  # type: ignore[list-item]
    said = Said(call, None, "", "Maya", NOW) if call else None
    given = dict.fromkeys(Renewal.__dataclass_fields__)
    return Renewal(**{**given, "signal": signal, "said": said, "today": NOW, "deadline": NOW})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "call", "disagrees"),
    [
        (2, "renews", True),
        (2, "smaller", False),
        (2, "lost", False),
        (2, "unknown", False),
        (2, None, False),
        (1, "renews", False),
        (1, "lost", False),
        (0, "renews", False),
        (0, "smaller", True),
        (0, "lost", True),
        (0, None, False),
    ],
)
def test_signal_and_call_disagree_only_where_they_contradict_each_other(
    findings: int, call: str | None, disagrees: bool
) -> None:
    assert renewal(findings, call).disagrees == disagrees


@pytest.mark.parametrize(
    ("left", "call", "made_ago", "due_for"),
    [
        # days left, newest call, days since it was made; days since when one is missing
        (181, "", None, None),
        (180, "", None, 0),
        (150, "", None, 30),
        (150, "unknown", 30, None),
        (150, "renews", 31, 30),
        (90, "renews", 0, None),
        (90, "renews", 1, 0),
        (90, "unknown", 0, 0),
        (60, "lost", 30, None),
        (60, "smaller", 31, 30),
        (30, "renews", 1, 0),
        (30, "renews", 0, None),
        (5, "renews", 25, None),
        (-3, "renews", 33, None),
        (-3, "", None, 33),
    ],
)
def test_a_call_is_asked_for_at_180_90_and_30_days(
    left: int, call: str, made_ago: int | None, due_for: int | None
) -> None:
    made_on = None if made_ago is None else ago(made_ago)
    since = call_due_since(NOW + left * DAY, NOW, call, made_on)
    assert since == (None if due_for is None else ago(due_for))


# ------------------------------------------------------------------------------------------------ the list


def trouble(account: Account) -> None:
    """Two findings: a request is overdue, and a critical risk of the plan is open."""
    today = Organisation.current().today()
    make_request(account, opened_at=moment(-9), due_on=today - DAY)
    plan = Plan.objects.create(
        account=account, name="2026", during=day_range(today - 30 * DAY, today + 300 * DAY)
    )
    Risk.objects.create(plan=plan, text="Price war", severity=4)
    Risk.objects.create(plan=plan, text="Not critical", severity=3)


def test_contracts_stand_by_notice_date_disagreements_first(maya: User, today: datetime.date) -> None:
    names = {}
    for name, in_days in (("Far", 181), ("Late", 170), ("Soon", 9), ("Over", -4), ("Torn", 100)):
        account = make_account(name, owner=maya)
        names[name] = due(account, in_days)
    trouble(names["Torn"].account)
    say(names["Torn"], "renews", maya, 2)
    due(make_account("Decided", owner=maya), 10, outcome="lost")
    make_contract(make_account("Endless", owner=maya), "2020-01-01", None)
    no_notice = make_contract(make_account("Last day", owner=maya), "2020-01-01", today + 21 * DAY)
    found = rows_of(maya)
    assert [(row.account, row.days) for row in found] == [
        ("Torn", 100),
        ("Over", -4),
        ("Soon", 9),
        ("Last day", 20),
        ("Late", 170),
    ]
    assert found[3].id == no_notice.pk
    assert [each.words for each in found[0].signal.findings] == [
        "1 request overdue",
        "critical risk in the plan: Price war",
    ]
    text = " ".join(listed(maya).content.decode().split())
    assert "They disagree, and nobody says why." in text
    assert text.index("Signal and call disagree") < text.index("By notice date")


def test_the_sums_by_signal_are_in_the_reporting_currency(maya: User, today: datetime.date) -> None:
    make_rate("USD", "0.5")
    published(today)
    torn = make_account("Torn", owner=maya, currency="USD")
    trouble(torn)
    due(torn, 20, 1000)
    due(torn, 30, 400)
    due(make_account("Quiet", owner=maya), 20, 70)
    due(make_account("Swiss", owner=maya, currency="CHF"), 20, 5)
    context = listed(maya).context
    assert [(each.words, each.count, each.value) for each in context["states"]] == [
        ("at risk", 2, "€700"),
        ("too little known", 2, "€70"),
    ]
    assert (context["total"], context["unrated"]) == (770, 1)


def test_chips_narrow_the_list_and_say_how_many(maya: User, today: datetime.date) -> None:
    called = due(make_account("Called", owner=maya), 100)
    say(called, "renews", maya, 3)
    due(make_account("Silent", owner=maya), 100)
    due(make_account("Over", owner=maya), -1)
    counts = {choice.label: choice.count for choice in listed(maya).context["chips"]}
    assert (counts["All"], counts["Call missing"], counts["Notice date passed"]) == ("3", "2", "1")
    assert [row.account for row in rows_of(maya, "?show=missing")] == ["Over", "Silent"]
    assert [row.account for row in rows_of(maya, "?show=overdue")] == ["Over"]
    assert "Clear filters" in listed(maya, "?show=disagree").content.decode()


def test_everyone_lists_what_they_may_see_and_can_narrow_it_to_their_own(
    maya: User, omar: User, lena: User, hana: User, mira: User, vic: User, north: Any, today: datetime.date
) -> None:
    hers, his = make_account("Hers", owner=maya), make_account("His", owner=omar)
    make_assignment(his, maya, role="deputy")
    due(hers, 10)
    due(his, 20)
    due(make_account("Nobody's"), 30)
    assert [row.account for row in rows_of(maya)] == ["Hers", "His"]
    assert [row.account for row in rows_of(maya, "?whose=mine")] == ["Hers"]
    assert [row.account for row in rows_of(lena)] == ["Hers"]
    assert [row.account for row in rows_of(hana)] == ["Hers", "His", "Nobody's"]
    assert [row.account for row in rows_of(hana, f"?whose=team-{north.pk}")] == ["Hers"]
    assert rows_of(vic) == []
    assert listed(mira).status_code == 403


def test_who_may_see_no_opinions_reads_no_name_of_a_sponsor(
    hana: User, vic: User, maya_account: Account, today: datetime.date
) -> None:
    contract = due(maya_account, 50)
    make_classification(maya_account, tier="A")
    maya_account.classifications.get().tier.__class__.objects.update(cadence_days=21)
    sponsor, other = make_contact(maya_account, "Ingrid Haugen"), make_contact(maya_account, "Bo Berg")
    make_fact(sponsor, "role", "sponsor")
    make_touch(maya_account, at=moment(-40), direction="two_way", contacts=[sponsor])
    make_touch(maya_account, at=moment(-2), direction="outbound", contacts=[sponsor])
    make_touch(maya_account, at=moment(-2), direction="inbound", contacts=[other])
    make_touch(maya_account, at=moment(2), direction="two_way", contacts=[sponsor])
    make_grant(vic)
    words = "has been silent for 40 days, the rhythm is 21"
    for path in (reverse("plans:renewals"), reverse("plans:renewal_call", args=[contract.pk])):
        assert f"sponsor Ingrid Haugen {words}" in as_(hana).get(path).content.decode()
        text = as_(vic).get(path).content.decode()
        assert f"an important person {words}" in text
        assert "Ingrid" not in text and "sponsor" not in text


def test_the_number_of_statements_is_the_same_at_5_and_at_205_contracts(
    hana: User, maya: User, today: datetime.date
) -> None:
    def statements() -> int:
        client = as_(hana)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("plans:renewals")).status_code == 200
        return len(queries)

    contracts = [due(make_account(owner=maya), 10 + number) for number in range(5)]
    say(contracts[0], "renews", maya)
    before = statements()
    accounts = Account.objects.bulk_create([Account(name=f"A{number}") for number in range(200)])
    Contract.objects.bulk_create(
        Contract(
            account=account,
            number="C",
            annual_value=5,
            notice_date=today + 9 * DAY,
            during=day_range(NOW - 900 * DAY, today + 99 * DAY),
        )
        for account in accounts
    )
    assert statements() == before


# ---------------------------------------------------------------------------------------------- the calls


def make_call(user: User, contract: Contract, headers: dict[str, str] | None = None, **sent: str) -> Any:
    address = reverse("plans:renewal_call", kwargs={"contract": contract.pk})
    return as_(user).post(address, sent, headers=headers or {})


@pytest.mark.parametrize(("in_days", "status"), [(91, 302), (90, 422), (-5, 422)])
def test_within_90_days_dont_know_is_refused_with_a_sentence(
    maya: User, maya_account: Account, in_days: int, status: int
) -> None:
    contract = due(maya_account, in_days)
    response = make_call(maya, contract, call="unknown")
    assert response.status_code == status
    assert contract.calls.count() == (status == 302)
    assert status == 302 or "is no longer accepted" in response.content.decode()


def test_a_later_call_replaces_the_earlier_one_and_none_is_lost(
    maya: User, lena: User, maya_account: Account, today: datetime.date
) -> None:
    contract = due(maya_account, 60)
    say(contract, "unknown", maya, 50)
    make_call(maya, contract, call="renews", reason="agreed in principle")
    make_call(lena, contract, call="smaller", expected_value="9000")
    assert [(c.call, c.expected_value, c.author, c.made_on) for c in contract.calls.all()] == [
        ("smaller", 9000, lena, today),
        ("renews", None, maya, today),
        ("unknown", None, maya, today - 50 * DAY),
    ]
    (row,) = renewals_of(Account.objects.visible_to(maya), None, Organisation.current())
    assert row.said and (row.said.call, row.said.author) == ("smaller", "Lena Lindqvist")


def test_only_a_smaller_renewal_has_a_value_and_it_is_smaller(maya: User, maya_account: Account) -> None:
    contract = due(maya_account, 60, 12000)
    assert make_call(maya, contract, call="renews", expected_value="5").status_code == 302
    assert contract.calls.get().expected_value is None
    refused = make_call(maya, contract, call="smaller", expected_value="12000")
    assert "That is not less than today." in refused.content.decode()


def test_a_call_in_the_dialog_answers_with_the_list_and_can_be_taken_back(
    maya: User, lena: User, maya_account: Account
) -> None:
    contract = due(maya_account, 60)
    due(make_account("Other", owner=maya), 170)
    headers = {**HTMX, "HX-Current-URL": f"http://testserver{reverse('plans:renewals')}?show=missing"}
    response = make_call(maya, contract, headers, call="renews")
    assert [row.account for row in response.context["page"]] == ["Other"], "the filter still holds"
    undo = json.loads(response["HX-Trigger"])["km:toast"]["undo"]
    assert as_(lena).post(undo, headers=HTMX).status_code == 204
    assert contract.calls.count() == 1, "nobody takes back what somebody else said"
    as_(maya).post(undo, headers=HTMX)
    assert contract.calls.count() == 0


def test_the_overview_shows_signal_and_call_side_by_side_but_not_to_marketing(
    maya: User, mira: User, maya_account: Account, today: datetime.date
) -> None:
    contract = due(maya_account, 60)
    trouble(maya_account)
    say(contract, "renews", maya, 2, reason="they like us")
    address = reverse("portfolio:account", kwargs={"pk": maya_account.pk})
    text = " ".join(as_(maya).get(address).content.decode().split())
    assert "1 request overdue; critical risk in the plan: Price war" in text
    assert "<b>They disagree.</b> They like us." in text
    hidden = as_(mira).get(address).content.decode()
    assert "They disagree" not in hidden and "overdue" not in hidden
