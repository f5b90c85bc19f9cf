"""The sweeper's statements on batches that go on: items become jobs, and what became of those is counted.

An item that was released is a job like any other: whatever happens to it happens in the table of jobs, and is looked up
there. Items are released in the order of their lines, and claimed in that order, so the first open ones end first: a
window at the beginning of what is open shows all that has ended, but for stragglers that it moves up to.

Every method takes the batch for itself; of two sweepers one finds nothing to do.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, and_, null, select, update
from sqlalchemy.exc import IntegrityError

from shared.batches.batch import EVENTS, Batch, BatchStatus, Outcome, ended, outcome_of
from shared.batches.batch_table import BatchTable
from shared.batches.rows import to_batch, to_new_job
from shared.batches.tables import batch_items, batches
from shared.errors import ErrorCode
from shared.job import JobStatus, NewJob
from shared.jobs.for_batches import JobEnd, insert_jobs, read_ends, withdraw_waiting
from shared.webhooks.deliveries import owe

_NAMED_BEFORE = (
    "This upload was named before, for other options or tags. Please upload the photo once more."
)
_LOST = "The job is not there any more. Please submit the photo again."
_CANCELLED = "The batch was cancelled before this item began."


class _End(NamedTuple):
    """What became of the item of a line."""

    line: int
    outcome: Outcome
    code: str | None = None
    message: str = ""


class Progress(BatchTable):
    """What the sweeper asks of the batch tables for those that go on."""

    def list_at_work(self, limit: int, after: str = "") -> list[Batch]:
        """List batches that go on, by tenant, those behind a tenant, and of each tenant the oldest first."""
        order = (batches.c.at_work_for, batches.c.accepted_at)
        goes_on = and_(batches.c.at_work_for.is_not(None), batches.c.at_work_for > after)
        rows = select(batches).where(goes_on).order_by(*order).limit(limit)
        with self._database.reading() as connection:
            now = self._clock(connection)
            return [to_batch(row, now) for row in connection.execute(rows).mappings()]

    def release(self, batch_id: uuid.UUID, most_open: int, limit: int) -> list[uuid.UUID]:
        """Make jobs of the next items, so that no more than `most_open` of the batch are open, and `limit` are new.

        Returns:
            The new jobs. They count as published: whoever released them publishes their messages, or says that they
            are not.
        """
        try:
            with self._database.writing() as connection:
                batch, now = self._lock(connection, batch_id)
                if batch is None or batch["status"] != BatchStatus.RUNNING:
                    return []
                room = min(limit, most_open - to_batch(batch, now).open)
                rows = _next_items(connection, batch, room) if room > 0 else []
                if not rows:
                    return []
                new, refused = _sort(connection, rows, batch)
                insert_jobs(connection, new, now)
                failed = [_End(line, Outcome.FAILED, *reason) for line, reason in refused]
                _leave(connection, batch, rows, failed)
                return [job.id for job in new]
        except IntegrityError:
            # A client named one of these uploads at this very moment; the next round sees it.
            return []

    def cancel_held(self, batch_id: uuid.UUID, limit: int) -> int:
        """End some of the items of a cancelled batch that did not begin; return how many."""
        with self._database.writing() as connection:
            batch, _ = self._lock(connection, batch_id)
            if batch is None or batch["status"] != BatchStatus.CANCELLING:
                return 0
            rows = _next_items(connection, batch, limit)
            reason = (ErrorCode.ERROR_TASK_REVOKED, _CANCELLED)
            ends = [_End(row["line"], Outcome.CANCELLED, *reason) for row in rows]
            if ends:
                _leave(connection, batch, rows, ends)
            return len(ends)

    def settle(self, batch_id: uuid.UUID, window: int) -> int:
        """Count what has ended among the first open items, and end the batch with the last of them.

        Of a batch that was cancelled, jobs that wait are withdrawn.

        Returns:
            How many have ended.
        """
        with self._database.writing() as connection:
            batch, now = self._lock(connection, batch_id)
            if batch is None:
                return 0
            lines = _open_lines(connection, batch, window)
            if batch["status"] == BatchStatus.CANCELLING:
                withdraw_waiting(connection, lines.values(), now, self._deadline)
            states = read_ends(connection, lines.values())
            ends = list(_ends(lines, states))
            running = sum(state.status is JobStatus.PROCESSING for state in states.values())
            _settle(connection, batch["id"], ends)
            counted = _counted(batch, ends)
            if counted or running != batch["processing"]:
                _change(connection, batch["id"], {**counted, "processing": running})
            self._end(connection, batch, len(ends))
            return len(ends)

    def _end(self, connection: Connection, batch: RowMapping, more: int) -> None:
        """End a batch of which every item has, and owe word of it."""
        settled = sum(batch[outcome] for outcome in Outcome) + more
        if settled < batch["total"]:
            return
        is_cancelled = batch["status"] == BatchStatus.CANCELLING
        status = BatchStatus.CANCELLED if is_cancelled else BatchStatus.COMPLETED
        now = self._clock(connection)
        _change(connection, batch["id"], ended(status, now))
        owe(
            connection,
            batch["id"],
            tenant=batch["tenant"],
            url=batch["callback_url"],
            event=EVENTS[status],
            ended_at=now,
        )


def _next_items(connection: Connection, batch: RowMapping, limit: int) -> list[RowMapping]:
    held = (batch_items.c.batch_id == batch["id"], batch_items.c.line > batch["released_to"])
    rows = select(batch_items).where(*held).order_by(batch_items.c.line).limit(limit)
    return list(connection.execute(rows).mappings())


def _open_lines(connection: Connection, batch: RowMapping, limit: int) -> dict[int, uuid.UUID]:
    """Read the jobs of the first items that have not ended, by their lines."""
    items = batch_items.c
    begun = (items.open_in == batch["id"], items.line <= batch["released_to"])
    rows = select(items.line, items.job_id).where(*begun)
    found = connection.execute(rows.order_by(items.line).limit(limit))
    return {line: job_id for line, job_id in found}  # noqa: C416 - a row is no pair to mypy


def _sort(
    connection: Connection, rows: Iterable[RowMapping], batch: RowMapping
) -> tuple[list[NewJob], list[tuple[int, tuple[ErrorCode, str]]]]:
    """Tell items that become jobs from those whose upload is a job already: another one, which refuses them."""
    wanted = {row["line"]: to_new_job(row, batch) for row in rows}
    known = read_ends(connection, [job.id for job in wanted.values()])
    new = [job for job in wanted.values() if job.id not in known]
    refused = [
        (line, (ErrorCode.ERROR_CONTENT_NON_COMPLIANCE, _NAMED_BEFORE))
        for line, job in wanted.items()
        if job.id in known and known[job.id].fingerprint != job.fingerprint
    ]
    return new, refused


def _ends(lines: Mapping[int, uuid.UUID], states: Mapping[uuid.UUID, JobEnd]) -> Iterable[_End]:
    for line, job_id in lines.items():
        state = states.get(job_id)
        if state is None:
            yield _End(line, Outcome.FAILED, ErrorCode.PROCESSING_FAILURE, _LOST)
        elif outcome := outcome_of(state.status, state.error_code):
            yield _End(line, outcome, state.error_code, state.error_message)


def _leave(
    connection: Connection, batch: RowMapping, rows: list[RowMapping], ends: list[_End]
) -> None:
    """Note that items are held no more, forget what their jobs were made of, and end some of them."""
    first, last = rows[0]["line"], rows[-1]["line"]
    gone = (batch_items.c.batch_id == batch["id"], batch_items.c.line.between(first, last))
    connection.execute(update(batch_items).where(*gone).values(request=null()))
    _settle(connection, batch["id"], ends)
    moved = {"released": batch["released"] + len(rows), "released_to": last}
    _change(connection, batch["id"], {**moved, **_counted(batch, ends)})


def _settle(connection: Connection, batch_id: uuid.UUID, ends: list[_End]) -> None:
    """Note ends; all that are alike together."""
    alike: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for line, *how in ends:
        alike[tuple(how)].append(line)
    for (outcome, code, message), lines in alike.items():
        which = (batch_items.c.batch_id == batch_id, batch_items.c.line.in_(lines))
        ended_so = {"outcome": outcome, "error_code": code, "error_message": message}
        connection.execute(update(batch_items).where(*which).values(open_in=null(), **ended_so))


def _counted(batch: RowMapping, ends: list[_End]) -> dict[str, int]:
    """Add ends to the batch's own counts."""
    found = {outcome: sum(it.outcome is outcome for it in ends) for outcome in Outcome}
    return {outcome.value: batch[outcome] + count for outcome, count in found.items() if count}


def _change(connection: Connection, batch_id: uuid.UUID, changes: dict[str, Any]) -> None:
    connection.execute(update(batches).where(batches.c.id == batch_id).values(changes))
