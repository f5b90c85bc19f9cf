"""The broker alone goes away, again and again and in every way, while every hand of every worker is busy.

What else the nemesis does kills workers so often that one which no longer listens is soon replaced. Here nobody else is
hurt: each worker must claim jobs again by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import func, select

from shared.errors import DatabaseUnavailable
from shared.job import JobStatus
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.fault.fleet import Fleet
from tests.fault.hand import Fault, hurt
from tests.fault.target import Target

_ACTS = ("kill", "disconnect", "pause", "terminate")
#: Longer than a job takes, so that each that was running ends while the broker is away.
_AWAY_SECONDS = 2.0
#: For the workers to be busy, which needs customers that post.
_BUSY_SECONDS = 30.0
#: For each worker to claim a job after the broker is back.
_HEAR_SECONDS = 30.0
_POLL_SECONDS = 0.05


class Siege:
    """One round of all acts."""

    def __init__(self, fleet: Fleet, on_fault: Callable[[Fault], None]) -> None:
        """Prepare; nothing is hurt yet."""
        self._fleet = fleet
        self._on_fault = on_fault
        self._database = Database(fleet.settings.database_url)
        self._workers = [target for target in fleet.processes if target.kind == "worker"]
        [self._broker] = [target for target in fleet.targets if target.kind == "valkey"]

    def run(self) -> list[str]:
        """Do everything once, and tell which workers heard nothing afterwards."""
        try:
            return [trouble for act in _ACTS for trouble in self._besiege(act)]
        finally:
            self._database.close()

    def _besiege(self, act: str) -> Iterator[str]:
        if not _becomes_true(self._are_all_busy, _BUSY_SECONDS):
            yield f"workers were not busy before the broker's '{act}'"
        processes = [worker.process.pid for worker in self._workers]
        began = time.time()
        with self._broker.busy:
            hurt(self._fleet, self._broker, act, _AWAY_SECONDS)
        self._on_fault(Fault(self._broker.name, act, began, time.time()))
        claims = [self._claims(worker) for worker in self._workers]
        for worker, pid, before in zip(self._workers, processes, claims, strict=True):
            if not _becomes_true(partial(self._has_claimed, worker, before), _HEAR_SECONDS):
                yield f"{worker.name} claimed nothing after the broker's '{act}'"
            if worker.process.pid != pid:
                yield f"{worker.name} had to be started again after the broker's '{act}'"

    def _are_all_busy(self) -> bool:
        hands = self._fleet.settings.worker_concurrency * len(self._workers)
        running = select(func.count()).where(jobs.c.status == JobStatus.PROCESSING)
        try:
            with self._database.reading() as connection:
                return connection.execute(running).scalar_one() >= hands
        except DatabaseUnavailable:
            return False

    def _has_claimed(self, worker: Target, before: int) -> bool:
        return self._claims(worker) > before

    def _claims(self, worker: Target) -> int:
        return self._fleet.log_of(worker).read_text(errors="replace").count('"job.claimed"')


def _becomes_true(question: Callable[[], bool], within: float) -> bool:
    deadline = time.monotonic() + within
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
