"""`make demo`: the whole product as real processes on this machine, with a made-up company in it."""

import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

from kamplan.env import env_int, env_text
from kamplan.services import LOOPBACK, AlreadyRunning, Instance, current, start_services
from kamplan.supervisor import Program, ProgramFailed, Stopped, Supervisor

PORTS_TO_TRY = 50
MAIL_PORT = 8925
# The demonstration begins with figures that are older than that.
DAYS_WITHOUT_A_RUN = 7


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


def logins_of(instance: Instance) -> Path:
    return instance.folder / "logins.txt"


def fill(instance: Instance) -> None:
    """Everything that writes to the database, in one process: starting Django once takes long enough."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamplan.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    with logins_of(instance).open("w") as file:
        call_command("seed_demo", "--logins", stdout=file)
    call_command("seed_demo_targets")
    call_command("seed_demo_run")


class Demo:
    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.supervisor = Supervisor(say=self.say)
        self.host = env_text("HOST") or LOOPBACK
        self.port = first_free_port(self.host, env_int("PORT", 8000))
        self.address = f"http://{'localhost' if self.host == LOOPBACK else self.host}:{self.port}"

    def say(self, text: str) -> None:
        print(text, flush=True)

    def python(self, name: str, *arguments: str, process: str = "") -> Program:
        return Program(name, [sys.executable, *arguments], env={"KAMPLAN_PROCESS": process})

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

    def start_mail(self) -> None:
        """A mail server that keeps what it gets, so that mails take their usual way; not where one is named."""
        if env_text("EMAIL_URL"):
            return
        port = first_free_port(LOOPBACK, MAIL_PORT)
        taken, returned = self.instance.folder / "mails", self.instance.folder / "mails-returned"
        os.environ["EMAIL_URL"] = f"smtp://{LOOPBACK}:{port}"
        os.environ["KAMPLAN_MAIL_SINK"] = str(taken)
        os.environ["BOUNCE_MAILBOX"] = f"maildir://{returned}"
        program = self.python("mail", "-m", "kamplan.mail_sink", str(port), str(taken), str(returned))
        self.supervisor.start(replace(program, log=self.instance.logs / "mail.log"))

    def prepare(self) -> None:
        start_services(self.instance, self.supervisor)
        self.say("Tables, static files and the demonstration company ...")
        static = ["manage.py", "collectstatic", "--no-input", "--verbosity=0"]
        self.supervisor.run(
            self.python("prepare", "-m", "kamplan.demo", "fill"),
            self.python("collectstatic", *static, process="web"),
        )

    def serve(self) -> None:
        web, *others = processes(self.instance, self.host, self.port)
        self.supervisor.start(web)
        self.supervisor.wait_until(lambda: bool(self.readiness()), "the web process", 60)
        for program in others:
            self.supervisor.start(program)
        age = self.readiness()["newest_run_age_seconds"]
        if age is None or age > DAYS_WITHOUT_A_RUN * 86_400:
            self.say("The numbers, by the worker ...")
            self.supervisor.run(self.python("recompute", "manage.py", "seed_demo_run", "--via-worker"))

    def run(self) -> None:
        started = time.monotonic()
        os.environ["KAMPLAN_INSTANCE"] = self.instance.name
        os.environ["SITE_URL"] = self.address
        self.supervisor.catch_signals()
        try:
            self.start_mail()
            self.prepare()
            self.serve()
            self.say(logins_of(self.instance).read_text())
            self.say(f"kamplan answers at {self.address} (ready after {time.monotonic() - started:.0f} s).")
            self.say(f"Logs: {self.instance.logs}. Ctrl-C stops everything; the data stay.")
            while True:
                self.supervisor.tick()
                time.sleep(0.2)
        finally:
            self.say("\nStopping ...")
            self.supervisor.stop_all()


def main() -> int:
    instance = current()
    if sys.argv[1:] == ["fill"]:
        fill(instance)
        return 0
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
