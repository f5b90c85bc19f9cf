"""A batch, as a client sends it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

BATCHES = "/v1/batches"


def as_lines(items: Iterable[object]) -> dict[str, Any]:
    """Write items down as the body of a request, for `httpx`."""
    content = "".join(f"{json.dumps(it)}\n" for it in items).encode()
    return {"content": content, "headers": {"Content-Type": "application/jsonl"}}
