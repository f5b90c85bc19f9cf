"""Jobs for tests, with everything that does not matter filled in."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from shared.job import CutoutOptions, NewJob, Queue
from shared.jobs.store import JobStore


def new_job(**changes: Any) -> NewJob:
    """Describe a job of the tenant `shop`; `options` are those that a client may name."""
    options: CutoutOptions = changes.pop("options", CutoutOptions())
    values: dict[str, Any] = {
        "id": uuid.uuid4(),
        "log_id": uuid.uuid4().hex,
        "tenant": "shop",
        "queue": Queue.INTERACTIVE,
        "options": options.words,
        "input_bytes": 1000,
        "fingerprint": "0" * 64,
    }
    return NewJob(**{**values, **changes})


def publish(store: JobStore, queue: Queue = Queue.INTERACTIVE) -> list[uuid.UUID]:
    """Note, as the sweeper does, that what is due and has no message is published."""
    return store.take_for_publishing(queue, timedelta.max, 100)
