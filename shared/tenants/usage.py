"""What a tenant used on a day: all SQL on it.

It is counted in the transaction that stores a job, or ends it, and so once for each: an attempt whose lease is lost,
and one that says twice that it has finished, change no job and count nothing. Days are UTC's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from shared.job import JobStatus
from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.tables import usage_days

#: A job's end → where it is counted.
_ENDS = {
    JobStatus.SUCCEEDED: "done",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}
_COUNTS = ("accepted", *_ENDS.values(), "pixels", "worker_ms")


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of one tenant's."""

    day: date
    #: Jobs that were stored on this day.
    accepted: int
    #: Jobs that ended on this day, however they did.
    done: int
    failed: int
    cancelled: int
    #: Of the photos that were done.
    pixels: int
    #: Of the attempts that ended their job.
    worker_ms: int


class Totals(NamedTuple):
    """What all tenants together did on a day, so far."""

    accepted: int
    done: int
    failed: int
    cancelled: int


class Usage:
    """The days, for those who ask and for who forgets them."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._clock = clock

    def read(self, tenant: str, first: date, last: date) -> list[Day]:
        """List the days of a tenant's on which there was something, the first one first."""
        columns = (usage_days.c.day, *(usage_days.c[name] for name in _COUNTS))
        asked = (usage_days.c.tenant == tenant, usage_days.c.day.between(first, last))
        days = select(*columns).where(*asked).order_by(usage_days.c.day)
        with self._database.reading() as connection:
            return [Day(**row) for row in connection.execute(days).mappings()]

    def prune(self, older_than: timedelta) -> int:
        """Forget the oldest day, of all tenants, if it is past its time; return how many rows that were."""
        with self._database.reading() as connection:
            oldest = connection.execute(select(func.min(usage_days.c.day))).scalar_one()
            now = self._clock(connection)
        if oldest is None or oldest >= _day_of(now - older_than):
            return 0
        with self._database.writing() as connection:
            return connection.execute(delete(usage_days).where(usage_days.c.day == oldest)).rowcount


def count_accepted(connection: Connection, tenant: str, now: datetime, jobs: int = 1) -> None:
    """Count jobs that are stored in this transaction."""
    _add(connection, {(tenant, _day_of(now)): {"accepted": jobs}})


def count_ends(
    connection: Connection, ended: Iterable[RowMapping], *, at_work: bool = False, pixels: int = 0
) -> None:
    """Count jobs that end in this transaction.

    Args:
        connection: Of the transaction, which changes no job after this: the rows of days are taken last, in one order.
        ended: Their rows.
        at_work: Whether an attempt of each ends with it.
        pixels: Of the photo, where it is one that was done.
    """
    days: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for job in ended:
        counts = days[job["tenant"], _day_of(job["finished_at"])]
        counts[_ENDS[JobStatus(job["status"])]] += 1
        counts["pixels"] += pixels
        if at_work and job["started_at"] is not None:
            took = job["finished_at"] - job["started_at"]
            counts["worker_ms"] += max(0, took // timedelta(milliseconds=1))
    _add(connection, days)


def read_totals(connection: Connection, now: datetime) -> Totals:
    """Add up this day of all tenants."""
    sums = [func.coalesce(func.sum(usage_days.c[name]), 0) for name in Totals._fields]
    of_day = select(*sums).where(usage_days.c.day == _day_of(now))
    return Totals(*map(int, connection.execute(of_day).one()))


def _add(connection: Connection, days: dict[tuple[str, date], dict[str, int]]) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    more = insert(usage_days)
    sums = {name: usage_days.c[name] + more.excluded[name] for name in _COUNTS}
    key = [usage_days.c.tenant, usage_days.c.day]
    counted = more.on_conflict_do_update(index_elements=key, set_=sums)
    for tenant, day in sorted(days):
        row = {"tenant": tenant, "day": day, **dict.fromkeys(_COUNTS, 0), **days[tenant, day]}
        connection.execute(counted, row)


def _day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
