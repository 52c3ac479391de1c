"""Figures do not depend on the way they came about: nights, rebuilds, late facts, earlier runs, stored or live."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection

from accounts.fields import days
from accounts.models import (
    Account,
    Assignment,
    Campaign,
    CampaignTouch,
    Classification,
    Contract,
    ExchangeRate,
    FunnelPhase,
    FunnelStage,
    LossInterview,
    LossReason,
    Membership,
    Opportunity,
    OpportunitySplit,
    OpportunityStage,
    Order,
    OrderLine,
    Organisation,
    Product,
    ProductCategory,
    Quota,
    Team,
    Tier,
)
from accounts.periods import Period, month, quarter, trailing_year, year
from metrics.kpi import Derived, RowKpi
from metrics.kpis import KPIS
from metrics.models import AccountMonth, QueuedAccount, Run, Scope, ScopeFigures, View
from metrics.recipes.mix import MIX
from metrics.recompute.stage import FACT_COLUMNS
from metrics.result import Result
from metrics.results import Computer, every_key
from tests.factories import (
    make_account,
    make_assignment,
    make_campaign,
    make_classification,
    make_contract,
    make_membership,
    make_opportunity,
    make_order,
    make_product,
    make_quota,
    make_rate,
    make_request,
    make_spend,
    make_stage,
    make_team,
    make_touch,
    make_user,
)
from tests.metrics.engine import by_key, day, period, report_in, result, run
from tests.metrics.portfolio import CURRENCIES, Portfolio, make_portfolio

pytestmark = pytest.mark.django_db

Day = datetime.date
SCOPES = [scope for scope in Scope.values if scope != Scope.ACCOUNT]


# ------------------------------------------------------------------------------------ random edits


def pick(random: Random, rows: Any) -> Any:
    found = list(rows.order_by("pk"))
    return random.choice(found) if found else None


def add_order(made: Portfolio) -> None:
    made.add_order(made.account())


def delete_order(made: Portfolio) -> None:
    if order := pick(made.random, Order.objects.all()):
        order.delete()


def change_line(made: Portfolio) -> None:
    if line := pick(made.random, OrderLine.objects.all()):
        OrderLine.objects.filter(pk=line.pk).update(
            amount=made.amount(), product=made.random.choice(made.products)
        )


def move_order(made: Portfolio) -> None:
    if order := pick(made.random, Order.objects.all()):
        changes: list[dict[str, Any]] = [
            {"date": made.some_day()},
            {"account": made.account()},
            {"seller": made.random.choice((None, *made.users))},
            {"currency": made.random.choice(CURRENCIES)},
            {"kind": made.random.choice(("order", "credit_note"))},
        ]
        Order.objects.filter(pk=order.pk).update(**made.random.choice(changes))


def add_deal(made: Portfolio) -> None:
    made.add_deal(made.account())


def delete_deal(made: Portfolio) -> None:
    if deal := pick(made.random, Opportunity.objects.all()):
        deal.delete()


def change_deal(made: Portfolio) -> None:
    deal = pick(made.random, Opportunity.objects.all())
    if deal is None:
        return
    opened = made.some_day()
    outcome = made.random.choice(("won", "lost", "open"))
    Opportunity.objects.filter(pk=deal.pk).update(
        opened_on=opened,
        outcome=outcome,
        closed_on=None if outcome == "open" else made.some_day(opened),
        amount=made.amount(),
        kind=made.random.choice(("upsell", "new")),
        account=made.account(),
    )
    OpportunitySplit.objects.filter(opportunity=deal).delete()


def add_contract(made: Portfolio) -> None:
    made.add_contracts(made.random.choice(made.accounts))


def change_contract(made: Portfolio) -> None:
    contract = pick(made.random, Contract.objects.all())
    if contract is None:
        return
    if made.random.random() < 0.4:
        contract.delete()
        return
    outcome = made.random.choice(("lost", "renewed", "open", "lapsed"))
    Contract.objects.filter(pk=contract.pk).update(
        annual_value=made.amount(20_000),
        outcome=outcome,
        renewed_value=made.amount(20_000) if outcome == "renewed" else None,
    )


def hand_over(made: Portfolio) -> None:
    account = made.random.choice(made.accounts)
    when = made.some_day()
    for held in Assignment.objects.filter(account=account, role="owner"):
        if held.during.lower >= when:
            held.delete()
        elif held.during.upper is None or held.during.upper > when:
            Assignment.objects.filter(pk=held.pk).update(during=days(held.during.lower, when))
    if made.random.random() > 0.2:
        make_assignment(account, made.random.choice(made.users), when)


def promote(made: Portfolio) -> None:
    account = made.random.choice(made.accounts)
    when = made.some_day()
    for held in Classification.objects.filter(account=account):
        if held.during.lower >= when:
            held.delete()
        elif held.during.upper is None or held.during.upper > when:
            Classification.objects.filter(pk=held.pk).update(during=days(held.during.lower, when))
    make_classification(
        account, when, tier=made.random.choice(list(Tier.objects.all())), is_target=made.random.random() < 0.5
    )


def change_team(made: Portfolio) -> None:
    user = made.random.choice(made.users)
    when = made.some_day()
    for held in Membership.objects.filter(user=user):
        if held.during.lower >= when:
            held.delete()
        elif held.during.upper is None or held.during.upper > when:
            Membership.objects.filter(pk=held.pk).update(during=days(held.during.lower, when))
    make_membership(user, made.random.choice(made.teams), when)


def change_rate(made: Portfolio) -> None:
    rate = pick(made.random, ExchangeRate.objects.all())
    change = made.random.random()
    if change < 0.3 and rate:
        rate.delete()
    elif change < 0.6 and rate:
        ExchangeRate.objects.filter(pk=rate.pk).update(rate=Decimal(made.random.randint(70, 130)) / 100)
    else:
        when = made.some_day() if made.random.random() < 0.5 else made.some_day().replace(day=1)
        ExchangeRate.objects.filter(currency="USD", date=when).delete()
        make_rate("USD", Decimal(made.random.randint(70, 130)) / 100, when)


def change_quota(made: Portfolio) -> None:
    quota = pick(made.random, Quota.objects.all())
    change = made.random.random()
    if change < 0.3 and quota:
        quota.delete()
    elif change < 0.6 and quota:
        Quota.objects.filter(pk=quota.pk).update(amount=made.amount(30_000))
    else:
        user, when = made.random.choice(made.users), made.some_day()
        Quota.objects.filter(user=user, starts_on=when).delete()
        make_quota(user, when, made.amount(30_000))


def change_reference(made: Portfolio) -> None:
    change = made.random.randint(0, 4)
    if change == 0:
        category = pick(made.random, ProductCategory.objects.all())
        Product.objects.filter(pk=made.random.choice(made.products).pk).update(category=category)
    elif change == 1:
        stage = made.random.choice(made.stages)
        OpportunityStage.objects.filter(pk=stage.pk).update(
            probability=Decimal(made.random.randint(0, 10)) / 10, qualified=made.random.random() < 0.5
        )
    elif change == 2:
        inner = made.teams[1]
        Team.objects.filter(pk=inner.pk).update(
            parent=made.random.choice((None, made.teams[0], made.teams[2]))
        )
    elif change == 3:
        account = made.random.choice(made.accounts)
        Account.objects.filter(pk=account.pk).update(currency=made.random.choice(CURRENCIES))
    else:
        Organisation.objects.update(grace_days=made.random.choice((0, 15, 40)))


def add_account(made: Portfolio) -> None:
    account = make_account(currency=made.random.choice(CURRENCIES))
    made.accounts.append(account)
    if made.random.random() < 0.5:
        # It begins only later: it has no figures until then.
        make_assignment(account, made.random.choice(made.users), made.as_of + datetime.timedelta(days=20))
    else:
        made.assign(account)
        made.add_order(account)


def a_late_fact(made: Portfolio) -> None:
    """Before everything known so far."""
    when = made.first - datetime.timedelta(days=made.random.randint(1, 80))
    make_order(made.random.choice(made.accounts), when, made.amount(), currency="EUR")


def time_passes(made: Portfolio) -> None:
    made.as_of += datetime.timedelta(days=made.random.choice((1, 1, 4, 33)))


EDITS: tuple[Callable[[Portfolio], None], ...] = (
    add_order,
    add_order,
    delete_order,
    change_line,
    move_order,
    add_deal,
    delete_deal,
    change_deal,
    add_contract,
    change_contract,
    hand_over,
    hand_over,
    promote,
    change_team,
    change_rate,
    change_quota,
    change_reference,
    add_account,
    a_late_fact,
    time_passes,
    time_passes,
)

# ----------------------------------------------------------------------------------------- dumps


def facts() -> set[tuple[Any, ...]]:
    return set(AccountMonth.objects.values_list(*FACT_COLUMNS))


def figures() -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        (row.view, row.starts, row.ends, row.scope, row.key, row.kind): row.figures
        for row in ScopeFigures.objects.filter(valid_to=None)
    }


def forget_everything() -> None:
    with connection.cursor() as cursor:
        for table in (
            "accountmonth",
            "accountmonthpast",
            "scopefigures",
            "prediction",
            "fittedmodel",
            "run",
            "dailyrate",
            "queuedaccount",
        ):
            cursor.execute(f"DELETE FROM metrics_{table}")


def difference(found: dict[Any, Any], expected: dict[Any, Any]) -> list[Any]:
    """What differs, in few words: the key, and the figures that are not the same."""
    told = []
    for key in sorted(set(found) | set(expected), key=str):
        one, other = found.get(key, {}), expected.get(key, {})
        names = [name for name in sorted(set(one) | set(other)) if one.get(name) != other.get(name)]
        if names or (key in found) != (key in expected):
            told.append((key, [(name, one.get(name), other.get(name)) for name in names[:3]]))
    return told[:8]


def assert_a_rebuild_changes_nothing(as_of: Day, after: object) -> None:
    kept_facts, kept_figures = facts(), figures()
    rebuilt = run(as_of, Run.Cause.FULL)
    assert not difference(kept_figures, figures()), after
    assert kept_facts == facts(), after
    assert (rebuilt.rows_inserted, rebuilt.rows_replaced, rebuilt.figures) == (0, 0, 0), after


@pytest.mark.parametrize("seed", [1, 2])
def test_nights_and_rebuilds_give_the_same_after_any_edits(seed: int) -> None:
    made = make_portfolio(seed, accounts=6, first="2024-06-01", as_of="2025-04-17")
    run(made.as_of)
    for number in range(7):
        edits = [made.random.choice(EDITS) for _ in range(made.random.choice((1, 1, 3)))]
        for edit in edits:
            edit(made)
        run(made.as_of)
        names = [edit.__name__ for edit in edits]
        assert_a_rebuild_changes_nothing(made.as_of, (seed, number, names, str(made.as_of)))

    kept_facts, kept_figures = facts(), figures()
    forget_everything()
    run(made.as_of, Run.Cause.FULL)

    assert difference(kept_figures, figures()) == []
    assert kept_facts == facts()


def test_each_kind_of_edit_is_seen_by_the_next_night() -> None:
    """A rebuild after every kind would take minutes; what a night missed would still stand at the end."""
    made = make_portfolio(7, accounts=5, first="2024-08-01", as_of="2025-03-17")
    run(made.as_of)
    for edit in sorted(set(EDITS), key=lambda edit: edit.__name__):
        for _ in range(4):
            edit(made)
        run(made.as_of)

    assert_a_rebuild_changes_nothing(made.as_of, "every kind of edit")


def test_a_changed_rate_of_a_first_day_reaches_accounts_whose_rows_stayed_the_same() -> None:
    report_in("EUR")
    make_rate("USD", "0.5", "2024-01-01")
    make_rate("USD", "0.8", "2025-01-01")
    account = make_account(currency="USD")
    make_order(account, "2024-02-10", 100)
    make_order(account, "2025-03-10", 100)
    run("2025-04-10")
    ExchangeRate.objects.filter(date=day("2025-01-01")).update(rate=Decimal("0.6"))
    run("2025-04-11")

    before = result("growth_contribution", period("2025-02-01", "2025-03-01"))
    assert before.denominator == 60
    assert_a_rebuild_changes_nothing(day("2025-04-11"), "a rate")


def test_deleting_the_earliest_fact_leaves_no_figure_of_its_months() -> None:
    first = make_order(make_account(), "2024-02-10", 100)
    make_order(make_account(), "2024-09-10", 100)
    run("2025-01-10")
    first.delete()
    run("2025-01-11")

    assert result("account_revenue", period("2024-02-01", "2024-03-01")).value in (None, 0)
    assert_a_rebuild_changes_nothing(day("2025-01-11"), "the earliest fact deleted")


def test_an_account_that_turns_out_to_be_older_counts_as_what_it_was_at_the_start() -> None:
    """It counts as what it was when it began; once a touch tells that it was there in January, as that: unknown."""
    account = make_account(owner=make_user(), since="2025-02-01")
    make_classification(account, "2025-02-01", tier="Key")
    asked = datetime.datetime(2025, 2, 10, 9, tzinfo=datetime.UTC)
    make_request(account, opened_at=asked, first_answer_at=asked + datetime.timedelta(hours=1))

    def answers_by_tier() -> dict[Any, Any]:
        found = by_key("first_response_time", period("2025-01-01", "2026-01-01"), Scope.TIER)
        return {key: each.n for key, each in found.items() if each.n}

    run("2025-04-10")
    assert answers_by_tier() == {Tier.objects.get().pk: 1}
    make_touch(account, at="2024-12-10T09:00:00+00:00")
    run("2025-04-11")
    assert answers_by_tier() == {None: 1}
    assert_a_rebuild_changes_nothing(day("2025-04-11"), "an older touch")


def test_for_whom_a_campaign_is_counts_for_what_was_won_before_anything_was_spent_on_it() -> None:
    account = make_account(owner=make_user(), since="2024-01-01")
    fair, mails = make_campaign("Fair", is_target=False), make_campaign("Mails", is_target=True)
    CampaignTouch.objects.create(campaign=fair, account=account, on=day("2024-12-10"))
    make_opportunity(account, opened_on="2025-01-10", closed_on="2025-02-10", outcome="won", amount=300)
    make_spend(mails, "2025-02-05", 100)
    make_spend(fair, "2025-03-05", 100)
    run("2025-04-10")
    february = period("2025-02-01", "2025-03-01")
    assert by_key("roi", february, Scope.TARGET)[1].value == -100
    Campaign.objects.filter(pk=fair.pk).update(is_target=True)
    run("2025-04-11")

    assert by_key("roi", february, Scope.TARGET)[1].value == 200
    assert_a_rebuild_changes_nothing(day("2025-04-11"), "a campaign for target accounts")


def test_what_a_number_is_split_by_has_its_new_name_after_the_next_night() -> None:
    account = make_account()
    fair = make_campaign("Fair")
    make_spend(fair, "2024-11-05", 100)
    price = LossReason.objects.create(name="Price")
    LossInterview.objects.create(account=account, lost_on=day("2024-11-20"), reason=price)
    offer, first, last = make_stage("Offer"), *(FunnelStage(name=n, position=p) for p, n in enumerate("AB"))
    FunnelStage.objects.bulk_create([first, last])
    FunnelPhase.objects.create(account=account, stage=first, during=days(day("2024-10-01"), None))
    spell = (offer, day("2024-11-02"), day("2024-11-09"))
    make_opportunity(account, "2024-11-02", outcome="won", closed_on="2024-11-09", amount=5, phases=[spell])
    november = period("2024-11-01", "2024-12-01")

    def named() -> list[str]:
        split = ("roi", "churn_reason_mix", "progression_rate", "deal_velocity")
        return [each.name for kpi in split for each in result(kpi, november).slices]

    run("2025-04-10")
    assert named() == ["Fair", "Price", "A", "Offer"]
    for row, name in ((fair, "Big fair"), (price, "Too dear"), (first, "Known"), (offer, "Bid")):
        type(row).objects.filter(pk=row.pk).update(name=name)
        run("2025-04-10")
    assert named() == ["Big fair", "Too dear", "Known", "Bid"]
    assert_a_rebuild_changes_nothing(day("2025-04-10"), "new names")


def test_an_order_in_an_open_window_reaches_the_period_in_which_the_quota_began() -> None:
    seller = make_user()
    account = make_account(owner=seller, since="2024-11-01")
    make_quota(seller, "2024-11-15", 1000)
    make_order(account, "2024-11-20", 100)
    run("2025-01-10")
    make_order(account, "2025-01-11", 400)
    run("2025-01-12")

    assert result("quota_attainment", period("2024-11-01", "2024-12-01")).value == 50


def test_a_handover_moves_old_periods_in_the_current_book_and_nowhere_else() -> None:
    ann, bob = make_user(), make_user()
    account = make_account(owner=ann, since="2024-01-01")
    make_order(account, "2024-02-10", 100)
    run("2025-01-10")
    hand = Assignment.objects.get()
    hand.during = days(day("2024-01-01"), day("2025-01-11"))
    hand.save()
    make_assignment(account, bob, "2025-01-11")
    run("2025-01-12")

    february = period("2024-02-01", "2024-03-01")
    for view, user in ((View.AS_WAS, ann), (View.CURRENT_BOOK, bob)):
        found = by_key("account_revenue", february, Scope.OWNER, view)
        assert {key: each.value for key, each in found.items() if each.value} == {user.pk: 100}


# ----------------------------------------------------------------------------------- earlier runs


def usual(as_of: Day) -> list[Period]:
    return [month(as_of), quarter(as_of), year(day("2024-01-01")), trailing_year(as_of)]


CUSTOM = period("2024-10-01", "2025-03-01")


def reads_rows_of_today(kpi: Any) -> bool:
    """Made of deals, quotas and bookings as they stand today; facts and stored figures keep their versions."""
    if isinstance(kpi, RowKpi):
        return kpi.recipe_name != "concentration"
    return isinstance(kpi, Derived) and any(reads_rows_of_today(each.kpi) for each in kpi.of)


def answers(run_asked: Run | None, as_of: Day) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for when in (*usual(as_of), CUSTOM):
        kpis = [kpi for kpi in KPIS if when != CUSTOM or not reads_rows_of_today(kpi)]
        for scope in Scope.values:
            for view in View.values if scope in (Scope.OWNER, Scope.TEAM) else [View.AS_WAS]:
                # What single rows say of one account is not stored.
                kept = [kpi for kpi in kpis if scope != Scope.ACCOUNT or not reads_rows_of_today(kpi)]
                for key, each in every_key(kept, when, scope, view, run_asked).items():
                    if told := plain(each):
                        found[scope, view, *key] = told
    return found


def plain(each: Result) -> tuple[Any, ...] | None:
    """What a reader sees; nothing where there is nothing to see."""
    if not each.value and not each.numerator and not each.denominator and not each.n:
        return None
    return (each.value, each.numerator, each.denominator, each.n, each.low, each.high, each.reason)


def test_reading_an_earlier_run_gives_exactly_what_it_gave() -> None:
    made = make_portfolio(11, accounts=8, first="2024-04-01", as_of="2025-04-17")
    first = run(made.as_of)
    as_of = made.as_of
    given = answers(None, as_of)
    assert len(given) > 500
    later = [edit for edit in EDITS if edit not in (change_rate, change_reference, change_team)]
    for number in range(3):
        for _ in range(6):
            made.random.choice(later)(made)
        run(made.as_of, Run.Cause.FULL if number == 1 else Run.Cause.MANUAL)

    assert answers(None, as_of) != given
    again = answers(first, as_of)
    assert {key: value for key, value in again.items() if given.get(key) != value} == {}
    assert set(again) == set(given)


def test_live_evaluation_equals_the_stored_figures() -> None:
    made = make_portfolio(12, accounts=12, first="2024-04-01", as_of="2025-04-17")
    newest = run(made.as_of)
    organisation = Organisation.current()
    for when in usual(made.as_of):
        for scope in SCOPES:
            for view in View.values if scope in (Scope.OWNER, Scope.TEAM) else [View.AS_WAS]:
                stored, live = (Computer(newest, newest, scope, None, view, organisation) for _ in range(2))
                stored.load_stored(scope, None, [when], view)
                live.load_live(scope, None, [when], view)
                assert tidy(live) == tidy(stored), (str(when), scope, view)


def tidy(computer: Computer) -> dict[Any, Any]:
    """Without figures that are all 0."""
    found = {}
    for key, each in computer.figures.items():
        kinds = {
            # The mix is no number: pages read it by itself, and a test of its own holds it against the facts.
            name: {part: value for part, value in getattr(each, name).items() if value and part != MIX}
            for name in ("accounts", "rows", "single")
        }
        if any(kinds.values()):
            found[key] = kinds
    return found


# ------------------------------------------------------------------------------------------ queue


def queued() -> set[tuple[int | None, Day, bool, str]]:
    """What the queue holds, and empty it."""
    rows = QueuedAccount.objects.values_list("account_id", "since", "everything", "reason")
    found = {(account, since, everything, reason) for account, since, everything, reason in rows}
    QueuedAccount.objects.all().delete()
    return found


BEGINNING = Day(1, 1, 1)


def update_sql(row: Any, assignments: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {assignments} WHERE id = {row.pk}")


def rows_of_every_table() -> list[tuple[Any, str, set[tuple[int | None, Day, bool]]]]:
    """A row, a change that matters, and what both its change and its deletion queue."""
    account, user = make_account(), make_user()
    order = make_order(account, "2025-02-03", 10)
    deal = make_opportunity(
        account, "2025-03-04", 10, phases=[("Early", "2025-03-05", None)], splits={user: 1}
    )
    contract = make_contract(account, "2025-04-05", None)
    own = {(account.pk, day(since), False) for since in ("2025-02-03",)}
    return [
        (order.lines.get(), "amount = 99", own),
        (
            deal.phases.get(),
            "during = daterange('2025-03-05', '2025-03-09')",
            {(account.pk, day("2025-03-05"), False)},
        ),
        (order, "currency = 'USD'", own),
        (deal, "amount = 99", {(account.pk, day("2025-03-04"), False)}),
        (contract, "annual_value = 99", {(account.pk, day("2025-04-05"), False)}),
        (
            make_assignment(account, user, "2025-05-06"),
            "during = daterange('2025-05-06', '2025-06-01')",
            {(account.pk, day("2025-05-06"), False)},
        ),
        (
            make_classification(account, "2025-06-07", tier="One"),
            "is_target = TRUE",
            {(account.pk, day("2025-06-07"), False)},
        ),
        (
            make_membership(user, make_team(), "2025-07-08"),
            "during = daterange('2025-07-08', '2025-09-01')",
            {(None, day("2025-07-08"), True)},
        ),
        (make_rate("USD", 1, "2025-08-09"), "rate = 2", {(None, day("2025-08-09"), True)}),
        (make_quota(user, "2025-09-10"), "amount = 99", {(None, day("2025-09-10"), False)}),
        (make_product(category="Bikes"), "category_id = NULL", {(None, BEGINNING, True)}),
    ]


def test_every_insert_update_and_delete_queues_the_account_and_its_earliest_day() -> None:
    rows = rows_of_every_table()
    inserted = {(account, since, everything) for account, since, everything, _ in queued()}
    for row, change, expected in rows:
        assert expected <= inserted, row._meta.db_table
        update_sql(row, change)
        found = {(account, since, everything) for account, since, everything, _ in queued()}
        assert found == expected, f"update of {row._meta.db_table}"
    for row, _, expected in rows:
        row.delete()
        found = {(account, since, everything) for account, since, everything, _ in queued()}
        assert expected <= found, f"delete of {row._meta.db_table}"


def test_moving_a_row_queues_both_accounts_and_the_earlier_day() -> None:
    one, other = make_account(), make_account()
    order = make_order(one, "2025-02-03", 10)
    queued()
    Order.objects.filter(pk=order.pk).update(account=other, date=day("2025-06-01"))

    assert {(account, since) for account, since, *_ in queued()} >= {
        (one.pk, day("2025-02-03")),
        (other.pk, day("2025-06-01")),
    }
    Order.objects.filter(pk=order.pk).update(date=day("2024-12-01"))
    assert {(account, since) for account, since, *_ in queued()} == {(other.pk, day("2024-12-01"))}


def test_writing_the_same_again_queues_nothing() -> None:
    rows = rows_of_every_table()
    queued()
    for row, _, _ in rows:
        columns = ", ".join(f.column for f in row._meta.concrete_fields if not f.primary_key)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {row._meta.db_table} (id, {columns}) SELECT id, {columns}"
                f" FROM {row._meta.db_table} WHERE id = {row.pk} ON CONFLICT (id) DO UPDATE SET"
                f" ({columns}) = (SELECT {', '.join('excluded.' + c.strip() for c in columns.split(','))})"
            )
        assert queued() == set(), row._meta.db_table
        row.save()
        assert queued() == set(), row._meta.db_table


def test_bulk_statements_queue_each_account_once() -> None:
    accounts = [make_account() for _ in range(3)]
    for account in accounts:
        for date in ("2025-02-03", "2025-03-03"):
            make_order(account, date)
    queued()
    OrderLine.objects.update(amount=7)

    assert queued() == {(account.pk, day("2025-02-03"), False, "orderline") for account in accounts}
    assert not QueuedAccount.objects.exists()


def test_columns_that_no_figure_reads_queue_nothing() -> None:
    account = make_account(name="Before")
    deal = make_opportunity(account)
    queued()
    Account.objects.filter(pk=account.pk).update(name="After", city="Oslo")
    Opportunity.objects.filter(pk=deal.pk).update(loss_reason="price")

    assert queued() == set()
