"""What happened with an account, in one order: touches, requests, signals, deals, contracts, people.

One statement finds the entries of a page by their moment (a keyset, so that page 200 costs what page 1 does);
where everything is told of them, a few more bring the touches and requests themselves.
"""

import base64
import datetime
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.engagement.models import Channel, Mood, Request, Touch
from accounts.engagement.promises import next_of
from accounts.people.models import Organisation, User
from accounts.revenue.models import Opportunity
from accounts.stakeholders.models import Contact
from kamplan.components import Choice
from kamplan.permissions import READS_WORK

ENTRIES_A_PAGE = 25
RECENT = 7
# Each branch: at, kind, id, title, amount, currency, detail, count; `touches`: who may see it.
DAY = "({} AT TIME ZONE %(zone)s)"
BRANCHES: dict[str, tuple[str, ...]] = {
    "touches": (
        """SELECT t.at, 'touch' AS kind, t.id, '' AS title, NULL::numeric AS amount, '' AS currency,
                  '' AS detail, 1 AS number
             FROM accounts_touch t
            WHERE t.account_id = %(account)s AND t.at <= %(now)s
              AND (%(person)s IS NULL OR EXISTS (SELECT FROM accounts_touch_contacts c
                                                  WHERE c.touch_id = t.id AND c.contact_id = %(person)s))
              AND (%(colleague)s IS NULL OR t.actor_id = %(colleague)s)""",
    ),
    "requests": (
        """SELECT r.opened_at, 'request', r.id, r.subject, NULL, '', '', 1
             FROM accounts_request r
            WHERE r.account_id = %(account)s
              AND (%(person)s IS NULL OR r.contact_id = %(person)s)
              AND (%(colleague)s IS NULL OR r.owner_id = %(colleague)s)""",
        """SELECT r.resolved_at, 'solved', r.id, r.subject, NULL, '', '', 1
             FROM accounts_request r
            WHERE r.account_id = %(account)s AND r.resolved_at IS NOT NULL
              AND (%(person)s IS NULL OR r.contact_id = %(person)s)
              AND (%(colleague)s IS NULL OR r.owner_id = %(colleague)s)""",
    ),
    "signals": (
        """SELECT max(s.at), 'signal', max(s.id), k.name, NULL, '', COALESCE(p.name, ''), count(*)::int
             FROM accounts_signal s JOIN accounts_signalkind k ON k.id = s.kind_id
             LEFT JOIN accounts_contact p ON p.id = s.contact_id
            WHERE s.account_id = %(account)s AND %(colleague)s IS NULL
              AND (%(person)s IS NULL OR s.contact_id = %(person)s)
            GROUP BY (s.at AT TIME ZONE %(zone)s)::date, k.name, p.name""",
    ),
    "deals": (
        f"""SELECT {DAY.format("closed_on::timestamp")}, outcome, id, name, amount, currency,
                   CASE WHEN outcome = 'won' THEN kind ELSE loss_reason END, 1
              FROM accounts_opportunity
             WHERE account_id = %(account)s AND outcome <> 'open' AND %(nobody)s""",
        f"""SELECT {DAY.format("opened_on::timestamp")}, 'opened', id, name, amount, currency, kind, 1
              FROM accounts_opportunity WHERE account_id = %(account)s AND %(nobody)s""",
    ),
    "contracts": (
        f"""SELECT {DAY.format("LOWER(during)::timestamp")}, 'contract', id, number, annual_value, currency,
                   name, 1
              FROM accounts_contract c
             WHERE account_id = %(account)s AND LOWER(during) <= %(today)s AND %(nobody)s
               AND NOT EXISTS (SELECT FROM accounts_contract b WHERE b.account_id = c.account_id
                                  AND b.number = c.number AND b.outcome = 'renewed'
                                  AND UPPER(b.during) = LOWER(c.during))""",
        f"""SELECT {DAY.format("(UPPER(during) - 1)::timestamp")}, 'contract_' || outcome, id, number,
                   CASE WHEN outcome = 'renewed' THEN renewed_value ELSE annual_value END, currency, name, 1
              FROM accounts_contract
             WHERE account_id = %(account)s AND outcome <> 'open' AND UPPER(during) - 1 <= %(today)s
               AND %(nobody)s""",
    ),
    "people": (
        f"""SELECT {DAY.format("left_on::timestamp")}, 'left', id, name, NULL, '', title, 1
              FROM accounts_contact
             WHERE account_id = %(account)s AND left_on <= %(today)s AND %(colleague)s IS NULL
               AND (%(person)s IS NULL OR id = %(person)s)""",
        f"""SELECT {DAY.format("LOWER(s.during)::timestamp")}, 'assigned_' || s.role, s.id, u.name, NULL, '',
                   '', 1
              FROM accounts_assignment s JOIN accounts_user u ON u.id = s.user_id
             WHERE s.account_id = %(account)s AND LOWER(s.during) <= %(today)s AND %(person)s IS NULL
               AND (%(colleague)s IS NULL OR s.user_id = %(colleague)s)""",
        f"""SELECT {DAY.format("since::timestamp")}, 'tier', id, tier, NULL, '', earlier, 1 FROM (
                SELECT LOWER(k.during) AS since, COALESCE(t.name, '') AS tier, k.id,
                       COALESCE(LAG(t.name) OVER (ORDER BY LOWER(k.during)), '') AS earlier,
                       ROW_NUMBER() OVER (ORDER BY LOWER(k.during)) AS place
                  FROM accounts_classification k LEFT JOIN accounts_tier t ON t.id = k.tier_id
                 WHERE k.account_id = %(account)s AND LOWER(k.during) <= %(today)s) changes
             WHERE place > 1 AND tier <> earlier AND %(nobody)s""",
    ),
}
# Among everything else a week of signals is one entry; alone they stand by day, kind and person.
WEEK_OF_SIGNALS = """
    SELECT max(last), 'signals', max(id), '', NULL, '',
           string_agg(name || ' ' || number, ', ' ORDER BY number DESC, name), sum(number)::int
      FROM (SELECT date_trunc('week', s.at AT TIME ZONE %(zone)s) AS week, k.name, max(s.at) AS last,
                   max(s.id) AS id, count(*) AS number
              FROM accounts_signal s JOIN accounts_signalkind k ON k.id = s.kind_id
             WHERE s.account_id = %(account)s AND %(colleague)s IS NULL
               AND (%(person)s IS NULL OR s.contact_id = %(person)s)
             GROUP BY week, k.name) kinds
     GROUP BY week"""
