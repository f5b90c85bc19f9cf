"""Batches, and their items, as clients are told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, cast
from uuid import UUID

from flask import Response
from typing_extensions import TypedDict

from api.answers.cursor import NextCursor, NextLine
from api.answers.envelope import Describe, for_data, respond
from api.answers.job_items import AnyItem, found_item
from api.answers.queue_forecast import ask_again_after
from api.request_names import request_id
from shared.batches.batch import AT_WORK, Batch, Item, Outcome
from shared.batches.telling import BatchState, envelope_of_batch, tell
from shared.errors import CATALOGUE, ErrorCode
from shared.job import Job, JobStatus
from shared.jobs.envelope import (
    DONE,
    FAILED,
    OK,
    QUEUED,
    Delivered,
    Envelope,
    Failure,
    LineNumber,
    QueueState,
    detail_of,
)
from shared.wire.types import JobName, LogName, Time, rfc3339, time_or_none

#: The state of an item that is no job yet.
HELD: Literal["held"] = "held"
_TASK_STATUS = {None: QUEUED, Outcome.SUCCEEDED: DONE}
#: Seconds after which to ask again for a batch of which nothing can be foreseen.
_SOON = 5


class BatchLine(AnyItem):
    """An item of a batch: all that the answer of its job has, and its line."""

    line: LineNumber
    task_id: JobName
    log_id: LogName | Literal[""]
    status: JobStatus | Literal["held"]
    created_at: Time | None
    #: As in the envelope.
    queue: NotRequired[QueueState]
    data: NotRequired[Delivered]


class BatchPage(TypedDict):
    """Some batches, and where the next ones begin; an empty cursor says that there are no more."""

    batches: list[BatchState]
    next_cursor: NextCursor


class BatchLines(TypedDict):
    """Some items, in the order of their lines, and where the next ones begin."""

    jobs: list[BatchLine]
    next_cursor: NextLine


def answer_batch(batch: Batch, ok: int = OK) -> Response:
    """Describe a batch; of one that goes on, say when to ask again."""
    again, seconds = 0, batch.seconds_left
    if batch.status in AT_WORK:
        again = _SOON if seconds is None else ask_again_after(seconds)
    return respond(envelope_of_batch(batch, request_id(), ok), retry_after=again)


def for_batches(found: Sequence[Batch], next_cursor: str) -> Envelope:
    """List batches; an empty cursor says that there are no more."""
    return for_data(BatchPage(batches=[tell(batch) for batch in found], next_cursor=next_cursor))


def for_lines(lines: Sequence[BatchLine], next_cursor: str) -> Envelope:
    """List items of a batch."""
    return for_data(BatchLines(jobs=list(lines), next_cursor=next_cursor))


def tell_items(
    items: Sequence[Item], found: Mapping[UUID, Job], describe: Describe
) -> list[BatchLine]:
    """Describe items, by their jobs where they are some."""
    return [_line(item, found.get(item.job_id), describe) for item in items]


def tell_end(item: Item, job: Job | None) -> BatchLine:
    """Describe an item that did not succeed, and why: for longer than its job says it."""
    line = _without_job(item)
    if job is not None and _is_its_own(item):
        line["log_id"] = job.log_id
        line["created_at"] = rfc3339(job.created_at)
        line["finished_at"] = time_or_none(job.finished_at)
        line["metadata"] = dict(job.tags.metadata)
    return line


def _line(item: Item, job: Job | None, describe: Describe) -> BatchLine:
    if job is None or not _is_its_own(item):
        return _without_job(item)
    return cast("BatchLine", {"line": item.line, **found_item(job, describe)})


def _is_its_own(item: Item) -> bool:
    """Whether the job of its id is the item's: where its upload had become another job before, that one is not."""
    return item.is_released and item.error_code is not ErrorCode.ERROR_CONTENT_NON_COMPLIANCE


def _without_job(item: Item) -> BatchLine:
    failure = None if item.error_code is None else Failure(item.error_code, item.error_message)
    if failure is not None and not failure.message:
        failure = failure._replace(message=CATALOGUE[failure.code].text)
    return BatchLine(
        line=item.line,
        task_id=str(item.job_id),
        log_id="",
        task_status=_TASK_STATUS.get(item.outcome, FAILED),
        status=HELD if item.outcome is None else JobStatus(item.outcome),
        created_at=None,
        finished_at=None,
        expires_at=None,
        error_detail=detail_of(failure),
        reference=item.reference,
        metadata={},
    )
