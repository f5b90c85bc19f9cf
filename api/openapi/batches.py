"""What is said of batches beside their answers: the body, parameters, and lines that are wrong."""

from __future__ import annotations

from typing import Any

from api.answers.cursor import LINE_CURSOR
from api.intake import lines
from api.intake.batch_refusal import BatchRefused
from api.openapi.types import schema_of
from shared.batches.batch import MAX_ITEMS
from shared.jobs.envelope import WrongLine

Described = dict[str, Any]

#: Of an error: the lines that cannot be taken.
WRONG_LINES: Described = {
    "type": "array",
    "minItems": 1,
    "maxItems": BatchRefused.MOST,
    "description": f"Of a refused batch: the first {BatchRefused.MOST} lines that cannot be taken.",
    "items": schema_of(WrongLine),
}

_ITEM = '{"image_url": "https://cdn.example.com/4711.jpg", "reference": "SKU-4711", "cloth_class": ["tops"]}'
_TEXT: Described = {"type": "string", "minLength": 1}
BODY: Described = {
    "required": True,
    "description": f"Up to {MAX_ITEMS} items, and {lines.MAX_BODY_BYTES} bytes: a JSON object a line, or rows of CSV "
    "under a first one that names the columns. Each item has what the form of `/v1/jobs` has, with `image_url` or "
    "`upload` for the photo. Lists may be JSON lists, `metadata` an object, or columns `metadata[key]`.",
    "content": {
        "application/jsonl": {"schema": _TEXT, "example": f"{_ITEM}\n"},
        "text/csv": {
            "schema": _TEXT,
            "example": "image_url,reference,cloth_class\nhttps://cdn.example.com/4711.jpg,SKU-4711,tops\n",
        },
    },
}
BATCH_ID: Described = {
    "name": "batch_id",
    "in": "path",
    "required": True,
    "description": "The `batch_id` of the batch.",
    "schema": {"type": "string", "format": "uuid"},
}
LINE_CURSOR_PARAMETER: Described = {
    "name": "cursor",
    "in": "query",
    "description": "Go on behind this line: the `next_cursor` of the page before, say.",
    "schema": {"type": "string", "pattern": f"^{LINE_CURSOR.pattern}$"},
}

EXAMPLE: Described = {
    "batch_id": "5d1c2b1a-7d34-4a52-9a51-3f2f0f6f9c11",
    "log_id": "0d9c6a1e5f3b4c7d8e9fa0b1c2d3e4f5",
    "status": "running",
    "reference": "spring",
    "total": 50_000,
    "counts": {
        "held": 49_380,
        "queued": 496,
        "processing": 4,
        "succeeded": 118,
        "failed": 2,
        "cancelled": 0,
    },
    "estimated_seconds": 12_480,
    "created_at": "2026-11-23T12:00:00.000Z",
    "finished_at": None,
    "expires_at": None,
}
