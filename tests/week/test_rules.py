"""The rules of the week over hand-made facts: no database, every expectation worked out by hand."""

import datetime
from decimal import Decimal

from metrics.pages import week_rules as rules
from metrics.pages.week_rules import Asked, Ending, Gone, Item, KeyPerson, Meeting, Promise, Stake

TODAY = datetime.date(2026, 11, 23)


def ago(days: int) -> datetime.date:
    return TODAY - datetime.timedelta(days=days)


def item(kind: str, pk: int, account: int, urgency: str, value: int | None = None) -> Item:
    stake = Stake() if value is None else Stake(Decimal(value))
    return Item(kind, pk, account, "", "", "", "", urgency=Decimal(urgency), stake=stake)


def test_urgency_is_one_on_the_day_and_falls_to_a_tenth_at_the_horizon() -> None:
    assert rules.urgency(0, 180) == 1
    assert rules.urgency(180, 180) == Decimal("0.10")
    assert rules.urgency(90, 180) == Decimal("0.55")
    assert rules.urgency(-30, 180) == 2
    assert rules.urgency(-400, 180) == 2


def test_a_promise_of_next_month_is_not_of_this_week() -> None:
    assert rules.action(Promise(1, 1, "Send it", TODAY + datetime.timedelta(days=8)), TODAY) is None
    late = rules.action(Promise(1, 1, "Send it", ago(5)), TODAY)
    assert late is not None and (late.cause, late.words) == ("You promised: Send it.", "5 days overdue")
    theirs = rules.action(Promise(1, 1, "List of yards?", TODAY, is_theirs=True), TODAY)
    assert theirs is not None and theirs.cause == "They promised: List of yards?"


def test_a_key_person_is_cold_one_day_after_the_rhythm_and_not_on_its_last_day() -> None:
    person = KeyPerson(1, 1, "Ingrid Haugen", "the sponsor", ago(30), ago(900), 30)
    assert rules.cold(person, None, TODAY) is None
    colder = KeyPerson(1, 1, "Ingrid Haugen", "the sponsor", ago(41), ago(900), 30)
    found = rules.cold(colder, 69, TODAY)
    assert found is not None
    assert (
        found.cause
        == "Ingrid Haugen, the sponsor, has not answered for 41 days and notice is due in 69 days."
    )
    assert found.words == "rhythm 30 days"
    alone = rules.cold(colder, None, TODAY)
    assert alone is not None and alone.urgency < found.urgency


def test_without_a_rhythm_nobody_is_cold_and_a_new_key_person_has_time() -> None:
    assert rules.cold(KeyPerson(1, 1, "A", "", None, ago(400), None), None, TODAY) is None
    assert rules.cold(KeyPerson(1, 1, "A", "", None, ago(20), 30), None, TODAY) is None
    silent = rules.cold(KeyPerson(1, 1, "A", "", None, ago(40), 30), None, TODAY)
    assert silent is not None and silent.cause == "Nobody of us has talked with A yet."


def test_a_fall_counts_beyond_three_times_the_usual_swing_and_three_per_cent() -> None:
    month = datetime.date(2026, 10, 31)
    swings = [Decimal(each) for each in (100, -100) * 5 + (100,)]
    # The population deviation of ten and one swings of 100 lies just under 100: three times it under 300.
    assert rules.find_fall(month, [*swings, Decimal(-290)], Decimal(1000)) is None
    found = rules.find_fall(month, [*swings, Decimal(-310)], Decimal(1000))
    assert found is not None and found.amount == 310
    assert rules.find_fall(month, [*swings, Decimal(-310)], Decimal(1_000_000)) is None
    assert rules.find_fall(month, [*swings, Decimal(310)], Decimal(1000)) is None
    assert rules.find_fall(month, [Decimal(-310)], Decimal(1000)) is None


