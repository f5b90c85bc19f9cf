"""What became of a job's webhook."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.answers import answer
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.jobs import PATH
from shared.errors import ErrorCode


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        f"{PATH}/{{job_id}}/deliveries": {"get": _list_deliveries()},
        f"{PATH}/{{job_id}}/deliveries/{{delivery_id}}/redeliver": {"post": _redeliver()},
    }


def _list_deliveries() -> Operation:
    return {
        "operationId": "list_deliveries",
        "summary": "Ask what became of a job's webhook",
        "parameters": [inputs.JOB_ID],
        "responses": {
            "200": answer("What is owed to `callback_url` once the job has ended.", ["Deliveries"]),
            **create_error_responses(
                (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *codes.KEYED), may_be_slow=False
            ),
        },
    }


def _redeliver() -> Operation:
    refusals = (
        ErrorCode.ERROR_RESOURCE_NOT_FOUND,
        ErrorCode.ERROR_INVALID_PARAMETER,
        ErrorCode.EXCEEDING_LIMITS,
        ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
        *codes.KEYED,
    )
    return {
        "operationId": "redeliver",
        "summary": "Send a job's webhook again, whatever became of it",
        "description": "Under the same `webhook-id`, at once, and with all tries anew. Counts as an upload.",
        "parameters": [inputs.JOB_ID, inputs.DELIVERY_ID],
        "responses": {
            "200": answer("It is about to be sent.", ["Deliveries"]),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }
