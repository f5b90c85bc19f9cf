"""What clients were told: every accepted id, how it ended, and what its results were when they were first read."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.fault.order import Order


@dataclass(frozen=True)
class Ending:
    """The end of a job as the API tells it."""

    task_status: int
    code: str
    #: Paths of the result URLs, without their signatures.
    paths: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Output:
    """A result as it was read."""

    etag: str
    sha256: str
    size: tuple[int, int]


@dataclass
class Entry:
    """One accepted job."""

    task_id: str
    order: Order
    #: Seconds since the epoch.
    accepted_at: float
    ending: Ending | None = None
    outputs: dict[str, Output] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Whether the end is known, and every result was read."""
        return self.ending is not None and self.ending.paths <= self.outputs.keys()


class Ledger:
    """All entries, and what is wrong with them; safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.entries: dict[str, Entry] = {}
        self.ids_by_key: defaultdict[str, set[str]] = defaultdict(set)
        #: HTTP status or exception → how many posts were answered so.
        self.answers: Counter[str] = Counter()
        self.violations: list[str] = []
        self.slowest_accept = 0.0
        self._open: dict[str, Entry] = {}
        self._lock = threading.Lock()

    def accept(self, task_id: str, order: Order, took: float) -> None:
        """Note an id that a client was given."""
        with self._lock:
            if order.fields.get("task_type") == "async":
                self.slowest_accept = max(self.slowest_accept, took)
            if order.key is not None:
                self.ids_by_key[order.key].add(task_id)
            if task_id not in self.entries:
                entry = Entry(task_id, order, time.time())
                self.entries[task_id] = self._open[task_id] = entry

    def answered(self, how: str) -> None:
        with self._lock:
            self.answers[how] += 1

    def close(self, entry: Entry) -> None:
        """Stop asking for an entry that is settled."""
        with self._lock:
            self._open.pop(entry.task_id, None)

    def open_entries(self) -> list[Entry]:
        with self._lock:
            return list(self._open.values())

    def violated(self, rules: Iterable[str]) -> None:
        """Note what must never be."""
        with self._lock:
            self.violations += rules

    def doubled_keys(self) -> list[str]:
        """List the idempotency keys that made more than one job."""
        return [key for key, ids in self.ids_by_key.items() if len(ids) > 1]
