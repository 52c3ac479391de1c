"""The people of an account in three views: the same people, and to each reader what that reader may see."""

import datetime
import re
import time
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.fields import days
from accounts.models import Account, Contact, Organisation, Relationship, User
from accounts.stakeholders.coverage import coverage_of
from accounts.stakeholders.drawing import drawn
from accounts.stakeholders.page import View
from accounts.stakeholders.people import circle_of
from tests.clients import HTMX, as_
from tests.factories import (
    make_action,
    make_classification,
    make_contact,
    make_fact,
    make_grant,
    make_tie,
    make_touch,
    moment,
)


@pytest.fixture
def today(db: None) -> datetime.date:
    Organisation.objects.get_or_create(pk=1)
    return Organisation.current().today()


def ago(days: int) -> datetime.datetime:
    return moment(-days)


def page(user: User, account: Account, query: str = "") -> Any:
    return as_(user).get(reverse("stakeholders:map", kwargs={"account": account.pk}) + query)


def shown(response: Any) -> set[int]:
    """Who is on the page and not faded."""
    text = response.content.decode()
    cards = re.findall(r'<g class="km-card([^"]*)"[^>]*data-km-card="(\d+)"', text)
    if cards:
        return {int(pk) for classes, pk in cards if "km-faded" not in classes}
    return {int(pk) for pk in re.findall(r'data-km-person="(\d+)"', text)}


@pytest.fixture
def circle(maya_account: Account, maya: User, today: datetime.date) -> dict[str, Contact]:
    """A small company: one cold, one assumed, one unknown, one gone."""
    make_classification(maya_account, tier="A")
    kind = maya_account.classifications.get()
    kind.tier.cadence_days = 30
    kind.tier.save()
    chief = make_contact(maya_account, "Ada Chief", title="Chief executive")
    made = {
        "chief": chief,
        "buyer": make_contact(maya_account, "Bo Buyer", title="Procurement", reports_to=chief),
        "user": make_contact(maya_account, "Cy User", reports_to=chief),
        "place": make_contact(maya_account, "Head of IT", is_placeholder=True, reports_to=chief),
        "gone": make_contact(maya_account, "Di Gone", left_on=today - datetime.timedelta(days=20)),
    }
    make_fact(chief, "role", "decision_maker", basis="assumed", author=maya)
    make_fact(chief, "support", "-2", author=maya)
    make_fact(made["buyer"], "role", "sponsor", author=maya)
    make_fact(made["gone"], "role", "champion", author=maya)
    make_touch(maya_account, maya, ago(61), contacts=[chief], direction="two_way")
    make_touch(maya_account, maya, ago(2), contacts=[chief], direction="outbound")
    make_touch(maya_account, maya, ago(5), contacts=[made["buyer"], made["user"]], direction="inbound")
    Relationship.objects.create(
        contact=made["user"], colleague=maya, level=1, desired=2, noted_on=today, author=maya
    )
    make_tie(maya_account, made["buyer"], chief)
    return made


@pytest.mark.parametrize(
    ("show", "who"),
    [
        ("", {"chief", "buyer", "user", "place", "gone"}),
        ("gaps", {"place", "gone", "user"}),
        ("cold", {"chief"}),
        ("assumed", {"chief"}),
        ("decides", {"chief"}),
        ("left", {"gone"}),
    ],
)
def test_tree_matrix_and_table_show_the_same_people(
    maya: User, maya_account: Account, circle: dict[str, Contact], show: str, who: set[str]
) -> None:
    wanted = {circle[name].pk for name in who}
    for view in ("tree", "matrix", "table"):
        assert shown(page(maya, maya_account, f"?view={view}&show={show}")) == wanted, view
    # Nobody of us is to know better somebody who is gone.
    matrix = page(maya, maya_account, f"?view=matrix&show={show}").content.decode()
    assert f"/contacts/{circle['gone'].pk}/relationships/" not in matrix


def test_only_a_talk_counts_for_freshness_not_a_mail_without_an_answer(
    maya: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    text = page(maya, maya_account, "?view=tree").content.decode()
    assert re.search(r"km-card__age--cold[^>]*>61 d<", text)
    assert re.search(r'km-card__age"[^>]*>5 d<', text)


def test_the_page_says_which_needed_role_is_missing(
    maya: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", page(maya, maya_account).content.decode()).split())
    assert "3 mapped, 1 not known yet, 1 left" in text
    assert "Di Gone left, nobody yet" in text
    assert "gone cold" in text


def test_coverage_prefers_the_surer_person_and_says_who_is_cold_or_assumed(
    maya: User, maya_account: Account, circle: dict[str, Contact], today: datetime.date
) -> None:
    sponsor, decides, champion = coverage_of(maya, maya_account, today, 30)
    assert (sponsor.state, sponsor.words) == ("done", "confirmed")
    assert (decides.state, decides.words) == ("watch", "gone cold")
    assert (champion.state, champion.is_missing) == ("short", True)
    sure = make_contact(maya_account, "Eve Sure")
    make_fact(sure, "role", "decision_maker")
    make_touch(maya_account, maya, ago(1), contacts=[sure], direction="two_way")
    decides = coverage_of(maya, maya_account, today, 30)[1]
    assert (decides.person and decides.person.contact, decides.state, decides.more) == (sure, "done", 1)


@pytest.mark.parametrize("view", ["tree", "matrix", "table"])
def test_marketing_and_viewers_see_people_but_no_opinion(
    mira: User, vic: User, maya_account: Account, circle: dict[str, Contact], view: str
) -> None:
    make_grant(vic, account=maya_account)
    for reader in (mira, vic):
        for query in (f"?view={view}&contact={circle['chief'].pk}", f"?view={view}&show=decides"):
            text = page(reader, maya_account, query).content.decode()
            assert "Ada Chief" in text
            for word in ("ecides", "champion", "against us", "assumed", "influences", "Support", "Known by"):
                assert word not in text, (reader, word)


def test_marketing_sees_no_touches_and_viewers_do(
    mira: User, vic: User, maya: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    make_grant(vic, account=maya_account)
    query = f"?view=table&contact={circle['chief'].pk}"
    assert "Last touches" in page(vic, maya_account, query).content.decode()
    seen = page(mira, maya_account, query).content.decode()
    assert "Last touches" not in seen
    assert "61" not in re.sub(r"<[^>]+>", " ", seen)


def test_a_viewer_reads_of_a_touch_but_not_how_it_felt(
    vic: User, maya: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    make_grant(vic, account=maya_account)
    make_touch(maya_account, maya, ago(1), contacts=[circle["chief"]], subject="Prices", mood=1)
    panel = reverse("stakeholders:panel", kwargs={"pk": circle["chief"].pk})
    beside = reverse("stakeholders:map", args=[maya_account.pk]) + f"?contact={circle['chief'].pk}"
    for url, headers in ((panel, HTMX), (beside, {})):
        assert "Mood: cold." in as_(maya).get(url, headers=headers).content.decode()
        text = as_(vic).get(url, headers=headers).content.decode()
        assert "Prices" in text and "Mood" not in text, url


def test_the_panel_has_promises_touches_and_the_history_of_each_opinion(
    maya: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    make_action(maya_account, "Price for 2027", contact=circle["chief"], due_on="2020-01-01")
    make_action(maya_account, "A date in November", contact=circle["chief"], side="them")
    make_fact(circle["chief"], "support", "1", on="2026-03-01", author=maya)
    url = reverse("stakeholders:panel", kwargs={"pk": circle["chief"].pk})
    text = " ".join(re.sub(r"<[^>]+>", " ", as_(maya).get(url, headers=HTMX).content.decode()).split())
    assert "We: Price for 2027" in text and "They: A date in November" in text
    assert "for us confirmed" in text and "strongly against us, confirmed" in text
    assert "61 days ago rhythm: 30" in text
    assert "Influenced by Bo Buyer" in text


def test_a_person_named_in_the_address_is_open_at_once_and_a_strange_one_is_not(
    maya: User, maya_account: Account, omar_account: Account, circle: dict[str, Contact]
) -> None:
    stranger = make_contact(omar_account, "Xi Stranger")
    assert 'id="panel-name"' in page(maya, maya_account, f"?contact={circle['user'].pk}").content.decode()
    text = page(maya, maya_account, f"?contact={stranger.pk}").content.decode()
    assert 'id="panel-name"' not in text and "Xi Stranger" not in text


def test_somebody_of_us_gets_a_column_before_anything_is_noted(
    maya: User, lena: User, mira: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    cell = reverse("stakeholders:relationship", kwargs={"pk": circle["chief"].pk, "colleague": lena.pk})
    plain = page(maya, maya_account, "?view=matrix").content.decode()
    assert cell not in plain and ">Lena Lindqvist</option>" in plain and "Mira Moreau" not in plain
    assert cell in page(maya, maya_account, f"?view=matrix&colleague={lena.pk}").content.decode()
    assert "Mira Moreau" not in page(maya, maya_account, f"?view=matrix&colleague={mira.pk}").content.decode()


def test_after_a_touch_was_logged_the_page_draws_itself_anew_as_it_stands(
    maya: User, maya_account: Account, circle: dict[str, Contact]
) -> None:
    url = reverse("stakeholders:map", kwargs={"account": maya_account.pk})
    current = f"http://testserver{url}?view=table&show=cold&contact={circle['chief'].pk}"
    assert "61 d" in as_(maya).get(url, headers={**HTMX, "HX-Current-URL": current}).content.decode()
    make_touch(maya_account, maya, contacts=[circle["chief"]], direction="two_way")
    text = as_(maya).get(url, headers={**HTMX, "HX-Current-URL": current}).content.decode()
    assert "<html" not in text
    assert "Nobody answers to this filter" in text
    assert 'id="panel-name"' in text and ">today<" in text


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["Ada Chief", "Bo Buyer", "Cy User", "Di Gone", "Head of IT"]),
        ("-name", ["Head of IT", "Di Gone", "Cy User", "Bo Buyer", "Ada Chief"]),
        ("talk", ["Bo Buyer", "Cy User", "Ada Chief", "Di Gone", "Head of IT"]),
        ("-talk", ["Ada Chief", "Bo Buyer", "Cy User", "Di Gone", "Head of IT"]),
        ("role", ["Di Gone", "Ada Chief", "Bo Buyer", "Cy User", "Head of IT"]),
    ],
)
def test_the_table_is_sorted_and_the_unknown_stand_at_the_end(
    maya: User, maya_account: Account, circle: dict[str, Contact], sort: str, names: list[str]
) -> None:
    text = page(maya, maya_account, f"?view=table&sort={sort}").content.decode()
    assert re.findall(r'<th scope="row".*?data-km-person="\d+">([^<]+)<', text, re.DOTALL) == names
    assert re.search(r'aria-sort="(ascending|descending)"', text)


def test_an_empty_map_says_so_and_offers_one_thing(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    text = page(maya, maya_account).content.decode()
    assert "on the map yet" in text
    assert text.count("Add a person") == 2  # the page's own button, and the one below the sentence


def make_people(account: Account, maya: User, number: int, today: datetime.date) -> None:
    top = make_contact(account, "Person 0")
    people = [top]
    for place in range(1, number):
        people.append(make_contact(account, f"Person {place}", reports_to=people[place // 8]))
    for place, contact in enumerate(people):
        make_fact(contact, "role", ("user", "champion", "adviser")[place % 3], author=maya)
        make_fact(contact, "support", str(place % 5 - 2), author=maya)
        make_fact(contact, "influence", str(place % 3 + 1), author=maya)
        Relationship.objects.create(contact=contact, colleague=maya, level=1, desired=2, noted_on=today)
    for a, b in zip(people[10:30:4], people[12:32:4], strict=False):
        make_tie(account, a, b, kind="conflicts" if a.pk % 2 else "influences")
    make_touch(account, maya, ago(3), contacts=people[::2], direction="two_way")


@pytest.mark.parametrize("view", ["", "tree", "matrix", "table"])
def test_the_page_asks_as_many_statements_for_two_hundred_people_as_for_ten(
    maya: User, maya_account: Account, omar_account: Account, today: datetime.date, view: str
) -> None:
    maya_account.assignments.create(user=maya, role="sponsor", during=days(today))
    omar_account.assignments.create(user=maya, role="deputy", during=days(today))
    make_people(maya_account, maya, 10, today)
    make_people(omar_account, maya, 200 if view else 60, today)
    client = as_(maya)
    counts = []
    for account in (maya_account, omar_account):
        contact = account.contacts.get(name="Person 3").pk
        url = reverse("stakeholders:map", kwargs={"account": account.pk})
        client.get(url)
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"{url}?view={view}&contact={contact}").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]
    assert counts[0] <= 26


def test_a_map_of_two_hundred_people_is_drawn_in_a_tenth_of_a_second(
    maya: User, maya_account: Account, today: datetime.date
) -> None:
    make_people(maya_account, maya, 200, today)
    circle = circle_of(maya, maya_account, today, 30)
    view = View.of(maya_account.pk, {"view": "tree", "show": "decides"})
    taken = []
    for _ in range(5):
        began = time.process_time()
        found = drawn(circle, circle.shown(""), None)
        text = render_to_string(
            "stakeholders/_drawing.html", {"map": found, "circle": circle, "view": view, "linked": True}
        )
        taken.append(time.process_time() - began)
    assert text.count("data-km-card=") == 200
    print(f"a map of 200 people: {min(taken) * 1000:.0f} ms of processor")
    assert min(taken) < 0.1
