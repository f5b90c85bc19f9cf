"""Jobs: create, list, show, erase."""

from __future__ import annotations

from api.openapi import codes, inputs, uploads
from api.openapi.answers import ASK_AGAIN, WAITS, answer
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.jobs import PATH
from shared.errors import ErrorCode

_LOCATION = {
    "required": True,
    "description": "Where the job is.",
    "schema": {"type": "string", "format": "uri-reference"},
}
_TAG = {
    "description": "Of a finished job: to be sent as `If-None-Match`.",
    "schema": {"type": "string", "pattern": '^W/"[^"]+"$'},
}
_APPLIED = {
    "description": "The wait that was granted.",
    "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
}


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        PATH: {"post": _create_job(), "get": _list_jobs()},
        f"{PATH}/{{job_id}}": {"get": _show_job(), "delete": _erase_job()},
    }


def _create_job() -> Operation:
    headers = {"Location": _LOCATION, "Preference-Applied": _APPLIED}
    finished = answer(
        "The job, which finished within the wait, or earlier under the same `Idempotency-Key`.",
        ["DeliveredJob", "FailedJob"],
        headers,
    )
    waiting = {**headers, "Retry-After": {**ASK_AGAIN, "required": True}}
    accepted = answer("The job, which is stored and goes on.", ["AcceptedJob"], waiting)
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
            **create_error_responses((*codes.UPLOAD, *codes.ELSEWHERE), may_be_slow=True),
        },
    }


def _list_jobs() -> Operation:
    refusals = (ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)
    return {
        "operationId": "list_jobs",
        "summary": "List your jobs, newest first",
        "description": "With `ids`, these jobs instead, each with all that its own answer has.",
        "parameters": [*inputs.PAGE, inputs.IDS, inputs.WAIT],
        "responses": {
            "200": answer(
                "A page, whose `next_cursor` is empty on the last one; or the jobs that were named.",
                ["JobList", "NamedJobs"],
                {"Retry-After": ASK_AGAIN},
            ),
            **create_error_responses(refusals, may_be_slow=False),
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
            "200": answer("The job, whatever became of it.", kinds, {**WAITS, "ETag": _TAG}),
            "304": {
                "description": "You have its answer already; the URLs in it work as long as new ones would.",
                "headers": {"ETag": {**_TAG, "required": True}},
            },
            **create_error_responses(
                (ErrorCode.ERROR_INVALID_PARAMETER, *codes.ONE_JOB), may_be_slow=False
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
            **create_error_responses(codes.ONE_JOB, may_be_slow=False),
        },
    }