def test_contracts_that_shrink_are_no_noise() -> None:
    month = datetime.date(2026, 10, 31)
    found = rules.shrank(1, Decimal(1000), Decimal(800), month, "EUR")
    assert found is not None and "€200" in found.cause
    assert rules.shrank(1, Decimal(1000), Decimal(1000), month, "EUR") is None
    assert rules.shrank(1, Decimal(0), Decimal(0), month, "EUR") is None


def test_a_notice_date_asks_for_a_call_and_does_not_take_dont_know_within_90_days() -> None:
    in_60 = TODAY + datetime.timedelta(days=60)
    nothing = rules.notice(Ending(1, 1, "K-1", in_60, True), TODAY)
    assert nothing is not None and nothing.cause.endswith("no call is made yet.")
    unsure = rules.notice(Ending(1, 1, "K-1", in_60, True, "unknown", "don't know", ago(1)), TODAY)
    assert unsure is not None and "your call still says “don't know”" in unsure.cause
    assert rules.notice(Ending(1, 1, "K-1", in_60, True, "renews", "will renew", ago(1)), TODAY) is None
    before_the_stage = Ending(1, 1, "K-1", in_60, True, "renews", "will renew", ago(40))
    assert rules.notice(before_the_stage, TODAY) is not None
    near = Ending(1, 1, "K-1", TODAY + datetime.timedelta(days=7), True, "renews", "will renew", ago(1))
    found = rules.notice(near, TODAY)
    assert found is not None and (found.deed, found.words) == ("Decide", "7 days left")


def test_an_unanswered_request_says_how_long_and_its_limit() -> None:
    found = rules.request(Asked(1, 1, "4502", "Firmware", 26, False, answer_late=18, answer_limit=8), TODAY)
    assert found is not None
    assert (found.cause, found.words) == ("Request 4502 waits for its first answer.", "26 h, limit 8 h")
    assert found.state == "overdue"
    assert rules.request(Asked(1, 1, "", "Firmware", 26, True), TODAY) is None
    solve = rules.request(Asked(1, 1, "", "Firmware", 26, True, due_on=ago(1)), TODAY)
    assert solve is not None and solve.words == "1 day overdue"


def test_who_left_matters_where_somebody_or_something_hung_on_them() -> None:
    assert rules.left(Gone(1, 1, "Lars", "", ago(5), was_key=False), TODAY) is None
    found = rules.left(Gone(1, 1, "Lars", "the champion", ago(5), was_key=True, objectives=1), TODAY)
    assert found is not None and found.cause == "Lars, the champion, left; 1 objective has nobody now."


def test_a_review_is_asked_for_two_weeks_before_unless_prepared_and_after_it() -> None:
    soon = TODAY + datetime.timedelta(days=14)
    assert rules.review(Meeting(1, 1, "Review", soon, is_prepared=True), TODAY) is None
    assert rules.review(Meeting(1, 1, "Review", soon + datetime.timedelta(days=1), False), TODAY) is None
    ahead = rules.review(Meeting(1, 1, "Review", soon, is_prepared=False), TODAY)
    assert ahead is not None and ahead.words == "in 14 days"
    past = rules.review(Meeting(1, 1, "Review", ago(3), is_prepared=True), TODAY)
    assert past is not None and past.deed == "Say how it went"


def test_the_order_is_value_times_urgency_and_what_has_no_value_comes_last() -> None:
    found = rules.ranked(
        [
            item("action", 1, 1, "0.5", 100),
            item("action", 2, 2, "0.2", 1000),
            item("action", 3, 3, "2", None),
            item("action", 4, 4, "1", 40),
        ]
    )
    assert [each.pk for each in found] == [2, 1, 4, 3]


def test_no_account_fills_the_page_and_there_are_at_most_ten() -> None:
    of_one = [item("action", number, 1, "1", 1000) for number in range(5)]
    others = [item("action", 10 + number, 10 + number, "1", 10) for number in range(20)]
    found = rules.ranked([*of_one, *others])
    assert len(found) == 10
    assert sum(each.account == 1 for each in found) == 2
    silences = [item("cold", number, 7, "1", 500) for number in range(3)]
    assert len(rules.ranked(silences)) == 1
