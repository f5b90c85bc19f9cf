"""The books, closed: what rows, queues and buckets hold after a run, against what clients were told."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import redis
from minio import Minio
from sqlalchemy import func, select, update

from shared.errors import DatabaseUnavailable, ErrorCode
from shared.job import FINISHED, JobStatus, Queue
from shared.jobs.store import ATTEMPTS_SPENT
from shared.jobs.transitions import readable_until
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.tables import jobs, webhook_deliveries
from shared.webhooks.delivery import DeliveryState
from tests.fault.ledger import Ledger
from tests.fault.order import RIGHT_ERROR, Kind

Row = Mapping[str, Any]


class Stored(NamedTuple):
    """One result in its bucket."""

    job_id: str
    attempt: int
    name: str
    etag: str


class Audit:
    """Looks straight into the database, the broker and the object store."""

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet."""
        self._settings = settings
        self._database = Database(settings.database_url)
        self._redis = redis.Redis.from_url(settings.redis_url.get_secret_value())
        self._client: Minio = ObjectStore(settings)._client

    def close(self) -> None:
        self._database.close()
        self._redis.close()

    def is_quiet(self) -> bool:
        """Whether no job is live, no lease held and no message waits."""
        try:
            return not self.count_live() and not any(self.waiting().values())
        except DatabaseUnavailable:
            return False

    def count_live(self) -> int:
        with self._database.reading() as connection:
            live = select(func.count()).where(
                jobs.c.status.in_((JobStatus.QUEUED, JobStatus.PROCESSING))
                | jobs.c.lease_owner.is_not(None)
                | jobs.c.lease_expires_at.is_not(None)
            )
            return connection.execute(live).scalar_one()

    def waiting(self) -> dict[str, int]:
        """Count the messages of each queue."""
        return {str(queue): self._redis.llen(queue.value) for queue in Queue}

    def count_messages(self) -> int:
        return sum(self.waiting().values())

    def rows(self) -> dict[str, Row]:
        with self._database.reading() as connection:
            found = connection.execute(select(jobs)).mappings()
            return {str(row["id"]): {**row} for row in found}

    def results(self) -> list[Stored]:
        found = []
        for item in self._client.list_objects(self._settings.results_bucket, recursive=True):
            job_id, attempt, name = str(item.object_name).split("/")
            found.append(Stored(job_id, int(attempt), name, str(item.etag)))
        return found

    def read(self, result: Stored) -> bytes:
        key = f"{result.job_id}/{result.attempt}/{result.name}"
        with self._client.get_object(self._settings.results_bucket, key) as answer:
            return answer.read()

    def inputs(self) -> set[str]:
        listed = self._client.list_objects(self._settings.inputs_bucket, recursive=True)
        return {str(item.object_name) for item in listed}

    def hurry_deliveries(self) -> int:
        """Make every delivery due that has not arrived, and count them."""
        with self._database.writing() as connection:
            pending = webhook_deliveries.c.state == DeliveryState.PENDING
            due = update(webhook_deliveries).where(pending)
            return connection.execute(due.values(not_before=database_clock(connection))).rowcount

    def let_a_day_pass(self) -> None:
        """Make every finished job a day older."""
        with self._database.writing() as connection:
            now = database_clock(connection)
            connection.execute(
                update(jobs)
                .where(jobs.c.status.in_(FINISHED))
                .values(readable_until(now - timedelta(seconds=1)))
            )

    def count_unexpired(self) -> int:
        with self._database.reading() as connection:
            left = select(func.count()).where(jobs.c.status != JobStatus.EXPIRED)
            return connection.execute(left).scalar_one()


def leftovers(audit: Audit, *, drained: bool, uncertain: int = 0) -> Iterator[str]:
    """Tell what a moment without work must not show: leases, messages and uploads that stand for nothing.

    Args:
        audit: Looks.
        drained: Workers run, so that no job may wait any more either.
        uncertain: Messages whose publishing got no answer in time: they may be there beside those of the sweeper.
    """
    rows = audit.rows()
    queued = Counter(
        str(row["queue"]) for row in rows.values() if row["status"] == JobStatus.QUEUED
    )
    for task_id, row in rows.items():
        if row["status"] == JobStatus.PROCESSING or row["lease_owner"] or row["lease_expires_at"]:
            yield f"{task_id} is {row['status']} and held by {row['lease_owner']}"
        elif drained and row["status"] == JobStatus.QUEUED:
            yield f"{task_id} waits"
    for queue, count in audit.waiting().items():
        if count > queued[queue] + uncertain:
            yield f"{count} messages stand for {queued[queue]} jobs in {queue}"
    for task_id in audit.inputs():
        if task_id not in rows or rows[task_id]["status"] != JobStatus.QUEUED:
            yield f"upload {task_id} is of no job that waits"
    yield from compare_results(rows, audit.results())


def compare(ledger: Ledger, rows: Mapping[str, Row]) -> Iterator[str]:
    """Hold every entry against its row, and every row against its rules."""
    for entry in ledger.entries.values():
        row = rows.get(entry.task_id)
        if row is None:
            yield f"{entry.task_id} was accepted, and has no row"
        elif entry.ending is None:
            yield f"{entry.task_id} was accepted, and never ended: {dict(row)}"
        elif not entry.is_settled:
            yield f"{entry.task_id} succeeded, and its results were never readable"
        elif not _is_right(entry.order.kind, row):
            yield f"{entry.task_id}, {entry.order.kind}: {row['status']} {row['error_code']}"
    for task_id, row in rows.items():
        if row["status"] not in FINISHED:
            yield f"{task_id} is {row['status']}"
        if row["lease_owner"] is not None or row["lease_expires_at"] is not None:
            yield f"{task_id} is {row['status']} and holds a lease"


def compare_results(rows: Mapping[str, Row], stored: list[Stored]) -> Iterator[str]:
    """Every result is of a known attempt."""
    for job_id, attempt, name, _ in stored:
        row = rows.get(job_id)
        if row is None or attempt > row["attempt"]:
            yield f"result {job_id}/{attempt}/{name} is of no known attempt"


def differing(ledger: Ledger, stored: list[Stored]) -> list[list[Stored]]:
    """Find photos that came back in several files, to several jobs or attempts at one: one result of each file.

    Answers to other options are other answers; those for the same photo and the same options belong together.
    """
    answers: defaultdict[object, dict[str, Stored]] = defaultdict(dict)
    for result in stored:
        entry = ledger.entries.get(result.job_id)
        if entry is not None:
            answers[entry.order.content, result.name].setdefault(result.etag, result)
    return [list(found.values()) for found in answers.values() if len(found) > 1]


def is_spent(row: Row) -> bool:
    """Whether a job failed because all its attempts were cut off."""
    return (
        bool(row["status"] == JobStatus.FAILED)
        and row["error_code"] == ErrorCode.PROCESSING_FAILURE
        and row["error_message"] == ATTEMPTS_SPENT
    )


def _is_right(kind: Kind, row: Row) -> bool:
    right = RIGHT_ERROR[kind]
    if right is None:
        return bool(row["status"] == JobStatus.SUCCEEDED)
    return bool(row["status"] == JobStatus.FAILED and row["error_code"] == right)


def wait_until_quiet(audit: Audit, seconds: float) -> bool:
    """Wait for the last job and the last message."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if audit.is_quiet():
            return True
        time.sleep(0.2)
    return False
