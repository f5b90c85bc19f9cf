"""What an operator asks of all tenants' jobs: find one, list and count what matches, see how they end."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import RowMapping, and_, func, select

from shared.errors import ErrorCode
from shared.job import Job, JobStatus
from shared.jobs.history import Happening, read_history
from shared.jobs.job_table import JobTable
from shared.jobs.matching import COMPARED, ENDED, WINDOW, Matching, Piece, pieces_of
from shared.jobs.rows import to_job
from shared.sql.counting import count_rows
from shared.sql.tables import jobs


class Overseen(NamedTuple):
    """A job as an operator sees it."""

    job: Job
    #: What `since` and `until` are compared with.
    when: datetime
    request_id: str
    #: Who works on it; empty: nobody.
    worker: str
    history: tuple[Happening, ...]


class Failures(NamedTuple):
    """How many of the jobs that ended lately failed, and with what."""

    #: Of those that were looked at: fewer than all where there are more than the window holds.
    ended: int
    by_code: Mapping[ErrorCode, int]


class Overseeing(JobTable):
    """What an operator asks of the job table."""

    def look_up(self, ids: Collection[uuid.UUID], request_id: str, limit: int) -> list[Overseen]:
        """Find anybody's jobs by their ids, or by what the request was called that asked for them."""
        asked = [select(jobs).where(jobs.c.id.in_(list(ids)))] if ids else []
        if request_id:
            so_called = and_(jobs.c.request_id == request_id, jobs.c.request_id.is_not(None))
            asked.append(select(jobs).where(so_called).limit(limit))
        found: dict[uuid.UUID, Overseen] = {}
        with self._database.reading() as connection:
            now = self._clock(connection)
            for rows in asked:
                for row in connection.execute(rows).mappings():
                    found[row["id"]] = _overseen(row, row["created_at"], now)
        return list(found.values())

    def list_matching(self, which: Matching, limit: int, window: int = WINDOW) -> list[Overseen]:
        """List jobs, the newest first."""
        found: list[Overseen] = []
        with self._database.reading() as connection:
            now = self._clock(connection)
            for piece in self._pieces_of(which):
                rows = piece.rows(_until(which, now), window).limit(limit)
                found += [
                    _overseen(row, row[str(piece.order.key)] - piece.later, now)
                    for row in connection.execute(rows).mappings()
                ]
        return sorted(found, key=lambda it: it.when, reverse=True)[:limit]

    def count_matching(self, which: Matching, at_most: int = WINDOW) -> int:
        """Count jobs; counting ends at `at_most`."""
        counted = 0
        with self._database.reading() as connection:
            which = _until(which, self._clock(connection))
            for piece in self._pieces_of(which):
                rows = piece.rows(which, at_most, COMPARED)
                counted += count_rows(connection, rows.limit(at_most))
        return min(counted, at_most)

    def count_failures(self, lately: timedelta, at_most: int = WINDOW) -> Failures:
        """Count how jobs ended, the newest of those that did so lately and were not withdrawn."""
        with self._database.reading() as connection:
            which = Matching(since=self._clock(connection) - lately)
            some = ENDED.rows(which, at_most, COMPARED).limit(at_most).subquery()
            worked_off = func.count().filter(some.c.status != JobStatus.CANCELLED)
            of_code = [func.count().filter(some.c.error_code == code) for code in ErrorCode]
            ended, *counts = connection.execute(select(worked_off, *of_code)).one()
        codes = zip(ErrorCode, counts, strict=True)
        withdrawn = ErrorCode.ERROR_TASK_REVOKED
        return Failures(ended, {code: n for code, n in codes if n and code is not withdrawn})

    def _pieces_of(self, which: Matching) -> list[Piece]:
        return pieces_of(which, self._limits.deadline)


def _until(which: Matching, now: datetime) -> Matching:
    """End at this moment: withdrawn jobs stand before others in an index that knows nothing of them."""
    end = now + timedelta(microseconds=1)
    # No later beginning either: behind the year 9999 there is no day to add.
    since = which.since and min(which.since, end)
    return replace(which, since=since, until=min(which.until or end, end))


def _overseen(row: RowMapping, when: datetime, now: datetime) -> Overseen:
    return Overseen(
        job=to_job(row, now),
        when=when,
        request_id=row["request_id"] or "",
        worker=row["lease_owner"] or "",
        history=tuple(read_history(row["history"])),
    )
