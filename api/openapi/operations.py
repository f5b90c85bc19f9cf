"""The routes: what each takes, what it answers, and which errors it knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api import request_names
from api.openapi import inputs, uploads
from api.openapi.deliveries import DELIVERY_ID
from api.openapi.errors import create_error_responses
from api.openapi.examples import EXAMPLES
from api.openapi.rate_limit import RATE_LIMIT_FIELDS
from api.openapi.schemas import JOB_FAILURES, reference
from api.routes import cutout, health, jobs, query
from api.routes import uploads as direct
from shared.errors import ErrorCode

Operation = dict[str, Any]

_ANY = (ErrorCode.ERROR_PARAMETERS, ErrorCode.UNKNOWN_ERROR)
_KEYED = (ErrorCode.ERROR_USER_NOT_EXISTS, ErrorCode.ERROR_RESOURCE_UNAVAILABLE, *_ANY)
_GONE = (ErrorCode.ERROR_TASK_REVOKED, ErrorCode.ERROR_RESOURCE_RECLAIMED)
_ONE_JOB = (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *_GONE, *_KEYED)
_UPLOAD = (
    ErrorCode.MISSING_PARAMETERS,
    ErrorCode.ERROR_INVALID_PARAMETER,
    ErrorCode.FILE_SIZE_EXCEEDS_LIMIT,
    ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
    ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS,
    ErrorCode.UNSUPPORTED_FILE_TYPES,
    ErrorCode.ERROR_LOW_RESOLUTION,
    ErrorCode.FILE_DECODING_FAILURE,
    ErrorCode.ERROR_CONTENT_NON_COMPLIANCE,
    ErrorCode.EXCEEDING_LIMITS,
    ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
    *_GONE,
    *_KEYED,
)
#: Of a photo that is not in the form.
_ELSEWHERE = (ErrorCode.IMAGE_URL_NOT_ALLOWED, ErrorCode.ERROR_RESOURCE_NOT_FOUND)

_ASK_AGAIN = {
    "description": "While the job is not done: seconds after which to ask again, by its place in the queue.",
    "schema": {"type": "integer", "minimum": 1},
}
_LOCATION = {
    "required": True,
    "description": "Where the job is.",
    "schema": {"type": "string", "format": "uri-reference"},
}
_REQUEST_ID = {
    "required": True,
    "description": "The `request_id` of the envelope: what the request was called by its client, or a new name.",
    "schema": {"type": "string", "pattern": f"^{request_names.VALID.pattern}$"},
}
_TAG = {
    "description": "Of a finished job: to be sent as `If-None-Match`.",
    "schema": {"type": "string", "pattern": '^W/"[^"]+"$'},
}
_APPLIED = {
    "description": "The wait that was granted.",
    "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
}


def create_paths() -> dict[str, dict[str, Operation]]:
    """Describe every route by its path and method."""
    one_job = f"{jobs.PATH}/{{job_id}}"
    paths = {
        cutout.PATH: {"post": _cut_out()},
        query.PATH: {"get": _query_result()},
        jobs.PATH: {"post": _create_job(), "get": _list_jobs()},
        direct.PATH: {"post": _create_upload()},
        one_job: {"get": _show_job(), "delete": _erase_job()},
        f"{one_job}/deliveries": {"get": _list_deliveries()},
        f"{one_job}/deliveries/{{delivery_id}}/redeliver": {"post": _redeliver()},
        health.ALIVE: {"get": _is_alive()},
        health.READY: {"get": _is_ready()},
        "/openapi.json": {"get": _describe()},
    }
    for methods in paths.values():
        for method, operation in methods.items():
            common = {request_names.REQUEST_ID: _REQUEST_ID}
            _complete(operation, {**RATE_LIMIT_FIELDS, **common} if method == "post" else common)
    return paths


def _complete(operation: Operation, headers: dict[str, Any]) -> None:
    """Say what every request may, and every answer does, hold."""
    operation["parameters"] = [*operation.get("parameters", ()), inputs.REQUEST_ID]
    for response in operation["responses"].values():
        response["headers"] = {**response.get("headers", {}), **headers}


def _cut_out() -> Operation:
    return {
        "operationId": "cut_out",
        "summary": "Cut clothing out of a photo, as the hosted API does",
        "parameters": [inputs.IDEMPOTENCY_KEY, inputs.TRACEPARENT],
        "requestBody": uploads.REQUEST_BODY,
        "responses": {
            "200": _answer("The job, finished or not.", ["WaitingJob", "FinishedJob"], _WAITS),
            **create_error_responses((*_UPLOAD, *JOB_FAILURES), may_be_slow=True),
        },
    }


def _query_result() -> Operation:
    codes = (ErrorCode.MISSING_PARAMETERS, ErrorCode.ERROR_INVALID_PARAMETER)
    return {
        "operationId": "query_result",
        "summary": "Ask what has become of a job, as at the hosted API",
        "parameters": inputs.QUERY,
        "responses": {
            "200": _answer("The job, finished or not.", ["WaitingJob", "FinishedJob"], _WAITS),
            **create_error_responses((*codes, *_ONE_JOB, *JOB_FAILURES), may_be_slow=False),
        },
    }


def _create_job() -> Operation:
    headers = {"Location": _LOCATION, "Preference-Applied": _APPLIED}
    finished = _answer(
        "The job, which finished within the wait, or earlier under the same `Idempotency-Key`.",
        ["DeliveredJob", "FailedJob"],
        headers,
    )
    waiting = {**headers, "Retry-After": {**_ASK_AGAIN, "required": True}}
    accepted = _answer("The job, which is stored and goes on.", ["AcceptedJob"], waiting)
    accepted["links"] = {
        name: {"operationId": name, "parameters": {"job_id": "$response.body#/task_id"}}
        for name in ("show_job", "erase_job")
    }
    return {
        "operationId": "create_job",
        "summary": "Create a job",
        "parameters": [inputs.IDEMPOTENCY_KEY, inputs.PREFER, inputs.TRACEPARENT],
        "requestBody": uploads.JOB_REQUEST_BODY,
        "responses": {
            "200": finished,
            "202": accepted,
            **create_error_responses((*_UPLOAD, *_ELSEWHERE), may_be_slow=True),
        },
    }


def _create_upload() -> Operation:
    codes = (
        ErrorCode.ERROR_INVALID_PARAMETER,
        ErrorCode.ERROR_RESOURCE_NOT_FOUND,
        ErrorCode.EXCEEDING_LIMITS,
        ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
        *_KEYED,
    )
    return {
        "operationId": "create_upload",
        "summary": "Get a form by which the object store itself takes a photo",
        "description": "Where the operator has switched it on; 404 elsewhere. Send `fields` and, behind them, the file "
        "as `file` in a multipart form to `url`, then create a job with `upload`. One upload is one job.",
        "responses": {
            "201": _answer("The form, for one photo and some minutes.", ["CreatedUpload"]),
            **create_error_responses(codes, may_be_slow=False),
        },
    }


def _list_jobs() -> Operation:
    codes = (ErrorCode.ERROR_INVALID_PARAMETER, *_KEYED)
    return {
        "operationId": "list_jobs",
        "summary": "List your jobs, newest first",
        "description": "With `ids`, these jobs instead, each with all that its own answer has.",
        "parameters": [*inputs.PAGE, inputs.IDS, inputs.WAIT],
        "responses": {
            "200": _answer(
                "A page, whose `next_cursor` is empty on the last one; or the jobs that were named.",
                ["JobList", "NamedJobs"],
                {"Retry-After": _ASK_AGAIN},
            ),
            **create_error_responses(codes, may_be_slow=False),
        },
    }


def _show_job() -> Operation:
    kinds = ["PendingJob", "DeliveredJob", "FailedJob"]
    return {
        "operationId": "show_job",
        "summary": "Ask what has become of a job",
        "description": "A job that failed is an answer like another: 200, with the error in the envelope.",
        "parameters": [inputs.JOB_ID, inputs.WAIT, inputs.IF_NONE_MATCH],
        "responses": {
            "200": _answer("The job, whatever became of it.", kinds, {**_WAITS, "ETag": _TAG}),
            "304": {
                "description": "You have its answer already; the URLs in it work as long as new ones would.",
                "headers": {"ETag": {**_TAG, "required": True}},
            },
            **create_error_responses(
                (ErrorCode.ERROR_INVALID_PARAMETER, *_ONE_JOB), may_be_slow=False
            ),
        },
    }


def _erase_job() -> Operation:
    return {
        "operationId": "erase_job",
        "summary": "Delete a job with its photo and all its outputs, finished or not",
        "parameters": [inputs.JOB_ID],
        "responses": {
            "204": {"description": "All is deleted. From now on the job is 410 everywhere."},
            **create_error_responses(_ONE_JOB, may_be_slow=False),
        },
    }


def _list_deliveries() -> Operation:
    return {
        "operationId": "list_deliveries",
        "summary": "Ask what became of a job's webhook",
        "parameters": [inputs.JOB_ID],
        "responses": {
            "200": _answer(
                "What is owed to `callback_url` once the job has ended.", ["Deliveries"]
            ),
            **create_error_responses(
                (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *_KEYED), may_be_slow=False
            ),
        },
    }


def _redeliver() -> Operation:
    codes = (
        ErrorCode.ERROR_RESOURCE_NOT_FOUND,
        ErrorCode.ERROR_INVALID_PARAMETER,
        ErrorCode.EXCEEDING_LIMITS,
        ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
        *_KEYED,
    )
    return {
        "operationId": "redeliver",
        "summary": "Send a job's webhook again, whatever became of it",
        "description": "Under the same `webhook-id`, at once, and with all tries anew. Counts as an upload.",
        "parameters": [inputs.JOB_ID, DELIVERY_ID],
        "responses": {
            "200": _answer("It is about to be sent.", ["Deliveries"]),
            **create_error_responses(codes, may_be_slow=False),
        },
    }


def _is_alive() -> Operation:
    responses = {"200": _answer("The process is alive.", ["Alive"])}
    return _open("is_alive", "Whether the process is alive", responses)


def _is_ready() -> Operation:
    retry_after = {"Retry-After": {**_ASK_AGAIN, "required": True}}
    responses = {
        "200": _answer("Database, broker and object store can be used.", ["Ready"]),
        "503": _answer("One of them cannot; `checks` says which.", ["NotReady"], retry_after),
    }
    return _open("is_ready", "Whether what the process stands on can be used", responses)


def _describe() -> Operation:
    content = {"application/json": {"schema": {"type": "object", "required": ["openapi"]}}}
    responses = {"200": {"description": "An OpenAPI 3.1 document.", "content": content}}
    return _open("describe", "This document", responses)


def _open(name: str, summary: str, responses: dict[str, Any]) -> Operation:
    errors = create_error_responses(_ANY, may_be_slow=False)
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": dict(sorted({**errors, **responses}.items())),
    }


def _answer(
    description: str, kinds: Iterable[str], headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a response that is one of several schemas."""
    kinds = list(kinds)
    references = [reference(kind) for kind in kinds]
    schema = references[0] if len(references) == 1 else {"oneOf": references}
    content = {"schema": schema, "examples": {kind: {"value": EXAMPLES[kind]} for kind in kinds}}
    described: dict[str, Any] = {
        "description": description,
        "content": {"application/json": content},
    }
    return {**described, "headers": headers} if headers else described


_WAITS = {"Retry-After": _ASK_AGAIN}
