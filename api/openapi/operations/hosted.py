"""The paths of the hosted API."""

from __future__ import annotations

from api.openapi import codes, inputs, uploads
from api.openapi.answers import WAITS, answer
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes import cutout, query
from shared.errors import JOB_FAILURES, ErrorCode


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        cutout.PATH: {"post": _cut_out()},
        query.PATH: {"get": _query_result()},
    }


def _cut_out() -> Operation:
    return {
        "operationId": "cut_out",
        "summary": "Cut clothing out of a photo, as the hosted API does",
        "parameters": [inputs.IDEMPOTENCY_KEY, inputs.TRACEPARENT],
        "requestBody": uploads.REQUEST_BODY,
        "responses": {
            "200": answer("The job, finished or not.", ["WaitingJob", "FinishedJob"], WAITS),
            **create_error_responses((*codes.UPLOAD, *JOB_FAILURES), may_be_slow=True, on_v1=False),
        },
    }


def _query_result() -> Operation:
    refusals = (ErrorCode.MISSING_PARAMETERS, ErrorCode.ERROR_INVALID_PARAMETER)
    return {
        "operationId": "query_result",
        "summary": "Ask what has become of a job, as at the hosted API",
        "parameters": inputs.QUERY,
        "responses": {
            "200": answer("The job, finished or not.", ["WaitingJob", "FinishedJob"], WAITS),
            **create_error_responses(
                (*refusals, *codes.ONE_JOB, *JOB_FAILURES), may_be_slow=False, on_v1=False
            ),
        },
    }
