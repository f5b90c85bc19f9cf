from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.processes.process import Process, ProcessFailed
from tests.conditions import eventually

Start = Callable[..., Process]

_SLEEP = "import time; time.sleep(600)"
_DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    + _SLEEP
)
_PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_SLEEP!r}])
print(child.pid, flush=True)
child.wait()
"""
_SUPERVISOR = f"""
import sys, time
from pathlib import Path
from deploy.local.processes.process import Process
child = Process("child", [sys.executable, "-c", {_SLEEP!r}], output=Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "process.log"


@pytest.fixture
def start(log: Path) -> Iterator[Start]:
    started: list[Process] = []

    def start(code: str, *arguments: str) -> Process:
        process = Process("child", [sys.executable, "-c", code, *arguments], output=log)
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        process.kill()


def test_output_goes_to_the_log(start: Start, log: Path) -> None:
    start("print('hello')").finish(30)

    assert log.read_text() == "hello\n"


def test_a_log_is_appended_to(start: Start, log: Path) -> None:
    log.write_text("before\n")

    start("print('hello')").finish(30)

    assert log.read_text() == "before\nhello\n"


def test_a_log_that_has_grown_long_makes_room_while_its_process_writes_on(
    start: Start, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.processes.output.MOST_BYTES", 20)
    code = "print(1, 'x' * 20, flush=True); open(__import__('sys').argv[1]).read(); print(2, flush=True);"
    gate = log.with_name("gate")
    os.mkfifo(gate)
    process = start(code + _SLEEP, str(gate))
    eventually(lambda: log.read_text().startswith("1"))

    process.make_room_in_log()
    gate.write_text("go on")

    assert eventually(log.read_text) == "2\n"
    assert log.with_name(f"{log.name}.1").read_text() == f"1 {'x' * 20}\n"
    process.make_room_in_log()
    assert log.read_text() == "2\n"


def test_waiting_ends_when_the_condition_holds(start: Start, log: Path) -> None:
    process = start("print('ready', flush=True);" + _SLEEP)

    process.wait_until(lambda: "ready" in log.read_text(), 30)

    assert process.is_running


def test_waiting_fails_with_the_last_lines_when_the_process_dies(start: Start, log: Path) -> None:
    log.write_text("of an earlier run\n")
    process = start("import sys; sys.exit('no such model')")

    with pytest.raises(
        ProcessFailed, match=r"child ended with 1 before it was ready\n +no such model$"
    ):
        process.wait_until(lambda: False, 30)


def test_waiting_fails_when_the_time_is_up(start: Start) -> None:
    process = start(_SLEEP)

    with pytest.raises(ProcessFailed, match=r"child was not ready after 0\.1 s"):
        process.wait_until(lambda: False, 0.1)


def test_a_command_that_fails_is_told(start: Start) -> None:
    with pytest.raises(ProcessFailed, match="child ended with 3"):
        start("raise SystemExit(3)").finish(30)


def test_a_program_that_is_not_there_is_told(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder in PATH that is closed to this user would be told instead.
    monkeypatch.setenv("PATH", str(tmp_path))
    process = Process("child", ["no-such-program"], output=log)
    process.start()

    with pytest.raises(ProcessFailed, match="no-such-program: No such file"):
        process.finish(30)


def test_a_stop_is_asked_for_before_it_is_forced(start: Start) -> None:
    process = start(_SLEEP)

    process.stop(30)

    assert process.return_code == -signal.SIGTERM


def test_a_process_that_does_not_stop_is_killed(start: Start, log: Path) -> None:
    process = start(_DEAF)
    process.wait_until(lambda: "up" in log.read_text(), 30)

    process.stop(0.1)

    assert process.return_code == -signal.SIGKILL


def test_a_process_that_is_paused_can_be_stopped(start: Start) -> None:
    process = start(_SLEEP)
    process.pause()
    eventually(lambda: _state(process.pid) == "T")

    process.stop(30)

    assert process.return_code == -signal.SIGTERM


def test_a_process_that_is_resumed_runs_on(start: Start) -> None:
    process = start(_SLEEP)
    process.pause()
    eventually(lambda: _state(process.pid) == "T")

    process.resume()

    eventually(lambda: _state(process.pid) in "RS")


def test_a_kill_reaches_grandchildren(start: Start, log: Path) -> None:
    process = start(_PARENT)
    grandchild = int(eventually(log.read_text))

    process.kill()

    eventually(lambda: not _lives(grandchild))


def test_a_process_can_be_started_again(start: Start) -> None:
    process = start(_SLEEP)
    first = process.pid
    process.kill()

    process.start()

    assert process.is_running
    assert process.pid != first


def test_a_process_outlives_the_thread_that_started_it(start: Start, log: Path) -> None:
    code = "import time; time.sleep(0.2); print('alive', flush=True);" + _SLEEP
    thread = threading.Thread(target=start, args=(code,))
    thread.start()
    thread.join()

    assert eventually(log.read_text) == "alive\n"


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process that its parent died"
)
def test_children_die_with_a_supervisor_that_is_killed(log: Path) -> None:
    command = [sys.executable, "-c", _SUPERVISOR, str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert _lives(child)

        supervisor.kill()

    eventually(lambda: not _lives(child))


def _lives(pid: int) -> bool:
    try:
        return _state(pid) != "Z"
    except FileNotFoundError:
        return False


def _state(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0]