# Looked up for the touches of a page alone.
TALK = """
    SELECT (SELECT array_agg(c.name ORDER BY c.name, c.id) FROM accounts_touch_contacts x
              JOIN accounts_contact c ON c.id = x.contact_id WHERE x.touch_id = page.id) AS people,
           promise.text AS promised, promise.due_on
      FROM (VALUES (0)) one
      LEFT JOIN LATERAL (SELECT text, due_on FROM accounts_action WHERE touch_id = page.id
                          ORDER BY due_on NULLS LAST, id LIMIT 1) promise ON TRUE"""
WORK = frozenset({"touches", "requests"})
KINDS = {
    "touches": "Touches",
    "requests": "Requests",
    "signals": "Signals",
    "deals": "Deals",
    "contracts": "Contracts",
    "people": "People",
}
PERIODS = {"": "any time", "30": "30 days", "90": "90 days", "365": "12 months"}
ICONS = {
    "solved": "circle-check",
    "request": "message",
    "signal": "world",
    "signals": "world",
    "won": "check",
    "lost": "x",
    "opened": "briefcase",
    "contract": "file-text",
    "left": "user",
    "assigned": "user",
    "tier": "star",
}
WORDS = {
    "won": "Deal won",
    "lost": "Deal lost",
    "opened": "Deal opened",
    "contract": "Contract begun",
    "contract_renewed": "Contract renewed",
    "contract_lost": "Contract ended by the customer",
    "contract_lapsed": "Contract lapsed",
    "assigned_owner": "New owner",
    "assigned_deputy": "New deputy",
    "assigned_sponsor": "New executive sponsor",
    "tier": "Tier changed",
}
DEAL_KINDS = dict(Opportunity.Kind.choices)
CHANNEL_ICONS = {
    Channel.CALL: "phone",
    Channel.MEETING: "users",
    Channel.VIDEO: "video",
    Channel.MAIL: "mail",
    Channel.MESSAGE: "message",
}


