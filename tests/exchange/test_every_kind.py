"""Each kind: rows are created, corrected, left alone by the same file, and a bad one is named."""

import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from accounts.exchange.kinds import KINDS
from accounts.fields import days
from accounts.models import (
    Account,
    AccountState,
    Campaign,
    Contact,
    Contract,
    Goal,
    Lead,
    Objective,
    OpportunityStage,
    Organisation,
    Plan,
    Product,
    Request,
    Risk,
    SignalKind,
    SwotEntry,
    Team,
    User,
)
from tests.exchange.case import Case
from tests.exchange.cases_employees import EMPLOYEE_CASES
from tests.exchange.cases_marketing import MARKETING_CASES
from tests.exchange.cases_plan_lines import PLAN_LINE_CASES
from tests.exchange.cases_plans import PLAN_CASES
from tests.exchange.cases_surveys import SURVEY_CASES
from tests.exchange.cases_work import WORK_CASES
from tests.exchange.helpers import counts, imported, reasons

pytestmark = pytest.mark.django_db


CASES = [
    Case(
        "teams",
        "teams",
        "external_id,name,parent,lead\nT1,North,,\nT2,North harbours,North,jana@crm.example\n",
        2,
        ("jana@crm.example", "tom@crm.example"),
        "team",
        {"name": "North harbours", "parent__name": "North", "lead__name": "Tom Tal"},
        ("North,jana", "Nort,jana"),
        (3, "parent", "There is no team “Nort”"),
    ),
    Case(
        "users",
        "users",
        "email,name,role,active,team,team_from,team_to\n"
        "Ada@crm.example,Ada Ang,lead,yes,Base,2024-01-01,2025-01-01\n"
        "ada@crm.example,Ada Ang,lead,yes,Second,2025-01-01,\n",
        1,
        ("Ada Ang", "Ada Angel"),
        "user",
        {"email": "ada@crm.example", "name": "Ada Angel", "role": "lead"},
        ("Ang,lead,yes,Second", "Ang,head,yes,Second"),
        (3, "role", "has another role in row 2"),
    ),
    Case(
        "accounts",
        "accounts",
        "external_id,name,parent,currency,city,country,website\n"
        "1,Nord Group,,EUR,Kiel,Germany,https://nord.example\n2,Nord Ship,1,SEK,Malmö,Sweden,\n",
        2,
        ("Malmö", "Lund"),
        "account",
        {"external_id": "2", "city": "Lund", "parent__name": "Nord Group", "currency": "SEK"},
        ("SEK", "Kronor"),
        (3, "currency", "“Kronor” is not a currency"),
    ),
    Case(
        "assignments",
        "assignments",
        "account,person,role,from,to\nA-1,jana@crm.example,owner,2024-01-01,2025-07-01\n"
        "A-1,tom@crm.example,owner,2025-07-01,\n",
        2,
        ("2025-07-01,\n", "2025-07-01,2026-01-01\n"),
        "assignment",
        {"user__name": "Tom Tal", "during__endswith": "2026-01-01"},
        ("owner,2025-07-01", "owner,2025-06-30"),
        (3, "from", "another owner on some of these days. See row 2."),
    ),
    Case(
        "classifications",
        "classifications",
        "account,from,to,tier,target,industry,region\nA-1,2024-01-01,2025-01-01,A,yes,Steel,North\n"
        "A-1,2025-01-01,,B,,Steel,North\n",
        2,
        (",B,,", ",B,no,"),
        "classification",
        {"tier__name": "B", "is_target": False, "industry__name": "Steel"},
        ("2025-01-01,,B", "2025-01-01,2024-01-01,B"),
        (3, "from", "It must begin before it ends"),
    ),
    Case(
        "contacts",
        "contacts",
        "external_id,account,name,title,email,reports_to,key_from,key_to,since,left_on,placeholder\n"
        "C-1,A-1,Ida Ek,Chief,ida@alfa.example,,2025-01-01,,2024-01-01,,no\n"
        "C-2,A-1,Bo Alm,Buyer,bo@alfa.example,Ida Ek,,,2024-01-01,2026-01-01,\n"
        "C-3,A-1,Head of IT,,,C-1,,,2024-01-01,,yes\n",
        3,
        ("Buyer", "Head buyer"),
        "contact",
        {"external_id": "C-2", "title": "Head buyer", "reports_to__name": "Ida Ek", "account__name": "Alfa"},
        ("C-2,A-1", "C-2,A-2"),
        (3, "reports_to", "It belongs to another account"),
    ),
    Case(
        "ties",
        "ties",
        "contact,kind,other,about,basis,since,ended_on\nP-Eva,influences,P-Uwe,prices,confirmed,2026-01-01,\n"
        "Eva Elm,in conflict with,Uwe Ulm,budget,,2026-01-01,\n",
        2,
        ("prices", "terms"),
        "tie",
        {"contact__name": "Eva Elm", "other__name": "Uwe Ulm", "about": "terms", "basis": "confirmed"},
        ("Eva Elm,in conflict with,Uwe Ulm", "Eva Elm,in conflict with,Eva Elm"),
        (3, "contact", "A tie needs two people"),
    ),
    Case(
        "products",
        "products",
        "external_id,name,code,category\nP-2,Winch,W-9,Winches\nP-3,Rope,,\n",
        2,
        ("Rope", "Steel rope"),
        "product",
        {"external_id": "P-3", "name": "Steel rope", "category": None},
        ("P-3", "P-2"),
        (3, "external_id", "another row of this source already has this external id. See row 2."),
    ),
    Case(
        "orders",
        "order lines",
        "number,line,date,account,seller,kind,currency,product,quantity,amount,cost\n"
        "R1,1,2026-10-02,A-1,jana@crm.example,order,EUR,P-1,2,1000.50,700\n"
        "R1,2,2026-10-02,A-1,jana@crm.example,order,EUR,,1,20,\nR2,1,2026-10-03,,,credit note,EUR,,,-5,\n",
        3,
        ("1,20,", "1,25,"),
        "orderline",
        {"external_id": "R1/2", "amount": 25, "cost": None, "order__seller__name": "Jana Jung"},
        ("R1,2,2026-10-02", "R1,2,2026-10-05"),
        (3, "date", "“R1” has another date in row 2"),
    ),
    Case(
        "opportunities",
        "opportunities",
        "external_id,name,account,kind,origin,category,amount,currency,opened,closed,outcome,stage,stage_from,splits\n"
        "D1,Crane,A-1,upsell,referral,Pumps,900,EUR,2026-01-05,,open,First,2026-01-05,jana@crm.example:0.6;tom@crm.example:0.4\n"
        "D1,Crane,A-1,upsell,referral,Pumps,900,EUR,2026-01-05,,open,Second,2026-02-05,jana@crm.example:0.6;tom@crm.example:0.4\n"
        "D2,Rope,,,,Pumps,,,2026-01-06,2026-03-01,lost,,,\n",
        2,
        ("D2,Rope,", "D2,Ropes,"),
        "opportunity",
        {"external_id": "D2", "name": "Ropes", "amount": None, "origin": "", "category__name": "Pumps"},
        ("2026-03-01,lost", ",lost"),
        (4, "closed", "A won or lost deal has the day it was closed"),
    ),
    Case(
        "contracts",
        "contracts",
        "number,account,start,end,notice_date,annual_value,currency,outcome,renewed_value\n"
        "C1,A-1,2025-01-01,2025-12-31,2025-09-30,48000,EUR,renewed,51000\n"
        "C1,A-1,2026-01-01,2026-12-31,,51000,EUR,open,\n",
        2,
        ("2026-12-31,,", "2026-12-31,2026-09-30,"),
        "contract",
        {"during__startswith": "2026-01-01", "during__endswith": "2027-01-01", "notice_date": "2026-09-30"},
        ("C1,A-1,2026-01-01", "C1,A-1,2025-12-31"),
        (3, "start", "Another term of this contract number holds on some of these days. See row 2."),
    ),
    Case(
        "quotas",
        "quotas",
        "person,from,amount,currency\njana@crm.example,2026-01-01,1000,EUR\njana@crm.example,2026-04-01,2000,EUR\n",
        2,
        ("2000", "2500"),
        "quota",
        {"starts_on": "2026-04-01", "amount": 2500},
        ("2000", "-1"),
        (3, "amount", "A quota is not negative."),
    ),
    Case(
        "exchange_rates",
        "exchange rates",
        "currency,quote,date,rate\nUSD,EUR,2026-01-02,0.92141\nUSD,EUR,2026-01-03,0.93\n",
        2,
        ("0.93", "0.94"),
        "exchangerate",
        {"currency": "USD", "date": "2026-01-03", "rate": "0.94"},
        ("2026-01-03,0.93", "2026-01-03,0"),
        (3, "rate", "A rate is greater than 0."),
    ),
    *MARKETING_CASES,
    *EMPLOYEE_CASES,
    *SURVEY_CASES,
    *WORK_CASES,
    *PLAN_CASES,
    *PLAN_LINE_CASES,
    Case(
        "whitespace",
        "whitespace cells",
        "account,category,holder,holder_name,yearly_spend,currency,basis,noted_on,noted_by\n"
        "A-1,Pumps,a competitor,Hexatron,120000,EUR,confirmed,2026-09-03,jana@crm.example\n"
        "A-1,Valves,does not need it,,,,,2026-09-03,\n",
        2,
        ("Hexatron", "Kessler"),
        "whitespacecell",
        {"category__name": "Pumps", "holder_name": "Kessler", "author__name": "Jana Jung", "version": 2},
        ("Valves,does not need it,,,", "Valves,does not need it,,9,"),
        (3, "holder", "What is not needed costs nothing"),
    ),
]


