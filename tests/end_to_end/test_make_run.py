"""The one command that a newcomer runs: `python -m deploy.local`, which is all that `make run` does."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import urlopen

import httpx
import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from deploy.environment_file import read
from deploy.local.servers.ports import free_port
from tests.conditions import eventually
from tests.end_to_end.local_run import START_SECONDS, Run

_ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)


class Start(Protocol):
    """Starts a `make run` and waits until it is up."""

    def __call__(self, name: str, **more: str) -> Run:
        """Start one by its name, with more variables."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    ports: dict[str, int] = {}
    runs: list[Run] = []

    def start(name: str, **more: str) -> Run:
        run = Run(tmp_path / name, ports.setdefault(name, free_port()), **more)
        runs.append(run)
        eventually(run.is_up, START_SECONDS)
        return run

    yield start
    for run in runs:
        run.process.kill()
        run.process.wait()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed line is for curl")
def test_the_printed_line_works_and_its_result_outlives_a_restart(start: Start) -> None:
    first = start("home")
    url = first.post_as_told()
    assert _get(url).startswith(b"\x89PNG")
    # Nothing that goes on has scrolled the address away.
    assert first.said.read_text().rstrip().endswith(f"\n    http://127.0.0.1:{first.port}/")
    eventually(lambda: "job.succeeded" in (first.home / "worker.log").read_text())

    assert first.stop() == 0
    assert first.processes() == {}
    second = start("home")

    assert _get(url).startswith(b"\x89PNG")
    assert second.stop() == 0


def test_what_dies_is_started_again_and_told(start: Start) -> None:
    run = start("home")
    worker = _pid(run, "-m worker")
    os.kill(worker, signal.SIGKILL)

    eventually(lambda: _pid(run, "-m worker") not in {0, worker})

    assert "worker ended with -9; starting it again in 0.5 s\n" in run.said.read_text()


def test_nothing_outlives_it_when_it_is_killed(start: Start) -> None:
    run = start("home")
    assert len(run.processes()) >= 6

    run.process.kill()
    run.process.wait()

    eventually(lambda: not run.processes())


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed line is for curl")
def test_two_run_side_by_side(start: Start) -> None:
    one, other = start("one"), start("other")

    assert _get(one.post_as_told())
    assert one.stop() == 0
    assert _get(other.post_as_told())


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed line is for curl")
def test_its_database_is_postgresql_where_that_is_asked_for() -> None:
    """Root's PostgreSQL runs as another user, which cannot come by a folder of pytest's."""
    with tempfile.TemporaryDirectory(prefix="cutwork-run-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        run = Run(Path(folder, "home"), free_port(), DATABASE="postgresql")
        try:
            eventually(run.is_up, START_SECONDS)

            assert _get(run.post_as_told()).startswith(b"\x89PNG")
            url = make_url(read(run.home / "environment")["CUTWORK_DATABASE_URL"])
            with pytest.raises(OperationalError, match="password authentication failed"):
                create_engine(url.set(password="wrong")).connect()
            assert _count_jobs(url) == 1
            assert run.stop() == 0
            assert run.processes() == {}
        finally:
            run.process.kill()
            run.process.wait()


def test_what_is_open_to_other_machines_hands_out_results_that_they_can_open(start: Start) -> None:
    """127.0.0.2 stands for this machine's name in its network: nothing listens there unless it listens everywhere."""
    run = start("home", HOST="0.0.0.0")
    base = f"http://127.0.0.2:{run.port}"
    photo = _ROOT / "deploy" / "local" / "photo.jpg"

    answer = httpx.post(
        f"{base}/api/cutout/general/apparel-background-removal",
        headers={"ailabapi-api-key": run.make_key()},
        files={"image": photo.read_bytes()},
        timeout=60,
    )

    url = answer.json()["data"]["elements"][0]["image_url"]
    assert url.startswith(f"http://127.0.0.2:{run.port + 1}/")
    assert _get(url).startswith(b"\x89PNG")
    assert f"Results are at port {run.port + 1}" in run.said.read_text()
    assert run.stop() == 0
    assert run.processes() == {}


def test_of_the_object_store_only_what_asks_for_a_signature_is_open_to_other_machines(
    start: Start,
) -> None:
    run = start("home", HOST="0.0.0.0")
    named = read(run.home / "environment")

    unsigned = httpx.get(f"http://127.0.0.2:{run.port + 1}/cutwork-results/")
    assert unsigned.status_code == 403
    store = urlsplit(named["CUTWORK_S3_ENDPOINT"])
    with socket.socket() as stranger:
        assert stranger.connect_ex(("127.0.0.2", store.port or 0)) != 0


def _count_jobs(url: URL) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        count: int = connection.execute(text("SELECT count(*) FROM jobs")).scalar_one()
    engine.dispose()
    return count


def _get(url: str) -> bytes:
    with urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
    return content


def _pid(run: Run, ending: str) -> int:
    return next((pid for pid, command in run.processes().items() if command.endswith(ending)), 0)
