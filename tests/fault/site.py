"""An installation whose workers can be odd, and whose books are closed at the end of every test."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import redis
from sqlalchemy import select, update

from deploy.local.process import Process
from shared.clock import database_clock
from shared.database import Database
from shared.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.installation import Installation
from tests.fault.audit import Audit
from tests.fault.halting_store import Point


class Site(Installation):
    """A front end and a sweeper; each test starts its own workers."""

    def start_halting_worker(self, point: Point) -> Process:
        """Start a worker that stands still at a point as long as the gate is closed."""
        command = ["-m", "tests.fault.halting_worker", str(self.gate), point.name]
        return self._start("worker", [sys.executable, *command])

    def start_poisonable_worker(self, effect: str) -> Process:
        """Start a worker that a magenta picture does not agree with."""
        return self._start(
            "worker", [sys.executable, "-m", "tests.fault.poisonable_worker", effect]
        )

    def start_deaf_worker(self, plugs: Path) -> Process:
        """Start a worker with a gate that hears nothing as long as there are plugs in its ears."""
        command = ["-m", "tests.fault.deaf_worker", str(self.gate), str(plugs)]
        return self._start("worker", [sys.executable, *command])

    def start_real_worker(self, **settings: str) -> Process:
        """Start the worker as it is, with some settings of its own."""
        return self._start("worker", [sys.executable, "-m", "worker"], **settings)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.settings.redis_url.get_secret_value())

    def rows(self) -> list[Any]:
        """Read all jobs, the oldest first."""
        database = Database(self.settings.database_url)
        try:
            with database.reading() as connection:
                return list(connection.execute(select(jobs).order_by(jobs.c.created_at)).all())
        finally:
            database.close()

    def row(self) -> Any:
        """Read the only job."""
        [row] = self.rows()
        return row

    def end_lifetimes_in(self, seconds: float) -> None:
        """Bring the end of every finished job near."""
        database = Database(self.settings.database_url)
        with database.writing() as connection:
            end = database_clock(connection) + timedelta(seconds=seconds)
            finished = jobs.c.expires_at.is_not(None)
            connection.execute(update(jobs).where(finished).values(expires_at=end))
        database.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Kill what runs: the books are closed, and an orderly end takes seconds."""
        for process in self._processes:
            process.kill()
        super().__exit__(kind, error, traceback)

    def assert_clean(self, *, inputs_left: int = 0) -> None:
        """Hold the end of a test to the rules: nothing is held, nothing waits, nothing is left behind.

        Args:
            inputs_left: Uploads that a killed process could not delete: they go with their job.
        """
        audit = Audit(self.settings)
        try:
            eventually(lambda: not audit.count_live())
            eventually(lambda: not audit.count_messages())
            rows = audit.rows()
            for stored in audit.results():
                assert stored.attempt <= rows[stored.job_id]["attempt"], stored
            eventually(lambda: len(audit.inputs()) <= inputs_left)
        finally:
            audit.close()
