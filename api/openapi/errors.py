"""Errors as responses: by HTTP status, with the codes that stand in `error_detail.code`, each with an example."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from api.answers import problem, should_retry
from api.openapi.types import reference
from shared.errors import CATALOGUE, ErrorCode

#: When a client sees a code; docs/reference/api.md has the same words.
MEANINGS: Mapping[ErrorCode, str] = {
    ErrorCode.MISSING_PARAMETERS: "no `image`, or an empty one; no `task_id`",
    ErrorCode.ERROR_INVALID_PARAMETER: "more than one `image`; an unknown value in another field, header or parameter; "
    "as the job's answer, a category that the network does not know",
    ErrorCode.ERROR_PARAMETERS: "the body is no readable multipart form; with 408, it did not arrive in time",
    ErrorCode.ERROR_USER_NOT_EXISTS: "the key is missing, unknown, revoked or expired",
    ErrorCode.ERROR_PERMISSION_DENIED: "the key lacks the scope that the route needs; the message names it",
    ErrorCode.ERROR_RESOURCE_NOT_FOUND: "no such path; a job that does not exist or is not yours",
    ErrorCode.ERROR_ILLEGAL_OPERATION: "the path does not take this method",
    ErrorCode.ERROR_TASK_REVOKED: "the job was deleted by its owner",
    ErrorCode.ERROR_RESOURCE_RECLAIMED: "the job finished more than 24 hours ago",
    ErrorCode.FILE_SIZE_EXCEEDS_LIMIT: "the file has more than 5 MB",
    ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE: "the whole request is larger than any permitted upload",
    ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS: "a side of 3000 px or more",
    ErrorCode.UNSUPPORTED_FILE_TYPES: "not a JPEG, PNG or BMP by its bytes; also MPO and animated PNG",
    ErrorCode.ERROR_LOW_RESOLUTION: "a side of 50 px or less",
    ErrorCode.FILE_DECODING_FAILURE: "damaged or cut short; at once if the header shows it, else as the job's answer",
    ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED: "the photo shows no clothing",
    ErrorCode.ERROR_CONTENT_NON_COMPLIANCE: "an `Idempotency-Key` used again for another upload",
    ErrorCode.IMAGE_URL_NOT_ALLOWED: "`image_url` may not be fetched: its protocol, port or host is not allowed, "
    "or its address is not public",
    ErrorCode.IMAGE_URL_UNREACHABLE: "as the job's answer: the host of `image_url` is not found, refuses, has no valid "
    "certificate, or answers with an error",
    ErrorCode.IMAGE_URL_TIMEOUT: "as the job's answer: the host of `image_url` took too long",
    ErrorCode.UPLOAD_MISSING: "as the job's answer: no photo had arrived under `upload` when the job's turn came",
    ErrorCode.BATCH_REFUSED: "lines of a batch would be refused as jobs; `lines` says which and why; none was taken",
    ErrorCode.EXCEEDING_LIMITS: "a quota of this key, or no waiting slot for a `sync` post; `Retry-After` says when",
    ErrorCode.PROCESSING_FAILURE: "the job was tried as often as it may be",
    ErrorCode.UNKNOWN_ERROR: "a bug of ours; the logs have it under `log_id`",
    ErrorCode.ERROR_INSUFFICIENT_RESOURCES: "the queue is full; `Retry-After` says when",
    ErrorCode.ERROR_RESOURCE_UNAVAILABLE: "the database or the object store is away; `Retry-After` says when",
    ErrorCode.AI_SERVICE_TIMEOUT: "a `sync` wait that was too short, or a job past its time",
}

#: A name that stands for any, in examples.
SOME_NAME = "0d9c6a1e5f3b4c7d8e9fa0b1c2d3e4f5"

_RETRY_AFTER = {
    "required": True,
    "description": "Seconds after which the same request makes sense again.",
    "schema": {"type": "integer", "minimum": 1},
}
_AUTHENTICATE = {"required": True, "schema": {"const": "Bearer"}}
_UNAUTHORIZED, _TRY_LATER = 401, frozenset({429, 503})


def create_error_responses(
    codes: Iterable[ErrorCode], *, may_be_slow: bool, on_v1: bool = True
) -> dict[str, Any]:
    """Describe what an operation answers besides success.

    Args:
        codes: What can go wrong.
        may_be_slow: Whether it reads a body, which can fail to arrive in time.
        on_v1: Whether it tells errors as problems, too.
    """
    by_status: defaultdict[int, list[ErrorCode]] = defaultdict(list)
    for code in dict.fromkeys(codes):
        by_status[CATALOGUE[code].http_status].append(code)
    if may_be_slow:
        by_status[408].append(ErrorCode.ERROR_PARAMETERS)
    responses = {status: _response(status, by_status[status]) for status in sorted(by_status)}
    if on_v1:
        for status, response in responses.items():
            response["content"][problem.MEDIA_TYPE] = _problem(status, by_status[status])
    return {str(status): response for status, response in responses.items()}


def create_error_examples() -> dict[str, Any]:
    """Make one example for each code, by its name."""
    return {code.value: {"value": error_example(code)} for code in ErrorCode}


def error_example(code: ErrorCode) -> dict[str, Any]:
    """Write the envelope of an error without a job."""
    status = CATALOGUE[code].http_status
    message = MEANINGS[code].capitalize() + "."
    return {
        "request_id": SOME_NAME,
        "log_id": SOME_NAME,
        "error_code": status,
        "error_code_str": code.value,
        "error_msg": message,
        "error_detail": {
            "status_code": status,
            "code": code.value,
            "code_message": CATALOGUE[code].text,
            "message": message,
        },
        "task_type": "",
        "task_id": "",
        "task_status": 3,
    }


def _response(status: int, codes: list[ErrorCode]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": "\n".join(f"- `{code}`: {MEANINGS[code]}" for code in codes),
        "content": {
            "application/json": {
                "schema": {"allOf": [reference("Error"), _narrowed(status, codes)]},
                "examples": {
                    code.value: {"$ref": f"#/components/examples/{code}"}
                    for code in codes
                    if CATALOGUE[code].http_status == status
                },
            }
        },
    }
    described["headers"] = {should_retry.HEADER: describe_should_retry(status, codes)}
    if status in _TRY_LATER:
        described["headers"]["Retry-After"] = _RETRY_AFTER
    if status == _UNAUTHORIZED:
        described["headers"]["WWW-Authenticate"] = _AUTHENTICATE
    return described


def describe_should_retry(status: int, codes: Iterable[ErrorCode]) -> dict[str, Any]:
    """Describe the header that says whether to send the same request again."""
    longest = should_retry.PATIENCE_SECONDS + 1 if status in _TRY_LATER else 0
    words = {should_retry.of(code, status, after) for code in codes for after in (0, longest)}
    return {
        "required": True,
        "description": "Whether to send the same request again: after `Retry-After`, where that is. `false` also where "
        f"that is more than {should_retry.PATIENCE_SECONDS} seconds.",
        "schema": {"enum": sorted(words)},
    }


def _problem(status: int, codes: list[ErrorCode]) -> dict[str, Any]:
    told = {"status": {"const": status}, "code": {"enum": list(codes)}}
    return {"schema": {"allOf": [reference(problem.Problem.__name__), {"properties": told}]}}


def _narrowed(status: int, codes: list[ErrorCode]) -> dict[str, Any]:
    detail = {"properties": {"status_code": {"const": status}, "code": {"enum": list(codes)}}}
    return {"properties": {"error_code": {"const": status}, "error_detail": detail}}
