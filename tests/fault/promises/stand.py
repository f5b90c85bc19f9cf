"""An installation on which promises are tried: real servers and processes, every setting at its default."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, text

from deploy.local.processes.process import Process
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey
from shared.errors import DatabaseUnavailable
from shared.job import FINISHED
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.client import submit
from tests.fault.fleet import DatabaseKind, set_up
from tests.fault.site import Site
from tests.pictures import astronaut, jpeg

PHOTO = jpeg(astronaut().resize((128, 128)))
#: A job that has not ended by then is stuck.
_STUCK_SECONDS = 240
_POLL_SECONDS = 0.05


class Stand(Site):
    """A front end, a sweeper and any workers, on servers that may be hurt."""

    def __init__(
        self,
        settings: Settings,
        directory: Path,
        valkey: Valkey,
        seaweedfs: SeaweedFS,
        postgres: Postgres | None,
    ) -> None:
        super().__init__(settings, directory)
        self.valkey = valkey
        self.seaweedfs = seaweedfs
        #: None on SQLite.
        self.postgres = postgres
        self._database = Database(settings.database_url)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()
        for process in self._processes:
            process.kill()
        if error is not None:
            sys.stderr.write(self.logs())

    def rows(self) -> list[Any]:
        """Read all jobs, the oldest first, as soon as the database lets us."""
        while True:
            try:
                with self._database.reading() as connection:
                    return list(connection.execute(select(jobs).order_by(jobs.c.created_at)))
            except DatabaseUnavailable:
                time.sleep(_POLL_SECONDS)

    def start_free_worker(self) -> Process:
        """Start a worker, and wait until a job is done."""
        [worker] = self.start_free_workers(1)
        return worker

    def start_free_workers(self, count: int) -> list[Process]:
        """Start workers, and wait until all are there and one has done a job."""
        there = self.logs().count("worker.started")
        started = [self.start_real_worker() for _ in range(count)]
        eventually(lambda: self.logs().count("worker.started") == there + count)
        self.wait_until_done([submit(self.url, PHOTO)])
        return started

    def start_full_workers(self, count: int = 1) -> dict[str, Process]:
        """Start workers that stand still with as many jobs as they have hands; returns who holds which job."""
        self.close_gate()
        holders = {}
        for _ in range(count):
            worker = self.start_worker()
            for _ in range(self.settings.worker_concurrency):
                holders[submit(self.url, PHOTO)] = worker
            eventually(lambda: self.count_at_gate() == len(holders))
        return holders

    def after_its_heartbeat(
        self, holders: dict[str, Process], act: Callable[[Process], None]
    ) -> dict[str, float]:
        """Do something to each worker just after it extended its leases, which is the worst moment.

        Returns:
            When it was done to the holder of each job.
        """
        workers = {worker: id_ for id_, worker in holders.items()}
        with ThreadPoolExecutor(len(workers)) as pool:
            moments = dict(
                zip(
                    workers,
                    pool.map(lambda it: self._after_heartbeat(workers[it], it, act), workers),
                    strict=True,
                )
            )
        return {id_: moments[worker] for id_, worker in holders.items()}

    def _after_heartbeat(
        self, task_id: str, worker: Process, act: Callable[[Process], None]
    ) -> float:
        before = self.row_of(task_id).lease_expires_at
        eventually(lambda: self.row_of(task_id).lease_expires_at != before)
        act(worker)
        return time.time()

    def pause_amid_its_heartbeat(self, task_id: str, worker: Process) -> float:
        """Let a worker stand still when PostgreSQL has extended a lease for it, and has not been told to COMMIT.

        Returns:
            When.
        """
        with self._database.writing() as connection:
            job = select(jobs.c.id).where(jobs.c.id == uuid.UUID(task_id))
            connection.execute(job.with_for_update())
            eventually(self._does_anybody_wait_for_a_row)
            worker.pause()
            return time.time()

    def _does_anybody_wait_for_a_row(self) -> bool:
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with self._database.reading() as connection:
            return bool(connection.execute(waiting).scalar_one())

    def row_of(self, task_id: str) -> Any:
        [row] = [row for row in self.rows() if str(row.id) == task_id]
        return row

    def claims(self, task_ids: Collection[str], *, attempt: int = 1) -> dict[str, float]:
        """Wait until each of these jobs was claimed so often; when, in seconds since the epoch."""
        claimed: dict[str, float] = {}

        def all_claimed() -> bool:
            for row in self.rows():
                # It may be postponed and claimed again: the first time counts.
                if row.attempt >= attempt and str(row.id) in task_ids:
                    claimed.setdefault(str(row.id), row.started_at.timestamp())
            return len(claimed) == len(task_ids)

        eventually(all_claimed, within=_STUCK_SECONDS)
        return claimed

    def wait_until_done(self, task_ids: Sequence[str]) -> list[Any]:
        """Wait until these jobs have ended, and return their rows in this order."""

        def all_ended() -> list[Any] | None:
            rows = {str(row.id): row for row in self.rows()}
            found = [rows[id_] for id_ in task_ids]
            return found if all(row.status in FINISHED for row in found) else None

        return eventually(all_ended, within=_STUCK_SECONDS)


@contextmanager
def stand(database: DatabaseKind) -> Iterator[Stand]:
    """Start everything, new; and end it."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="cutwork-promises-")))
        valkey = stack.enter_context(Valkey(directory / "valkey", persistent=False))
        seaweedfs = stack.enter_context(SeaweedFS(directory / "seaweedfs"))
        postgres = None
        database_url = f"sqlite:///{directory}/cutwork.sqlite3"
        if database == "postgres":
            postgres = stack.enter_context(Postgres.temporary(fsync=True))
            database_url = postgres.create_database("cutwork")
        settings = Settings(
            database_url=database_url,
            redis_url=SecretStr(valkey.url),
            s3_endpoint=seaweedfs.endpoint,
            s3_access_key=seaweedfs.access_key,
            s3_secret_key=SecretStr(seaweedfs.secret_key),
            keyless=True,
        )
        set_up(settings)
        directory = directory / "stand"
        yield stack.enter_context(Stand(settings, directory, valkey, seaweedfs, postgres))
