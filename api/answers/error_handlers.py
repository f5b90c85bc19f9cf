"""The one table from errors to HTTP: what is raised anywhere, Flask's own errors too, becomes an envelope."""

from __future__ import annotations

import math

from flask import Flask, Response, abort, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    RequestTimeout,
    RequestURITooLarge,
)

from api.answers.envelope import for_failure, respond
from api.intake.batch_refusal import BatchRefused
from api.intake.form import MAX_BODY_BYTES
from api.intake.multipart import MAX_PARTS, MAX_TEXT_BYTES
from api.metrics import count_refusal
from api.server.unreadable import UNREADABLE
from shared.errors import ErrorCode, Refused, TryLater, Unavailable
from shared.jobs.envelope import Failure, WrongLine
from shared.telemetry.logs import get_logger

log = get_logger(__name__)

#: `Retry-After` while a store is down.
_TRY_AGAIN_SECONDS = 5
_INTERNAL_SERVER_ERROR = 500

_UNAVAILABLE = Failure(
    ErrorCode.ERROR_RESOURCE_UNAVAILABLE,
    "The service cannot take or find jobs at the moment. Please send the same request again later.",
)
_UNFORESEEN = Failure(
    ErrorCode.UNKNOWN_ERROR,
    "Something went wrong in the service, and was logged. Please name the `request_id` when reporting it.",
)
#: werkzeug's errors that a client can do something about. Others of 4xx are an unreadable request.
_HTTP = {
    NotFound: Failure(
        ErrorCode.ERROR_RESOURCE_NOT_FOUND, "There is nothing at this path. Please check the URL."
    ),
    MethodNotAllowed: Failure(
        ErrorCode.ERROR_ILLEGAL_OPERATION,
        "This path does not know the HTTP method; the `Allow` header of this answer lists those it knows.",
    ),
    RequestEntityTooLarge: Failure(
        ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
        f"The body may have {MAX_BODY_BYTES} bytes and {MAX_PARTS} parts, and a text field {MAX_TEXT_BYTES} bytes.",
    ),
    RequestTimeout: Failure(
        ErrorCode.ERROR_PARAMETERS,
        "The body did not arrive in time. Please send a smaller image, or use a faster connection.",
        RequestTimeout.code,
    ),
    RequestURITooLarge: Failure(
        ErrorCode.ERROR_PARAMETERS, "The URL is too long.", RequestURITooLarge.code
    ),
    RequestHeaderFieldsTooLarge: Failure(
        ErrorCode.ERROR_PARAMETERS,
        "The headers are too large, or too many.",
        RequestHeaderFieldsTooLarge.code,
    ),
}


def handle(app: Flask) -> None:
    """Answer every error of the application, and those that gunicorn found before it."""
    app.before_request(_refuse_unreadable)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(TryLater, _try_later)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _refuse_unreadable() -> None:
    status = request.environ.get(UNREADABLE)
    if status is not None:
        abort(status)


def _refused(error: Refused) -> Response:
    log.info("request.refused", code=error.code, route=request.endpoint)
    count_refusal(error.code)
    envelope = for_failure(Failure(error.code, error.message))
    if isinstance(error, BatchRefused):
        envelope["lines"] = [
            WrongLine(line=it.line, code=it.code, message=it.message) for it in error.problems
        ]
    response = respond(envelope)
    if error.code is ErrorCode.ERROR_USER_NOT_EXISTS:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _try_later(error: TryLater) -> Response:
    seconds = max(1, math.ceil(error.seconds))
    log.info(
        "request.refused",
        code=error.code,
        route=request.endpoint,
        retry_after_s=seconds,
    )
    return _refuse(Failure(error.code, error.message), seconds)


def _unavailable(error: Unavailable) -> Response:
    cause = str(error.__cause__ or "").partition("\n")[0]
    log.warning(
        "request.failed",
        route=request.endpoint,
        reason=str(error),
        cause=cause,
    )
    return _refuse(_UNAVAILABLE, _TRY_AGAIN_SECONDS)


def _http(error: HTTPException) -> Response:
    status = error.code or _INTERNAL_SERVER_ERROR
    if status >= _INTERNAL_SERVER_ERROR:
        return _unforeseen(error)
    unreadable = Failure(
        ErrorCode.ERROR_PARAMETERS,
        "The request cannot be read. Please check how it is built.",
        status,
    )
    response = _refuse(_HTTP.get(type(error), unreadable))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _unforeseen(error: Exception) -> Response:
    log.error("request.failed", route=request.endpoint, exc_info=error)
    return _refuse(_UNFORESEEN)


def _refuse(failure: Failure, retry_after: int = 0) -> Response:
    count_refusal(failure.code)
    return respond(for_failure(failure), retry_after=retry_after)
