"""Fills each size once and measures runs and pages over it: `python -m bench [SIZE ...]`."""

import logging
import sys

from django.conf import settings

from bench import engine, pages

SIZES = (1_000, 10_000)


def main() -> None:
    logging.disable(logging.INFO)
    settings.ALLOWED_HOSTS = ["localhost"]
    measured = {}
    for accounts in [int(size) for size in sys.argv[1:]] or SIZES:
        measured[accounts] = engine.measure(accounts)
        pages.measure(accounts)
    if len(measured) < 2:
        return
    small, large = (measured[size] for size in (min(measured), max(measured)))
    times = ", ".join(f"{name} {large[name] / small[name]:.1f} x" for name in small)
    print(f"\n{max(measured) / min(measured):.0f} x the accounts, processor time of the database: {times}")


main()
