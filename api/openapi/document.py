"""The whole document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api import request_names
from api.admission.scopes import NEEDED
from api.answers import problem
from api.openapi import inputs
from api.openapi.answers import REQUEST_ID
from api.openapi.errors import create_error_examples
from api.openapi.operations import (
    archive,
    audit,
    batches,
    deliveries,
    hosted,
    jobs,
    keys,
    ops,
    results,
    service,
    uploads,
    usage,
)
from api.openapi.operations.kinds import Operation, Paths
from api.openapi.rate_limit import RATE_LIMIT_FIELDS
from api.openapi.schemas import create_schemas
from api.openapi.uploads import UPLOAD, job_upload
from shared.errors import ErrorCode

#: By the name of an operation, which is that of its route.
_SCOPES = {endpoint.partition(".")[2]: scope for endpoint, scope in NEEDED.items()}

_VERSION = "1.0.0"
_DESCRIPTION = f"""\
Cuts clothing out of photos. Every job is queued; the same jobs can be reached by the paths of the hosted "costume
background removal" API and by `/v1/jobs`.

Every JSON answer but this document is the same envelope. A path that does not exist is 404 \
`{ErrorCode.ERROR_RESOURCE_NOT_FOUND}`, a method that a path does not take 405 `{ErrorCode.ERROR_ILLEGAL_OPERATION}` \
with `Allow`. `security` names the scope that a key needs; without it the answer is 403 \
`{ErrorCode.ERROR_PERMISSION_DENIED}`. On `/v1`, who names `{problem.MEDIA_TYPE}` in `Accept` is told errors so \
(RFC 9457)."""


def create_document(presets: Sequence[str] = (), public_path: str = "") -> dict[str, Any]:
    """Describe the API in OpenAPI 3.1.

    Args:
        presets: The names of those that this installation knows.
        public_path: Where a proxy has put it.
    """
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cutwork", "version": _VERSION, "description": _DESCRIPTION},
        "servers": [{"url": public_path or "/"}],
        "security": [{name: []} for name in inputs.SECURITY_SCHEMES],
        "paths": _create_paths(),
        "components": {
            "schemas": {**create_schemas(), "Upload": UPLOAD, "JobUpload": job_upload(presets)},
            "examples": create_error_examples(),
            "securitySchemes": inputs.SECURITY_SCHEMES,
        },
    }


def _create_paths() -> Paths:
    paths: Paths = {}
    for module in (
        hosted,
        jobs,
        results,
        archive,
        batches,
        uploads,
        deliveries,
        usage,
        keys,
        audit,
        ops,
        service,
    ):
        paths |= module.create_paths()
    for methods in paths.values():
        for method, operation in methods.items():
            common = {request_names.REQUEST_ID: REQUEST_ID}
            _complete(operation, {**RATE_LIMIT_FIELDS, **common} if method == "post" else common)
    return paths


def _complete(operation: Operation, headers: dict[str, Any]) -> None:
    """Say what every request may, and every answer does, hold."""
    operation["parameters"] = [*operation.get("parameters", ()), inputs.REQUEST_ID]
    if scope := _SCOPES.get(operation["operationId"]):
        operation["security"] = [{scheme: [scope]} for scheme in inputs.SECURITY_SCHEMES]
    for response in operation["responses"].values():
        response["headers"] = {**response.get("headers", {}), **headers}
