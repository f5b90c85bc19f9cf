"""The one serialiser: every JSON answer, success or error, is written here (contract, section 2)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, NotRequired, Protocol, TypedDict

from flask import Response, g, jsonify

from api.answers.queue_forecast import Forecast, ask_again_after
from shared.contract import ReturnForm
from shared.errors import CATALOGUE, ErrorCode
from shared.job import LIVE, Job, JobStatus
from shared.object_store import IMAGE

#: Makes the URL of one output of a job, for who asks: `ObjectStore.sign_result`.
Signer = Callable[[Job, str], str]

#: Tells when a job that waits will be done: `QueueForecast.of`.
Foresee = Callable[[Job], Forecast | None]


class Means(TypedDict):
    """What one front end describes jobs with."""

    sign: Signer
    foresee: Foresee


#: Seconds after which it makes sense to ask again for a job of which nothing is foreseen: it is being worked on.
_ASK_AGAIN_SECONDS = 1
OK = 200
_QUEUED, _PROCESSING, _DONE, _FAILED = range(4)
_TASK_STATUS = {
    JobStatus.QUEUED: _QUEUED,
    JobStatus.PROCESSING: _PROCESSING,
    JobStatus.SUCCEEDED: _DONE,
}


class ErrorDetail(TypedDict):
    """`error_detail`: always an object, because real clients read its fields on every error."""

    status_code: int
    code: str
    code_message: str
    message: str


class QueueState(TypedDict):
    """`queue`: how long a job that waits is expected to."""

    #: 1: the next one.
    position: int
    #: Until it is done.
    estimated_seconds: int


class Envelope(TypedDict):
    """The body of every answer, in the contract's order."""

    request_id: str
    log_id: str
    error_code: int
    error_code_str: str
    error_msg: str
    error_detail: ErrorDetail
    task_type: str
    task_id: str
    task_status: int
    #: There exactly when `task_status` is 2: clients look for a status in it first.
    data: NotRequired[dict[str, Any]]
    #: Only while a job waits, and its place is known.
    queue: NotRequired[QueueState]
    #: Of jobs on `/v1`: what the client calls it.
    reference: NotRequired[str]
    metadata: NotRequired[dict[str, str]]
    #: Of /readyz only, as the next: what it stands on → its state.
    checks: NotRequired[dict[str, str]]
    #: What is missing, and keeps nothing from being answered → its state.
    warnings: NotRequired[dict[str, str]]


class JobItem(TypedDict):
    """A job in a list: the envelope's fields, the word for its state, and its times."""

    task_id: str
    log_id: str
    task_status: int
    status: str
    created_at: str
    finished_at: str | None
    #: Until when its answer can be read; None while it runs, and once it was erased.
    expires_at: str | None
    error_detail: ErrorDetail
    reference: str
    metadata: dict[str, str]


class Failure(NamedTuple):
    """What went wrong, for the client."""

    code: ErrorCode
    #: What to change.
    message: str
    #: An HTTP status that says it better than the catalogue's; 0: the catalogue's.
    status: int = 0

    @property
    def http_status(self) -> int:
        """The status of the answer."""
        return self.status or CATALOGUE[self.code].http_status


def for_job(job: Job, ok: int = OK, *, sign: Signer, foresee: Foresee) -> Envelope:
    """Describe a job, whatever became of it; one that failed or is gone has its error in the envelope.

    Args:
        job: The job.
        ok: The HTTP status of an answer without an error.
        sign: Makes the URLs.
        foresee: Says how long a job that waits will.
    """
    failure = _failure_of(job)
    if failure is not None:
        return for_failure(failure, job)
    envelope = _envelope(None, job, _TASK_STATUS[job.status], ok)
    if job.status is JobStatus.SUCCEEDED:
        envelope["data"] = _data(job, sign)
    forecast = foresee(job)
    if forecast is not None:
        envelope["queue"] = QueueState(
            position=forecast.position, estimated_seconds=math.ceil(forecast.seconds)
        )
    return envelope


def for_job_in_full(job: Job, ok: int = OK, *, sign: Signer, foresee: Foresee) -> Envelope:
    """Describe a job as `for_job` does, with what only `/v1` tells: its tags, every output, and what was measured."""
    envelope = for_job(job, ok, sign=sign, foresee=foresee)
    if "data" in envelope:
        envelope["data"] |= {"outputs": _outputs(job, sign), "report": job.report}
    envelope["reference"] = job.tags.reference
    envelope["metadata"] = dict(job.tags.metadata)
    return envelope


class Describe(Protocol):
    """`for_job`, or `for_job_in_full`, with the means that one front end has."""

    def __call__(self, job: Job, ok: int = OK) -> Envelope:
        """Describe a job."""


def for_failure(failure: Failure, job: Job | None = None) -> Envelope:
    """Describe an error; of a job that goes on all the same, its status stays."""
    is_live = job is not None and job.status in LIVE
    return _envelope(failure, job, _TASK_STATUS[job.status] if job and is_live else _FAILED)


def for_jobs(jobs: Sequence[Job], next_cursor: str) -> Envelope:
    """List jobs; an empty cursor says that there are no more."""
    envelope = for_nothing()
    envelope["data"] = {"jobs": [_item(job) for job in jobs], "next_cursor": next_cursor}
    return envelope


def for_nothing() -> Envelope:
    """Say that all is well, and nothing else."""
    envelope = _envelope(None, None, _DONE)
    envelope["data"] = {}
    return envelope


def respond(envelope: Envelope, status: int = 0) -> Response:
    """Send an envelope; unless another HTTP status is given, with the one that stands in it."""
    response = jsonify(envelope)
    response.status_code = status or envelope["error_detail"]["status_code"]
    if envelope["task_status"] in {_QUEUED, _PROCESSING}:
        queue = envelope.get("queue")
        seconds = ask_again_after(queue["estimated_seconds"]) if queue else _ASK_AGAIN_SECONDS
        response.headers["Retry-After"] = str(seconds)
    return response


def request_id() -> str:
    """Name the request that is being answered; the same name each time."""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    name: str = g.request_id
    return name


def _failure_of(job: Job) -> Failure | None:
    if job.is_revoked:
        return Failure(
            ErrorCode.ERROR_TASK_REVOKED, "The job was deleted by its owner, with all its images."
        )
    if job.is_expired:
        return Failure(
            ErrorCode.ERROR_RESOURCE_RECLAIMED,
            "The results were kept for 24 hours and are deleted. Please submit the image again.",
        )
    if job.status is JobStatus.FAILED:
        code = job.error_code or ErrorCode.PROCESSING_FAILURE
        return Failure(code, job.error_message or CATALOGUE[code].text)
    return None


def _envelope(failure: Failure | None, job: Job | None, task_status: int, ok: int = OK) -> Envelope:
    detail = _detail(failure, ok)
    return Envelope(
        request_id=request_id(),
        log_id=uuid.uuid4().hex if job is None else job.log_id,
        error_code=0 if failure is None else failure.http_status,
        error_code_str=detail["code"],
        error_msg=detail["message"],
        error_detail=detail,
        task_type="" if job is None else "async",
        task_id="" if job is None else str(job.id),
        task_status=task_status,
    )


def _detail(failure: Failure | None, ok: int = OK) -> ErrorDetail:
    if failure is None:
        return ErrorDetail(status_code=ok, code="", code_message="", message="")
    return ErrorDetail(
        status_code=failure.http_status,
        code=failure.code,
        code_message=CATALOGUE[failure.code].text,
        message=failure.message,
    )


def _item(job: Job) -> JobItem:
    return JobItem(
        task_id=str(job.id),
        log_id=job.log_id,
        task_status=_TASK_STATUS.get(job.seen_as, _FAILED),
        status=job.seen_as,
        created_at=_rfc3339(job.created_at),
        finished_at=_rfc3339(job.finished_at) if job.finished_at else None,
        expires_at=_rfc3339(job.expires_at) if job.expires_at and not job.is_revoked else None,
        error_detail=_detail(_failure_of(job)),
        reference=job.tags.reference,
        metadata=dict(job.tags.metadata),
    )


def _rfc3339(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _data(job: Job, sign: Signer) -> dict[str, Any]:
    urls = _urls(job, job.options.forms[0], sign)
    image_url, class_url = urls["image_url"], urls["class_url"]
    return {"elements": [{"image_url": image_url}, {"class_url": class_url}]}


def _outputs(job: Job, sign: Signer) -> dict[str, Any]:
    return {form.word: _urls(job, form, sign) for form in job.options.forms}


def _urls(job: Job, form: ReturnForm, sign: Signer) -> dict[str, Any]:
    shown, name_of = job.shown or {}, job.options.name_of
    class_url = {
        category.value: sign(job, name_of(form, category)) if shown.get(category) else ""
        for category in job.options.cloth_class
    }
    return {"image_url": sign(job, name_of(form, IMAGE)), "class_url": class_url}
