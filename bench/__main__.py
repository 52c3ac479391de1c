"""Fills each size once and measures runs and pages over it."""

import logging

from django.conf import settings

from bench import engine, pages


def main() -> None:
    logging.disable(logging.INFO)
    settings.ALLOWED_HOSTS = ["localhost"]
    measured = {}
    for accounts in (1_000, 10_000):
        measured[accounts] = engine.measure(accounts)
        pages.measure(accounts)
    small, large = measured.values()
    print(
        f"\nTen times the accounts, processor time of the database: full rebuild {large['full'] / small['full']:.1f} x,"
        f" nightly {large['nightly'] / small['nightly']:.1f} x"
    )


main()
