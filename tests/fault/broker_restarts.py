"""`python -m tests.fault.broker_restarts --runs 20`: how soon work goes on after the broker was away, at the defaults.

Each run starts `make run`, posts photos with `task_type=async`, takes the broker away at a random moment of the work
and in a random way, and waits until every job has ended. It prints a line a run, and ends with 1 if a job was stuck or
failed, or if jobs waited and none was claimed for longer than README promises, counted from the broker's return on.

| way        | what is done                                                                          |
|------------|---------------------------------------------------------------------------------------|
| kill, end  | KILL or TERM for the server of `make run`, which starts it again; it keeps its file   |
| freeze     | SIGSTOP for that server, and SIGCONT up to half a minute later                        |
| disconnect | CLIENT KILL for all connections, at a server of ours: that of `make run` forbids it   |
| forget     | KILL for a server of ours that keeps no file: all messages are gone                   |
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import select

from deploy.environment_file import read
from deploy.local.processes.process import Process
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.valkey import Valkey
from shared.errors import DatabaseUnavailable
from shared.job import LIVE, JobStatus
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.client import submit
from tests.fault.hanging_up import hang_up
from tests.fault.process_tree import descendants_of
from tests.pictures import astronaut, jpeg

_ROOT = Path(__file__).parents[2]
_PROMISED_SECONDS = 13.0
#: A job that has not ended by then is stuck.
_STUCK_SECONDS = 150
#: As long as `make run` itself waits for what it starts.
_START_SECONDS = 120
_WAYS = ("kill", "end", "freeze", "disconnect", "forget")
#: The broker goes away within this time a photo, counted from the first post: while most of them wait or are worked on.
_SECONDS_A_PHOTO = 0.3
_DOWN_SECONDS = (0.3, 5.0)
_FROZEN_SECONDS = (1.0, 30.0)


@dataclass(frozen=True)
class Plan:
    """One run: after `moment` seconds the broker goes away for `away` seconds."""

    way: str
    moment: float
    away: float
    photos: int


@dataclass(frozen=True)
class Outcome:
    """What came of it, in seconds after the broker's return."""

    stuck: int
    failed: int
    #: Claims that followed the return, in their order.
    claims: list[float]
    all_done: float
    most_attempts: int

    @property
    def is_right(self) -> bool:
        """Whether the promise was kept."""
        pauses = (after - before for before, after in pairwise([0.0, *self.claims]))
        in_time = all(pause <= _PROMISED_SECONDS for pause in pauses)
        return in_time and not self.stuck and not self.failed


