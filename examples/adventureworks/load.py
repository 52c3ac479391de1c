"""Import the AdventureWorks reseller sales through kamplan's own import.

    python examples/adventureworks/load.py DATA_DIR

DATA_DIR holds resellers.csv, products.csv, order_lines.csv.gz, quotas.csv, territories.csv and
currency_rates.csv.gz. What the data do not say is derived here: people from their keys, owners and
regions of accounts from the orders. Everything else is imported as it is, by the mappings beside this file.
"""

import csv
import datetime
import gzip
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = "adventureworks"
Row = dict[str, str]
# (account, who or what, first day, first day no longer)
Span = tuple[str, str, str, str]


def rows(path: Path) -> Iterator[Row]:
    unpacked = gzip.open if path.suffix == ".gz" else open
    with unpacked(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def write(path: Path, header: list[str], lines: Iterable[Iterable[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)
    return path


def by_last_order(lines: Iterable[Row], column: str) -> list[Span]:
    """What an account's orders say about it, day by day: the last order of a day decides, until another one.

    Neighbouring days that say the same form one span; the last one is open.
    """
    orders: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for line in lines:
        orders[line["ResellerKey"]][line["SalesOrderNumber"]] = (line["OrderDate"], line[column])
    spans: list[Span] = []
    for account, known in orders.items():
        days: dict[str, str] = {}
        for _, (day, value) in sorted(known.items(), key=lambda order: (order[1][0], order[0])):
            days[day] = value
        starts: list[tuple[str, str]] = []
        for day, value in days.items():
            if not starts or starts[-1][1] != value:
                starts.append((day, value))
        ends = [day for day, _ in starts[1:]] + [""]
        spans += [(account, value, first, end) for (first, value), end in zip(starts, ends, strict=True)]
    return spans


def days_with_two_sellers(lines: Iterable[Row]) -> int:
    sellers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in lines:
        sellers[line["ResellerKey"], line["OrderDate"]].add(line["EmployeeKey"])
    return sum(len(people) > 1 for people in sellers.values())


def derive(data: Path, folder: Path) -> dict[str, Path]:
    """The files that AdventureWorks does not have, made from those that it has."""
    lines = list(rows(data / "order_lines.csv.gz"))
    people = sorted({line["EmployeeKey"] for line in lines}, key=int)
    regions = {
        row["SalesTerritoryKey"]: row["SalesTerritoryRegion"] for row in rows(data / "territories.csv")
    }
    owners = by_last_order(lines, "EmployeeKey")
    territories = by_last_order(lines, "SalesTerritoryKey")
    rates = (row for row in rows(data / "currency_rates.csv.gz") if row["Currency"] != "USD")
    return {
        "users": write(
            folder / "users.csv",
            ["external_id", "email", "name", "role"],
            ([key, f"employee-{key}@{SOURCE}.example", f"Employee {key}", "manager"] for key in people),
        ),
        "assignments": write(folder / "assignments.csv", ["account", "person", "from", "to"], owners),
        "classifications": write(
            folder / "classifications.csv",
            ["account", "region", "from", "to"],
            ((account, regions[key], first, end) for account, key, first, end in territories),
        ),
        "exchange_rates": write(
            folder / "exchange_rates.csv",
            ["Currency", "Date", "AverageRate"],
            ([row["Currency"], row["Date"], row["AverageRate"]] for row in rates),
        ),
    }


def load(data: Path) -> None:
    """Import everything; needs a configured Django."""
    from django.core.management import call_command

    from accounts.models import Organisation

    Organisation.objects.update_or_create(
        pk=1, defaults={"name": "AdventureWorks resellers", "reporting_currency": "USD", "made_up": True}
    )
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "accounts": data / "resellers.csv",
            "products": data / "products.csv",
            "orders": data / "order_lines.csv.gz",
            "quotas": data / "quotas.csv",
            **derive(data, Path(folder)),
        }
        for kind in (
            "users",
            "accounts",
            "assignments",
            "classifications",
            "products",
            "exchange_rates",
            "orders",
            "quotas",
        ):
            print(f"\n{kind}")
            mapping = HERE / "mappings" / f"{kind}.json"
            call_command(
                "import_data",
                kind,
                str(files[kind]),
                source=SOURCE,
                create_missing=True,
                mapping=mapping if mapping.exists() else None,
            )


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    sys.path.insert(0, str(HERE.parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamplan.settings")
    import django

    django.setup()
    started = datetime.datetime.now()
    load(Path(sys.argv[1]))
    print(f"\nLoaded in {(datetime.datetime.now() - started).total_seconds():.0f} s.")


if __name__ == "__main__":
    main()
