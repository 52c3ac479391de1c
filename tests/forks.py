"""Processes that begin at once: Django is loaded a single time, and each child is forked from there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

LOADED = """
import os, sys
import django
django.setup()
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        exec(eval(line), {})
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Forks:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def start(self, code: str) -> int:
        """Run this in a child, and say its number."""
        print(repr(code), file=self.process.stdin, flush=True)
        return int(self._answer())

    def ended(self) -> int:
        """Wait for the child; its exit code, negative where a signal killed it."""
        return int(self._answer())


@contextmanager
def forks(**environment: str) -> Iterator[Forks]:
    process = subprocess.Popen(
        [sys.executable, "-c", LOADED],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "kamplan.settings", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Forks(process)
    finally:
        process.kill()
        process.communicate()
