"""The envelope: the JSON in which a job, or an error, is told (contract, section 2).

Front ends answer with it, and webhooks carry it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.errors import CATALOGUE, ErrorCode
from shared.job import LIVE, Job, JobStatus
from shared.objects.store import IMAGE
from shared.wire.contract import Category, ReturnForm
from shared.wire.report import Report
from shared.wire.types import TaskStatus, Url

#: Makes the URL of one output of a job, for who asks: `ObjectStore.sign_result`.
Signer = Callable[[Job, str], str]

#: The word of an output.
Output = Annotated[str, Field(json_schema_extra={"enum": [form.word for form in ReturnForm]})]

OK = 200
QUEUED, PROCESSING, DONE, FAILED = range(4)
TASK_STATUS = {
    JobStatus.QUEUED: QUEUED,
    JobStatus.PROCESSING: PROCESSING,
    JobStatus.SUCCEEDED: DONE,
}


class ErrorDetail(TypedDict):
    """What went wrong. Always an object, because clients read its fields; without an error its texts are empty."""

    status_code: int
    code: ErrorCode | Literal[""]
    code_message: str
    message: str


class QueueState(TypedDict):
    """While a job waits: its place (1: the next one), and the seconds until it should be done."""

    position: Annotated[int, Field(ge=1)]
    estimated_seconds: Annotated[int, Field(ge=1)]


class Image(TypedDict):
    """What `out_mode` says is shown."""

    image_url: Url


class Classes(TypedDict):
    """Each category that was asked for; one that the photo does not show has no URL."""

    class_url: dict[Category, Url | Literal[""]]


class Pictures(Image, Classes):
    """The pictures of one output."""


class Elements(TypedDict):
    """What a job that succeeded came to, as the hosted API tells it."""

    elements: tuple[Image, Classes]


class Delivered(Elements):
    """What a job that succeeded came to, with all that `/v1` tells."""

    #: Of each output that was asked for; the first one's are in `elements` too.
    outputs: Annotated[dict[Output, Pictures], Field(min_length=1)]
    #: None of jobs that an earlier release finished.
    report: Report | None


#: Where an item of a batch began in what was sent.
LineNumber = Annotated[int, Field(ge=1)]


class WrongLine(TypedDict):
    """A line of a batch that cannot be taken."""

    line: LineNumber
    code: ErrorCode
    message: str


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
    task_status: TaskStatus
    #: There exactly when `task_status` is 2: clients look for a status in it first.
    data: NotRequired[Mapping[str, Any]]
    #: Only while a job waits, and its place is known.
    queue: NotRequired[QueueState]
    #: Of jobs on `/v1`: what the client calls it.
    reference: NotRequired[str]
    metadata: NotRequired[dict[str, str]]
    #: Of a batch that was refused: the first of its wrong lines.
    lines: NotRequired[list[WrongLine]]
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
        envelope["data"] = Elements(elements=_elements(job, sign))
    return envelope


def names_of_results(job: Job) -> list[str]:
    """Name every picture of a job that has succeeded."""
    shown, options = job.shown or {}, job.options
    pictures = [IMAGE, *(category for category in options.cloth_class if shown.get(category))]
    return [options.name_of(form, picture) for form in options.forms for picture in pictures]


def add_all_of(job: Job, envelope: Envelope, sign: Signer) -> Envelope:
    """Add what only `/v1` tells: its tags, every output, and what was measured."""
    if "data" in envelope:
        elements = envelope["data"]["elements"]
        envelope["data"] = Delivered(
            elements=elements, outputs=_outputs(job, elements, sign), report=job.report
        )
    envelope["reference"] = job.tags.reference
    envelope["metadata"] = dict(job.tags.metadata)
    return envelope


def envelope_of_failure(failure: Failure, request_id: str, job: Job | None = None) -> Envelope:
    """Describe an error; of a job that goes on all the same, its status stays."""
    is_live = job is not None and job.status in LIVE
    status = TASK_STATUS[job.status] if job and is_live else FAILED
    return _envelope(failure, job, request_id, status)


def envelope_of_data(data: Mapping[str, Any], request_id: str, ok: int = OK) -> Envelope:
    """Answer with something that is no job; with nothing in it, say that all is well."""
    envelope = _envelope(None, None, request_id, DONE, ok)
    envelope["data"] = data
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


def _elements(job: Job, sign: Signer) -> tuple[Image, Classes]:
    pictures = _pictures(job, job.options.forms[0], sign)
    return Image(image_url=pictures["image_url"]), Classes(class_url=pictures["class_url"])


def _outputs(job: Job, elements: tuple[Image, Classes], sign: Signer) -> dict[Output, Pictures]:
    """List every output; the first one's URLs are in the elements already, and none is signed twice."""
    first, *others = job.options.forms
    image, classes = elements
    return {
        first.word: Pictures(**image, **classes),
        **{form.word: _pictures(job, form, sign) for form in others},
    }


def _pictures(job: Job, form: ReturnForm, sign: Signer) -> Pictures:
    shown, name_of = job.shown or {}, job.options.name_of
    return Pictures(
        image_url=sign(job, name_of(form, IMAGE)),
        class_url={
            category: sign(job, name_of(form, category)) if shown.get(category) else ""
            for category in job.options.cloth_class
        },
    )
