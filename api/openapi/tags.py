"""What a client calls a job, in requests and in answers."""

from __future__ import annotations

from typing import Any

from api.intake.tags import MAX_KEY, MAX_PAIRS, MAX_REFERENCE, MAX_VALUE, TEXT, VISIBLE

_VISIBLE, _TEXT = (f"^{pattern.pattern}$" for pattern in (VISIBLE, TEXT))

REFERENCE: dict[str, Any] = {
    "type": "string",
    "maxLength": MAX_REFERENCE,
    "pattern": _VISIBLE,
    "description": "What you call the job: a SKU, say. Several may have the same. No invisible characters.",
    "examples": ["SKU-4711"],
}
METADATA: dict[str, Any] = {
    "type": "object",
    "maxProperties": MAX_PAIRS,
    "propertyNames": {"minLength": 1, "maxLength": MAX_KEY, "pattern": _VISIBLE},
    "additionalProperties": {"type": "string", "maxLength": MAX_VALUE, "pattern": _TEXT},
    "description": "What else you want to find with the job. In a form it is the text of a JSON object, or a field "
    "for each pair, `metadata[key]`.",
    "examples": [{"colour": "red", "size": "38"}],
}
