"""What requests are made of: the upload form, the headers and the query parameters."""

from __future__ import annotations

from typing import Any

from api.admission.auth import KEY_HEADER
from api.answers import listing, prefer_header
from api.intake import idempotency
from api.routes.query import MAX_WAIT
from shared.contract import (
    MAX_IMAGE_BYTES,
    MAX_SIDE_EXCLUSIVE,
    MIN_SIDE_EXCLUSIVE,
    Category,
    OutMode,
    ReturnForm,
    TaskType,
)
from shared.job import JobStatus

Described = dict[str, Any]

SECURITY_SCHEMES: Described = {
    "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key."},
}

_FILE_TYPES = "image/jpeg, image/png, image/bmp"
_WORD = "|".join(Category)

UPLOAD: Described = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {
            "description": f"One JPEG, PNG or BMP file by its bytes, at most {MAX_IMAGE_BYTES} bytes, each side "
            f"longer than {MIN_SIDE_EXCLUSIVE} and shorter than {MAX_SIDE_EXCLUSIVE} pixels.",
            "type": "string",
            "format": "binary",
        },
        "cloth_class": {
            "type": "string",
            "description": f"Which categories get a URL of their own, comma-separated: {', '.join(Category)}. "
            f"`{Category.SKIRT}` includes dresses.",
            "pattern": rf"^\s*$|^\s*({_WORD})\s*(,\s*({_WORD})\s*)*$",
            "examples": [f"{Category.TOPS},{Category.COAT}"],
        },
        "return_form": {
            "enum": list(ReturnForm),
            "description": "Empty: RGBA PNG, transparent around the clothing; `mask`: single-channel PNG; "
            "`whiteBK`: the clothing on pure white.",
        },
        "out_mode": {
            "enum": ["", *(str(int(mode)) for mode in OutMode)],
            "description": "0 (default): `image_url` shows all clothing of the main subject; 1: only the union "
            "of `cloth_class`.",
        },
        "task_type": {
            "enum": list(TaskType),
            "description": "How long a POST to the hosted API's path waits for the job: empty a moment, `sync` "
            "long, `async` not at all. `/v1/jobs` takes it, and goes by `Prefer`.",
        },
    },
}

REQUEST_BODY: Described = {
    "required": True,
    "description": "The photo is a file: a part with a file name or a `Content-Type` of its own; base64 and URLs are "
    "not read. Options are plain fields. Other spellings (`clothClass`, `cloth_class[]`, `cloth_class[0]`), parts with "
    "a file name and parameters of the URL count as well; two different values of one option are refused.",
    "content": {
        "multipart/form-data": {
            "schema": {"$ref": "#/components/schemas/Upload"},
            "encoding": {"image": {"contentType": _FILE_TYPES}},
        }
    },
}

IDEMPOTENCY_KEY: Described = {
    "name": idempotency.HEADER,
    "in": "header",
    "description": "The same upload sent again under the same key gives the same job instead of a second one.",
    "schema": {"type": "string", "pattern": f"^{idempotency.VALID.pattern}$"},
}

PREFER: Described = {
    "name": prefer_header.HEADER,
    "in": "header",
    "description": f"`wait=<seconds>`, at most {prefer_header.MAX_SECONDS}: hold the answer back until the job has "
    "finished or the time is up (RFC 7240). Anything else is ignored.",
    "schema": {"type": "string"},
    "example": "wait=10",
}

JOB_ID: Described = {
    "name": "job_id",
    "in": "path",
    "required": True,
    "description": "The `task_id` of the job.",
    "schema": {"type": "string", "format": "uuid"},
}

QUERY: list[Described] = [
    {
        "name": "task_id",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    {
        "name": "wait",
        "in": "query",
        "description": f"Seconds to hold the answer back while the job runs; more than {MAX_WAIT:g} are "
        f"{MAX_WAIT:g}.",
        "schema": {"type": "number", "minimum": 0, "default": 0},
    },
]

PAGE: list[Described] = [
    {
        "name": "limit",
        "in": "query",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": listing.MAX_LIMIT,
            "default": listing.DEFAULT_LIMIT,
        },
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "The `next_cursor` of the page before.",
        "schema": {"type": "string", "pattern": f"^{listing.CURSOR.pattern}$"},
    },
    {
        "name": "status",
        "in": "query",
        "description": "Only jobs in this state.",
        "schema": {"enum": list(JobStatus)},
    },
]
