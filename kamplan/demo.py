"""`make demo`: the whole product as real processes on this machine, with a made-up company in it."""

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from kamplan.env import env_int, env_text
from kamplan.services import LOOPBACK, AlreadyRunning, Instance, current, start_services
from kamplan.supervisor import Program, ProgramFailed, Stopped, Supervisor

PORTS_TO_TRY = 50


def first_free_port(host: str, wanted: int) -> int:
    for port in range(wanted, wanted + PORTS_TO_TRY):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise ProgramFailed(f"no free port from {wanted} on")


def processes(instance: Instance, host: str, port: int) -> list[Program]:
    """The same commands as in the Procfile, with their output in files."""
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "kamplan"]
    worker = [*celery, "worker", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
    granian = [python, "-m", "granian", "--interface", "wsgi", "kamplan.wsgi:application"]
    commands = {
        "web": [*granian, "--host", host, "--port", str(port), "--blocking-threads", "4", "--no-ws"],
        "worker": [*worker, "--queues=default", "--hostname=default@%h", "--concurrency=2"],
        "numbers": [*worker, "--queues=numbers", "--hostname=numbers@%h", "--concurrency=1"],
        "beat": [*celery, "beat", "--loglevel=INFO", "--pidfile=", f"--schedule={instance.folder / 'beat'}"],
    }
    # Celery takes SIGQUIT for "finish within 20 seconds or give the message back".
    soft = {"REMAP_SIGTERM": "SIGQUIT"}
    return [
        Program(
            name,
            argv,
            env={"KAMPLAN_PROCESS": name, **(soft if name in {"worker", "numbers"} else {})},
            log=instance.logs / f"{name}.log",
        )
        for name, argv in commands.items()
    ]


class Demo:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.supervisor = Supervisor(say=self.say)
        self.host = env_text("HOST") or LOOPBACK
        self.port = first_free_port(self.host, env_int("PORT", 8000))
        self.address = f"http://{'localhost' if self.host == LOOPBACK else self.host}:{self.port}"

    def say(self, text: str) -> None:
        print(text, flush=True)

    def manage(self, *arguments: str, process: str = "") -> None:
        argv = [sys.executable, "manage.py", *arguments]
        self.supervisor.run(Program(" ".join(arguments), argv, env={"KAMPLAN_PROCESS": process}))

    def readiness(self) -> dict[str, Any]:
        """What /readyz says; nothing while the web process is not up."""
        request = urllib.request.Request(
            f"http://{self.host}:{self.port}/readyz", headers={"Host": "localhost"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                body: dict[str, Any] = json.load(answer)
                return body
        except (OSError, ValueError, urllib.error.URLError):
            return {}

    def prepare(self) -> None:
        start_services(self.instance, self.supervisor)
        self.say("Tables ...")
        self.manage("migrate", "--no-input", "--verbosity=0")
        self.manage("createcachetable")
        self.manage("collectstatic", "--no-input", "--verbosity=0", process="web")
        self.say("The demonstration company ...")
        self.manage("seed_demo")

    def serve(self) -> None:
        for program in processes(self.instance, self.host, self.port):
            self.supervisor.start(program)
        self.supervisor.wait_until(lambda: bool(self.readiness()), "the web process", 60)
        if self.readiness()["newest_run_age_seconds"] is None:
            self.say("The numbers, by the worker ...")
            self.manage("recompute", "--via-worker")

    def run(self) -> None:
        started = time.monotonic()
        os.environ["KAMPLAN_INSTANCE"] = self.instance.name
        os.environ["SITE_URL"] = self.address
        self.supervisor.catch_signals()
        try:
            self.prepare()
            self.serve()
            self.manage("seed_demo", "--logins")
            self.say(f"\nkamplan answers at {self.address} (ready after {time.monotonic() - started:.0f} s).")
            self.say(f"Logs: {self.instance.logs}. Ctrl-C stops everything; the data stay.")
            while True:
                self.supervisor.tick()
                time.sleep(0.2)
        finally:
            self.say("\nStopping ...")
            self.supervisor.stop_all()


def main() -> int:
    instance = current()
    try:
        with instance.owned():
            Demo(instance).run()
    except Stopped:
        return 0
    except AlreadyRunning as problem:
        print(problem, file=sys.stderr)
    except ProgramFailed as problem:
        print(f"{problem}; see {instance.logs}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
