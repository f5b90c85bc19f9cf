"""An installation whose workers can be odd, and whose books are closed at the end of every test."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import redis
from sqlalchemy import select, update

from deploy.local.processes.process import Process
from shared.jobs.transitions import readable_until
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.installation import Installation
from tests.fault.audit import Audit, leftovers
from tests.fault.halting_store import Point


class Site(Installation):
    """A front end and a sweeper; each test starts its own workers."""

    #: Uploads that may stay, because whoever should have deleted them is dead: they go with their job, or a day later.
    uploads_left = 0
    #: Second messages, for jobs whose own was on its way while the sweeper counted, or for longer than
    #: `republish_after`, which is short here. As many as requests at once, at most.
    beaten = 2

    def start_halting_worker(self, point: Point) -> Process:
        """Start a worker that stands still at a point as long as the gate is closed."""
        command = ["-m", "tests.fault.halting_worker", str(self.gate), point.name]
        return self._start("worker", [sys.executable, *command])

    def start_poisonable_worker(self, effect: str) -> Process:
        """Start a worker that a magenta picture does not agree with."""
        return self._start(
            "worker", [sys.executable, "-m", "tests.fault.poisonable_worker", effect]
        )

    def start_off_by(self, seconds: float, module: str, *arguments: str) -> Process:
        """Start a program on a machine whose clock is so far off."""
        command = ["-m", "tests.fault.wrong_clock", str(seconds), module, *arguments]
        return self._start("worker", [sys.executable, *command])

    def start_deaf_worker(self, plugs: Path) -> Process:
        """Start a worker with a gate that hears nothing as long as there are plugs in its ears."""
        command = ["-m", "tests.fault.deaf_worker", str(self.gate), str(plugs)]
        return self._start("worker", [sys.executable, *command])

    def start_real_worker(self, **settings: str) -> Process:
        """Start the worker as it is, with some settings of its own."""
        return self._start("worker", [sys.executable, "-m", "worker"], **settings)

    def start_limited_worker(self, megabytes: int, **settings: str) -> Process:
        """Start a worker that is given no more memory than this."""
        command = ["-m", "tests.fault.limited_worker", str(megabytes)]
        return self._start("worker", [sys.executable, *command], **settings)

    def start_failing_sweeper(self, method: str) -> Process:
        """Start a sweeper one of whose questions to the job table fails each time, for a reason that nobody foresaw."""
        command = ["-m", "tests.fault.mortal_sweeper", "fails", method]
        return self._start("sweeper", [sys.executable, *command])

    def kill_sweeper(self) -> None:
        for process in self._processes:
            if process.name == "sweeper":
                process.kill()

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
            connection.execute(update(jobs).where(finished).values(readable_until(end)))
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

    def close_books(self) -> None:
        """Hold the end of a test to the rules: nothing is held, nothing waits in vain, nothing is left behind."""
        if self.gate.exists():
            self.open_gate()
        audit = Audit(self.settings)
        left: list[str] = []
        uncertain = self.logs().count("job.unpublished")

        def is_clean() -> bool:
            left[:] = leftovers(
                audit, drained=self._has_worker(), uncertain=uncertain + self.beaten
            )
            return len(left) <= self.uploads_left and all("upload" in it for it in left)

        try:
            eventually(is_clean)
        except AssertionError:
            pytest.fail("\n".join(["left at the end of the test:", *left]))
        finally:
            audit.close()

    def _has_worker(self) -> bool:
        return any(process.is_running for process in self._processes if process.name == "worker")
