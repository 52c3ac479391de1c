"""Engagement, coverage, interaction and effort against plain loops over the rows; one run for the whole file."""

import datetime
import statistics
from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from random import Random
from typing import Any, NamedTuple

import pytest

from accounts.engagement.reference import add_signal_kinds
from accounts.fields import days
from accounts.models import (
    Account,
    Contact,
    Department,
    InternalRequest,
    Opportunity,
    Organisation,
    Request,
    Signal,
    SignalKind,
    SignalWeight,
    Tier,
    Touch,
)
from accounts.periods import Period, add_months, month, quarter, trailing_year
from metrics.models import Run, Scope, Threshold, View
from tests.factories import make_contact, make_request, make_touch
from tests.metrics.engine import all_keys, day, facts, run, stored
from tests.metrics.portfolio import Portfolio, make_portfolio
from tests.metrics.test_oracle import (
    BY_OPENING,
    ONE_DAY,
    SEGMENTS,
    Book,
    Oracle,
    Row,
    World,
    lower,
    read_world,
    same,
    upper,
)

pytestmark = pytest.mark.django_db

Day = datetime.date
USUAL = {"meeting": 60, "video": 60, "call": 20}
TALKS = ("call", "meeting", "video")
NAMED = ("email_delivered", "email_open", "email_reply", "event_invited", "event_attended")
BANDS = {"warm": 12, "hot": 25, "red_hot": 50}
OF_FIRST_TIER = {"warm": 5, "red_hot": 30}
"""Limits of the tier named first, from a day on; the others it shares with everyone."""
OF_TIER_FROM = datetime.date(2024, 5, 16)


# ------------------------------------------------------------------------------------------ rows


def add_engagement(made: Portfolio) -> None:
    """Touches with threads, planned ones and ones at night; signals, requests and key contacts."""
    random = made.random
    if not SignalWeight.objects.exists():
        SignalKind.objects.all().delete()
        add_signal_kinds(SignalKind, SignalWeight)
    visit = SignalWeight.objects.get(kind__code="site_visit")
    middle = day("2024-09-10")
    visit.during = days(visit.during.lower, middle)
    visit.save()
    SignalWeight.objects.create(kind=visit.kind, weight=2, during=days(middle))
    Threshold.objects.create(name="band_warm", value=12, during=days(day("2020-01-01")))
    for name, value in OF_FIRST_TIER.items():
        tier = Tier.objects.order_by("name")[0]
        Threshold.objects.create(name=f"band_{name}", tier=tier, value=value, during=days(OF_TIER_FROM))
    kinds = list(SignalKind.objects.all())
    for account in made.accounts[:-2]:
        key = days(made.some_day()) if random.random() < 0.7 else None
        contacts = [make_contact(account, since=made.first, key_during=key) for _ in range(2)]
        deals = list(account.opportunities.all())
        for _ in range(random.choice((0, 6, 14))):
            add_touch(made, account, contacts, deals)
        add_signals(made, account, contacts, kinds)
        for _ in range(random.randint(0, 3)):
            add_request(made, account)
            add_internal_request(made, account)


def moment_of(made: Portfolio, on: Day) -> datetime.datetime:
    """Some hour of the day by Universal Time: near midnight it is another day in the organisation's zone."""
    hour = made.random.choice((0, 9, 15, 22, 23))
    return datetime.datetime.combine(on, datetime.time(hour, 30), tzinfo=datetime.UTC)


def add_touch(made: Portfolio, account: Account, contacts: list[Contact], deals: list[Opportunity]) -> None:
    random = made.random
    at = moment_of(made, made.some_day(until=made.as_of + datetime.timedelta(days=20)))
    thread = f"T{account.pk}" if random.random() < 0.2 else ""
    for again in range(2 if thread else 1):
        make_touch(
            account,
            random.choice((None, *made.users)),
            at + datetime.timedelta(minutes=again),
            contacts=random.sample(contacts, random.randint(0, 2)),
            opportunity=random.choice((None, *deals)),
            channel="mail" if thread else random.choice(("call", "meeting", "video", "mail", "message")),
            direction=random.choice(("inbound", "outbound", "two_way")),
            minutes=random.choice((None, 10, 45)),
            thread=thread,
        )


