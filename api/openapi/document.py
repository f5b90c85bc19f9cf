"""The whole document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.openapi.errors import create_error_examples
from api.openapi.inputs import SECURITY_SCHEMES
from api.openapi.operations import create_paths
from api.openapi.schemas import create_schemas
from api.openapi.uploads import UPLOAD, job_upload
from shared.errors import ErrorCode

_VERSION = "1.0.0"
_DESCRIPTION = f"""\
Cuts clothing out of photos. Every job is queued; the same jobs can be reached by the paths of the hosted "costume
background removal" API and by `/v1/jobs`.

Every JSON answer but this document is the same envelope. A path that does not exist is 404 \
`{ErrorCode.ERROR_RESOURCE_NOT_FOUND}`, a method that a path does not take 405 `{ErrorCode.ERROR_ILLEGAL_OPERATION}` \
with `Allow`."""


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
        "security": [{name: []} for name in SECURITY_SCHEMES],
        "paths": create_paths(),
        "components": {
            "schemas": {**create_schemas(), "Upload": UPLOAD, "JobUpload": job_upload(presets)},
            "examples": create_error_examples(),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