@pytest.fixture(autouse=True)
def world() -> None:
    """What the files refer to."""
    jana = User.objects.create(email="jana@crm.example", name="Jana Jung", source="crm", external_id="77")
    User.objects.create(email="tom@crm.example", name="Tom Tal")
    Team.objects.create(name="Base", lead=jana)
    Team.objects.create(name="Second")
    alfa = Account.objects.create(name="Alfa", source="crm", external_id="A-1")
    Account.objects.create(name="Beta", source="crm", external_id="A-2")
    for key, name in (("P-Eva", "Eva Elm"), ("P-Uwe", "Uwe Ulm")):
        Contact.objects.create(account=alfa, name=name, source="crm", external_id=key, since="2020-01-01")
    for year in (2025, 2026):
        term = days(datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1))
        Contract.objects.create(account=alfa, number="C9", during=term, annual_value=40000, currency="EUR")
    bob = Account.objects.get(name="Beta")
    Contact.objects.create(account=bob, name="Bob Bak", source="crm", external_id="P-Bob", since="2020-01-01")
    year = days(datetime.date(2026, 1, 1), datetime.date(2027, 1, 1))
    plan = Plan.objects.create(account=alfa, name="Plan 2026", during=year, source="crm", external_id="PL-1")
    Goal.objects.create(plan=plan, title="Fewer stops", source="crm", external_id="G-1")
    Objective.objects.create(
        plan=plan,
        title="Grow",
        due_on="2026-12-31",
        first_due_on="2026-12-31",
        source="crm",
        external_id="O-1",
    )
    SwotEntry.objects.create(plan=plan, quadrant="strength", text="Near", source="crm", external_id="S-1")
    Risk.objects.create(plan=plan, text="The plant closes", source="crm", external_id="K-1")
    asked = datetime.datetime(2026, 9, 1, 8, tzinfo=datetime.UTC)
    Request.objects.create(account=alfa, subject="Firmware", opened_at=asked, source="crm", external_id="R-1")
    for code in ("email_open", "download"):
        SignalKind.objects.get_or_create(code=code, defaults={"name": code})
    Campaign.objects.create(name="Fair", during=days(datetime.date(2026, 5, 4)))
    Lead.objects.create(company="Veritas", created_on="2026-05-02")
    Product.objects.create(name="Crane", source="crm", external_id="P-1")
    OpportunityStage.objects.create(name="First", probability="0.1")
    OpportunityStage.objects.create(name="Second", probability="0.5")


