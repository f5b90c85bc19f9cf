"""Answers of operations: a body that is one of several schemas, with its headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api import request_names
from api.openapi.examples import EXAMPLES
from api.openapi.types import reference

ASK_AGAIN = {
    "description": "While the job is not done: seconds after which to ask again, by its place in the queue.",
    "schema": {"type": "integer", "minimum": 1},
}
WAITS = {"Retry-After": ASK_AGAIN}
REQUEST_ID = {
    "required": True,
    "description": "The `request_id` of the envelope: what the request was called by its client, or a new name.",
    "schema": {"type": "string", "pattern": f"^{request_names.VALID.pattern}$"},
}


def answer(
    description: str, kinds: Iterable[str], headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a response that is one of several schemas."""
    kinds = list(kinds)
    references = [reference(kind) for kind in kinds]
    schema = references[0] if len(references) == 1 else {"oneOf": references}
    content = {"schema": schema, "examples": {kind: {"value": EXAMPLES[kind]} for kind in kinds}}
    described: dict[str, Any] = {
        "description": description,
        "content": {"application/json": content},
    }
    return {**described, "headers": headers} if headers else described