@dataclass
class Entry:
    """Something that happened with the account."""

    at: datetime.datetime
    kind: str
    id: int
    title: str
    amount: Decimal | None
    currency: str
    detail: str
    number: int
    day: datetime.date
    people: list[str] | None = None
    """Of a touch with whom it was, and the first thing that was promised."""
    promised: str | None = None
    promised_by: datetime.date | None = None
    touch: Touch | None = None
    request: Request | None = None

    @property
    def icon(self) -> str:
        if self.touch is not None:
            return CHANNEL_ICONS[Channel(self.touch.channel)]
        return ICONS[self.kind.split("_")[0]]

    @property
    def words(self) -> str:
        if self.touch is not None:
            return ", ".join(self.people or ()) or self.touch.get_channel_display().capitalize()
        if self.kind == "left":
            return f"{self.title} left"
        if self.kind == "signals":
            return f"{self.number} digital signal{'' if self.number == 1 else 's'} that week"
        if self.kind == "signal":
            return self.title if self.number == 1 else f"{self.title}, {self.number} times"
        if self.request is not None:
            number = f" {self.request.number}" if self.request.number else ""
            return f"Request{number} {'resolved' if self.kind == 'solved' else 'came in'}"
        return WORDS[self.kind]

    @property
    def text(self) -> str:
        """The second line."""
        if self.kind == "tier":
            return f"{self.detail or 'none'} to {self.title or 'none'}"
        if self.kind in {"left", "signal", "signals"}:
            return self.detail
        detail = DEAL_KINDS.get(self.detail, self.detail) if self.kind in {"won", "opened"} else self.detail
        return " · ".join(part for part in (self.title, str(detail)) if part)

    @property
    def is_contract(self) -> bool:
        return self.kind.startswith("contract")

    @property
    def mood(self) -> str:
        mood = self.touch.mood if self.touch is not None else None
        return str(Mood(mood).label) if mood else ""

    @property
    def key(self) -> str:
        """Where the next page begins."""
        place = json.dumps([self.at.isoformat(), self.kind, self.id])
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Wanted:
    """The filters of the address; whatever is no filter counts as none."""

    kind: str = ""
    person: int | None = None
    colleague: int | None = None
    days: str = ""
    before: tuple[str, str, int] | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> "Wanted":
        get = request.GET
        days = get.get("days", "")
        return cls(
            get.get("show", "") if get.get("show") in KINDS else "",
            _number(get.get("person", "")),
            _number(get.get("colleague", "")),
            days if days in PERIODS else "",
            _place(get.get("before", "")),
        )

    def query(self, **changes: Any) -> str:
        now = {"show": self.kind, "person": self.person, "colleague": self.colleague, "days": self.days}
        return "?" + urlencode({key: value for key, value in {**now, **changes}.items() if value})

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.person or self.colleague or self.days)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _place(text: str) -> tuple[str, str, int] | None:
    try:
        at, kind, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.datetime.fromisoformat(at).isoformat(), str(kind), int(pk)
    except (ValueError, TypeError):
        return None