def test_every_kind_has_a_case() -> None:
    assert {case.kind for case in CASES} == set(KINDS)


def everything() -> dict[str, list[Any]]:
    """All rows of the write side."""
    tables = [m for m in apps.get_app_config("accounts").get_models() if not m.__name__.endswith("Event")]
    return {m.__name__: list(m._default_manager.order_by("pk").values_list()) for m in tables}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_new_file_creates_rows_and_the_same_file_changes_none(case: Case) -> None:
    first = imported(case.kind, case.file, create_missing=True)
    assert reasons(first) == []
    assert counts(first, case.label) == (case.created, 0, 0)
    before = everything()
    again = imported(case.kind, case.file, create_missing=True)
    assert again.changes == 0
    assert counts(again, case.label) == (0, 0, case.created)
    assert everything() == before


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_corrected_file_changes_what_it_corrects(case: Case) -> None:
    imported(case.kind, case.file, create_missing=True)
    corrected = case.file.replace(*case.change)
    assert corrected != case.file
    outcome = imported(case.kind, corrected, create_missing=True)
    assert counts(outcome, case.label) == (0, 1, case.created - 1)
    model: type[models.Model] = apps.get_model("accounts", case.model)
    assert model._default_manager.filter(**case.then).count() == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_bad_row_is_named_and_nothing_is_written(case: Case) -> None:
    before = everything()
    outcome = imported(case.kind, case.file.replace(*case.spoil), create_missing=True)
    row, column, words = case.refused
    assert [(r, c) for r, c, _ in reasons(outcome)] == [(row, column)]
    assert words.lower() in outcome.refusals[0].reason.lower()
    assert not outcome.written
    assert everything() == before


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_dry_run_tells_and_writes_nothing(case: Case) -> None:
    before = everything()
    outcome = imported(case.kind, case.file, write=False, create_missing=True)
    assert counts(outcome, case.label) == (case.created, 0, 0)
    assert everything() == before


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_an_empty_cell_in_a_needed_column_is_refused(case: Case) -> None:
    kind = KINDS[case.kind]
    header = case.file.splitlines()[0].split(",")
    needed = [column.name for column in kind.columns if column.required]
    outcome = imported(
        case.kind, ",".join(header) + "\n" + ",".join("x" if name not in needed else "" for name in header)
    )
    found = {
        column for row, column, reason in reasons(outcome) if reason == "It must not be empty." and row == 2
    }
    assert found == set(needed)


