"""Batches: create, list, show, cancel, and read what came of them."""

from __future__ import annotations

from typing import Any

from api.intake.tags import Reference
from api.openapi import codes, inputs
from api.openapi.answers import ASK_AGAIN, WAITS, answer
from api.openapi.batches import BATCH_ID, BODY, LINE_CURSOR_PARAMETER
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.openapi.types import schema_of
from api.openapi.uploads import CALLBACK
from api.routes.batches import JSON_LINES, PATH, ZIP
from shared.errors import ErrorCode

_ONE = f"{PATH}/{{batch_id}}"
_CALLED = {
    "name": "reference",
    "in": "query",
    "description": "What you call the batch.",
    "schema": schema_of(Reference),
}
_TOLD = {
    "name": "callback_url",
    "in": "query",
    "description": "Who is told, as of a job, when the batch has ended: `batch.completed` or `batch.cancelled`.",
    "schema": CALLBACK,
}
_LOCATION = {
    "required": True,
    "description": "Where the batch is.",
    "schema": {"type": "string", "format": "uri-reference"},
}
_POST = (
    ErrorCode.ERROR_INVALID_PARAMETER,
    ErrorCode.EXCEEDING_LIMITS,
    *codes.KEYED,
)
_READ = (ErrorCode.ERROR_RESOURCE_NOT_FOUND, ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        PATH: {"post": _create_batch(), "get": _list_batches()},
        _ONE: {"get": _show_batch()},
        f"{_ONE}/cancel": {"post": _cancel_batch()},
        f"{_ONE}/jobs": {"get": _list_batch_jobs()},
        f"{_ONE}/output": {"get": _file("read_output", "items that have succeeded", JSON_LINES)},
        f"{_ONE}/errors": {
            "get": _file("read_errors", "items that have ended otherwise", JSON_LINES)
        },
        f"{_ONE}/results": {"get": _archive()},
    }


def _create_batch() -> Operation:
    accepted = answer(
        "All items were taken, and wait.",
        ["AcceptedBatch"],
        {"Location": _LOCATION, "Retry-After": {**ASK_AGAIN, "required": True}},
    )
    ended = answer(
        "A batch that ended earlier, under the same `Idempotency-Key`.",
        ["Batch"],
        {"Location": _LOCATION},
    )
    refusals = (
        ErrorCode.MISSING_PARAMETERS,
        ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
        ErrorCode.ERROR_CONTENT_NON_COMPLIANCE,
        ErrorCode.BATCH_REFUSED,
        *_POST,
    )
    return {
        "operationId": "create_batch",
        "summary": "Create many jobs in one request",
        "description": "Each line is checked as a job's form is, and a batch with a wrong one is refused as a whole.",
        "parameters": [inputs.IDEMPOTENCY_KEY, inputs.TRACEPARENT, _CALLED, _TOLD],
        "requestBody": BODY,
        "responses": {
            "200": ended,
            "202": accepted,
            **create_error_responses(refusals, may_be_slow=True),
        },
    }


def _list_batches() -> Operation:
    return {
        "operationId": "list_batches",
        "summary": "List your batches, newest first",
        "parameters": inputs.LIST,
        "responses": {
            "200": answer("A page, whose `next_cursor` is empty on the last one.", ["BatchList"]),
            **create_error_responses(
                (ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED), may_be_slow=False
            ),
        },
    }


def _show_batch() -> Operation:
    return {
        "operationId": "show_batch",
        "summary": "Ask how far a batch is",
        "parameters": [BATCH_ID, inputs.WAIT],
        "responses": {
            "200": answer("The batch, with counts.", ["Batch"], WAITS),
            **create_error_responses(_READ, may_be_slow=False),
        },
    }


def _cancel_batch() -> Operation:
    return {
        "operationId": "cancel_batch",
        "summary": "Let no further item begin; what is done stays",
        "parameters": [BATCH_ID],
        "responses": {
            "200": answer("The batch; one that has ended stays as it is.", ["Batch"], WAITS),
            **create_error_responses(
                (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *_POST), may_be_slow=False
            ),
        },
    }


def _list_batch_jobs() -> Operation:
    return {
        "operationId": "list_batch_jobs",
        "summary": "List the items of a batch, in the order of its lines, while it runs and afterwards",
        "parameters": [BATCH_ID, inputs.LIMIT, LINE_CURSOR_PARAMETER],
        "responses": {
            "200": answer("A page, whose `next_cursor` is empty on the last one.", ["BatchItems"]),
            **create_error_responses(_READ, may_be_slow=False),
        },
    }


def _file(name: str, which: str, media_type: str) -> Operation:
    return {
        "operationId": name,
        "summary": f"Read the {which}, a line of JSON each",
        "description": "Complete when the batch has ended: then each item is in one of both files. Each line is an "
        "item as the list of its items has it (`BatchLine`).",
        "parameters": [BATCH_ID],
        "responses": _stream("The lines, in the order of the input.", media_type),
    }


def _archive() -> Operation:
    return {
        "operationId": "read_results",
        "summary": "Read all pictures as a zip archive, a folder an item",
        "description": "A folder is called by its line; the files in it as by `download_result`. It is made while it "
        "is sent; where it broke off, go on with the last line as `cursor`.",
        "parameters": [BATCH_ID, LINE_CURSOR_PARAMETER],
        "responses": _stream("The archive.", ZIP),
    }


def _stream(description: str, media_type: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "200": {"description": description, "content": content},
        **create_error_responses((ErrorCode.ERROR_RESOURCE_RECLAIMED, *_READ), may_be_slow=False),
    }
