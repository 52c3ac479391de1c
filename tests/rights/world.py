"""A person with something in every place that a product of years would hold, all of it marked with one word."""

import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from accounts.models import (
    Account,
    AdvocacyAction,
    Answer,
    Bounce,
    CampaignTouch,
    Contact,
    HandOver,
    Import,
    ImportChange,
    ImportRefusal,
    Message,
    OneOnOne,
    PlanComment,
    ReferenceConsent,
    Relationship,
    Tie,
    User,
)
from metrics.models import Alert
from tests.factories import (
    make_action,
    make_answer,
    make_campaign,
    make_contact,
    make_fact,
    make_goal,
    make_lead,
    make_objective,
    make_plan,
    make_request,
    make_review,
    make_signal,
    make_survey,
    make_survey_invitation,
    make_touch,
    make_wave,
    moment,
    span,
)

CANARY = "Zyxwvut"
"""Part of the person's name, address and all that is written about them, and of nothing else."""
NAME = f"Ingrid {CANARY}"
EMAIL = f"ingrid.{CANARY.lower()}@customer.example"


def make_ingrid(account: Account, by: User, boss: User) -> Contact:
    """Ingrid of the account, about whom `by` wrote in every place there is."""
    since = datetime.date(2025, 7, 1)
    above = make_contact(account, "Olav Berg", email="olav@customer.example", since=since)
    ingrid = make_contact(
        account,
        NAME,
        email=EMAIL,
        phone="+47 22 33 44 55",
        title=f"{CANARY} officer",
        department="Operations",
        city="Bergen",
        source="crm",
        external_id="K-1",
        reports_to=above,
        key_during=span("2025-08-01", None),
        since=since,
    )
    make_contact(account, "Per Lie", email="per@customer.example", reports_to=ingrid, since=since)
    Contact.objects.filter(pk=ingrid.pk).update(title=f"{CANARY} chief")
    what_we_think(ingrid, above, by)
    what_was_done(ingrid, account, by)
    what_she_said(ingrid, account, by)
    where_she_is_named(account, by, boss)
    return ingrid


def what_we_think(ingrid: Contact, above: Contact, by: User) -> None:
    for kind, value in (("role", "champion"), ("influence", "3"), ("support", "2")):
        make_fact(ingrid, kind, value, "2026-01-05", author=by)
    make_fact(ingrid, "note", f"{CANARY} likes early calls", author=by)
    make_fact(ingrid, "cares_about", f"what {CANARY} cares about", author=by)
    ties = {"author": by, "noted_on": datetime.date(2026, 1, 5)}
    Tie.objects.create(contact=ingrid, other=above, kind="influences", about=f"{CANARY} and budgets", **ties)
    Relationship.objects.create(contact=ingrid, colleague=by, level=2, desired=3, **ties)


def what_was_done(ingrid: Contact, account: Account, by: User) -> None:
    noted = f"Talked to {NAME} about pumps; mail to {EMAIL.upper()}."
    make_touch(account, by, "2026-01-10T09:00:00+00:00", contacts=[ingrid], subject="Pumps", note=noted)
    make_action(account, f"Send {NAME} the list", contact=ingrid, owner=by, due_on="2026-02-01")
    make_request(account, "Drawings", contact=ingrid, text=f"{NAME} wants drawings", owner=by)
    make_signal(account, contact=ingrid, subject=f"Opened by {EMAIL}")
    consent = {"contact": ingrid, "during": span("2026-01-01", None), "noted_by": by}
    ReferenceConsent.objects.create(account=account, evidence=f"letter of {CANARY}", **consent)
    AdvocacyAction.objects.create(
        account=account,
        contact=ingrid,
        on="2026-01-03",
        kind="testimonial",
        subject=f"{CANARY}: they are good",
    )
    make_lead(f"{account.name} AS", person=NAME, email=EMAIL, job_title=CANARY, note=f"{NAME} called")
    CampaignTouch.objects.create(campaign=make_campaign(), account=account, contact=ingrid, on="2026-01-04")
    waiting = Message.objects.create(
        kind="survey", contact=ingrid, dedup_key="survey:0:9", payload={"invitation": 0}
    )
    Bounce.objects.create(message=waiting, address=EMAIL, status="4.2.2", is_final=False)


def what_she_said(ingrid: Contact, account: Account, by: User) -> None:
    survey = make_survey(created_by=by)
    wave = make_wave(by, survey, opened=moment())
    invitation = make_survey_invitation(wave, ingrid)
    make_answer(account, ingrid, nps=3, comment=f"{CANARY} says it is slow", invitation=invitation)
    assert Answer.objects.filter(contact=ingrid).count() == 1


def where_she_is_named(account: Account, by: User, boss: User) -> None:
    """Copies that programs made, and notes that name her without a link."""
    plan = make_plan(account, summary=f"It all hangs on {NAME}.")
    make_goal(plan, f"{NAME} sleeps well", contact=Contact.objects.get(name=NAME))
    make_objective(plan, "Grow", judgement=f"{CANARY}, Ingrid says yes")
    PlanComment.objects.create(plan=plan, author=by, text=f"Ask {NAME.lower()}!")
    review = make_review(account, notes=f"{NAME} was late", figures={"promises": [{"who": NAME, "n": 1}]})
    review.contacts.add(Contact.objects.get(name=NAME))
    HandOver.objects.create(
        account=account, from_user=by, to_user=boss, on="2026-03-01", note=f"Meet {NAME}", made_by=boss
    )
    OneOnOne.objects.create(lead=boss, manager=by, held_on="2026-01-12", note=f"{NAME} is difficult")
    facts = {"who": NAME, "score": 3}
    Alert.objects.create(
        account=account, kind="detractor", cause="answer:1", is_red=True, opened_on="2026-01-11",
        seen_on="2026-01-11", facts=facts, evidence=[{"what": f"survey, {NAME}"}],
    )  # fmt: skip
    read = Import.objects.create(
        kind="contacts", source="crm", file_name="people.csv", uploaded_by=by, samples={"name": [NAME]}
    )
    ImportChange.objects.create(
        of=read, part="people", state="created", name=f"K-1 · {NAME}", values=[["e-mail", "", EMAIL]]
    )
    ImportRefusal.objects.create(of=read, row=2, column="email", value=EMAIL, reason="It is used already.")
    content = ContentType.objects.get_for_model(Contact)
    LogEntry.objects.create(user=by, content_type=content, object_repr=NAME, action_flag=2, change_message="")


def tables_with(word: str) -> dict[str, int]:
    """Every text, JSON and array column of the database that holds the word, whatever the letters' size."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name FROM information_schema.columns
                WHERE table_schema = 'public'
                  AND data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY', 'bytea')"""
        )
        found = {}
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT COUNT(*) FROM "{table}" WHERE "{column}"::text ILIKE %s OR "{column}"::text ILIKE %s',
                [f"%{word}%", f"%{word.encode().hex()}%"],
            )
            if number := cursor.fetchone()[0]:
                found[f"{table}.{column}"] = number
    return found
