"""The envelope: the JSON in which a job, or an error, is told (contract, section 2).

Front ends answer with it, and webhooks carry it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple, NotRequired, TypedDict

from shared.contract import ReturnForm
from shared.errors import CATALOGUE, ErrorCode
from shared.job import LIVE, Job, JobStatus
from shared.object_store import IMAGE

#: Makes the URL of one output of a job, for who asks: `ObjectStore.sign_result`.
Signer = Callable[[Job, str], str]

OK = 200
QUEUED, PROCESSING, DONE, FAILED = range(4)
TASK_STATUS = {
    JobStatus.QUEUED: QUEUED,
    JobStatus.PROCESSING: PROCESSING,
    JobStatus.SUCCEEDED: DONE,
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


def envelope_of(job: Job, request_id: str, sign: Signer, ok: int = OK) -> Envelope:
    """Describe a job, whatever became of it; one that failed or is gone has its error in the envelope.

    Args:
        job: The job.
        request_id: Names what is answered.
        sign: Makes the URLs.
        ok: The HTTP status of an answer without an error.
    """
    failure = failure_of(job)
    if failure is not None:
        return envelope_of_failure(failure, request_id, job)
    envelope = _envelope(None, job, request_id, TASK_STATUS[job.status], ok)
    if job.status is JobStatus.SUCCEEDED:
        envelope["data"] = _data(job, sign)
    return envelope


def add_all_of(job: Job, envelope: Envelope, sign: Signer) -> Envelope:
    """Add what only `/v1` tells: its tags, every output, and what was measured."""
    if "data" in envelope:
        outputs = _outputs(job, envelope["data"], sign)
        envelope["data"] |= {"outputs": outputs, "report": job.report}
    envelope["reference"] = job.tags.reference
    envelope["metadata"] = dict(job.tags.metadata)
    return envelope


def envelope_of_failure(failure: Failure, request_id: str, job: Job | None = None) -> Envelope:
    """Describe an error; of a job that goes on all the same, its status stays."""
    is_live = job is not None and job.status in LIVE
    status = TASK_STATUS[job.status] if job and is_live else FAILED
    return _envelope(failure, job, request_id, status)


def envelope_of_nothing(request_id: str) -> Envelope:
    """Say that all is well, and nothing else."""
    envelope = _envelope(None, None, request_id, DONE)
    envelope["data"] = {}
    return envelope


def failure_of(job: Job) -> Failure | None:
    """Tell what went wrong with a job, if something did."""
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


def detail_of(failure: Failure | None, ok: int = OK) -> ErrorDetail:
    """Write what went wrong, or that nothing did."""
    if failure is None:
        return ErrorDetail(status_code=ok, code="", code_message="", message="")
    return ErrorDetail(
        status_code=failure.http_status,
        code=failure.code,
        code_message=CATALOGUE[failure.code].text,
        message=failure.message,
    )


def _envelope(
    failure: Failure | None, job: Job | None, request_id: str, task_status: int, ok: int = OK
) -> Envelope:
    detail = detail_of(failure, ok)
    return Envelope(
        request_id=request_id,
        log_id=uuid.uuid4().hex if job is None else job.log_id,
        error_code=0 if failure is None else failure.http_status,
        error_code_str=detail["code"],
        error_msg=detail["message"],
        error_detail=detail,
        task_type="" if job is None else "async",
        task_id="" if job is None else str(job.id),
        task_status=task_status,
    )


def _data(job: Job, sign: Signer) -> dict[str, Any]:
    urls = _urls(job, job.options.forms[0], sign)
    return {"elements": [{name: url} for name, url in urls.items()]}


def _outputs(job: Job, data: dict[str, Any], sign: Signer) -> dict[str, Any]:
    """List every output; the first one's URLs are in the data already, and none is signed twice."""
    first, *others = job.options.forms
    image, classes = data["elements"]
    return {
        first.word: {**image, **classes},
        **{form.word: _urls(job, form, sign) for form in others},
    }


def _urls(job: Job, form: ReturnForm, sign: Signer) -> dict[str, Any]:
    shown, name_of = job.shown or {}, job.options.name_of
    class_url = {
        category.value: sign(job, name_of(form, category)) if shown.get(category) else ""
        for category in job.options.cloth_class
    }
    return {"image_url": sign(job, name_of(form, IMAGE)), "class_url": class_url}
