"""What became of the webhook of a job, or of a batch."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.answers import answer
from api.openapi.batches import BATCH_ID
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes import batches, jobs
from shared.errors import ErrorCode

_OF_A_JOB = f"{jobs.PATH}/{{job_id}}/deliveries"
_OF_A_BATCH = f"{batches.PATH}/{{batch_id}}/deliveries"
_REDELIVER = "/{delivery_id}/redeliver"


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        _OF_A_JOB: {"get": _list("list_deliveries", "job", inputs.JOB_ID)},
        _OF_A_JOB + _REDELIVER: {"post": _redeliver("redeliver", "job", inputs.JOB_ID)},
        _OF_A_BATCH: {"get": _list("list_batch_deliveries", "batch", BATCH_ID)},
        _OF_A_BATCH + _REDELIVER: {"post": _redeliver("redeliver_batch", "batch", BATCH_ID)},
    }


def _list(name: str, whose: str, which: Operation) -> Operation:
    return {
        "operationId": name,
        "summary": f"Ask what became of a {whose}'s webhook",
        "parameters": [which],
        "responses": {
            "200": answer(
                f"What is owed to `callback_url` once the {whose} has ended.", ["Deliveries"]
            ),
            **create_error_responses(
                (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *codes.KEYED), may_be_slow=False
            ),
        },
    }


def _redeliver(name: str, whose: str, which: Operation) -> Operation:
    refusals = (
        ErrorCode.ERROR_RESOURCE_NOT_FOUND,
        ErrorCode.ERROR_INVALID_PARAMETER,
        ErrorCode.EXCEEDING_LIMITS,
        ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
        *codes.KEYED,
    )
    return {
        "operationId": name,
        "summary": f"Send a {whose}'s webhook again, whatever became of it",
        "description": "Under the same `webhook-id`, at once, and with all tries anew. Counts as an upload.",
        "parameters": [which, inputs.DELIVERY_ID],
        "responses": {
            "200": answer("It is about to be sent.", ["Deliveries"]),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }
