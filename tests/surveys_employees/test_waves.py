"""Running a wave: drafted, opened, reminded of, closed, released; and what is said meanwhile."""

import datetime
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import (
    Employee,
    EmployeeAnswerIn,
    EmployeeComment,
    EmployeeResult,
    EmployeeWave,
    Message,
    Team,
    User,
)
from accounts.surveys.employees import actions, labels, release
from tests.clients import as_
from tests.surveys_employees.waves import (
    STATEMENTS,
    answered_wave,
    close_now,
    given,
    make_employee,
    make_employee_wave,
    make_employees,
    open_now,
    today,
)

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def draft(**changes: str) -> dict[str, str]:
    last = today() + datetime.timedelta(days=10)
    return {
        "name": "Autumn",
        "closes_on": last.isoformat(),
        "statements": "I can speak up\n\nMy workload is fair",
        "by_team": "on",
        "teams_as": "own",
        "k": "5",
        "comment_k": "10",
        "remind_days": "3",
        **changes,
    }


def signed_in(user: User) -> Client:
    client = as_(user)
    return client


def test_a_head_drafts_opens_closes_and_releases_a_wave(hana: User, north: Team) -> None:
    people = make_employees(north, 8)
    client = signed_in(hana)
    assert client.post(reverse("employees:wave_add"), draft()).status_code == 302
    wave = EmployeeWave.objects.get()
    assert list(wave.statements.values_list("text", flat=True)) == list(STATEMENTS)
    sure = {"confirm": "autumn"}
    client.post(reverse("employees:wave_open", args=[wave.pk]), sure)
    wave.refresh_from_db()
    assert wave.state == "open" and Message.objects.filter(employee__in=people).count() == 8
    for at, each in enumerate(wave.invitations.all()):
        actions.submit(actions.token_of(wave, each), given(3 + at % 3))
    client.post(reverse("employees:wave_close", args=[wave.pk]), sure)
    actions.look_after_waves()
    client.post(reverse("employees:wave_release", args=[wave.pk]), sure)
    wave.refresh_from_db()
    assert wave.state == "released"
    page = client.get(reverse("employees:panel")).content.decode()
    assert "<b>8</b> <span>of 8 asked, 100.0\xa0%</span>" in page


def test_what_cannot_be_taken_back_asks_for_the_name(hana: User, north: Team) -> None:
    make_employees(north, 8)
    wave = make_employee_wave()
    answer = signed_in(hana).post(reverse("employees:wave_open", args=[wave.pk]), {"confirm": "Spring"})
    wave.refresh_from_db()
    assert answer.status_code == 422 and wave.state == "draft"
    assert "This is not the wave’s name" in answer.content.decode().replace("&#x27;", "’")


def test_a_discarded_draft_comes_back(hana: User) -> None:
    wave = make_employee_wave("Spring")
    client = signed_in(hana)
    page = client.post(reverse("employees:wave_discard", args=[wave.pk]), follow=True)
    assert not EmployeeWave.objects.exists() and "The draft is discarded." in page.content.decode()
    client.post(reverse("employees:wave_restore", args=[page.context["undo"]]))
    assert EmployeeWave.objects.get().name == "Spring"
    assert EmployeeWave.objects.get().statements.count() == 2


def test_while_it_is_open_nothing_is_said_but_a_rounded_share(hana: User, north: Team, south: Team) -> None:
    wave = answered_wave({north: [5, 4, 3], south: [4, 4, 1]}, silent=2, close=False)
    client = signed_in(hana)
    url = reverse("employees:wave", args=[wave.pk])
    assert "not yet known" in client.get(url).content.decode()
    actions.look_after_waves()
    # Six of ten, to the next quarter.
    assert "about 50 %" in client.get(url).content.decode()
    for waiting in wave.invitations.filter(used=False)[:2]:
        assert actions.submit(actions.token_of(wave, waiting), given(1))
    actions.look_after_waves()
    # Eight of ten would be 75: what was said today is said all day.
    assert "about 50 %" in client.get(url).content.decode()
    assert not EmployeeResult.objects.exists() and release.rows_for(hana, wave, today()) == []


def test_only_who_has_not_answered_is_reminded_and_the_panel_of_mails_does_not_tell(
    adam: User, north: Team
) -> None:
    people = make_employees(north, 6)
    wave = make_employee_wave()
    tokens = open_now(wave)
    actions.submit(tokens[people[0].pk], given(4))
    assert not actions.remind(wave, today()), "not on the day of the invitation"
    tomorrow = today() + datetime.timedelta(days=1)
    assert actions.remind(wave, tomorrow) and not actions.remind(wave, tomorrow)
    reminded = Message.objects.filter(kind=actions.REMINDS).values_list("employee", flat=True)
    assert sorted(filter(None, reminded)) == sorted(person.pk for person in people[1:])
    from django.contrib import admin
    from django.test import RequestFactory

    from accounts.people.admin import MessageAdmin

    assert not MessageAdmin(Message, admin.site).get_queryset(RequestFactory().get("/")).exists()


def test_a_wave_reminds_and_closes_by_itself(north: Team) -> None:
    make_employees(north, 6)
    wave = make_employee_wave(remind_days=3, closes_on=today() + datetime.timedelta(days=2))
    open_now(wave)
    EmployeeWave.objects.update(opened_on=today() - datetime.timedelta(days=9))
    actions.look_after_waves()
    wave.refresh_from_db()
    assert wave.reminded_on == today() and wave.state == "open"
    EmployeeWave.objects.update(closes_on=today() - datetime.timedelta(days=1))
    actions.look_after_waves()
    wave.refresh_from_db()
    assert wave.state == "closed" and wave.closed_on == today()


def test_too_few_people_a_past_day_or_another_open_wave_keep_it_from_opening(north: Team) -> None:
    make_employees(north, 4)
    with pytest.raises(ValidationError, match="4 people would be asked"):
        actions.open_wave(make_employee_wave(), today())
    make_employee(north)
    with pytest.raises(ValidationError, match="has passed"):
        actions.open_wave(make_employee_wave(closes_on=today() - datetime.timedelta(days=1)), today())
    open_now(make_employee_wave("First"))
    with pytest.raises(ValidationError, match="Another wave is open"):
        actions.open_wave(make_employee_wave("Second"), today())
    with pytest.raises(IntegrityError), transaction.atomic():
        EmployeeWave.objects.filter(name="Second").update(state="open")


def test_the_smallest_group_may_only_be_raised(hana: User, north: Team) -> None:
    make_employees(north, 8)
    open_now(make_employee_wave(k=7))
    with pytest.raises(IntegrityError), transaction.atomic():
        EmployeeWave.objects.filter(k=7).update(k=6)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_employee_wave(k=5)
    for k in ("4", "6"):
        page = signed_in(hana).post(reverse("employees:wave_add"), draft(k=k))
        assert page.status_code == 422 and "An earlier wave promised 7" in page.content.decode()


def test_groups_are_those_of_the_day_on_which_the_wave_opened(north: Team, south: Team) -> None:
    person, *_ = make_employees(
        north, 6, site="Vienna", started_on=today().replace(year=today().year - 2, day=1)
    )
    gone = make_employee(north, left_on=today())
    wave = make_employee_wave(by_site=True, by_tenure=True)
    tokens = open_now(wave)
    person.team, person.site = south, "Graz"
    person.save()
    Team.objects.filter(pk=north.pk).update(name="Nordics")
    assert actions.submit(tokens[person.pk], given(4))
    answer = EmployeeAnswerIn.objects.get()
    assert (answer.team_label, answer.site_label) == ("North", "Vienna")
    invitation = wave.invitations.get(employee=person)
    assert (invitation.team_label, invitation.team_key) == ("North", north.pk)
    assert (invitation.site_label, invitation.tenure_label) == ("Vienna", "1 to 3 years")
    assert not wave.invitations.filter(employee=gone).exists()


@pytest.mark.parametrize(
    ("started", "band"),
    [
        ("2025-11-23", "Under 1 year"),
        ("2025-11-22", "1 to 3 years"),
        ("2022-11-23", "1 to 3 years"),
        ("2022-11-22", "4 years and more"),
        (None, "Not known"),
    ],
)
def test_years_with_us_are_coarse(started: str | None, band: str) -> None:
    first = datetime.date.fromisoformat(started) if started else None
    assert labels.band(first, datetime.date(2026, 11, 22)) == band


def test_what_is_asked_stays_once_the_wave_is_open(north: Team) -> None:
    make_employees(north, 6)
    wave = make_employee_wave()
    open_now(wave)
    with pytest.raises(ValidationError, match="questions stay as they are"):
        actions.save_statements(wave, ["I like Anna", "I like Ben"])
    assert list(wave.statements.values_list("text", flat=True)) == list(STATEMENTS)


def test_a_team_may_be_the_topmost_one_above_it(north: Team) -> None:
    below = Team.objects.create(name="Alpine", parent=north)
    make_employees(below, 6)
    wave = make_employee_wave(teams_as="top")
    open_now(wave)
    assert set(wave.invitations.values_list("team_label", "team_key")) == {("North", north.pk)}


def test_questions_may_be_left_out_but_not_all_of_them(north: Team) -> None:
    make_employees(north, 6)
    token = next(iter(open_now(make_employee_wave()).values()))
    url = reverse("employee_answer", args=[token])
    empty = Client().post(url, {})
    assert empty.status_code == 422 and "Answer at least one question" in empty.content.decode()
    assert Client().post(url, {"satisfaction": "6"}).status_code == 422
    assert not EmployeeAnswerIn.objects.exists()
    assert Client().post(url, {"s2": "4"}).status_code == 200
    found = EmployeeAnswerIn.objects.get()
    assert (found.satisfaction, found.enps, found.statements) == (None, None, [None, 4])


def test_the_page_says_the_promise_and_works_for_who_is_logged_in(maya: User, north: Team) -> None:
    make_employees(north, 6)
    token = next(iter(open_now(make_employee_wave()).values()))
    for client in (Client(), signed_in(maya)):
        page = client.get(reverse("employee_answer", args=[token])).content.decode()
        assert "administrators included, can see or compute which answer is yours." in page
        assert "while the wave is open." in page and "Maya" not in page


def comments_of(north: Team, number: int) -> EmployeeWave:
    people = make_employees(north, 12)
    wave = make_employee_wave(asks_comment=True)
    tokens = open_now(wave)
    for at, person in enumerate(people):
        words = f"words {at}" if at < number else ""
        actions.submit(tokens[person.pk], given(3 + at % 3, comment=words))
    close_now(wave)
    release.release(wave, today())
    wave.refresh_from_db()
    return wave


def test_nine_comments_are_deleted_and_ten_are_shown_without_any_group(hana: User, north: Team) -> None:
    wave = comments_of(north, 9)
    assert not EmployeeComment.objects.exists() and release.comments_for(hana, wave) == []
    Employee.objects.all().delete()
    wave = comments_of(north, 10)
    assert sorted(release.comments_for(hana, wave)) == sorted(f"words {at}" for at in range(10))


def test_a_wave_of_nearly_the_same_people_hides_what_an_earlier_one_showed(north: Team, south: Team) -> None:
    """One joiner: the new sum less the old one would be the newcomer's answer."""
    scores = [1, 2, 3, 4, 5, 4, 5, 3]

    def wave_of(people: list, name: str) -> EmployeeWave:
        wave = make_employee_wave(name)
        tokens = open_now(wave)
        for at, person in enumerate(people):
            actions.submit(tokens[person.pk], given(scores[at % len(scores)]))
        close_now(wave)
        release.release(wave, today())
        return wave

    def hidden_in(wave: EmployeeWave) -> dict[str, str]:
        took_part = wave.results.filter(item="participation")
        return {row.label or "company": row.hidden for row in took_part}

    people = [*make_employees(north, 8), *make_employees(south, 8)]
    assert set(hidden_in(wave_of(people, "First")).values()) == {""}
    people.append(make_employee(north))
    assert set(hidden_in(wave_of(people, "Second")).values()) == {"protect"}
    people += [make_employee(north) for _ in range(6)]
    # North has seven more than in the first wave; South is the same eight people, so nothing can be subtracted.
    assert set(hidden_in(wave_of(people, "Third")).values()) == {""}


def test_a_group_may_not_differ_by_one_from_what_an_earlier_wave_left_over(north: Team, south: Team) -> None:
    """The first wave shows 14 people and North's 8, so 6 are left over; they and one newcomer are a team now."""
    west, east = Team.objects.create(name="West"), Team.objects.create(name="East")
    first = answered_wave({north: [1, 3, 4, 5] * 2, south: [2, 4, 5], west: [1, 4, 5]})
    release.release(first, today())
    assert dict(first.results.filter(item="participation", hidden="").values_list("label", "n")) == {
        "": 14,
        "North": 8,
    }
    Employee.objects.filter(team=south).update(team=west)
    make_employees(west, 1)
    make_employees(east, 6)
    second = make_employee_wave("Second")
    for at, token in enumerate(open_now(second).values()):
        actions.submit(token, given(2 + at % 4))
    close_now(second)
    release.release(second, today())
    assert second.results.get(item="participation", label="West").hidden == "protect"


def test_a_release_is_one_way_tables_and_never_a_crossed_one(north: Team, south: Team) -> None:
    """Of every question a row for the company and for each team, site and band, and no other."""
    for team, site in itertools.product((north, south), ("Vienna", "Graz")):
        make_employees(team, 6, site=site, started_on=today() - datetime.timedelta(days=500))
    wave = make_employee_wave(by_site=True, by_tenure=True)
    for at, token in enumerate(open_now(wave).values()):
        actions.submit(token, given(2 + at % 4))
    close_now(wave)
    # What a team is called by now changes nothing.
    Team.objects.filter(pk=north.pk).update(name="Nordics")
    release.release(wave, today())
    expected = {
        *(("company", ""), ("team", "North"), ("team", "South")),
        *(("site", "Graz"), ("site", "Vienna"), ("tenure", "1 to 3 years")),
    }
    rows = list(wave.results.values_list("dimension", "label"))
    assert set(rows) == expected and len(rows) == len(expected) * (1 + 2 + len(STATEMENTS))


def test_released_rows_are_frozen_and_the_database_takes_no_group_under_five(north: Team) -> None:
    wave = answered_wave({north: [5, 4, 4, 3, 2, 5]})
    release.release(wave, today())
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        EmployeeResult.objects.update(n=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        EmployeeResult.objects.create(
            wave=wave, dimension="site", label="Graz", item="enps", n=4, favourable=1, unfavourable=0
        )
