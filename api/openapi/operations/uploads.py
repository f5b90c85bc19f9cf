"""Uploads past the front end."""

from __future__ import annotations

from api.openapi import codes
from api.openapi.answers import answer
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.uploads import PATH
from shared.errors import ErrorCode


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        PATH: {"post": _create_upload()},
    }


def _create_upload() -> Operation:
    refusals = (
        ErrorCode.ERROR_INVALID_PARAMETER,
        ErrorCode.ERROR_RESOURCE_NOT_FOUND,
        ErrorCode.EXCEEDING_LIMITS,
        ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
        *codes.KEYED,
    )
    return {
        "operationId": "create_upload",
        "summary": "Get a form by which the object store itself takes a photo",
        "description": "Where the operator has switched it on; 404 elsewhere. Send `fields` and, behind them, the file "
        "as `file` in a multipart form to `url`, then create a job with `upload`. One upload is one job.",
        "responses": {
            "201": answer("The form, for one photo and some minutes.", ["CreatedUpload"]),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }
