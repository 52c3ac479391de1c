"""The kinds of files about the daily work: touches, requests, digital signals."""

from accounts.engagement.models import Request, Signal, Touch
from accounts.exchange.columns import Column, Kind, Part
from accounts.exchange.shorthand import IN_SOURCE, account, external_id, person
from accounts.exchange.values import People
from accounts.stakeholders.models import Contact

WHEN = ("date", "time", "at", "timestamp", "datum", "zeit", "occurred at")


def made_of(*columns: str) -> str:
    """An external id for lines that bring none: the same line is the same row."""
    parts = ", ".join(f'r."{name}"' for name in columns)
    return f'COALESCE(r."external_id", md5(concat_ws(\'|\', {parts}, extract(epoch FROM r."when"))))'


TOUCH_KEY = made_of("account", "actor", "channel", "subject")
WITH_WHOM = f"""(
    SELECT r.file_row, h.id AS touch_id, l.id AS contact_id
    FROM (SELECT DISTINCT ON ({TOUCH_KEY}) r.*, {TOUCH_KEY} AS touch_key FROM import_resolved r
           ORDER BY {TOUCH_KEY}, r.file_row) r
    JOIN import_0 h ON h.file_key = r.touch_key
    CROSS JOIN LATERAL jsonb_to_recordset(r."contacts") AS s(person text, share text)
    JOIN import_lookup_contacts l ON l.value = s.person
) r"""

TOUCHES = Kind(
    "touches",
    "Calls, meetings and mails with customers.",
    (
        Part(
            Touch,
            (
                external_id(
                    "The touch's key in the other system; empty: made of what and when.", "activity id"
                ),
                account(),
                Column(
                    "when",
                    "Day and time; a day alone counts as its noon.",
                    field="at",
                    required=True,
                    aliases=WHEN,
                ),
                Column("channel", required=True, aliases=("type", "kind", "activity type", "art")),
                Column("direction", "Who turned to whom; empty: both ways."),
                person(
                    "actor",
                    "actor",
                    "E-mail or external id of who of us; empty: unknown.",
                    False,
                    "owner",
                    "user",
                ),
                Column("minutes", "How long; empty: not known.", aliases=("duration", "dauer")),
                Column("subject", aliases=("title", "betreff")),
                Column("note", "What was said.", aliases=("description", "text", "body", "notes")),
                Column("mood", "How it felt, 1 to 5 or in words; empty: nobody said."),
                Column(
                    "thread", "Mails of one thread and day count as one touch.", aliases=("conversation id",)
                ),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": TOUCH_KEY},
            always=("external_id",),
        ),
        Part(
            Touch.contacts.through,
            (
                Column(
                    "contacts",
                    "With whom: e-mails, names or external ids, separated by semicolons.",
                    field="contact",
                    holds=People(),
                    to=Contact,
                    aliases=("contact", "attendees", "with", "participants"),
                ),
            ),
            match=(("touch", "contact"),),
            computed={"touch": "r.touch_id", "contact": "r.contact_id"},
            always=("touch", "contact"),
            rows=WITH_WHOM,
            replaces=True,
        ),
    ),
    header=TOUCH_KEY,
    example="external_id,account,when,channel,actor,contacts,minutes,subject\n"
    "T-1,4711,2026-10-02 14:30,call,jana@example.org,ingrid@nordwind.example,20,Prices of next year",
)

REQUESTS = Kind(
    "requests",
    "What customers asked for, with the moments of answer and solution.",
    (
        Part(
            Request,
            (
                external_id("The request's key in the other system.", "ticket id", "case id", required=True),
                account(),
                Column("subject", required=True, aliases=("title", "betreff")),
                Column(
                    "opened",
                    "When it was asked.",
                    field="opened_at",
                    required=True,
                    aliases=("created", *WHEN),
                    observed=True,
                ),
                Column("number", "As people write it.", aliases=("ticket number", "case number")),
                Column("text", "What they want.", aliases=("description", "body")),
                Column("channel", "Empty: mail."),
                Column(
                    "contact", "E-mail, name or external id of who asked.", aliases=("asked by", "requester")
                ),
                person("owner", "owner", "E-mail or external id of who answers.", False, "assignee", "agent"),
                Column("answer_due", "Until when it is to be answered.", field="answer_due_at"),
                Column("due", "Day on which the solution is due.", field="due_on", aliases=("due date",)),
                Column(
                    "first_answer",
                    "When it was answered first.",
                    field="first_answer_at",
                    aliases=("first response",),
                    observed=True,
                ),
                Column(
                    "resolved",
                    "When it was resolved; empty: open.",
                    field="resolved_at",
                    aliases=("solved", "closed"),
                    observed=True,
                ),
                Column("resolution", "How it was resolved."),
                Column("reopened", "How often it was opened again."),
            ),
            match=(IN_SOURCE,),
        ),
    ),
    example="external_id,account,subject,opened,contact,owner,first_answer,resolved\n"
    "R-4471,4711,Firmware rollback,2026-11-03 08:12,ingrid@nordwind.example,jana@example.org,2026-11-03 10:00,",
)

SIGNALS = Kind(
    "signals",
    "Digital traces: opened mails, visits, downloads, events.",
    (
        Part(
            Signal,
            (
                external_id(
                    "The signal's key in the other system; empty: made of who, what and when.", "event id"
                ),
                account(),
                Column(
                    "kind",
                    "Code or name of the kind of signal.",
                    required=True,
                    aliases=("type", "event", "event type"),
                ),
                Column(
                    "when",
                    "Day and time; a day alone counts as its noon.",
                    field="at",
                    required=True,
                    aliases=WHEN,
                    observed=True,
                ),
                Column(
                    "contact",
                    "E-mail, name or external id of the person; empty: unknown.",
                    aliases=("email", "visitor"),
                ),
                Column(
                    "subject",
                    "What was opened, visited or loaded.",
                    aliases=("page", "title", "url", "campaign"),
                ),
                Column(
                    "message",
                    "Key of the e-mail in the mailing tool: what was opened or answered counts for that one; empty: "
                    "for the last one with this subject that reached the person.",
                    aliases=("message id", "mail id", "mailing id", "campaign id"),
                ),
            ),
            match=(IN_SOURCE,),
            computed={"external_id": made_of("account", "kind", "contact", "subject")},
            always=("external_id",),
        ),
    ),
    example="account,kind,when,contact,subject\n"
    "4711,email_open,2026-10-02 07:41,ingrid@nordwind.example,Newsletter October",
)

WORK_KINDS = (TOUCHES, REQUESTS, SIGNALS)
