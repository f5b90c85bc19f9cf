"""One result of a job."""

from __future__ import annotations

from api.openapi import codes, inputs
from api.openapi.errors import create_error_responses
from api.openapi.operations.kinds import Operation, Paths
from api.routes.jobs import PATH as JOBS
from shared.wire.rendition import Format


def create_paths() -> Paths:
    """Describe the route by path and method."""
    return {f"{JOBS}/{{job_id}}/results/{{file_name}}": {"get": _download_result()}}


def _download_result() -> Operation:
    return {
        "operationId": "download_result",
        "summary": "Download one picture of a job from the service itself",
        "description": "For clients that cannot reach the object store, or may not read it, as a web page without "
        "CORS. Others take the URLs in the job's answer, which are quicker. `Content-Disposition` names the file by "
        "the job's `reference`, or its id, and by what the picture shows: `coat.tops.mask.png`.",
        "parameters": [inputs.JOB_ID, inputs.FILE_NAME],
        "responses": {
            "200": {
                "description": "The picture.",
                "headers": {
                    "Content-Disposition": {"required": True, "schema": {"type": "string"}}
                },
                "content": {picture_format.media_type: {} for picture_format in Format},
            },
            **create_error_responses(codes.ONE_JOB, may_be_slow=False),
        },
    }
