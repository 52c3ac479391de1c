"""What holds between rows: names, groups, history, sources, missing reference data."""

import datetime

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.exchange import mapping
from accounts.exchange.values import Refused
from accounts.models import (
    Account,
    Assignment,
    Classification,
    Membership,
    Opportunity,
    OpportunityStage,
    Order,
    Organisation,
    Tier,
    User,
)
from metrics.models import QueuedAccount
from tests.exchange.helpers import counts, imported, reasons
from tests.factories import make_account, make_assignment, make_classification, make_team, make_user

pytestmark = pytest.mark.django_db
ACCOUNTS = "external_id,name,city\n1,Alfa,Kiel\n2,Beta,Bonn\n"


def test_a_column_that_the_file_lacks_is_left_alone_and_an_empty_cell_means_unknown() -> None:
    imported("accounts", ACCOUNTS)
    imported("accounts", "external_id,name\n1,Alfa AG\n")
    assert Account.objects.get(external_id="1").city == "Kiel"
    imported("accounts", "external_id,name,city\n1,Alfa AG,\n")
    assert Account.objects.get(external_id="1").city == ""


def test_the_same_key_of_another_source_is_another_row() -> None:
    imported("accounts", ACCOUNTS)
    assert counts(imported("accounts", ACCOUNTS, source="erp"), "accounts") == (2, 0, 0)


def test_a_name_that_fits_two_rows_is_refused() -> None:
    make_account("Twin")
    make_account("Twin")
    make_user("Jana", email="jana@crm.example")
    outcome = imported("assignments", "account,person,from\nTwin,jana@crm.example,2026-01-01\n")
    assert reasons(outcome) == [(2, "account", "2 rows of account are called “Twin”: use the external id.")]


def test_an_unknown_name_comes_with_the_nearest_one() -> None:
    make_account("Nordlys Marine Systems")
    make_user("Jana", email="jana@crm.example")
    text = "account,person,from\nNordlis Marine System,jana@crm.exampel,2026-01-01\n"
    assert reasons(imported("assignments", text)) == [
        (2, "account", "There is no account “Nordlis Marine System”. Did you mean “Nordlys Marine Systems”?"),
        (2, "person", "There is no user “jana@crm.exampel”. Did you mean “jana@crm.example”?"),
    ]


def test_unknown_reference_names_are_refused_unless_they_may_be_created() -> None:
    make_account("Alfa")
    Tier.objects.create(name="Gold")
    text = "account,from,tier,region\nAlfa,2026-01-01,Golt,North\n"
    refused = imported("classifications", text)
    assert reasons(refused) == [
        (2, "region", "There is no region “North”."),
        (2, "tier", "There is no tier “Golt”. Did you mean “Gold”?"),
    ]
    outcome = imported("classifications", text, create_missing=True)
    assert counts(outcome, "tiers") == (1, 0, 0)
    assert Classification.objects.filter(tier__name="Golt").count() == 1


def test_a_company_cannot_be_part_of_itself_by_way_of_others() -> None:
    text = "external_id,name,parent\n1,Alfa,3\n2,Beta,1\n3,Gamma,2\n"
    outcome = imported("accounts", text)
    assert [row for row, _, reason in reasons(outcome) if reason == "It would be part of itself."] == [
        2,
        3,
        4,
    ]
    assert Account.objects.count() == 0


def test_an_owner_who_overlaps_with_one_in_the_database_is_refused() -> None:
    jana, tom = make_user("Jana", email="j@crm.example"), make_user("Tom", email="t@crm.example")
    make_assignment(make_account("Alfa"), jana, "2026-01-01")
    outcome = imported("assignments", "account,person,from,to\nAlfa,t@crm.example,2026-06-01,\n")
    assert reasons(outcome) == [
        (2, "from", "This account has another owner on some of these days. It is in the database already.")
    ]
    handed_over = (
        "account,person,from,to\nAlfa,j@crm.example,2026-01-01,2026-06-01\nAlfa,t@crm.example,2026-06-01,\n"
    )
    assert imported("assignments", handed_over).written
    assert Assignment.objects.get(user=tom).first_day == datetime.date(2026, 6, 1)
    assert Assignment.objects.get(user=jana).last_day == datetime.date(2026, 5, 31)


def test_terms_of_a_contract_may_move_past_each_other_in_one_file() -> None:
    make_account("Alfa")
    head = "external_id,number,account,start,end,annual_value\n"
    imported("contracts", head + "a,C,Alfa,2026-01-01,2026-06-30,1\nb,C,Alfa,2026-07-01,2026-12-31,2\n")
    moved = head + "a,C,Alfa,2026-01-01,2026-09-30,1\nb,C,Alfa,2026-10-01,2027-03-31,2\n"
    assert counts(imported("contracts", moved), "contracts") == (0, 2, 0)


def test_a_file_of_present_stages_builds_up_the_history_of_a_deal() -> None:
    for name in ("First", "Second", "Third"):
        OpportunityStage.objects.create(name=name, probability="0.5")
    head = "external_id,name,opened,closed,outcome,amount,stage,stage_from\n"
    imported("opportunities", head + "D,Deal,2026-01-01,,open,5,First,2026-01-01\n")
    imported("opportunities", head + "D,Deal,2026-01-01,,open,5,Second,2026-02-01\n")
    imported("opportunities", head + "D,Deal,2026-01-01,2026-03-10,won,5,Third,2026-03-01\n")
    phases = (
        Opportunity.objects.get()
        .phases.order_by("during")
        .values_list("stage__name", "during__startswith", "during__endswith")
    )
    assert [(name, str(first), str(until)) for name, first, until in phases] == [
        ("First", "2026-01-01", "2026-02-01"),
        ("Second", "2026-02-01", "2026-03-01"),
        ("Third", "2026-03-01", "2026-03-10"),
    ]


def test_stages_of_a_deal_on_one_day_or_after_its_end_are_refused_or_kept_to_a_day() -> None:
    for name in ("First", "Second"):
        OpportunityStage.objects.create(name=name, probability="0.5")
    head = "external_id,name,opened,closed,outcome,amount,stage,stage_from\n"
    same_day = imported(
        "opportunities",
        head + "D,Deal,2026-01-01,,open,5,First,2026-01-01\nD,Deal,2026-01-01,,open,5,Second,2026-01-01\n",
    )
    assert reasons(same_day) == [(2, "stage_from", "It must begin before it ends.")]
    imported("opportunities", head + "D,Deal,2026-01-01,2026-01-05,won,5,First,2026-01-05\n")
    phase = Opportunity.objects.get().phases.get()
    assert (str(phase.first_day), str(phase.last_day)) == ("2026-01-05", "2026-01-05")


def test_new_shares_of_a_deal_replace_the_old_ones() -> None:
    for letter in "abc":
        make_user(letter, email=f"{letter}@crm.example")
    head = "external_id,name,opened,splits\n"
    imported("opportunities", head + "D,Deal,2026-01-01,a@crm.example:0.5;b@crm.example:0.5\n")
    imported("opportunities", head + "D,Deal,2026-01-01,b@crm.example:0.7;c@crm.example:0.3\n")
    shares = Opportunity.objects.get().splits.values_list("user__name", "share")
    assert sorted((name, str(share)) for name, share in shares) == [("b", "0.7000"), ("c", "0.3000")]


def test_a_person_known_by_e_mail_is_taken_over_by_the_source() -> None:
    make_user("Jana", email="jana@crm.example")
    text = "external_id,email,name\n77,Jana@CRM.example,Jana Jung\n"
    assert counts(imported("users", text), "users") == (0, 1, 0)
    assert User.objects.get().external_id == "77"
    assert counts(imported("users", text), "users") == (0, 0, 1)


def test_a_new_person_cannot_log_in_before_an_invitation() -> None:
    imported("users", "email,name\njana@crm.example,Jana\n")
    assert not User.objects.get().has_usable_password()


def test_a_stay_in_a_team_needs_the_team_and_its_first_day() -> None:
    make_team("North")
    text = "email,name,team,team_from\na@crm.example,A,North,\nb@crm.example,B,,2025-01-01\n"
    assert reasons(imported("users", text)) == [
        (2, "team_from", "It must begin before it ends."),
        (3, "team", "It must not be empty here."),
    ]


