"""The embedded services and the supervisor: real processes, killed and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from kamplan import services
from kamplan.services import AlreadyRunning, Instance, start_services
from kamplan.supervisor import Program, ProgramFailed, Stopped, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# A parent with a child in its group that both ignore a polite request.
STUBBORN = [
    sys.executable,
    "-c",
    "import os, signal, time; signal.signal(15, signal.SIG_IGN)\n"
    "os.fork(); print('up', flush=True); time.sleep(600)",
]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def none_alive(pids: list[int]) -> bool:
    return not any(map(alive, pids))


def members(group: int) -> list[int]:
    """Not from a `ps`, which small machines lack."""
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getpgid(pid) == group and alive(pid):
                found.append(pid)
    return found


def soon(happens: Callable[[], bool], seconds: float = 120) -> bool:
    """Long enough for a machine on which everything else wants to run as well."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happens():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor(say=lambda text: None)
    yield supervisor
    supervisor.stop_all()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """An instance of its own, as if this were another checkout; durable, which those called test are not."""
    monkeypatch.setattr(services, "BASE_DIR", tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("KAMPLAN_POSTGRES_BIN", raising=False)
    instance = Instance("durable")
    yield instance
    if instance.data != instance.folder:
        subprocess.run(["rm", "-rf", str(instance.data.parent)], check=True)


def test_a_crashed_program_is_started_again(supervisor: Supervisor) -> None:
    supervisor.start(Program("sleeper", SLEEPER))
    first = supervisor.children["sleeper"].process.pid
    os.kill(first, signal.SIGKILL)

    def again() -> bool:
        supervisor.tick()
        return supervisor.running("sleeper") and supervisor.children["sleeper"].process.pid != first

    assert soon(again)


def test_each_crash_in_a_row_doubles_the_pause(supervisor: Supervisor) -> None:
    said: list[str] = []
    supervisor.say = said.append
    supervisor.start(Program("short", [sys.executable, "-c", "raise SystemExit(3)"]))

    def crashed_three_times() -> bool:
        supervisor.tick()
        return len(said) == 3

    assert soon(crashed_three_times)
    assert [text.rpartition("in ")[2] for text in said] == ["0.5 s", "1 s", "2 s"]


def test_stopping_kills_the_whole_group_of_a_program_that_does_not_listen(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    supervisor.start(Program("stubborn", STUBBORN, log=log, grace=0.5))
    group = supervisor.children["stubborn"].process.pid
    assert soon(lambda: log.exists() and log.read_text().count("up") == 2)
    assert len(members(group)) == 2
    supervisor.stop_all()
    # The system ends a killed grandchild in its own time; nobody here can wait for it as a parent does.
    assert soon(lambda: members(group) == [])


def test_services_stop_after_the_programs_that_use_them(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "order"
    ending = "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit())\nprint('up', flush=True)\n"
    ending += "try: time.sleep(600)\nfinally: print({!r}, flush=True)"
    supervisor.start(
        Program("service", [sys.executable, "-c", ending.format("service")], log=log, service=True)
    )
    supervisor.start(Program("web", [sys.executable, "-c", ending.format("web")], log=log))
    assert soon(lambda: log.read_text().count("up") == 2)
    supervisor.stop_all()
    assert log.read_text().split() == ["up", "up", "web", "service"]


def test_a_request_to_stop_ends_a_program_that_is_being_waited_for(supervisor: Supervisor) -> None:
    supervisor.stop_requested = True
    with pytest.raises(Stopped):
        supervisor.run(Program("sleeper", SLEEPER))


def test_a_program_that_must_succeed_and_fails_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(ProgramFailed, match="migrate ended with code 3"):
        supervisor.run(Program("migrate", [sys.executable, "-c", "raise SystemExit(3)"]))


def test_services_keep_their_data_over_a_restart(instance: Instance, supervisor: Supervisor) -> None:
    for expected in (0, 1):
        with instance.owned():
            start_services(instance, supervisor)
            running = instance.running()
            assert running is not None
            with psycopg.connect(running.database_url, autocommit=True) as link:
                link.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
                assert link.execute("SELECT count(*) FROM kept").fetchone() == (expected,)
                link.execute("INSERT INTO kept VALUES (1)")
            with redis.Redis.from_url(running.redis_url) as client:
                assert client.llen("kept") == expected
                client.rpush("kept", "x")
            supervisor.stop_all()
    assert instance.running() is None


def test_killed_services_come_back_with_their_data_at_the_same_address(
    instance: Instance, supervisor: Supervisor
) -> None:
    with instance.owned():
        start_services(instance, supervisor)
        running = instance.running()
        assert running is not None
        with psycopg.connect(running.database_url, autocommit=True) as link:
            link.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        with redis.Redis.from_url(running.redis_url) as client:
            client.rpush("kept", *range(1000))
            # Valkey writes its file to the disk once a second.
            assert client.execute_command("WAITAOF", 1, 0, 60_000)[0] == 1
        for name in ("postgres", "valkey"):
            os.kill(supervisor.children[name].process.pid, signal.SIGKILL)

        def kept() -> bool:
            supervisor.tick()
            try:
                with (
                    psycopg.connect(running.database_url) as link,
                    redis.Redis.from_url(running.redis_url) as client,
                ):
                    rows = link.execute("SELECT count(*) FROM kept").fetchone()
                    return rows == (1000,) and client.llen("kept") == 1000
            except (psycopg.OperationalError, redis.RedisError):
                return False

        assert soon(kept)


def test_a_crash_of_the_machine_is_survived(instance: Instance, supervisor: Supervisor) -> None:
    """Everything dies at once; afterwards the recorded process numbers belong to others."""
    with instance.owned():
        start_services(instance, supervisor)
        running = instance.running()
        assert running is not None
        with psycopg.connect(running.database_url, autocommit=True) as link:
            link.execute("CREATE TABLE kept AS SELECT 1 AS n")
        stale = instance.data / "postgres" / "postmaster.pid"
        for child in supervisor.children.values():
            child.process.kill()
            child.process.wait()
        supervisor.children.clear()
        lines = stale.read_text().splitlines()
        stale.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        (instance.data / "valkey" / "valkey.pid").write_text(f"{os.getpid()}\n")
    with instance.owned():
        start_services(instance, supervisor)
        running = instance.running()
        assert running is not None
        with psycopg.connect(running.database_url) as link:
            assert link.execute("SELECT n FROM kept").fetchone() == (1,)
        supervisor.stop_all()


def test_a_server_without_its_supervisor_is_stopped_before_the_next_start(
    instance: Instance, supervisor: Supervisor
) -> None:
    with instance.owned():
        start_services(instance, supervisor)
        left = {name: child.process for name, child in supervisor.children.items()}
    supervisor.children.clear()
    with instance.owned():
        start_services(instance, supervisor)
        assert all(process.wait(60) is not None for process in left.values())
        supervisor.stop_all()


def test_an_instance_has_one_owner_at_a_time(instance: Instance) -> None:
    with instance.owned(), pytest.raises(AlreadyRunning), instance.owned():
        pass


def test_a_folder_that_cannot_be_written_is_named_in_one_sentence(instance: Instance) -> None:
    instance.folder.parent.mkdir(parents=True, exist_ok=True)
    instance.folder.write_text("a file stands where the folder should be")
    try:
        with pytest.raises(ProgramFailed, match="cannot be written to: "), instance.owned():
            pass
    finally:
        instance.folder.unlink()


def test_forgetting_removes_the_data_wherever_they_lie_but_never_under_a_running_instance(
    instance: Instance,
) -> None:
    instance.data.mkdir(parents=True, exist_ok=True)
    with instance.owned():
        assert services.forget(instance) == 1
        assert instance.data.exists()
    assert services.forget(instance) == 0
    assert not instance.data.exists()
    assert not instance.folder.exists()
    assert services.forget(instance) == 0


def test_addresses_left_by_a_dead_owner_are_not_believed(instance: Instance) -> None:
    instance.folder.mkdir(parents=True)
    instance.state.write_text('{"pid": 1, "database_url": "postgres://gone", "redis_url": "redis://gone"}')
    assert instance.running() is None


def test_passwords_and_addresses_are_readable_by_their_owner_only(
    instance: Instance, supervisor: Supervisor
) -> None:
    with instance.owned():
        start_services(instance, supervisor)
        secret = [instance.state, instance.data / "postgres.password", instance.data / "valkey.password"]
        assert [oct(path.stat().st_mode & 0o777) for path in secret] == ["0o600"] * 3
        arguments = [
            Path(f"/proc/{child.process.pid}/cmdline").read_text() for child in supervisor.children.values()
        ]
        password = (instance.data / "valkey.password").read_text()
        assert not any(password in argument for argument in arguments)
        supervisor.stop_all()


def test_nothing_is_left_when_the_supervisor_is_told_to_stop_or_killed(instance: Instance) -> None:
    checkout = Path(__file__).resolve().parent.parent
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        command = "from kamplan import services; from pathlib import Path; import sys; "
        command += f"services.BASE_DIR = Path({str(instance.folder.parent.parent)!r}); "
        command += "sys.exit(services.run(services.Instance('durable'), ['sleep', '600']))"
        process = subprocess.Popen([sys.executable, "-c", command], cwd=checkout, start_new_session=True)
        assert soon(lambda: instance.running() is not None)
        servers = [int((instance.data / "postgres" / "postmaster.pid").read_text().split()[0])]
        servers.append(int((instance.data / "valkey" / "valkey.pid").read_text()))
        assert all(map(alive, servers))
        os.kill(process.pid, number)
        process.wait(120)
        assert soon(partial(none_alive, servers))
        # `sleep` shares the terminal, not our care, when we are killed outright.
        if number == signal.SIGKILL:
            os.killpg(process.pid, signal.SIGKILL)
        assert instance.running() is None
