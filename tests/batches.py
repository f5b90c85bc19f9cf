"""Batches for tests, with everything that does not matter filled in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.batches.batch import Batch, NewBatch, NewItem
from shared.batches.store import BatchStore
from shared.job import Queue, Tags
from tests.factories import new_job

DEADLINE = timedelta(hours=1)


def new_batch(**changes: Any) -> NewBatch:
    """Describe a batch of the tenant `shop`."""
    values: dict[str, Any] = {"id": uuid.uuid4(), "log_id": uuid.uuid4().hex, "tenant": "shop"}
    return NewBatch(**{**values, **changes})


def new_items(count: int, first: int = 1, **changes: Any) -> list[NewItem]:
    """Describe items, each with a photo and a reference of its own."""
    return [
        NewItem(
            line,
            new_job(
                queue=Queue.BULK,
                **{
                    "image_url": f"https://photos.example/{line}",
                    "tags": Tags(reference=f"SKU-{line}"),
                    "fingerprint": f"{line:064}",
                    **changes,
                },
            ),
        )
        for line in range(first, first + count)
    ]


def accepted(
    store: BatchStore, items: int | Sequence[NewItem] = 3, key: str | None = None, **changes: Any
) -> Batch:
    """Take a batch, all of its lines at once."""
    new = new_batch(**changes)
    store.begin(new)
    store.add(new.id, new_items(items) if isinstance(items, int) else items)
    batch = store.accept(new.id, "f" * 64, key)
    assert batch is not None
    return batch
