"""Processor time (application and database), p95 and statements of the main pages at two sizes."""

import statistics
import time
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, User
from bench.meter import backend_seconds

VISITS = 20


class Count:
    """Counts the statements of a block."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.number += 1
        return execute(*arguments)


def visitor(user: User) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def pages() -> list[tuple[str, User, str]]:
    head = User.objects.get(role="head")
    lead = User.objects.get(role="lead")
    manager = User.objects.filter(role="manager").order_by("pk")[1]
    account = manager.assignments.filter(during__endswith__isnull=True).order_by("pk")[0].account_id
    theirs = Membership.objects.filter(team__lead=lead).order_by("pk")[0].user_id
    scorecard = "metrics:scorecard_of"
    return [
        ("portfolio, head", head, reverse("portfolio:list")),
        ("home, head", head, reverse("home")),
        ("portfolio, manager", manager, reverse("portfolio:list")),
        ("account", manager, reverse("portfolio:account", args=[account])),
        ("scorecard, manager", manager, reverse(scorecard, args=["owner", manager.pk])),
        ("scorecard, team", lead, reverse(scorecard, args=["team", 1])),
        ("scorecard, company", head, reverse(scorecard, args=["company", "all"])),
        ("explain nrr, manager", manager, reverse("metrics:explain", args=["owner", manager.pk, "nrr"])),
        ("explain nrr, a lead", lead, reverse("metrics:explain", args=["owner", theirs, "nrr"])),
        ("explain nrr, company", head, reverse("metrics:explain", args=["company", "all", "nrr"])),
        (
            "explain revenue, company",
            head,
            reverse("metrics:explain", args=["company", "all", "account_revenue"]),
        ),
    ]


def measure(accounts: int) -> None:
    """The pages over what the runs before have published."""
    with connection.cursor() as cursor:
        # What the database does by itself within a minute.
        cursor.execute("VACUUM ANALYZE metrics_accountmonth")
    print(f"\n{accounts} accounts: page, processor time of application + database, p95, statements")
    for name, user, path in pages():
        client = visitor(user)
        response = client.get(path)
        if response.status_code != 200:
            print(f"  {name:26} answered {response.status_code}")
            continue
        counted = Count()
        with connection.execute_wrapper(counted):
            client.get(path)
        application, database, walls = [], [], []
        for _ in range(VISITS):
            before = (time.process_time(), time.monotonic())
            client.get(path)
            application.append(time.process_time() - before[0])
            walls.append(time.monotonic() - before[1])
        begun = backend_seconds()
        for _ in range(VISITS):
            client.get(path)
        database.append((backend_seconds() - begun) / VISITS)
        p95 = statistics.quantiles(walls, n=20)[-1]
        print(
            f"  {name:26} {statistics.mean(application) * 1000:5.0f} + {database[0] * 1000:5.0f} ms"
            f"   p95 {p95 * 1000:5.0f} ms   {counted.number:3} statements"
        )
