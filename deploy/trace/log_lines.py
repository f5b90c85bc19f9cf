"""The lines of a log that tell of one job."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

#: What stands in each of them.
_USUAL = frozenset({"event", "timestamp", "level", "log_id", "task_id"})


class LogLine(NamedTuple):
    """An event that a process logged."""

    at: datetime
    event: str
    #: What else it says.
    fields: Mapping[str, Any]


def read_log(lines: Iterable[str], job_id: uuid.UUID) -> Iterator[LogLine]:
    """Find what JSON lines tell of a job; what a supervisor wrote before them is passed over."""
    names = {job_id.hex, str(job_id)}
    for text in lines:
        # Most are about others, and need not be read.
        if any(name in text for name in names):
            line = _read(text[text.find("{") :], names)
            if line is not None:
                yield line


def _read(text: str, names: set[str]) -> LogLine | None:
    """Read a line; None for what is none of JSON, or about another job."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        told: dict[str, Any] = json.loads(text)
        if not names.isdisjoint({told.get("log_id"), told.get("task_id")}):
            fields = {name: it for name, it in told.items() if name not in _USUAL}
            return LogLine(datetime.fromisoformat(told["timestamp"]), told["event"], fields)
    return None