def entries(
    user: User,
    account: int,
    wanted: Wanted,
    today: datetime.date,
    at_most: int,
    without: str = "",
    *,
    short: bool = False,
) -> tuple[list[Entry], bool]:
    """A page of the timeline, and whether there is more. The account is one that the person may see.

    `short`: as it stands beside other things, without who wrote what and all that was promised."""
    branches = BRANCHES if wanted.kind else {**BRANCHES, "signals": (WEEK_OF_SIGNALS,)}
    shown = [
        sql
        for kind, of_kind in branches.items()
        if (kind == wanted.kind if wanted.kind else kind != without)
        and (kind not in WORK or user.role in READS_WORK)
        for sql in of_kind
    ]
    if not shown:
        return [], False
    conditions = ["at >= %(since)s"] if wanted.days else []
    conditions += ["(at, kind, id) < (%(at)s, %(kind)s, %(id)s)"] if wanted.before else []
    # The first branch names the columns.
    head = (
        "SELECT NULL::timestamptz AS at, '' AS kind, 0::bigint AS id, '' AS title, NULL::numeric AS amount, "
    )
    head += "'' AS currency, '' AS detail, 0 AS number WHERE FALSE"
    sql = f"""SELECT page.*, (page.at AT TIME ZONE %(zone)s)::date AS day, talk.people, talk.promised,
                     talk.due_on, touch.channel, touch.direction, touch.mood, touch.subject, touch.note,
                     request.number, request.resolution
                FROM (SELECT at, kind, id, title, amount, currency, detail, number
                        FROM ({" UNION ALL ".join([head, *shown])}) facts
                       WHERE {" AND ".join(conditions) or "TRUE"}
                       ORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s) page
                LEFT JOIN LATERAL ({TALK}) talk ON page.kind = 'touch'
                LEFT JOIN accounts_touch touch ON page.kind = 'touch' AND touch.id = page.id
                LEFT JOIN accounts_request request
                       ON page.kind IN ('request', 'solved') AND request.id = page.id
               ORDER BY page.at DESC, page.kind DESC, page.id DESC"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(account, wanted, today, at_most + 1))
        found = [entry_of(row) for row in cursor.fetchall()]
    listed = found[:at_most]
    return listed if short else with_rows(user, account, listed), len(found) > at_most


def entry_of(row: tuple[Any, ...]) -> Entry:
    """With the touch or the request, as far as a short list tells of it."""
    *plain, channel, direction, mood, subject, note, number, resolution = row
    entry = Entry(*plain)
    if entry.kind == "touch":
        said = {"channel": channel, "direction": direction, "mood": mood, "subject": subject, "note": note}
        entry.touch = Touch(pk=entry.id, **said)
    elif entry.kind in {"request", "solved"}:
        entry.request = Request(pk=entry.id, number=number, subject=entry.title, resolution=resolution)
    return entry


def _parameters(account: int, wanted: Wanted, today: datetime.date, limit: int) -> dict[str, Any]:
    at, kind, pk = wanted.before or ("", "", 0)
    now = timezone.now()
    return {
        "account": account,
        "today": today,
        "now": now,
        "zone": Organisation.current().time_zone,
        "person": wanted.person,
        "colleague": wanted.colleague,
        "nobody": wanted.person is None and wanted.colleague is None,
        "since": now - datetime.timedelta(days=int(wanted.days or 0)),
        "at": at or now,
        "kind": kind,
        "id": pk,
        "limit": limit,
    }


def with_rows(user: User, account: int, found: list[Entry]) -> list[Entry]:
    """The whole touches and requests that the entries stand for, in one statement a table."""
    touches = Touch.objects.of_account(user, account).select_related("actor", "opportunity")
    requests = Request.objects.of_account(user, account).select_related("contact", "owner")
    touch_ids = [each.id for each in found if each.touch]
    request_ids = [each.id for each in found if each.request]
    touch_of = touches.prefetch_related("actions").in_bulk(touch_ids) if touch_ids else {}
    request_of = requests.in_bulk(request_ids) if request_ids else {}
    for each in found:
        if each.touch:
            each.touch = touch_of.get(each.id, each.touch)
        elif each.request:
            each.request = request_of.get(each.id, each.request)
    return found


def recent_of(request: HttpRequest, user: User, account: int, today: datetime.date) -> dict[str, Any]:
    """The last entries for the side of a page; older ones are on the account's activity."""
    wanted = Wanted.of(request)
    works = user.role in READS_WORK
    found, more = entries(user, account, wanted, today, RECENT, "signals" if works else "", short=True)
    kinds = ("touches" if works else "signals", "deals", "people")
    activity = reverse("engagement:activity", kwargs={"account": account}) if works else ""
    return {
        "entries": found,
        "wanted": wanted,
        "older": f"{activity}{wanted.query(before=found[-1].key)}#timeline" if more else "",
        "kinds": [Choice("All", "?#timeline", not wanted.kind)]
        + [Choice(KINDS[kind], f"?show={kind}#timeline", kind == wanted.kind) for kind in kinds],
    }


def planned(user: User, account: int) -> list[Touch]:
    """Meetings that are still to come, the next one first."""
    visible = Touch.objects.visible_to(user).filter(account=account, at__gt=timezone.now())
    return list(visible.select_related("actor").prefetch_related("contacts").order_by("at", "pk")[:20])


def page_of(request: HttpRequest, user: User, frame: dict[str, Any]) -> dict[str, Any]:
    """The context of an account's activity."""
    account, today = frame["account"], frame["today"]
    wanted = Wanted.of(request)
    found, more = entries(user, account.pk, wanted, today, ENTRIES_A_PAGE)
    people = Contact.objects.visible_to(user, today).filter(account=account).known()
    colleagues = User.objects.filter(touches__account=account).distinct().order_by("name")
    return {
        "wanted": wanted,
        "entries": found,
        "older": wanted.query(before=found[-1].key) if more else "",
        "newest": wanted.query() if wanted.before else "",
        "kinds": [Choice("All", wanted.query(show=""), not wanted.kind)]
        + [Choice(words, wanted.query(show=kind), kind == wanted.kind) for kind, words in KINDS.items()],
        "people_of_account": list(people.values_list("pk", "name")),
        "colleagues": list(colleagues.values_list("pk", "name")),
        "periods": list(PERIODS.items()),
        "planned": planned(user, account.pk),
        "next": next_of(user, account.pk, today),
    }