class Service:
    """`make run` in a folder of its own, and the broker that it uses."""

    def __init__(self, way: str, directory: Path, stack: ExitStack) -> None:
        """Start all of it; the stack ends it."""
        self._way = way
        self._port = free_port()
        self._own_server: Valkey | None = None
        environment = {
            **{name: value for name, value in os.environ.items() if "CUTWORK" not in name},
            "DATA_DIR": str(directory / "data"),
            "PORT": str(self._port),
        }
        if way in {"disconnect", "forget"}:
            server = Valkey(directory / "valkey", persistent=way == "disconnect")
            self._own_server = stack.enter_context(server)
            environment["CUTWORK_REDIS_URL"] = server.url
        self._process = Process(
            "make run",
            [sys.executable, "-m", "deploy.local"],
            output=directory / "log",
            environment=environment,
            directory=_ROOT,
        )
        self._process.start()
        stack.callback(self._process.stop, 40)
        environment_file = directory / "data" / "environment"
        self._process.wait_until(environment_file.exists, _START_SECONDS)
        noted = read(environment_file)
        self._redis_url = noted["CUTWORK_REDIS_URL"]
        self.database = Database(noted["CUTWORK_DATABASE_URL"])
        stack.callback(self.database.close)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def take_broker_away(self, seconds: float) -> float:
        """Take it away and bring it back; gives the time of its return, in seconds since the epoch."""
        if self._way == "disconnect":
            with redis.Redis.from_url(self._redis_url) as client:
                hang_up(client)
        elif self._own_server is not None:
            self._own_server.kill()
            time.sleep(seconds)
            self._own_server.start()
        elif self._way == "freeze":
            pid = self._server_pid()
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)
        else:
            self._process_ends(signal.SIGKILL if self._way == "kill" else signal.SIGTERM)
        return time.time()

    def _process_ends(self, number: signal.Signals) -> None:
        before = self._server_pid()
        os.kill(before, number)
        eventually(lambda: self._server_pid() not in {0, before})
        eventually(self._broker_answers)

    def _server_pid(self) -> int:
        for pid in descendants_of(self._process.pid):
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().startswith("valkey"):
                    return pid
        return 0

    def _broker_answers(self) -> bool:
        try:
            with redis.Redis.from_url(self._redis_url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def run(plan: Plan) -> Outcome:
    """Do one run, with everything new."""
    with tempfile.TemporaryDirectory(prefix="cutwork-") as directory, ExitStack() as stack:
        service = Service(plan.way, Path(directory), stack)
        photo = jpeg(astronaut())
        thief = stack.enter_context(ThreadPoolExecutor(1))
        submit(service.url, photo)
        stolen = thief.submit(_after, plan.moment, lambda: service.take_broker_away(plan.away))
        for _ in range(plan.photos - 1):
            submit(service.url, photo)
        return _outcome(service.database, stolen.result())


def _after(seconds: float, act: Callable[[], float]) -> float:
    time.sleep(seconds)
    return act()


def _outcome(database: Database, returned: float) -> Outcome:
    deadline = time.time() + _STUCK_SECONDS
    rows = _rows(database)
    while any(row.status in LIVE for row in rows) and time.time() < deadline:
        time.sleep(0.1)
        rows = _rows(database)

    def seconds_after(moment: datetime) -> float:
        return moment.timestamp() - returned

    claims = sorted(seconds_after(row.started_at) for row in rows if row.started_at is not None)
    return Outcome(
        stuck=sum(row.status in LIVE for row in rows),
        failed=sum(row.status == JobStatus.FAILED for row in rows),
        claims=[seconds for seconds in claims if seconds > 0],
        all_done=max(
            (seconds_after(row.finished_at) for row in rows if row.finished_at), default=0
        ),
        most_attempts=max(row.attempt for row in rows),
    )


def _rows(database: Database) -> list[Any]:
    while True:
        try:
            with database.reading() as connection:
                return list(connection.execute(select(jobs)).all())
        except DatabaseUnavailable:
            time.sleep(0.1)


def main() -> int:
    """Run as often as asked, and print a table."""
    wanted = _arguments()
    chance = random.Random(wanted.seed)
    _say(f"seed {wanted.seed}")
    _say(
        "| run | way | photos | after, s | away, s | claims after | first, last claim, s | all done, s |"
    )
    _say("|---|---|---|---|---|---|---|---|")
    wrong = 0
    for number in range(1, wanted.runs + 1):
        plan = _plan(chance, wanted.photos, wanted.ways)
        outcome = run(plan)
        wrong += not outcome.is_right
        claims = f"{outcome.claims[0]:.1f}, {outcome.claims[-1]:.1f}" if outcome.claims else "-"
        trouble = "" if outcome.is_right else f" WRONG: {outcome}"
        _say(
            f"| {number} | {plan.way} | {plan.photos} | {plan.moment:.1f} | {plan.away:.1f} "
            f"| {len(outcome.claims)} | {claims} | {outcome.all_done:.1f} |{trouble}"
        )
    _say(f"{wrong} of {wanted.runs} wrong")
    return 1 if wrong else 0


def _plan(chance: random.Random, photos: list[int], ways: list[str]) -> Plan:
    way = chance.choice(ways)
    # `make run` brings back what ended, half a second later.
    away = {"freeze": chance.uniform(*_FROZEN_SECONDS), "forget": chance.uniform(*_DOWN_SECONDS)}
    count = chance.choice(photos)
    return Plan(way, chance.uniform(0, _SECONDS_A_PHOTO * count), away.get(way, 0), count)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", default=str(random.randrange(10**9)))
    parser.add_argument("--photos", type=int, nargs="+", default=[1, 2, 12])
    parser.add_argument("--ways", choices=_WAYS, nargs="+", default=list(_WAYS))
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
