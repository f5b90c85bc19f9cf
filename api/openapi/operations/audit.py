"""What was done to keys and webhooks."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.answers import answer
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.audit import PATH
from shared.errors import ErrorCode


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {PATH: {"get": _list_audit()}}


def _list_audit() -> Operation:
    refusals = (ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)
    return {
        "operationId": "list_audit",
        "summary": "Read who did what to your account's keys and webhooks, newest first",
        "parameters": inputs.LIST,
        "responses": {
            "200": answer(
                "A page, whose `next_cursor` is empty on the last one.", ["AuditEntries"]
            ),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }
