"""Keeps a handful of real processes running and leaves none behind."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
# A child that lived this long was healthy: its next crash is answered at once again.
HEALTHY_SECONDS = 60
LONGEST_PAUSE = 30.0


class Stopped(Exception):
    """Somebody asked to stop (Ctrl-C, SIGTERM or a closed terminal)."""


class ProgramFailed(Exception):
    """A program that had to succeed did not."""


@dataclass(frozen=True)
class Program:
    name: str
    argv: Sequence[str]
    env: dict[str, str] = field(default_factory=dict)
    log: Path | None = None
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 30.0
    # A service is stopped after everything that uses it.
    service: bool = False


@dataclass
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float
    crashes: int = 0
    restart_at: float | None = None


def child_setup(user: str | None, parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    account = pwd.getpwnam(user) if user else None

    def setup() -> None:
        if account:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        if LIBC:
            # The kernel passes the signal on even when this supervisor is killed with -9.
            LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal))
            if os.getppid() != parent:
                os._exit(1)

    return setup


def spawn(program: Program) -> subprocess.Popen[bytes]:
    log: IO[bytes] | None = program.log.open("ab") if program.log else None
    try:
        return subprocess.Popen(
            list(program.argv),
            env={**os.environ, **program.env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/" if program.user else None,
            # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which stops in order.
            start_new_session=True,
            preexec_fn=child_setup(program.user, os.getpid(), program.stop_signal),
        )
    finally:
        if log:
            log.close()


def kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


class Supervisor:
    def __init__(self, say: Callable[[str], None] = print) -> None:
        self.say = say
        self.children: dict[str, Child] = {}
        self.stop_requested = False
        self.impatient = False

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._request_stop)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        # Whoever asks twice does not want to wait for work in progress.
        self.impatient = self.stop_requested
        self.stop_requested = True

    def start(self, program: Program) -> None:
        self.children[program.name] = Child(program, spawn(program), time.monotonic())

    def running(self, name: str) -> bool:
        child = self.children.get(name)
        return child is not None and child.process.poll() is None

    def tick(self) -> None:
        """Restart what crashed, a little later each time."""
        if self.stop_requested:
            raise Stopped
        now = time.monotonic()
        for child in self.children.values():
            code = child.process.poll()
            if code is None:
                continue
            if child.restart_at is None:
                # What the dead leader left in its group would hold ports and locks.
                kill_group(child.process.pid)
                child.crashes = 0 if now - child.started > HEALTHY_SECONDS else child.crashes
                pause = min(0.5 * 2**child.crashes, LONGEST_PAUSE)
                child.crashes += 1
                child.restart_at = now + pause
                self.say(f"{child.program.name} ended with code {code}; starting it again in {pause:g} s")
            elif now >= child.restart_at:
                child.process = spawn(child.program)
                child.started, child.restart_at = now, None

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            self.tick()
            if time.monotonic() > deadline:
                raise ProgramFailed(f"{what} was not ready within {seconds:g} s")
            time.sleep(0.1)

    def run(self, *programs: Program) -> None:
        """Run programs side by side to their end; raises if one fails, stops them when asked to stop."""
        children = [Child(program, spawn(program), time.monotonic()) for program in programs]
        try:
            while any(child.process.poll() is None for child in children):
                self.tick()
                time.sleep(0.05)
        finally:
            self._stop(children)
        for child in children:
            if child.process.returncode:
                raise ProgramFailed(f"{child.program.name} ended with code {child.process.returncode}")

    def stop_all(self) -> None:
        for services in (False, True):
            self._stop([child for child in self.children.values() if child.program.service is services])
        self.children.clear()

    def _stop(self, children: list[Child]) -> None:
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(child.program.stop_signal)
        asked = time.monotonic()
        for child in children:
            while child.process.poll() is None:
                hurry = self.impatient and not child.program.service
                if hurry or time.monotonic() - asked > child.program.grace:
                    self.say(f"{child.program.name} was killed before it had stopped")
                    break
                time.sleep(0.05)
            kill_group(child.process.pid)
            child.process.wait()
