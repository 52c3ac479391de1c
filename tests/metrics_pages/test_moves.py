"""What moved: parts and accounts add up to the change, to the last digit, for whoever looks."""

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Organisation, Team, User
from accounts.periods import trailing_year
from kamplan import formats
from metrics.kpi import Kpi
from metrics.kpis import KPI, KPIS
from metrics.models import Run
from metrics.pages.choice import Choice, load_runs
from metrics.pages.explanation import Explanation
from metrics.pages.making import Step, places_of_steps, waterfall_rows
from metrics.pages.moves import Sides
from metrics.pages.moves_effects import company_base, effects, exact_value, movers, together
from metrics.pages.places import find_place
from metrics.result import Result
from tests.clients import as_, ask
from tests.factories import make_account, make_order, make_touch
from tests.metrics.engine import day, report_in, run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db
PERIODS = f"{T12}&compare=2025-06"


def explanation(user: User, kpi: Kpi, scope: str, key: int | None, compare: str) -> Explanation:
    place = find_place(scope, key, day("2026-01-10"))
    period = trailing_year(day("2025-12-31"))
    choice: Choice = Sides(period, "as-was", Organisation.current(), load_runs(), {"compare": compare})
    made = Explanation(user, kpi, place, choice)
    made.load()
    made.load_accounts()
    return made


def change_of(kpi: Kpi, before: Result, now: Result) -> Fraction:
    """The difference of the two values, without any rounding."""
    return exact_value(kpi, now) - exact_value(kpi, before)


@pytest.fixture
def second(published: Run, aurora: Account, borealis: Account) -> Run:
    """A later run that saw two more orders."""
    make_order(aurora, "2025-11-11", 240)
    make_order(borealis, "2025-12-12", 77)
    return run("2026-01-11")


def test_parts_and_accounts_add_up_to_the_change_of_every_number(
    second: Run, published: Run, hana: User, maya: User, north: Team
) -> None:
    for compare in ("2025-06", str(published.pk)):
        assert changed_numbers(compare, hana, maya, north) > 10


def changed_numbers(compare: str, hana: User, maya: User, north: Team) -> int:
    """How many numbers changed since then, each of them accounted for."""
    compared = 0
    for kpi in KPIS:
        if not isinstance(kpi, Kpi):
            continue
        for scope, key in (("company", None), ("owner", maya.pk), ("team", north.pk)):
            made = explanation(hana, kpi, scope, key, compare)
            before, now = made.before, made.now
            if before.value is None or now.value is None:
                continue
            change = change_of(kpi, before, now)
            parts = sum((each.of_place(before, now) for each in effects(kpi, before, now)), Fraction(0))
            by_account = together(movers(kpi, before, now, made.then_by, made.now_by)).both
            base = company_base(kpi, before, now)
            assert float(change) == pytest.approx(float(now.value - before.value)), (kpi.id, scope)
            assert parts == change, (kpi.id, scope)
            assert by_account + (base.both if base else 0) == change, (kpi.id, scope)
            compared += bool(change)
    return compared


def test_a_ratio_moves_by_what_stands_above_and_below_the_line(published: Run, hana: User) -> None:
    # Orders of the 12 months to June: 1,200 less what lies before July 2024. Worked out by hand:
    # to 30 June 2025 revenue 500 + 900 + 400 = 1,800 in 3 orders; to 31 December 2025 2,000 in 4 orders.
    response = ask(hana, f"/scorecards/company/all/avg_order_value/moved/{PERIODS}")
    # (2,000 - 1,800) / 3 = 66.67 by itself; - 500 x (4 - 3) / 3 = -166.67 by the base.
    amounts = [each.amount for each in response.context["waterfall"]]
    assert amounts == ["€600", "+€67", "−€167", "€500"]
    assert response.context["foot"].both == "−€100"


# Worked out by hand: 90.82 - 91.46 = -0.64, but rounded one by one 90.8 - 91.5 is 0.7.
READ = (
    ("grr", "91.46", "90.82", ["91.46 %", "−0.64", "90.82 %"]),
    ("grr", "91.40", "90.80", ["91.4 %", "−0.6", "90.8 %"]),
    ("cac", "449597.46", "437893.55", ["€449,597.46", "−€11,703.91", "€437,893.55"]),
    ("touches_per_win", "7.5", "7.8", ["7.5", "+0.3", "7.8"]),
    ("time_with_customer", "609.84", "671.16", ["609.84", "+61.32", "671.16"]),
    ("open_qualified_deals", "41", "38", ["41", "−3", "38"]),
    ("new_to_repeat_ratio", "0.0234", "0.0271", ["0.023 ×", "+0.004", "0.027 ×"]),
    ("nps", "30.62", "30.24", ["+30.6", "−0.4", "+30.2"]),
)


@pytest.mark.parametrize(("kpi", "then", "now", "read"), READ)
def test_what_a_waterfall_shows_adds_up_as_it_is_read(kpi: str, then: str, now: str, read: list[str]) -> None:
    period = trailing_year(day("2025-12-31"))
    sides = [
        Result(KPI[kpi], "company", None, period, "as-was", value=Decimal(value), currency="EUR")
        for value in (then, now)
    ]
    rows = waterfall_rows(*sides, [Step("All", Decimal(now) - Decimal(then))], "Then")
    assert [each.amount.replace(formats.NBSP, " ") for each in rows] == read


def test_a_share_of_the_whole_names_both_figures_and_moves_by_both(
    north: Team, maya: User, omar: User, hana: User, aurora: Account, borealis: Account, corvus: Account
) -> None:
    """Minutes in the last three months of 2024 and 2025: Aurora 60 and 90, Corvus, which is Omar's, 140 and 60."""
    report_in("EUR")
    for account, user, minutes, day_of in (
        (aurora, maya, 60, "2024-11-05"),
        (aurora, maya, 90, "2025-11-05"),
        (corvus, omar, 140, "2024-11-05"),
        (corvus, omar, 60, "2025-11-05"),
    ):
        make_touch(account, user, f"{day_of}T10:00+00:00", minutes=minutes)
    run("2026-01-10")
    # 60 of 200, then 90 of 150 of the company.
    effort = next(kpi for kpi in KPIS if kpi.id == "effort_share")
    assert isinstance(effort, Kpi)
    made = explanation(hana, effort, "owner", maya.pk, "2024-12")
    change = change_of(effort, made.before, made.now)
    # By itself (90 - 60) / 200, by the base - 60 % x (150 - 200) / 200.
    assert [each.of_place(made.before, made.now) for each in effects(effort, made.before, made.now)] == [
        15,
        15,
    ]
    assert (made.before.value, made.now.value, change) == (30, 60, 30)
    (base,) = filter(None, [company_base(effort, made.before, made.now)])
    assert together(movers(effort, made.before, made.now, made.then_by, made.now_by)).both + base.both == 30
    page = ask(hana, f"/scorecards/owner/{maya.pk}/effort_share/{T12}").content.decode()
    formula = page[page.index("How it is made") :]
    assert formula.index(">90<") < formula.index(">150<") < formula.index("minutes, of the whole company")
    moved = ask(
        hana, f"/scorecards/owner/{maya.pk}/effort_share/moved/{T12}&compare=2024-12"
    ).content.decode()
    assert "Minutes, of the whole company (the base)" in moved and "The company’s base" in moved


def test_the_largest_movers_are_named_and_lead_to_their_rows(second: Run, published: Run, hana: User) -> None:
    response = ask(hana, f"/scorecards/company/all/account_revenue/moved/{T12}&compare={published.pk}")
    rows = response.context["accounts"]
    assert [(each.name, each.both) for each in rows] == [
        ("Aurora Foods", "+€240"),
        ("Borealis Steel", "+€77"),
    ]
    account = Account.objects.get(name="Aurora Foods")
    assert rows[0].now_url.startswith("/scorecards/company/all/")
    assert rows[0].now_url.endswith(f"&account={account.pk}#rows")
    assert f"run={published.pk}" in rows[0].then_url
    assert response.context["foot"].both == "+€317"


def test_the_rows_behind_an_account_are_those_that_moved_this_number(
    published: Run, hana: User, maya: User, aurora: Account
) -> None:
    """Borealis went from Maya to Omar: what he sold there is behind his number, not behind hers."""
    page = ask(hana, f"/scorecards/owner/{maya.pk}/account_revenue/moved/{T12}&compare=2024-12")
    (line,) = [each for each in page.context["accounts"] if each.name == "Borealis Steel"]
    assert (line.then, line.now) == ("€800", "€400")
    for url, total in ((line.then_url, "800"), (line.now_url, "400")):
        shown = ask(hana, url.split("#")[0])
        assert shown.context["total_text"] == total
        assert "Rows of Borealis Steel only." in shown.content.decode()
        file = b"".join(ask(hana, shown.context["csv_url"]).streaming_content).decode()
        assert "Borealis" in file and "Aurora" not in file
    # Maya sees it no more, and is told of such accounts in one line only.
    assert ask(maya, line.now_url.split("#")[0]).status_code == 404
    assert ask(maya, line.now_url.split("#")[0].replace("account=", "account=x")).status_code == 404


def test_rows_of_todays_book_are_held_against_what_that_book_was_worth_then(
    second: Run, published: Run, hana: User, omar: User
) -> None:
    """Omar's book is Borealis, 400 of which Maya sold, and Corvus; 77 came later."""
    url = f"/scorecards/owner/{omar.pk}/account_revenue/{T12}&view=current-book&run={published.pk}&rows=1"
    found = ask(hana, url).context["difference"]
    assert (found["then"], found["now"], found["difference"]) == ("500", "577", "+77")


def test_nobody_adds_up_the_opinions_of_one_account_that_they_may_not_list(
    published: Run, mira: User, aurora: Account
) -> None:
    url = f"/scorecards/company/all/nps/{T12}&rows=1"
    assert ask(mira, url).context["found"] is not None
    assert ask(mira, f"{url}&account={aurora.pk}").context["found"] is None


def test_accounts_of_strangers_are_one_line(second: Run, published: Run, maya: User) -> None:
    # Borealis is Omar's today; Maya sold 800 in 2024 and 400 in 2025.
    response = ask(maya, f"/scorecards/owner/{maya.pk}/account_revenue/moved/{T12}&compare=2024-12")
    names = [each.name for each in response.context["accounts"]]
    assert names == ["Aurora Foods", "1 account you may not see"]
    assert "Borealis" not in response.content.decode()
    assert response.context["accounts"][-1].now_url == ""


def test_a_number_without_parts_leads_to_its_rows_of_both_sides(published: Run, hana: User) -> None:
    # Orders of 2024: 1,200, 800 and 500; of 2025: 900, 600, 400 and 100.
    url = f"/scorecards/company/all/revenue_concentration/moved/{T12}&compare="
    (rows,) = ask(hana, f"{url}2024-12").context["row_sides"]
    assert (rows.then, rows.now) == ("3 rows", "4 rows")
    for side, total in ((rows.then_url, "2,500"), (rows.now_url, "2,000")):
        assert ask(hana, side.split("#")[0]).context["total_text"] == total


def test_every_kind_of_number_can_be_opened(second: Run, published: Run, hana: User, maya: User) -> None:
    client = as_(hana)
    one_of_each = {(type(kpi), kpi.unit, bool(getattr(kpi, "denominator", ()))): kpi for kpi in KPIS}
    for kpi in one_of_each.values():
        found = client.get(f"/scorecards/owner/{maya.pk}/{kpi.id}/moved/{PERIODS}")
        assert found.status_code == 200, kpi.id


def test_the_scorecards_numbers_stand_side_by_side(second: Run, published: Run, hana: User) -> None:
    response = ask(hana, f"/scorecards/company/all/moved/{T12}&compare={published.pk}")
    rows = {each.name: each for _, some in response.context["sections"] for each in some}
    assert (rows["Revenue"].then, rows["Revenue"].now) == ("€2,000", "€2,317")
    assert rows["Revenue"].direction == "up"


def test_a_stranger_learns_nothing(published: Run, maya: User, omar: User) -> None:
    assert ask(omar, f"/scorecards/owner/{maya.pk}/moved/").status_code == 404
    assert ask(omar, f"/scorecards/owner/{maya.pk}/win_rate/moved/").status_code == 404


def test_no_more_statements_for_more_accounts(published: Run, omar: User, hana: User) -> None:
    def statements(url: str) -> int:
        ask(hana, url)
        with CaptureQueriesContext(connection) as caught:
            assert ask(hana, url).status_code == 200
        return len(caught)

    urls = (
        f"/scorecards/company/all/moved/{PERIODS}",
        f"/scorecards/company/all/revenue_growth/moved/{PERIODS}",
    )
    before = [statements(url) for url in urls]
    for _ in range(15):
        account = make_account(owner=omar, since="2023-01-01")
        make_order(account, "2024-03-03", 100)
        make_order(account, "2025-03-03", 90)
    run("2026-01-10")
    assert [statements(url) for url in urls] == before


def test_unless_one_chooses_it_is_what_was_shown_before_the_period_was_over() -> None:
    days_of_runs = ("2026-11-20", "2026-11-20", "2026-11-19", "2026-10-30", "2026-09-30")
    runs = [Run(pk=9 - place, as_of=day(text)) for place, text in enumerate(days_of_runs)]
    period = trailing_year(day("2026-10-31"))
    choice = Choice(period, "as-was", Organisation(), runs)

    assert (choice.compared.run.as_of, choice.compared.period) == (
        day("2026-10-30"),
        trailing_year(day("2026-09-30")),
    )
    # Last night's run says the same of a period that is over; it is one click away, as is the period before.
    assert [side.label for side in choice.other_sides] == [
        f"the night of {formats.day(day('2026-11-19'))}",
        formats.month_range(day("2024-11-01"), day("2025-10-31")),
    ]
    first_weeks = Choice(period, "as-was", Organisation(), runs[:3])
    assert (first_weeks.compared.by_run, first_weeks.compared.period) == (
        False,
        trailing_year(day("2025-10-31")),
    )


def test_what_is_compared_with_is_among_what_may_be_chosen() -> None:
    """In December, with a run each night: the one of 29 November is neither new nor the last of its month."""
    nights = [day("2026-12-09") - datetime.timedelta(days=place) for place in range(1200)]
    runs = [Run(pk=1200 - place, as_of=night) for place, night in enumerate(nights)]
    for end in ("2026-11-30", "2024-01-31"):
        choice = Choice(trailing_year(day(end)), "as-was", Organisation(), runs)
        (chosen,) = [value for value, _, is_chosen in choice.comparisons if is_chosen]
        assert chosen == str(choice.compared.run.pk)
        assert choice.compared.run.as_of == day(end) - datetime.timedelta(days=1)
        assert 3 + 24 < len(choice.comparisons) <= 30 + 2


@pytest.mark.parametrize(
    ("kpi", "then", "now", "moved", "places"),
    [
        # The mean health of 55 accounts: what one of them did to it is less than a tenth.
        ("health_score", "79.63", "78.92", ["-0.083", "-0.036"], 2),
        ("health_score", "79.63", "78.92", ["-0.7", "-0.1"], 1),
        ("account_revenue", "2000", "2240", ["240", "0"], 0),
    ],
)
def test_no_account_in_the_drawing_reads_nothing(
    kpi: str, then: str, now: str, moved: list[str], places: int
) -> None:
    period = trailing_year(day("2025-12-31"))
    sides = [
        Result(KPI[kpi], "company", None, period, "as-was", value=Decimal(value), currency="EUR")
        for value in (then, now)
    ]
    assert places_of_steps(*sides, [Decimal(each) for each in moved]) == places


def test_drawing_and_table_read_the_same_of_every_account(published: Run, omar: User, hana: User) -> None:
    """24 new accounts of ever less: in the mean of all, each is rounded."""
    for place in range(24):
        account = make_account(f"Few {place:02}", owner=omar, since="2023-01-01")
        make_order(account, "2025-11-11", 100 + 37 * place)
    second = run("2026-01-11")
    page = ask(hana, f"/scorecards/company/all/avg_order_value/moved/{T12}&compare={published.pk}")
    assert page.context["choice"].run.pk == second.pk
    drawn = [each for each in page.context["account_waterfall"] if each.kind == "step"]
    listed = {row.name: row.both for row in page.context["accounts"]}
    assert len(drawn) == 9
    assert [each.amount for each in drawn[:-1]] == [listed[each.label] for each in drawn[:-1]]
