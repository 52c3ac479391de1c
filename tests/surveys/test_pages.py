"""Questionnaires are built, waves are sent, and what was said is shown to those who may read it."""

import datetime
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Action, Answer, Contact, Message, Survey, SurveyInvitation, User, Wave
from accounts.outbox import send_waiting
from accounts.surveys.ready import READY, start_survey
from accounts.surveys.sending import tick
from metrics.pages.survey_figures import score_line
from tests.clients import as_
from tests.factories import (
    make_account,
    make_answer,
    make_contact,
    make_grant,
    make_survey,
    make_survey_invitation,
    make_wave,
    moment,
)

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def eva(maya_account: Account) -> Contact:
    return make_contact(maya_account, "Eva Elm", email="eva@aurora.example")


@pytest.fixture
def as_maya(client: Client, maya: User) -> Client:
    client.force_login(maya, backend=BACKEND)
    return client


def logged_in(user: User) -> Client:
    client = as_(user)
    return client


def words_of(survey: Survey, **changes: str) -> dict[str, str]:
    """The builder's form as it stands, with something changed."""
    text = survey.texts.get(language="en")
    names = ("title", "introduction", "thanks", "mail_subject", "mail_text")
    data = {name: getattr(text, name) for name in names}
    for question in survey.questions.all():
        words = question.texts.get(language="en")
        data |= {f"q{question.pk}-{name}": getattr(words, name) for name in ("text", "low", "high")}
        if words.options:
            data[f"q{question.pk}-options"] = "\n".join(words.options)
        if question.required:
            data[f"q{question.pk}-required"] = "on"
    return data | changes


# --- questionnaires


@pytest.mark.parametrize("kind", READY)
def test_every_kind_is_ready_in_two_languages(maya: User, kind: str) -> None:
    survey = start_survey(maya, kind, "Ready")
    assert set(survey.texts.values_list("language", flat=True)) == {"en", "de"}
    for question in survey.questions.all():
        texts = list(question.texts.all())
        assert {each.language for each in texts} == {"en", "de"}
        assert len({len(each.options) for each in texts}) == 1


def test_a_questionnaire_is_built_without_losing_what_was_typed(as_maya: Client, maya: User) -> None:
    as_maya.post("/surveys/questionnaires/add", {"kind": "nps", "name": "Ours", "language": "en"})
    survey = Survey.objects.get(created_by=maya)
    url = f"/surveys/questionnaires/{survey.pk}/"
    why = survey.questions.get(kind="text")
    changed = words_of(survey, title="What do you think?", deed="add", new_kind="csat5")
    assert as_maya.post(url, changed).status_code == 302
    assert survey.texts.get(language="en").title == "What do you think?"
    assert list(survey.questions.values_list("kind", flat=True)) == ["nps", "text", "csat5"]
    as_maya.post(url, words_of(survey, deed=f"up:{why.pk}"))
    assert list(survey.questions.values_list("kind", flat=True)) == ["text", "nps", "csat5"]
    removed = as_maya.post(url, words_of(survey, deed=f"remove:{why.pk}"))
    assert list(survey.questions.values_list("kind", "position")) == [("nps", 1), ("csat5", 2)]
    token = re.search(r"undo=([^&#]+)", removed["Location"]).group(1)  # type: ignore[union-attr]
    as_maya.post(f"/surveys/questions/restore/{token}")
    assert list(survey.questions.values_list("kind", flat=True)) == ["text", "nps", "csat5"]
    assert survey.questions.get(kind="text").texts.count() == 2


def test_a_new_language_starts_from_the_own_one(as_maya: Client, maya: User) -> None:
    survey = make_survey(created_by=maya)
    url = f"/surveys/questionnaires/{survey.pk}/"
    as_maya.post(url, words_of(survey, deed="speak", new_language="fr"))
    assert survey.texts.get(language="fr").title == survey.texts.get(language="en").title
    assert all(each.texts.count() == 3 for each in survey.questions.all())


def test_choices_are_as_many_in_every_language(as_maya: Client, maya: User) -> None:
    survey = make_survey("reference", created_by=maya)
    question = survey.questions.get(kind="choice")
    url = f"/surveys/questionnaires/{survey.pk}/"
    as_maya.post(url, words_of(survey, **{f"q{question.pk}-options": "Yes\nNo\nLater\nNever"}))
    german = question.texts.get(language="de")
    assert german.options == ["Ja", "Vielleicht", "Nein", "Never"]
    bad = {**words_of(survey), f"q{question.pk}-options": "Ja\nNein"}
    page = as_maya.post(url + "?language=de", bad)
    assert page.status_code == 422 and "there must be 4 choices" in page.content.decode()


def test_a_survey_that_was_sent_keeps_its_questions(as_maya: Client, maya: User) -> None:
    survey = make_survey(created_by=maya)
    make_wave(maya, survey, opened=moment())
    url = f"/surveys/questionnaires/{survey.pk}/"
    as_maya.post(url, words_of(survey, deed="add", new_kind="text", title="A better title"))
    assert survey.questions.count() == 2
    assert survey.texts.get(language="en").title == "A better title"
    as_maya.post(f"{url}copy")
    copy = Survey.objects.latest("pk")
    assert (copy.name, copy.created_by) == (f"{survey.name} (2)", maya)
    assert list(copy.questions.values_list("kind", "texts__text")) == list(
        survey.questions.values_list("kind", "texts__text")
    )


def test_nobody_changes_what_somebody_else_made(as_maya: Client, omar: User, hana: User) -> None:
    survey = make_survey(created_by=omar)
    url = f"/surveys/questionnaires/{survey.pk}/"
    assert as_maya.get(url).status_code == 200
    assert as_maya.post(url, words_of(survey, title="Mine")).status_code == 403
    assert logged_in(hana).post(url, words_of(survey, title="Ours")).status_code == 302


# --- waves


def wave_data(survey: Survey, **changes: Any) -> dict[str, Any]:
    data = {"survey": survey.pk, "name": "Autumn", "rest_days": 90, "days_open": 21, "remind_after": "7, 14"}
    return data | changes


def test_a_wave_is_written_tried_and_sent(
    as_maya: Client, maya: User, eva: Contact, mailoutbox: list[Any]
) -> None:
    survey = make_survey()
    assert as_maya.post("/surveys/waves/add", wave_data(survey)).status_code == 302
    wave = Wave.objects.get()
    assert (wave.state, wave.remind_after, wave.created_by) == ("draft", [7, 14], maya)
    html = as_maya.get(f"/surveys/waves/{wave.pk}/").content.decode()
    assert "Eva Elm" in html and "Send to 1" in html
    as_maya.post(f"/surveys/waves/{wave.pk}/test", {"language": "de"})
    assert send_waiting() == 1
    assert mailoutbox[0].to == ["maya@kamplan.example"] and "/s/" not in mailoutbox[0].body
    assert as_maya.post(f"/surveys/waves/{wave.pk}/schedule", {"opens_at": ""}).status_code == 302
    assert SurveyInvitation.objects.count() == 0
    tick()
    assert send_waiting() == 1 and mailoutbox[1].to == ["eva@aurora.example"]


def test_a_scheduled_wave_waits_and_can_be_called_back(as_maya: Client, maya: User, eva: Contact) -> None:
    wave = make_wave(maya)
    at = moment(2).strftime("%Y-%m-%dT%H:%M")
    as_maya.post(f"/surveys/waves/{wave.pk}/schedule", {"opens_at": at})
    wave.refresh_from_db()
    assert wave.state == "scheduled" and wave.opens_at is not None
    assert timezone.localtime(wave.opens_at, moment().tzinfo).strftime("%Y-%m-%dT%H:%M") == at
    tick()
    assert not SurveyInvitation.objects.exists()
    as_maya.post(f"/surveys/waves/{wave.pk}/call-back")
    wave.refresh_from_db()
    assert wave.state == "draft"


def test_a_moment_that_is_over_sends_nothing(as_maya: Client, maya: User) -> None:
    wave = make_wave(maya)
    at = moment(-2).strftime("%Y-%m-%dT%H:%M")
    page = as_maya.post(f"/surveys/waves/{wave.pk}/schedule", {"opens_at": at}, follow=True)
    assert "This moment is over." in page.content.decode()
    wave.refresh_from_db()
    assert wave.state == "draft"


@pytest.mark.parametrize("words", ["soon", "0", "7, 14, 21, 28", "21"])
def test_reminders_are_days_before_the_end(as_maya: Client, words: str) -> None:
    page = as_maya.post("/surveys/waves/add", wave_data(make_survey(), remind_after=words))
    assert page.status_code == 422 and not Wave.objects.exists()


def test_an_account_that_one_does_not_see_cannot_be_chosen(as_maya: Client, omar_account: Account) -> None:
    data = wave_data(make_survey(), accounts=[omar_account.pk])
    assert as_maya.post("/surveys/waves/add", data).status_code == 422


def test_a_draft_is_thrown_away_and_comes_back(as_maya: Client, maya: User, maya_account: Account) -> None:
    wave = make_wave(maya, name="Autumn", roles=["sponsor"])
    wave.accounts.set([maya_account])
    gone = as_maya.post(f"/surveys/waves/{wave.pk}/discard")
    assert not Wave.objects.exists()
    token = gone["Location"].partition("undo=")[2]
    as_maya.post(f"/surveys/waves/restore/{token}")
    back = Wave.objects.get()
    assert (back.name, back.roles, list(back.accounts.all())) == ("Autumn", ["sponsor"], [maya_account])


def test_closing_ends_the_links_and_can_be_taken_back(as_maya: Client, maya: User, eva: Contact) -> None:
    wave = make_wave(maya, opened=moment())
    as_maya.post(f"/surveys/waves/{wave.pk}/close")
    wave.refresh_from_db()
    assert wave.state == "closed"
    as_maya.post(f"/surveys/waves/{wave.pk}/close")
    wave.refresh_from_db()
    assert wave.state == "open"


# --- what was said


def heard(maya: User, account: Account, scores: list[int]) -> Wave:
    """A wave in which so many people answered."""
    wave = make_wave(maya, opened=moment(-5))
    nps = wave.survey.questions.get(kind="nps")
    for number, score in enumerate(scores):
        contact = make_contact(account, f"Person {number}")
        answer = make_answer(account, contact, invitation=make_survey_invitation(wave, contact), nps=score)
        answer.items.update(question=nps)
    return wave


def test_the_range_of_recommendations_is_that_of_the_worked_example() -> None:
    line = score_line("Recommend?", "nps", {10: 50, 8: 40, 3: 10}, 0)
    assert line.value == 40
    assert (round(line.low or 0, 3), round(line.high or 0, 3)) == (25.934, 51.736)


def test_results_come_with_their_coverage(as_maya: Client, maya: User, maya_account: Account) -> None:
    wave = heard(maya, maya_account, [10, 9, 9, 8, 6])
    make_survey_invitation(wave, make_contact(maya_account, "Silent"))
    make_survey_invitation(wave, make_contact(maya_account, "Gone"), bounced_at=moment())
    html = re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", as_maya.get(f"/surveys/waves/{wave.pk}/").content.decode())
    )
    assert "Asked 7 at 1 account" in html and "Delivered 6 1 came back" in html
    assert "Answered 5" in html and "+40 points" in html
    assert "3 promoters, 1 passives, 1 detractors" in html and "talk is due" in html


def test_figures_go_without_names_to_who_may_not_read_opinions(
    maya: User, mira: User, vic: User, maya_account: Account
) -> None:
    make_grant(vic)
    many, few = heard(maya, maya_account, [10, 9, 9, 8, 6]), heard(maya, maya_account, [3])
    for user in (mira, vic):
        html = logged_in(user).get(f"/surveys/waves/{many.pk}/").content.decode()
        assert "+40" in html and "Person 0" not in html
        people = logged_in(user).get(f"/surveys/waves/{many.pk}/?part=people").content.decode()
        assert "Person 0" not in people
        html = logged_in(user).get(f"/surveys/waves/{few.pk}/").content.decode()
        assert "fewer than five answers" in html and "−100" not in html


