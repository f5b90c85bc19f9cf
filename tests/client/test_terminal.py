"""An import on a terminal: one bar, and an end in good order by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.conftest import Command
from tests.client.fake_service import FakeService
from tests.client.lives import fill, surroundings
from tests.conditions import eventually

_NEVER = 10**9


class Terminal:
    """What a process writes onto one."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        self._shown = b""
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def shown(self) -> str:
        return self._shown.decode()

    def _read(self) -> None:
        while True:
            try:
                self._shown += os.read(self.ours, 4096)
            except OSError:
                return


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    os.close(terminal.theirs)


@contextmanager
def importing(folder: Path, out: Path, terminal: Terminal) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "cutwork", "ingest", str(folder), "-o", str(out)]
    environment = {**surroundings(), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stderr=terminal.theirs, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_sends_no_more_fetches_what_is_finished_and_says_how_to_go_on(
    service: FakeService, command: Command, terminal: Terminal, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    fill(folder, 3)
    service.lag = _NEVER

    with importing(folder, out, terminal) as process:
        eventually(lambda: "░ 0/3 · 0 failed · 0.0 a second" in terminal.shown)
        eventually(lambda: len(service.jobs) == 3)
        next(iter(service.jobs.values())).lag = 0
        process.send_signal(signal.SIGINT)
        ended = process.wait(60)

    assert ended == 130
    eventually(lambda: "1 of 3 photos done, 0 failed, 2 left." in terminal.shown)
    assert "Run the same command again to go on." in terminal.shown
    for job in service.jobs.values():
        job.lag = 0
    assert command("ingest", folder, "-o", out).code == 0
    assert set(service.posts.values()) == {1}


def test_a_second_ctrl_c_ends_at_once(
    service: FakeService, terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    fill(folder, 1)
    service.lag = _NEVER
    held = threading.Event()

    def hold() -> None:
        if service.jobs:
            held.wait(60)

    service.intercept = hold

    with importing(folder, tmp_path / "out", terminal) as process:
        eventually(lambda: service.jobs)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            eventually(lambda: "Stopping: " in terminal.shown)
        ended = process.wait(30)
    held.set()

    assert ended == 130
