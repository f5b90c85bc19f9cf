"""The one serialiser: every JSON answer, success or error, is sent from here (contract, section 2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypedDict

from flask import Response, jsonify, request

from api.answers import should_retry
from api.answers.queue_forecast import Forecast, ask_again_after
from api.request_names import request_id
from shared.documents import address_of_error
from shared.errors import ErrorCode
from shared.job import Job
from shared.jobs.envelope import (
    OK,
    PROCESSING,
    QUEUED,
    Envelope,
    Failure,
    QueueState,
    Signer,
    add_all_of,
    envelope_of,
    envelope_of_data,
    envelope_of_failure,
    failure_of,
)

#: Tells when a job that waits will be done: `QueueForecast.of`.
Foresee = Callable[[Job], Forecast | None]


class Means(TypedDict):
    """What one front end describes jobs with."""

    sign: Signer
    foresee: Foresee


#: The routes that answer more than the hosted API does.
OUR_OWN = "/v1/"
#: Statuses from here on say that the request failed, not only the job that it is about.
FAILED = 400
#: `Retry-After` of a job that is being worked on: it takes about a second.
_ASK_AGAIN_SECONDS = 1


def for_job(job: Job, ok: int = OK, *, sign: Signer, foresee: Foresee) -> Envelope:
    """Describe a job, whatever became of it, and while it waits its place in the queue.

    Args:
        job: The job.
        ok: The HTTP status of an answer without an error.
        sign: Makes the URLs.
        foresee: Says how long a job that waits will.
    """
    envelope = envelope_of(job, request_id(), sign, ok)
    forecast = None if failure_of(job) else foresee(job)
    if forecast is not None:
        envelope["queue"] = QueueState(
            position=forecast.position, estimated_seconds=math.ceil(forecast.seconds)
        )
    return envelope


def for_job_in_full(job: Job, ok: int = OK, *, sign: Signer, foresee: Foresee) -> Envelope:
    """Describe a job as `for_job` does, with what only `/v1` tells."""
    return add_all_of(job, for_job(job, ok, sign=sign, foresee=foresee), sign)


class Describe(Protocol):
    """`for_job`, or `for_job_in_full`, with the means that one front end has."""

    def __call__(self, job: Job, ok: int = OK) -> Envelope:
        """Describe a job."""


def for_failure(failure: Failure, job: Job | None = None) -> Envelope:
    """Describe an error; of a job that goes on all the same, its status stays."""
    return envelope_of_failure(failure, request_id(), job)


def for_data(data: Mapping[str, Any], ok: int = OK) -> Envelope:
    """Answer with something that is no job; with nothing in it, say that all is well."""
    return envelope_of_data(data, request_id(), ok)


def respond(envelope: Envelope, status: int = 0, retry_after: int = 0) -> Response:
    """Send an envelope.

    Args:
        envelope: What is said.
        status: An HTTP status; 0: the one that stands in the envelope.
        retry_after: After how many seconds to come again; 0: as the job that goes on asks for, if it is one.
    """
    response = jsonify(envelope)
    response.status_code = status or envelope["error_detail"]["status_code"]
    if envelope["error_code_str"]:
        _explain(response, ErrorCode(envelope["error_code_str"]), retry_after)
    if not retry_after and envelope["task_status"] in {QUEUED, PROCESSING}:
        retry_after = seconds_to_wait(envelope.get("queue"))
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _explain(response: Response, code: ErrorCode, retry_after: int) -> None:
    """Say of an error what helps, and of a request that failed whether sending it again may."""
    if request.path.startswith(OUR_OWN):
        response.headers["Link"] = f'<{address_of_error(code)}>; rel="help"'
    if response.status_code >= FAILED:
        response.headers[should_retry.HEADER] = should_retry.of(
            code, response.status_code, retry_after
        )


def without_body(status: int) -> Response:
    """Say nothing but a status."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def seconds_to_wait(queue: QueueState | None) -> int:
    """Say when to ask again for a job that goes on, by its place, if it still waits."""
    return ask_again_after(queue["estimated_seconds"]) if queue else _ASK_AGAIN_SECONDS