def test_results_hold_only_the_accounts_that_one_sees(
    maya: User, hana: User, omar: User, maya_account: Account, omar_account: Account
) -> None:
    wave = heard(hana, maya_account, [10, 10, 10, 10, 10])
    otto = make_contact(omar_account, "Otto Oak")
    make_answer(omar_account, otto, invitation=make_survey_invitation(wave, otto), nps=0)
    html = logged_in(maya).get(f"/surveys/waves/{wave.pk}/").content.decode()
    assert "+100" in html and "Otto Oak" not in html
    html = logged_in(omar).get(f"/surveys/waves/{wave.pk}/").content.decode()
    assert "Otto Oak" in html and "Person 0" not in html


def test_an_account_shows_what_its_people_said_and_when_they_were_asked(
    as_maya: Client, maya: User, eva: Contact
) -> None:
    wave = make_wave(maya, opened=moment(-5), name="Autumn")
    make_answer(eva.account, eva, invitation=make_survey_invitation(wave, eva), nps=3, comment="Too slow")
    make_answer(eva.account, make_contact(eva.account, "Uwe Ulm"), nps=10, comment="Very quick")
    page = as_maya.get(f"/surveys/accounts/{eva.account_id}/").content.decode()
    assert "Too slow" in page and "Very quick" in page and "3 of 10" in page
    assert "satisfied" not in page
    make_answer(eva.account, make_contact(eva.account), csat5=2)
    assert ">not satisfied<" in as_maya.get(f"/surveys/accounts/{eva.account_id}/").content.decode()
    one = as_maya.get(f"/surveys/accounts/{eva.account_id}/?contact={eva.pk}").content.decode()
    assert "Too slow" in one and "Very quick" not in one and "Autumn" in one


def test_an_answer_of_the_telephone_is_noted_with_its_talk(as_maya: Client, maya: User, eva: Contact) -> None:
    url = f"/surveys/accounts/{eva.account_id}/answers/add"
    assert as_maya.post(url, {"contact": eva.pk}).status_code == 422
    as_maya.post(url, {"contact": eva.pk, "nps": "4", "comment": "Never again"})
    answer = Answer.objects.get()
    assert (answer.contact, answer.items.get(kind="nps").score) == (eva, 4)
    assert Action.objects.get(answer=answer).owner == maya


def test_somebody_is_left_in_peace_and_asked_again(as_maya: Client, eva: Contact) -> None:
    as_maya.post(f"/surveys/contacts/{eva.pk}/peace")
    eva.refresh_from_db()
    assert eva.no_surveys_since == moment().date()
    as_maya.post(f"/surveys/contacts/{eva.pk}/peace")
    eva.refresh_from_db()
    assert eva.no_surveys_since is None


def test_an_imported_low_mark_opens_one_talk(maya: User, eva: Contact) -> None:
    answer = make_answer(eva.account, eva, at=moment(-3), nps=9)
    answer.items.update(score=1)
    Answer.objects.update(source="tool", external_id="A-1")
    tick()
    tick()
    assert Action.objects.get().answer == answer


def test_a_mail_in_the_outbox_holds_no_text_of_the_survey(maya: User, eva: Contact) -> None:
    at = timezone.now() - datetime.timedelta(minutes=1)
    make_wave(maya, state="scheduled", opens_at=at, closes_at=moment(21))
    tick()
    payload = Message.objects.values_list("payload", flat=True).get()
    assert set(payload) == {"invitation", "reminder"}


def statements(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_pages_need_as_many_statements_for_many_as_for_few(
    as_maya: Client, maya: User, maya_account: Account, eva: Contact
) -> None:
    wave = heard(maya, maya_account, [3, 9])
    urls = ["/surveys/", f"/surveys/waves/{wave.pk}/", f"/surveys/waves/{wave.pk}/?part=people"]
    urls.append(f"/surveys/accounts/{maya_account.pk}/")
    draft = make_wave(maya)
    urls.append(f"/surveys/waves/{draft.pk}/")
    few = [statements(as_maya, url) for url in urls]
    nps = wave.survey.questions.get(kind="nps")
    for number in range(12):
        other = make_account(f"Other {number}", owner=maya)
        contact = make_contact(other, f"More {number}", email=f"more{number}@other.example")
        answer = make_answer(
            other, contact, invitation=make_survey_invitation(wave, contact), nps=number % 11
        )
        answer.items.update(question=nps)
        make_answer(maya_account, make_contact(maya_account), nps=number % 11)
        make_wave(maya)
    assert [statements(as_maya, url) for url in urls] == few