def add_signals(made: Portfolio, account: Account, contacts: list[Contact], kinds: list[SignalKind]) -> None:
    random = made.random
    number = random.choice((0, 5, 40))
    busy = [made.some_day() for _ in range(4)]
    Signal.objects.bulk_create(
        Signal(
            account=account,
            contact=random.choice((None, *contacts)),
            kind=random.choice(kinds),
            at=moment_of(made, random.choice(busy) if random.random() < 0.6 else made.some_day()),
            subject=random.choice(("News", "Prices")),
        )
        for _ in range(number)
    )


def add_request(made: Portfolio, account: Account) -> None:
    random = made.random
    opened = moment_of(made, made.some_day())
    answer = opened + datetime.timedelta(minutes=random.randint(5, 9000)) if random.random() < 0.7 else None
    solved = opened + datetime.timedelta(minutes=random.randint(5, 90_000)) if random.random() < 0.6 else None
    make_request(
        account,
        owner=random.choice((None, *made.users)),
        opened_at=opened,
        first_answer_at=answer,
        first_answer_by=random.choice((None, *made.users)) if answer else None,
        resolved_at=solved,
    )


def add_internal_request(made: Portfolio, account: Account) -> None:
    random = made.random
    asked = made.some_day()
    InternalRequest.objects.create(
        account=account,
        department=Department.objects.get_or_create(name="Workshop")[0],
        asked_by=random.choice((None, *made.users)),
        asked_on=asked,
        due_on=random.choice((None, asked, asked + 10 * ONE_DAY)),
        done_on=random.choice((None, asked, asked + 5 * ONE_DAY, asked + 20 * ONE_DAY)),
    )


# ----------------------------------------------------------------------------------------- loops


def one_a_day(world: World, zone: datetime.tzinfo) -> list[dict[str, Any]]:
    """The touches that happened; those of one thread and day are one."""
    found: dict[Any, list[Touch]] = defaultdict(list)
    for touch in Touch.objects.order_by("at", "pk"):
        on = touch.at.astimezone(zone).date()
        if on <= world.as_of:
            found[touch.account_id, on, touch.thread or touch.pk].append(touch)
    made = []
    for (account, on, _), some in found.items():
        minutes = [touch.minutes for touch in some if touch.minutes is not None]
        made.append(
            {
                "id": min(touch.pk for touch in some),
                "account": account,
                "on": on,
                "person": next((each.actor_id for each in some if each.actor_id), None)
                or world.owner(account, on),
                "channel": min(each.channel for each in some),
                "direction": some[0].direction if len({each.direction for each in some}) == 1 else "two_way",
                "minutes": sum(minutes) if minutes else None,
                "deal": max((each.opportunity_id for each in some if each.opportunity_id), default=None),
            }
        )
    return made


def read_touches(world: World, touches: list[dict[str, Any]]) -> None:
    for each in touches:
        names = {"touches": 1.0, f"touches_{each['direction']}": 1.0}
        names["effort"] = USUAL.get(each["channel"], 10) if each["minutes"] is None else each["minutes"]
        if each["channel"] in TALKS:
            names["talk_hours"] = (each["minutes"] or 0) / 60
        for name, value in names.items():
            world.flows.append(Row(name, each["account"], each["on"], each["person"], float(value)))
    for deal in world.deals:
        if deal.closed_on is None or deal.account_id is None:
            continue
        number = sum(
            each["deal"] == deal.pk and deal.opened_on <= each["on"] <= deal.closed_on for each in touches
        )
        for person, share in world.splits[deal.pk] or [(None, 1.0)]:
            who = person or world.owner(deal.account_id, deal.closed_on)
            told = {"deal_touches": number * share}
            if deal.outcome == "won":
                told |= {"closings": share, "closing_touches": number * share}
            for name, value in told.items():
                row = Row(name, deal.account_id, deal.closed_on, who, value, opened=deal.opened_on)
                world.flows.append(row)


def read_signals(world: World, zone: datetime.tzinfo) -> None:
    weights = list(SignalWeight.objects.select_related("kind"))
    caps = dict(SignalKind.objects.values_list("code", "daily_cap"))
    counted: dict[Any, int] = defaultdict(int)
    people: dict[Any, Day] = {}
    for signal in Signal.objects.select_related("kind"):
        on, code = signal.at.astimezone(zone).date(), signal.kind.code
        counted[signal.account_id, code, on] += 1
        if code in NAMED:
            who = signal.contact_id or -signal.pk
            key = (signal.account_id, code, who, signal.subject, on.year, on.month)
            people[key] = min(people.get(key, on), on)
    for (account, code, on), number in counted.items():
        worth = next(
            (
                float(each.weight)
                for each in weights
                if each.kind.code == code and each.during.lower <= on and (each.during.upper or Day.max) > on
            ),
            0.0,
        )
        owner = world.owner(account, on)
        world.flows.append(Row("points", account, on, owner, min(number, caps[code] or number) * worth))
        world.flows.append(Row(code, account, on, owner, number))
    for (account, code, *_), on in people.items():
        if not code.startswith("email"):
            world.flows.append(Row(f"people_{code}", account, on, world.owner(account, on), 1))
    for (account, code), on in mails(zone):
        world.flows.append(Row(f"people_{code}", account, on, world.owner(account, on), 1))


def mails(zone: datetime.tzinfo) -> Iterator[tuple[tuple[int, str], Day]]:
    """What reached people we know, once a month, and what became of it, on the day on which it first reached them."""
    told: dict[Any, dict[str, list[Day]]] = defaultdict(lambda: defaultdict(list))
    for signal in Signal.objects.exclude(contact=None).select_related("kind"):
        mail = ("key", signal.message) if signal.message else ("subject", signal.subject)
        days = told[signal.account_id, signal.contact_id, mail]
        days[signal.kind.code].append(signal.at.astimezone(zone).date())
    for (account, *_), days in told.items():
        sent: dict[Day, Day] = {}
        for on in sorted(days["email_delivered"]):
            sent.setdefault(on.replace(day=1), on)
        for on in sent.values():
            yield (account, "email_delivered"), on
        for code in ("email_open", "email_reply"):
            last = {max((d for d in days["email_delivered"] if d <= on), default=None) for on in days[code]}
            for since in {each.replace(day=1) for each in last if each}:
                yield (account, code), sent[since]


def t3(book: Book, account: Any, name: str) -> float:
    return book.sum(account, name, add_months(book.period.end, -3), book.period.end)


class Times(NamedTuple):
    median: float | None
    p90: float | None
    waiting: int
    overdue: float | None


class Engagement(Oracle):
    """The loops of the foundation with the numbers of this family."""

    touches: list[dict[str, Any]]
    zone: datetime.tzinfo
    bands = BANDS
    of_first_tier = OF_FIRST_TIER

    def rows(self) -> list[Row]:
        world, on = self.world, self.world.stock_day(self.period)
        stock = []
        for account in world.began:
            if account is None:
                continue
            owner = world.owner(account, on)
            for name, value in {**self.key_contacts(account, on), "faded": self.faded(account, on)}.items():
                stock.append(Row(name, account, on, owner, value))
        return [*world.flows, *stock]

    def points(self, account: int) -> list[Row]:
        return [row for row in self.world.flows if row.name == "points" and row.account == account]

    def faded(self, account: int, on: Day) -> float:
        """Of months that began within 300 days."""
        return sum(
            row.value * 2 ** (-(on - row.date).days / 30)
            for row in self.points(account)
            if row.date <= on and (on - row.date.replace(day=1)).days < 300
        )

    def key_contacts(self, account: int, on: Day) -> dict[str, float]:
        key = [
            each
            for each in Contact.objects.filter(account=account, key_during__isnull=False).prefetch_related(
                "touches"
            )
            if each.since <= on and each.key_during.lower <= on
        ]
        first = add_months(on.replace(day=1), -2)
        engaged = [
            each
            for each in key
            if any(
                touch.direction != "outbound" and first <= touch.at.astimezone(self.zone).date() <= on
                for touch in each.touches.all()
            )
        ]
        return {"key": float(len(key)), "engaged": float(len(engaged))}

    def level(self, account: int, on: Day) -> int:
        """Month by month through a year: up with a limit reached, down only with a month that ends well under it."""
        held = dict.fromkeys(self.bands, False)
        last = on.replace(day=1)
        for back in range(11, -1, -1):
            at = add_months(last, -back)
            end = add_months(at, 1) - ONE_DAY
            limits = self.limits(account, min(end, on))
            score = sum(
                row.value
                for row in self.points(account)
                if add_months(at, -2) <= row.date.replace(day=1) <= at and row.date <= on
            )
            for band, limit in limits.items():
                held[band] = score >= limit or (held[band] and (score >= limit * 0.8 or end > on))
        return sum(held.values())

    def limits(self, account: int, on: Day) -> dict[str, int]:
        """Those of its tier on the day, where it has some of its own."""
        if on < OF_TIER_FROM or not self.of_first_tier:
            return self.bands
        first = Tier.objects.order_by("name")[0].pk
        is_first = any(
            lower(each) <= on < upper(each) and each.tier_id == first
            for each in self.world.kinds.get(account, [])
        )
        return {**self.bands, **(self.of_first_tier if is_first else {})}

    def gaps(self, account: Any, on: Day) -> tuple[int, int] | None:
        talked = sorted(
            {
                each["on"]
                for each in self.touches
                if each["account"] == account and each["direction"] == "two_way" and each["on"] <= on
            }
        )
        if not talked:
            return None
        now = (on - talked[-1]).days
        ended = [
            (after - before).days
            for before, after in zip(talked, talked[1:], strict=False)
            if self.ends_within(talked, after, on)
        ]
        return now, max([now, *ended])

    @staticmethod
    def ends_within(talked: list[Day], after: Day, on: Day) -> bool:
        """A month's gaps count together, as long as its last talk lies within 365 days."""
        return (
            max(each for each in talked if each.replace(day=1) == after.replace(day=1)) > on - 365 * ONE_DAY
        )

    def ratios(self, scope: str, view: str) -> dict[tuple[str, Any], float | None]:
        by_row = scope in (Scope.OWNER, Scope.TEAM) and view == View.AS_WAS
        found: dict[tuple[str, Any], float | None] = {}
        for key, book in self.books(scope, view, False).items():
            found |= {(name, key): value for name, value in self.of_accounts(book).items()}
        for key, book in self.books(scope, view, by_row).items():
            found |= {(name, key): value for name, value in self.of_rows(book).items()}
        if scope in SEGMENTS:
            found = {each: value for each, value in found.items() if each[0] not in BY_OPENING}
            for key, book in self.books(scope, view, True).items():
                of_deals = self.of_rows(book)
                found |= {(name, key): of_deals[name] for name in BY_OPENING & set(of_deals)}
        return found

    def of_accounts(self, book: Book) -> dict[str, float | None]:
        on = self.world.stock_day(self.period)
        accounts = [account for account in book.rows if account is not None]
        gaps = [found for found in (self.gaps(account, on) for account in accounts) if found]
        targets = [a for a in accounts if self.world.segment(a, self.period, "is_target") == 1]
        mapped = [a for a in targets if self.key_contacts(a, on)["key"]]
        return {
            "engagement_band": sum(self.level(account, on) >= 2 for account in accounts),
            "interaction_gap": divided(sum(now for now, _ in gaps), len(gaps)),
            "interaction_gap_longest": divided(sum(longest for _, longest in gaps), len(gaps)),
            "account_coverage": divided(100 * len(mapped), len(targets)),
            "outreach_reach": book.count(
                lambda a: book.now(a, "touches_outbound") + book.now(a, "touches_two_way") > 0
            ),
        }

    def of_rows(self, book: Book) -> dict[str, float | None]:
        def now(name: str) -> float:
            return book.total(lambda a: book.now(a, name))

        return {
            "engagement_score": book.total(lambda a: t3(book, a, "points")),
            "engagement_score_decayed": now("faded"),
            "penetration_rate": divided(100 * now("engaged"), now("key")),
            "touches_inbound": now("touches_inbound"),
            "touches_outbound": now("touches_outbound"),
            "inbound_share": divided(100 * now("touches_inbound"), now("touches")),
            "time_with_customer": now("talk_hours"),
            "effort": book.total(lambda a: t3(book, a, "effort")),
            "web_visits": now("site_visit"),
            "social_interactions": now("social"),
            "email_open_rate": divided(100 * now("people_email_open"), now("people_email_delivered")),
            "email_response_rate": divided(100 * now("people_email_reply"), now("people_email_delivered")),
            "event_participation_rate": divided(
                100 * now("people_event_attended"), now("people_event_invited")
            ),
            "touches_to_closure": divided(now("closing_touches"), now("closings")),
            "touches_per_win": divided(now("deal_touches"), now("closings")),
        }

    def waits(self) -> Iterator[tuple[str, int, Day, Any, float | None, bool | None]]:
        """What was asked of whom: number, account, day, person, how long it took, and whether it was late."""
        last = self.world.stock_day(self.period)
        for request in Request.objects.all():
            on = request.opened_at.astimezone(self.zone).date()
            if on not in self.period or on > last:
                continue
            owner = request.owner_id or self.world.owner(request.account_id, on)
            for name, until, person in (
                ("first_response_time", request.first_answer_at, request.first_answer_by_id or owner),
                ("resolution_time", request.resolved_at, owner),
            ):
                taken = (until - request.opened_at).total_seconds() / 3600 if until else None
                yield name, request.account_id, on, person, taken, None
        for inside in InternalRequest.objects.all():
            on, due, done = inside.asked_on, inside.due_on, inside.done_on
            if on in self.period and on <= last:
                person = inside.asked_by_id or self.world.owner(inside.account_id, on)
                late = None if due is None else due < min(done or Day.max, last)
                taken = (done - on).days if done else None
                yield "internal_request_time", inside.account_id, on, person, taken, late

    def times(self, scope: str) -> dict[tuple[str, Any], Times]:
        found: dict[tuple[str, Any], list[tuple[float | None, bool | None]]] = defaultdict(list)
        for name, account, on, person, taken, late in self.waits():
            for key in self.keys_of(scope, Row("", account, on, person, 0)):
                found[name, key].append((taken, late))
        return {each: times_of(some) for each, some in found.items()}

    def keys_of(self, scope: str, row: Row) -> list[Any]:
        """Whose a row is: the person's and their teams', else its account's."""
        if scope in (Scope.OWNER, Scope.TEAM):
            return self.keys_of_row(scope, row)
        return self.keys_of_account(scope, row.account, View.AS_WAS)

    def acquired(self, scope: str) -> dict[tuple[str, Any], float | None]:
        """Of accounts that were no customers, by the day of the first touch from us: those won in 180 days."""
        firsts: dict[Any, dict[str, Any]] = {}
        for each in sorted(self.touches, key=lambda each: (each["on"], each["id"])):
            if each["direction"] != "inbound":
                firsts.setdefault(each["account"], each)
        counted: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
        for account, first in firsts.items():
            on = first["on"]
            if on not in self.period or on > self.world.stock_day(self.period):
                continue
            if any(day < on for day in self.world.customer_days(account)):
                continue
            won = min(
                (d.closed_on for d in self.world.deals if d.account_id == account and d.outcome == "won"
                 and d.closed_on and d.closed_on >= on),
                default=None,
            )  # fmt: skip
            is_old = on + 180 * ONE_DAY <= self.world.as_of
            for key in self.keys_of(scope, Row("", account, on, first["person"], 0)):
                counted[key][0] += 1
                counted[key][1] += is_old
                counted[key][2] += bool(is_old and won and (won - on).days <= 180)
        return {
            ("acquisition_rate", key): 100 * won / old if old and old >= 0.8 * everyone else None
            for key, (everyone, old, won) in counted.items()
        }


def times_of(some: list[tuple[float | None, bool | None]]) -> Times:
    taken = sorted(each for each, _ in some if each is not None)
    late = [each for _, each in some if each is not None]
    return Times(
        statistics.median(taken) if taken else None,
        taken[ceil(0.9 * len(taken)) - 1] if taken else None,
        len(some) - len(taken),
        sum(late) / len(late) if late else None,
    )


def divided(top: float, bottom: float) -> float | None:
    return top / bottom if bottom else None


# ------------------------------------------------------------------------------------------ tests


def near(kpi: str, found: Any, expected: float | None) -> bool:
    """Facts keep four decimals: of what is no whole number, each row's rest beyond them is lost."""
    if kpi in ("engagement_score_decayed", "time_with_customer") and found and expected:
        return abs(float(found) - expected) < 0.002
    return same(found, expected)


def compare(oracle: Engagement, scope: str, view: str) -> list[Any]:
    expected = oracle.ratios(scope, view)
    times = oracle.times(scope) if view == View.AS_WAS else {}
    if view == View.AS_WAS:
        expected |= {each: found.median for each, found in times.items()} | oracle.acquired(scope)
    found = all_keys({kpi for kpi, _ in expected}, oracle.period, scope, view)
    wrong = []
    for each in sorted(set(expected) | set(found), key=str):
        value = found[each].value if each in found else None
        if not near(each[0], value, expected.get(each)):
            wrong.append((*each, value, expected.get(each)))
        for name in ("p90", "waiting", "overdue") if each in times else ():
            beside = found[each].beside.get(name)
            if not same(beside, getattr(times[each], name)):
                wrong.append((*each, name, beside, getattr(times[each], name)))
    return wrong


def edit(made: Portfolio) -> None:
    """What people do in a day, and what they put right in what was long ago."""
    random = Random(4)
    for touch in random.sample(list(Touch.objects.all()), 4):
        touch.at -= datetime.timedelta(days=random.choice((1, 40, 300)))
        touch.direction = "two_way"
        touch.save()
    random.choice(list(Touch.objects.filter(thread=""))).delete()
    Signal.objects.filter(pk__in=Signal.objects.values("pk")[3:6]).delete()
    contact = Contact.objects.filter(key_during__isnull=False).latest("pk")
    contact.left_on = made.as_of - datetime.timedelta(days=100)
    contact.save()
    Touch.objects.filter(contacts__isnull=False).latest("pk").contacts.clear()
    add_request(made, made.accounts[0])
    for inside in InternalRequest.objects.filter(done_on=None)[:3]:
        inside.done_on = inside.asked_on + 15 * ONE_DAY
        inside.save()
    Request.objects.filter(resolved_at=None)[0].delete()


def test_every_number_of_every_scope_is_what_plain_loops_give_and_a_night_is_a_rebuild() -> None:
    made = make_portfolio(9, accounts=12)
    Organisation.objects.update(time_zone="America/New_York")
    add_engagement(made)
    run(made.as_of)
    world = read_world(made.as_of)
    zone = Organisation.current().zone
    touches = one_a_day(world, zone)
    read_touches(world, touches)
    read_signals(world, zone)
    for row in world.flows:
        if row.date < world.began.get(row.account, Day.max):
            world.began[row.account] = row.date.replace(day=1)

    wrong: list[Any] = []
    for when in (month(made.as_of), quarter(day("2024-11-01")), trailing_year(day("2025-05-31"))):
        wrong += wrong_in(world, when, zone, touches)
    assert wrong == [], "\n".join(map(str, wrong))
    assert any(row.name == "closing_touches" and row.value for row in world.flows)

    edit(made)
    run(made.as_of)
    by_night = facts(), stored()
    run(made.as_of, Run.Cause.FULL)
    assert by_night == (facts(), stored())


def wrong_in(world: World, when: Period, zone: Any, touches: list[dict[str, Any]]) -> list[Any]:
    oracle = Engagement(world, when)
    oracle.zone, oracle.touches = zone, touches
    wrong: list[Any] = []
    for scope in Scope.values:
        for view in View.values if scope in (Scope.OWNER, Scope.TEAM) else [View.AS_WAS]:
            wrong += [(str(when), scope, view, *each) for each in compare(oracle, scope, view)]
    return wrong
