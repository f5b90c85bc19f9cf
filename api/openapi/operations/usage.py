"""What the tenant has used."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.answers import answer
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.usage import PATH
from shared.errors import ErrorCode


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {PATH: {"get": _show_usage()}}


def _show_usage() -> Operation:
    refusals = (ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)
    return {
        "operationId": "show_usage",
        "summary": "Ask what you have used, day by day",
        "description": "Of all keys of the account together. A job is counted once, on the day (UTC) on which it was "
        "accepted, and on the one on which it ended.",
        "parameters": inputs.DAYS,
        "responses": {
            "200": answer("The days, and their sum.", ["UsageOfDays"]),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }
