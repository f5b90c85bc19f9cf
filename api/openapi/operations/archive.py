"""The archive of several jobs' results."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.archive import MEDIA_TYPE, PATH
from shared.errors import ErrorCode


def create_paths() -> Paths:
    """Describe the route by path and method."""
    return {PATH: {"get": _download_results()}}


def _download_results() -> Operation:
    refusals = (ErrorCode.MISSING_PARAMETERS, ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)
    return {
        "operationId": "download_results",
        "summary": "Download all pictures of several jobs in one zip file",
        "description": "Each is called as by `download_result`; where two would be called alike, the later job has "
        "a number. It is written while it is sent. What is left out, and why, stands in `left-out.txt`.",
        "parameters": [{**inputs.IDS, "description": inputs.IDS_ALONE, "required": True}],
        "responses": {
            "200": {
                "description": "The file.",
                "headers": {
                    "Content-Disposition": {"required": True, "schema": {"type": "string"}}
                },
                "content": {MEDIA_TYPE: {}},
            },
            **create_error_responses(refusals, may_be_slow=False),
        },
    }
