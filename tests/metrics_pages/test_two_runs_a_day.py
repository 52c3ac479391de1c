"""Where a day has several runs, each is told apart from the others wherever it is named."""

import datetime
import html
import re
from typing import Any

import pytest

from accounts.models import Account, Organisation, User
from metrics.digests.figures import moves
from metrics.digests.lines import Reader
from metrics.models import Run
from tests.clients import ask
from tests.factories import make_order
from tests.metrics.engine import day, run
from tests.metrics_pages.conftest import T12

pytestmark = pytest.mark.django_db
COMPANY = "/scorecards/company/all"


def publish_at(made: Run, when: str) -> Run:
    """As if this run had been published then, by the clock of the organisation."""
    moment = datetime.datetime.fromisoformat(when).replace(tzinfo=Organisation.current().zone)
    Run.objects.filter(pk=made.pk).update(published_at=moment)
    return made


@pytest.fixture
def morning(published: Run) -> Run:
    return publish_at(published, "2026-01-10T02:10")


@pytest.fixture
def noon(morning: Run, aurora: Account) -> Run:
    """Another run of the day: 300 more were sold."""
    make_order(aurora, "2025-05-05", 300)
    return publish_at(run("2026-01-10"), "2026-01-10T12:40")


@pytest.fixture
def newest(noon: Run, aurora: Account) -> Run:
    make_order(aurora, "2025-06-06", 40)
    return publish_at(run("2026-01-11"), "2026-01-11T02:10")


def text_of(response: Any) -> str:
    """What stands on the page, without its tags."""
    bare = re.sub(r"<[^>]+>", " ", html.unescape(response.content.decode()).replace("\xa0", " "))
    return re.sub(r"\s+", " ", bare)


def options(response: Any, name: str) -> list[str]:
    """The words of a select."""
    (found,) = re.findall(rf'<select[^>]* name="{name}".*?</select>', response.content.decode(), re.S)
    words = re.findall(r"<option[^>]*>([^<]*)</option>", found)
    return [html.unescape(each).replace("\xa0", " ") for each in words]


def test_every_select_of_runs_tells_them_apart(newest: Run, noon: Run, morning: Run, hana: User) -> None:
    runs = [f"run {noon.pk} of 10 Jan, 12:40", f"run {morning.pk} of 10 Jan, 02:10"]
    card = ask(hana, f"{COMPANY}/{T12}")
    assert options(card, "compare")[:2] == [f"compared with {each}" for each in runs]
    assert options(ask(hana, f"{COMPANY}/account_revenue/{T12}&full=1"), "compare")[:2] == runs
    for page in (f"{COMPANY}/moved/{T12}", f"{COMPANY}/account_revenue/moved/{T12}"):
        moved = ask(hana, page)
        assert options(moved, "compare")[:2] == runs
        assert options(moved, "run") == [f"Jan 2025 – Dec 2025, {each}" for each in ("newest run", *runs)]


def test_what_is_compared_with_is_named_as_in_the_select(
    newest: Run, noon: Run, morning: Run, hana: User, maya: User
) -> None:
    compared = f"{T12}&compare={morning.pk}"
    named = f"run {morning.pk} of 10 Jan, 02:10"
    explained = text_of(ask(hana, f"{COMPANY}/account_revenue/{compared}&full=1"))
    assert f"compared with {named}" in explained
    assert f"It read €2,300 in run {noon.pk} of 10 Jan, 12:40" in explained
    card = text_of(ask(hana, f"{COMPANY}/{compared}"))
    assert f"higher since {named}" in card
    assert f"Past figures that were restated since {named}" in card
    assert f"against {named}" in text_of(ask(hana, f"{COMPANY}/account_revenue/moved/{compared}"))
    board = text_of(ask(hana, f"/board/{compared}"))
    assert f"Compared with {named}." in board and f"restated since {named}" in board
    assert f"as of run {noon.pk} of 10 Jan, 12:40" in board


def test_the_night_before_is_told_apart_too(newest: Run, noon: Run, hana: User) -> None:
    moved = text_of(ask(hana, f"{COMPANY}/moved/{T12}&compare=before"))
    assert f"Against run {noon.pk} of 10 Jan, 12:40" in moved


def test_a_digest_says_which_run_it_looked_back_to(newest: Run, noon: Run, morning: Run, hana: User) -> None:
    since = Run.objects.get(pk=morning.pk).published_at
    found = list(moves(Reader(hana, Organisation.current(), since, newest.published_at, newest)))
    assert found and all(
        each.note.replace("\xa0", " ").startswith(f"since run {morning.pk} of 10 Jan, 02:10")
        for each in found
    )


def test_a_run_of_an_earlier_day_is_told_by_its_number_alone(newest: Run, noon: Run, hana: User) -> None:
    """The hour of another day would say nothing of the day that was looked at."""
    publish_at(noon, "2026-01-11T00:20")
    assert options(ask(hana, f"{COMPANY}/{T12}"), "compare")[0] == f"compared with run {noon.pk} of 10 Jan"


def test_the_only_run_of_a_day_needs_no_number(newest: Run, noon: Run, morning: Run, hana: User) -> None:
    Run.objects.filter(pk=noon.pk).update(is_kept=False)
    assert options(ask(hana, f"{COMPANY}/{T12}"), "compare")[0] == "compared with run of 10 Jan"
    assert morning.as_of == day("2026-01-10")


def test_several_earlier_values_make_one_sentence(newest: Run, noon: Run, morning: Run, hana: User) -> None:
    explained = text_of(ask(hana, f"{COMPANY}/account_revenue/{T12}&full=1"))
    assert (
        f"It read €2,300 in run {noon.pk} of 10 Jan, 12:40; it read €2,000 in run {morning.pk}" in explained
    )