def test_the_teams_of_a_person_are_a_history() -> None:
    make_team("North")
    make_team("South")
    head = "email,name,team,team_from,team_to\n"
    imported("users", head + "j@crm.example,Jana,North,2024-01-01,\n")
    outcome = imported(
        "users",
        head + "j@crm.example,Jana,North,2024-01-01,2026-01-01\nj@crm.example,Jana,South,2026-01-01,\n",
    )
    assert counts(outcome, "memberships") == (1, 1, 0)
    assert Membership.objects.count() == 2


def test_a_file_without_currency_takes_the_reporting_currency() -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"reporting_currency": "CHF"})
    imported("orders", "number,line,date,amount\nR,1,2026-01-01,5\n")
    assert Order.objects.get().currency == "CHF"


def test_one_bad_row_near_the_end_of_ten_thousand_writes_nothing() -> None:
    rows = [f"{n},Company {n}" for n in range(1, 10_001)]
    rows[9_998] = "9999,"
    outcome = imported("accounts", "external_id,name\n" + "\n".join(rows) + "\n")
    assert reasons(outcome) == [(10_000, "name", "It must not be empty.")]
    assert Account.objects.count() == 0


def test_rows_written_by_an_import_are_in_the_audit_history() -> None:
    imported("accounts", ACCOUNTS)
    assert apps.get_model("accounts", "AccountEvent")._default_manager.count() == 2


def test_an_import_without_a_change_queues_no_account_for_the_recompute() -> None:
    text = "number,line,date,account,amount\nR,1,2026-01-01,1,5\n"
    imported("accounts", ACCOUNTS)
    QueuedAccount.objects.all().delete()
    imported("orders", text)
    assert QueuedAccount.objects.exists()
    QueuedAccount.objects.all().delete()
    imported("orders", text)
    assert not QueuedAccount.objects.exists()


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows() -> None:
    def statements(rows: int) -> int:
        text = "number,line,date,amount\n" + "".join(f"R{n},1,2026-01-01,5\n" for n in range(rows))
        with CaptureQueriesContext(connection) as captured:
            imported("orders", text)
        return len(captured)

    # Both are so many that the tables are analysed afterwards.
    assert statements(1_000) == statements(4_000)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (mapping.Mapping(columns={"external_id": "Nope", "name": "name"}), "The file has no column Nope"),
        (mapping.Mapping(columns={"external_id": "external_id"}), "No column is chosen for name"),
        (mapping.Mapping(columns={"external_id": "external_id", "name": "name", "x": "city"}), "no column x"),
        (
            mapping.Mapping({"external_id": "external_id", "name": "name"}, {}, {"dates": "sideways"}),
            "cannot be “sideways”",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(chosen: mapping.Mapping, words: str) -> None:
    with pytest.raises(Refused, match=words):
        imported("accounts", ACCOUNTS, chosen=chosen)


def test_a_constant_stands_for_a_column_that_the_file_lacks() -> None:
    chosen = mapping.Mapping(
        columns={"external_id": "external_id", "name": "name"}, constants={"country": "Norway"}
    )
    imported("accounts", ACCOUNTS, chosen=chosen)
    assert set(Account.objects.values_list("country", flat=True)) == {"Norway"}


def test_a_classification_known_by_account_and_day_is_corrected() -> None:
    make_classification(make_account("Alfa"), "2026-01-01", tier="A")
    Tier.objects.create(name="B")
    assert counts(
        imported("classifications", "account,from,tier\nAlfa,2026-01-01,b\n"), "classifications"
    ) == (0, 1, 0)
    assert Classification.objects.filter(tier__name="B").count() == 1


@pytest.mark.parametrize(
    ("kind", "text", "column", "reason"),
    [
        (
            "account_states",
            "account,kind,date,value\nAlfa,usage,2026-01-05,50\nAlfa,usage,2026-01-05,60\n",
            "account",
            "This account has a state of this kind on this day already. See row 2.",
        ),
        (
            "reference_consents",
            "account,from,evidence\nAlfa,2026-01-05,letter\nAlfa,2026-01-05,mail\n",
            "account",
            "Another row has the same account, from. See row 2.",
        ),
    ],
)
def test_a_row_that_stands_twice_is_told_by_columns_that_the_file_has(
    kind: str, text: str, column: str, reason: str
) -> None:
    make_account("Alfa")
    # Neither file has an external id: it is put together from other columns.
    assert reasons(imported(kind, text)) == [(3, column, reason)]