# What somebody saw, by kind of file; other days may lie ahead: terms, touches that are planned, leavers.
SEEN = {
    "account_states": ["date"],
    "advocacy": ["on"],
    "campaign_touches": ["on"],
    "costs_to_serve": ["date"],
    "fits": ["noted_on"],
    "headcount": ["on"],
    "leads": ["created", "mql", "sql", "converted", "won"],
    "loss_interviews": ["interviewed"],
    "opportunities": ["opened", "closed"],
    "requests": ["opened", "first_answer", "resolved"],
    "signals": ["when"],
    "spend": ["date"],
    "survey_answers": ["answered"],
}


def seen_late(case: Case) -> str:
    """The case's file, with all that was seen in its first row seen on a day still to come."""
    header, first, *rest = case.file.splitlines()
    names, cells = header.split(","), first.split(",")
    for column in SEEN[case.kind]:
        cells[names.index(column)] = "2199-06-01"
    return "\n".join([header, ",".join(cells), *rest]) + "\n"


def test_a_day_still_to_come_is_refused_where_something_was_seen() -> None:
    reason = "This day is still to come: only what has been can be imported."
    for case in (case for case in CASES if case.kind in SEEN):
        outcome = imported(case.kind, seen_late(case), create_missing=True, write=False)
        told = [(r.row, r.column, r.value[:10]) for r in outcome.refusals if r.reason == reason]
        assert told == [(2, column, "2199-06-01") for column in sorted(SEEN[case.kind])]


def test_today_can_be_imported_and_what_stands_already_is_left_alone() -> None:
    today = Organisation.current().today()
    head = "account,kind,when\n"
    assert imported("signals", f"{head}A-1,download,{today}\n").written
    # Two days, so that midnight may pass meanwhile.
    later = today + datetime.timedelta(days=2)
    refused = imported("signals", f"{head}A-1,download,{later} 00:30\n")
    assert [(row, column) for row, column, _ in reasons(refused)] == [(2, "when")]
    # An earlier version took such a state; the file that brought it changes nothing and is no error.
    states = "account,kind,date,value\n"
    AccountState.objects.create(
        account=Account.objects.get(external_id="A-1"),
        kind="usage",
        date="2199-06-01",
        value=5,
        source="crm",
        external_id="A-1/usage/2199-06-01",
    )
    assert imported("account_states", f"{states}A-1,usage,2199-06-01,5\n").changes == 0
    assert reasons(imported("account_states", f"{states}A-1,usage,2199-06-01,6\n"))
