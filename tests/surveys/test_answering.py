"""The link in the mail: answered once, by anybody who holds it, and never by looking."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts.models import (
    Account,
    Action,
    Answer,
    Contact,
    LossInterview,
    LossReason,
    SurveyInvitation,
    User,
)
from accounts.outbox import send_waiting
from accounts.surveys.answering import stop_asking, token_to_send
from accounts.surveys.sending import put_mails
from tests.factories import (
    make_account,
    make_answer,
    make_contact,
    make_membership,
    make_survey,
    make_survey_invitation,
    make_team,
    make_user,
    make_wave,
    moment,
)


@pytest.fixture(autouse=True)
def no_attempts_yet(db: None) -> None:
    cache.clear()


@pytest.fixture
def eva(maya_account: Account) -> Contact:
    return make_contact(maya_account, "Eva Elm", email="eva@aurora.example")


def invited(user: User, contact: Contact, kind: str = "nps", days: int = 0) -> tuple[str, dict[str, str]]:
    """The link, and the names of the fields by their kind."""
    wave = make_wave(user, make_survey(kind), opened=moment(days))
    token = token_to_send(make_survey_invitation(wave, contact))
    fields = {each.kind: f"q{each.pk}" for each in wave.survey.questions.order_by("-position")}
    return f"/s/{token}/", fields


def test_a_mail_leads_to_an_answer(client: Client, maya: User, eva: Contact, mailoutbox: list[Any]) -> None:
    wave = make_wave(maya, opened=moment())
    put_mails([make_survey_invitation(wave, eva)], 0)
    assert send_waiting() == 1
    mail = mailoutbox[0]
    assert mail.reply_to == ["maya@kamplan.example"]
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.search(r"/s/[\w-]{43}/", mail.body).group()  # type: ignore[union-attr]
    page = client.get(link)
    assert page["Referrer-Policy"] == "no-referrer" and "no-store" in page["Cache-Control"]
    assert "noindex" in page["X-Robots-Tag"] and not page.cookies
    question = wave.survey.questions.get(kind="nps")
    why = wave.survey.questions.get(kind="text")
    done = client.post(link, {f"q{question.pk}": "9", f"q{why.pk}": "You keep your word."})
    assert done.status_code == 200
    answer = Answer.objects.get()
    assert (answer.contact, answer.account, answer.wave) == (eva, eva.account, wave)
    assert list(answer.items.order_by("pk").values_list("kind", "score", "text")) == [
        ("nps", 9, ""),
        ("text", None, "You keep your word."),
    ]
    assert SurveyInvitation.objects.get().answered_at == answer.answered_at


def test_looking_does_not_answer_and_a_mark_of_the_mail_is_only_chosen(
    client: Client, maya: User, eva: Contact
) -> None:
    link, _ = invited(maya, eva)
    for _ in range(20):
        assert client.get(link + "?mark=3").status_code == 200
    assert 'value="3" checked' in client.get(link + "?mark=3").content.decode()
    assert not Answer.objects.exists()


def test_used_expired_closed_and_invented_links_get_the_same_bytes(
    client: Client, maya: User, eva: Contact
) -> None:
    used, fields = invited(maya, eva)
    assert client.post(used, {fields["nps"]: "9"}).status_code == 200
    expired, _ = invited(maya, eva, days=-30)
    closed, _ = invited(maya, eva)
    SurveyInvitation.objects.latest("pk").wave.__class__.objects.filter(
        pk=SurveyInvitation.objects.latest("pk").wave_id
    ).update(state="closed", closed_at=timezone.now())
    answers = [
        ask(link)
        for link in (used, expired, closed, "/s/invented/")
        for ask in (Client().get, lambda link: Client().post(link, {fields["nps"]: "1"}))
    ]
    assert [answer.status_code for answer in answers] == [410] * 8
    assert len({(answer.content, str(sorted(answer.headers.items()))) for answer in answers}) == 1
    assert Answer.objects.count() == 1


def test_guessing_links_is_slowed_down(client: Client, maya: User, eva: Contact) -> None:
    codes = [client.get(f"/s/guess-{number}/").status_code for number in range(61)]
    assert codes[:60] == [410] * 60 and codes[60] == 429
    link, _ = invited(maya, eva)
    assert client.get(link).status_code == 200


def test_a_required_question_left_open_is_asked_again(client: Client, maya: User, eva: Contact) -> None:
    link, fields = invited(maya, eva)
    page = client.post(link, {fields["text"]: "Too slow"})
    assert page.status_code == 422
    html = page.content.decode()
    assert "Please answer this question." in html and "Too slow" in html
    assert client.post(link, {fields["nps"]: "11"}).status_code == 422
    assert not Answer.objects.exists()


def test_the_page_speaks_the_language_of_the_invitation(client: Client, maya: User, eva: Contact) -> None:
    wave = make_wave(maya, opened=moment())
    token = token_to_send(make_survey_invitation(wave, eva, language="de"))
    html = client.get(f"/s/{token}/").content.decode()
    assert '<html lang="de">' in html and "Wie wahrscheinlich" in html and "freiwillig" in html


def test_a_choice_is_kept_in_the_language_of_the_survey(client: Client, maya: User, eva: Contact) -> None:
    wave = make_wave(maya, make_survey("reference"), opened=moment())
    token = token_to_send(make_survey_invitation(wave, eva, language="de"))
    question = wave.survey.questions.get(kind="choice")
    assert "Vielleicht" in client.get(f"/s/{token}/").content.decode()
    assert client.post(f"/s/{token}/", {f"q{question.pk}": "1"}).status_code == 200
    assert Answer.objects.get().items.get().choice == "Perhaps"


@pytest.mark.parametrize(
    ("kind", "score", "satisfied", "opens"),
    [
        ("nps", 6, None, True),
        ("nps", 7, None, False),
        ("csat5", 2, False, True),
        ("csat5", 3, False, False),
        ("csat5", 4, True, False),
        ("csat10", 8, False, False),
        ("csat10", 9, True, False),
        ("csat10", 4, False, True),
    ],
)
def test_a_low_mark_opens_a_talk_for_the_owner(
    maya: User, eva: Contact, kind: str, score: int, satisfied: bool | None, opens: bool
) -> None:
    answer = make_answer(eva.account, eva, **{kind: score})
    assert answer.items.get().satisfied is satisfied
    found = Action.objects.filter(answer=answer)
    assert [(each.owner, each.contact, (each.due_on - moment().date()).days) for each in found] == (
        [(maya, eva, 2)] if opens else []
    )


def test_an_answer_of_long_ago_calls_nobody(maya: User, eva: Contact) -> None:
    make_answer(eva.account, eva, at=moment(-30), nps=0)
    assert not Action.objects.exists()


def test_the_talk_does_not_repeat_what_was_said(maya: User, eva: Contact) -> None:
    make_answer(eva.account, eva, nps=2, comment="Nobody calls back")
    assert Action.objects.get().text == "Talk with Eva Elm about their survey answer"


def test_eight_of_ten_satisfies_where_the_survey_says_so(maya: User, eva: Contact) -> None:
    survey = make_survey("csat10", satisfied_from=8)
    assert make_answer(eva.account, eva, survey=survey, csat10=8).items.get().satisfied is True


def test_an_exit_interview_fills_the_loss_that_nobody_asked_about(
    client: Client, maya: User, eva: Contact
) -> None:
    price = LossReason.objects.get_or_create(name="Price")[0]
    LossInterview.objects.create(account=eva.account, lost_on="2026-03-01")
    link, fields = invited(maya, eva, "exit")
    assert client.post(link, {fields["choice"]: "0", fields["text"]: "A discount"}).status_code == 200
    loss = LossInterview.objects.get()
    assert (loss.interviewed_on, loss.reason, loss.note) == (moment().date(), price, "A discount")


def test_who_wants_no_surveys_says_so_with_one_click(client: Client, maya: User, eva: Contact) -> None:
    link, fields = invited(maya, eva)
    assert client.post(link, {fields["nps"]: "9"}).status_code == 200
    known, unknown = client.get(link + "stop"), client.get("/s/invented/stop")
    assert known.content == unknown.content
    eva.refresh_from_db()
    assert eva.no_surveys_since is None
    answers = [client.post(each, {"List-Unsubscribe": "One-Click"}) for each in (link + "stop", "/s/no/stop")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    eva.refresh_from_db()
    assert eva.no_surveys_since == moment().date()


def test_the_secret_of_the_link_stands_nowhere_in_the_database(
    client: Client, maya: User, eva: Contact
) -> None:
    """Nor in what is kept of who changed a row: a low mark and a wish for no surveys are such changes."""
    wave = make_wave(maya, opened=moment())
    invitation = make_survey_invitation(wave, eva)
    put_mails([invitation], 0)
    send_waiting()
    token = token_to_send(invitation)
    client.post(f"/s/{token}/stop")
    asked = wave.survey.questions.get(kind="nps")
    assert client.post(f"/s/{token}/", {f"q{asked.pk}": "2"}).status_code == 200
    assert Action.objects.filter(contact=eva).exists()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{token}%"])
            assert cursor.fetchone() == (0,), table


def test_the_secret_of_the_link_stands_in_no_log(
    client: Client, maya: User, eva: Contact, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level("DEBUG")
    link, fields = invited(maya, eva)
    token = link.split("/")[2]
    client.get(link)
    client.post(link, {})
    client.post(link, {fields["nps"]: "2"})
    client.get(link)
    client.get(link.rstrip("/"))
    client.put(link)
    logged = "".join(record.getMessage() for record in caplog.records if not is_statement(record))
    printed = capfd.readouterr()
    assert "s/<str:token>/" in logged + printed.err
    assert token not in logged + printed.out + printed.err


def is_statement(record: Any) -> bool:
    """Statements are logged by a test's level only; the product never logs them."""
    return str(record.name).startswith("django.db.backends")


def test_a_mail_that_the_server_refuses_for_good_came_back(
    maya: User, eva: Contact, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "tests.surveys.refusing.EmailBackend"
    wave = make_wave(maya, opened=moment())
    put_mails([make_survey_invitation(wave, eva, delivered_at=None)], 0)
    send_waiting()
    found = SurveyInvitation.objects.get()
    assert found.bounced_at is not None and found.delivered_at is None


@pytest.mark.django_db(transaction=True)
def test_fifty_posts_at_once_are_one_answer() -> None:
    maya = make_user("Maya")
    make_membership(maya, make_team())
    eva = make_contact(make_account(owner=maya), "Eva Elm")
    link, fields = invited(maya, eva)

    def post(number: int) -> int:
        try:
            someone = Client(REMOTE_ADDR=f"198.51.100.{number}")
            return someone.post(link, {fields["nps"]: str(number % 11)}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(post, range(1, 51)))
    assert sorted(codes) == [200] + [410] * 49
    winner = codes.index(200) + 1
    assert Answer.objects.get().items.get().score == winner % 11


def test_stopping_by_an_unknown_link_changes_nobody(eva: Contact) -> None:
    stop_asking("invented")
    eva.refresh_from_db()
    assert eva.no_surveys_since is None
