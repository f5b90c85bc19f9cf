"""Jobs in lists: a page of them, or those that a client names."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.cursor import NextCursor
from api.answers.envelope import Describe, for_data, seconds_to_wait
from api.answers.job_id import UNKNOWN_JOB
from api.intake.tags import Metadata, Reference
from shared.errors import ErrorCode
from shared.job import LIVE, Job, JobStatus
from shared.jobs.envelope import (
    FAILED,
    TASK_STATUS,
    Delivered,
    Envelope,
    ErrorDetail,
    Failure,
    QueueState,
    detail_of,
    failure_of,
)
from shared.wire.types import JobName, LogName, TaskStatus, Time, rfc3339, time_or_none

#: The state of a job that is named and is not there, or not the client's.
UNKNOWN: Literal["unknown"] = "unknown"


class AnyItem(TypedDict):
    """What all items of lists have."""

    task_status: TaskStatus
    finished_at: Time | None
    #: Until when its answer can be read; None while it runs, and once it was erased.
    expires_at: Time | None
    error_detail: ErrorDetail
    reference: Reference
    metadata: Metadata


class JobItem(AnyItem):
    """A job in a list: the envelope's fields, the word for its state, and its times."""

    task_id: JobName
    log_id: LogName
    status: JobStatus
    created_at: Time


class FoundItem(AnyItem):
    """A job that was asked for by its id: all that its own answer has."""

    task_id: Annotated[str, Field(description="As it was sent.")]
    log_id: LogName | Literal[""]
    status: JobStatus | Literal["unknown"]
    created_at: Time | None
    #: As in the envelope.
    queue: NotRequired[QueueState]
    data: NotRequired[Delivered]


class Page(TypedDict):
    """Some jobs, and where the next ones begin; an empty cursor says that there are no more."""

    jobs: list[JobItem]
    next_cursor: NextCursor


class FoundJobs(TypedDict):
    """Jobs that were asked for by their ids, in that order; `unknown` ones do not exist, or are not yours."""

    jobs: Annotated[list[FoundItem], Field(min_length=1)]


def for_page(jobs: Sequence[Job], next_cursor: str) -> Envelope:
    """List jobs; an empty cursor says that there are no more."""
    return for_data(Page(jobs=[_item(job) for job in jobs], next_cursor=next_cursor))


def for_found(named: Sequence[str], found: Mapping[str, Job], describe: Describe) -> Envelope:
    """Describe each job that is named, in this order; those that were not found are marked."""
    items = [
        found_item(found[name], describe) if name in found else _unknown_item(name)
        for name in named
    ]
    return for_data(FoundJobs(jobs=items))


def seconds_until_next(envelope: Envelope) -> int:
    """Say when to ask again for the jobs of `for_found`: when the first of them may be done; 0 if all are."""
    live = [item for item in envelope["data"]["jobs"] if item["status"] in LIVE]
    return min((seconds_to_wait(item.get("queue")) for item in live), default=0)


def found_item(job: Job, describe: Describe) -> FoundItem:
    """Describe a job as its own answer does, as an item of a list."""
    # To sign all URLs of a hundred jobs takes up to a second: others get a turn in between.
    time.sleep(0)
    item, envelope = cast("FoundItem", _item(job)), describe(job)
    if "queue" in envelope:
        item["queue"] = envelope["queue"]
    if "data" in envelope:
        item["data"] = cast("Delivered", envelope["data"])
    return item


def _item(job: Job) -> JobItem:
    return JobItem(
        task_id=str(job.id),
        log_id=job.log_id,
        task_status=TASK_STATUS.get(job.seen_as, FAILED),
        status=job.seen_as,
        created_at=rfc3339(job.created_at),
        finished_at=time_or_none(job.finished_at),
        expires_at=None if job.is_revoked else time_or_none(job.expires_at),
        error_detail=detail_of(failure_of(job)),
        reference=job.tags.reference,
        metadata=dict(job.tags.metadata),
    )


def _unknown_item(name: str) -> FoundItem:
    return FoundItem(
        task_id=name,
        log_id="",
        task_status=FAILED,
        status=UNKNOWN,
        created_at=None,
        finished_at=None,
        expires_at=None,
        error_detail=detail_of(Failure(ErrorCode.ERROR_RESOURCE_NOT_FOUND, UNKNOWN_JOB)),
        reference="",
        metadata={},
    )
