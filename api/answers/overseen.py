"""Jobs of any tenant, as an operator is told of them: no photo, no result, no key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.envelope import for_data
from api.answers.matching import CURSOR
from shared.batches.batch import Batch
from shared.batches.telling import BatchState, tell
from shared.documents import address_of_error
from shared.errors import ErrorCode
from shared.job import JobStatus
from shared.jobs.envelope import Envelope
from shared.jobs.overseeing import Overseen
from shared.wire.types import Count, JobName, Time, rfc3339, time_or_none

Help = Annotated[str, Field(description="The page that says what to do about it.")]


class OverseenJob(TypedDict):
    """A job of any tenant's."""

    task_id: JobName
    #: Of a job of tests, or of an earlier release, it may be anything.
    log_id: str
    request_id: Annotated[str, Field(description="Of the request that asked for it.")]
    tenant: str
    key_id: str
    status: Annotated[JobStatus, Field(description="As the table has it.")]
    at: Annotated[Time, Field(description="What `since` and `until` are compared with.")]
    created_at: Time
    started_at: Annotated[Time | None, Field(description="Of the last attempt.")]
    finished_at: Time | None
    attempts: Count
    worker: Annotated[str, Field(description="Who works on it.")]
    code: ErrorCode | Literal[""]
    message: str
    help: Help
    reference: str


class OverseenJobs(TypedDict):
    """A page of them, and how many there are in all."""

    jobs: list[OverseenJob]
    matching: Count
    is_more: Annotated[bool, Field(description="There are more than were counted.")]
    counted_at: Annotated[Time | None, Field(description="`null`: there are none.")]
    next_cursor: Annotated[str, Field(pattern=f"^({CURSOR.pattern})?$")]


class OverseenBatch(BatchState):
    """A batch of any tenant's."""

    tenant: str


class Discovery(TypedDict):
    """What goes by an id."""

    jobs: list[OverseenJob]
    batches: list[OverseenBatch]


class Erased(TypedDict):
    """How many jobs were withdrawn, and whether there are more to withdraw."""

    erased: Count
    is_more: bool


def for_jobs(shown: Sequence[Overseen], matching: int, cursor: str, *, is_more: bool) -> Envelope:
    """Tell a page."""
    return for_data(
        OverseenJobs(
            jobs=[tell_job(it) for it in shown],
            matching=matching,
            is_more=is_more,
            counted_at=rfc3339(shown[0].job.read_at) if shown else None,
            next_cursor=cursor,
        )
    )


def for_discovery(jobs: Sequence[Overseen], batches: Sequence[Batch]) -> Envelope:
    """Tell what was found."""
    found = [OverseenBatch(**tell(batch), tenant=batch.tenant) for batch in batches]
    return for_data(Discovery(jobs=[tell_job(it) for it in jobs], batches=found))


def for_erased(count: int, *, is_more: bool) -> Envelope:
    """Tell what was done."""
    return for_data(Erased(erased=count, is_more=is_more))


def tell_job(seen: Overseen) -> OverseenJob:
    """Tell a job."""
    job = seen.job
    return OverseenJob(
        task_id=str(job.id),
        log_id=job.log_id,
        request_id=seen.request_id,
        tenant=job.tenant,
        key_id=job.key_id or "",
        status=job.status,
        at=rfc3339(seen.when),
        created_at=rfc3339(job.created_at),
        started_at=time_or_none(job.started_at),
        finished_at=time_or_none(job.finished_at),
        attempts=job.attempt,
        worker=seen.worker,
        code=job.error_code or "",
        message=job.error_message,
        help=address_of_error(job.error_code) if job.error_code else "",
        reference=job.tags.reference,
    )
