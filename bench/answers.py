"""Answers to a survey, posted over the network to the web process of the demonstration: how many a second, how many
lost, and what one costs in processor time, which is what decides on a machine that others use, too."""

import datetime
import http.client
import logging
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection
from django.utils import timezone

from accounts.models import Account, Answer, SurveyInvitation, Wave
from accounts.surveys.answering import hashed
from accounts.surveys.ready import start_survey
from bench.engine import START
from bench.meter import TICKS
from bench.synthetic import fill
from kamplan.demo import first_free_port, processes
from kamplan.services import LOOPBACK, current

TOGETHER = 8
LOW = 0.15
HOST = {"Host": "localhost", "Content-Type": "application/x-www-form-urlencoded"}


def invite(number: int) -> tuple[list[str], dict[str, str]]:
    """A wave with so many people in it; their links, and the fields of the form by kind."""
    survey = start_survey(None, "relationship", f"Bench {timezone.now():%H:%M:%S}")
    now = timezone.now()
    wave = Wave.objects.create(
        survey=survey,
        name=survey.name,
        state=Wave.State.OPEN,
        opens_at=now,
        closes_at=now + datetime.timedelta(days=7),
        created_by_id=1,
    )
    tokens = [f"{wave.pk}-{place}" for place in range(number)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, account_id FROM accounts_contact ORDER BY id LIMIT %s", [number])
        people = cursor.fetchall()
    SurveyInvitation.objects.bulk_create(
        [
            SurveyInvitation(
                wave=wave,
                contact_id=contact,
                account_id=account,
                language="en",
                invited_at=now,
                delivered_at=now,
                token_hash=hashed(token),
            )
            for token, (contact, account) in zip(tokens, people, strict=True)
        ],
        batch_size=1000,
    )
    return tokens, {f"q{each.pk}": each.kind for each in survey.questions.all()}


def given(fields: dict[str, str]) -> str:
    """What somebody ticks and writes; some are not content, which opens a talk."""
    mark = random.randint(0, 6) if random.random() < LOW else random.randint(7, 10)
    said = {"nps": mark, "scale": max(1, mark // 2), "csat5": max(1, mark // 2), "csat10": max(1, mark)}
    return urlencode({name: said.get(kind, "Spare parts take too long.") for name, kind in fields.items()})


def spent(pids: list[int]) -> float:
    """Processor seconds of these processes and of their children that ended."""
    found = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids)
    return sum(sum(map(int, fields[11:15])) for fields in found) / TICKS


def family(parent: int) -> list[int]:
    """A process with all that it has started."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    return [parent, *(pid for child in children.read_text().split() for pid in family(int(child)))]


def postmaster() -> int:
    """Who keeps the time of backends that ended, too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return int(Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[1])


@contextmanager
def web() -> Iterator[tuple[int, int]]:
    """The web process as `make demo` starts it: its port and its number."""
    port = first_free_port(LOOPBACK, 8600)
    program = processes(current(), LOOPBACK, port)[0]
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(
            program.argv, env={**os.environ, **program.env}, stdout=nowhere, stderr=nowhere
        )
    try:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, port)) == 0:
                    break
            time.sleep(0.25)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def measure(number: int) -> None:
    """Everybody answers, eight at a time, each over a connection of their own, as telephones do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM accounts_contact")
        number = min(number, cursor.fetchone()[0])
    tokens, fields = invite(number)
    with web() as (port, pid):

        def post(token: str) -> tuple[int, float]:
            begun = time.monotonic()
            asked = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
            try:
                asked.request("POST", f"/s/{token}/", given(fields), HOST)
                answer = asked.getresponse()
                answer.read()
                return answer.status, time.monotonic() - begun
            except OSError:
                return 0, time.monotonic() - begun
            finally:
                asked.close()

        warm, measured = tokens[:40], tokens[40:]
        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(post, warm))
            before, load = Answer.objects.count(), os.getloadavg()[0]
            ours, theirs = family(pid), family(postmaster())
            costs = spent(ours), spent(theirs)
            begun = time.monotonic()
            codes = list(pool.map(post, measured))
            seconds = time.monotonic() - begun
        application, database = spent(ours) - costs[0], spent(family(postmaster())) - costs[1]
    taken = sum(code == 200 for code, _ in codes)
    kept = Answer.objects.count() - before
    walls = statistics.quantiles([wall for _, wall in codes], n=20)
    per = 1000 / max(kept, 1)
    print(
        f"\n{len(codes)} answers, {TOGETHER} at a time, load {load:.1f} -> {os.getloadavg()[0]:.1f} on"
        f" {os.cpu_count()} cores: {kept / seconds:.1f} a second; {taken} accepted, {kept} kept,"
        f" {len(codes) - taken} refused, {taken - kept} lost;"
        f" median {walls[9] * 1000:.0f} ms, p95 {walls[18] * 1000:.0f} ms\n"
        f"  processor per answer: application {application * per:.1f} ms, database {database * per:.1f} ms;"
        f" one core alone takes {1000 / (1000 * application / max(kept, 1)):.0f} of the application's a second"
    )


def prepare() -> None:
    logging.disable(logging.INFO)
    if not Account.objects.exists():
        fill(500, START)


def main() -> None:
    prepare()
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)


if __name__ == "__main__":
    main()
