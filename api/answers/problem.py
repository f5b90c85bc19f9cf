"""Errors as RFC 9457 tells them, `application/problem+json`: on `/v1`, to clients that name this type in `Accept`.

It says what the envelope says, in the words that libraries know; status and headers are the same.
"""

from __future__ import annotations

import json
from typing import NotRequired

from flask import Flask, Response, request
from typing_extensions import TypedDict

from api.answers.envelope import FAILED, OUR_OWN
from shared.documents import address_of_error
from shared.errors import ErrorCode
from shared.jobs.envelope import Envelope, WrongLine
from shared.wire.types import JobName, LogName

MEDIA_TYPE = "application/problem+json"
_ENVELOPE = "application/json"


class Problem(TypedDict):
    """What went wrong."""

    #: The place at which this kind of error is explained, relative to the request's URL.
    type: str
    #: The code's fixed text.
    title: str
    status: int
    #: What to change.
    detail: str
    code: ErrorCode
    request_id: str
    log_id: LogName
    #: The job that it is about, if it is about one.
    task_id: NotRequired[JobName]
    #: Of a refused batch: the lines that cannot be taken.
    lines: NotRequired[list[WrongLine]]


def tell(app: Flask, public_path: str) -> None:
    """Turn envelopes of errors into problems for those who ask for them.

    Args:
        app: The application.
        public_path: Where a proxy has put it.
    """

    @app.after_request
    def _tell(response: Response) -> Response:
        is_error = response.status_code >= FAILED and response.mimetype == _ENVELOPE
        if not (is_error and request.path.startswith(OUR_OWN)):
            return response
        response.vary.add("Accept")
        if _is_wanted():
            problem = _problem_of(response.get_json(), public_path)
            response.set_data(json.dumps(problem))
            response.content_type = MEDIA_TYPE
        return response


def _is_wanted() -> bool:
    """Whether the request names the type, and does not prefer the envelope's; `*/*` names none."""
    named = {name.partition(";")[0].lower(): share for name, share in request.accept_mimetypes}
    share = named.get(MEDIA_TYPE, 0)
    return share > 0 and share >= named.get(_ENVELOPE, 0)


def _problem_of(envelope: Envelope, public_path: str) -> Problem:
    detail = envelope["error_detail"]
    code = ErrorCode(envelope["error_code_str"])
    problem = Problem(
        type=public_path + address_of_error(code),
        title=detail["code_message"],
        status=detail["status_code"],
        detail=detail["message"],
        code=code,
        request_id=envelope["request_id"],
        log_id=envelope["log_id"],
    )
    if envelope["task_id"]:
        problem["task_id"] = envelope["task_id"]
    if "lines" in envelope:
        problem["lines"] = envelope["lines"]
    return problem
