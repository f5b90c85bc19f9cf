"""Whoever is told of jobs' ends during a run: checks what comes, and does not always take it."""

from __future__ import annotations

import random
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator

from standardwebhooks import WebhookVerificationError

from tests.fault.ledger import Entry
from tests.webhook_receiver import Heard, Receiver, Reply

_REFUSED = 0.1
_EVENTS = {2: "job.succeeded", 3: "job.failed"}


class Listener:
    """Notes what it has taken, by id."""

    def __init__(self, receiver: Receiver, seed: str) -> None:
        """Listen from now on."""
        self.url = receiver.url
        self.violations: list[str] = []
        self._chance = random.Random(seed)
        self._taken: defaultdict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        receiver.reply = self._reply

    def missing(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Tell which ends were not told, or not as they were."""
        for entry in entries:
            if not entry.order.is_told or entry.ending is None:
                continue
            told = set(self._taken[f"msg_{uuid.UUID(entry.task_id).hex}"])
            if told != {_EVENTS[entry.ending.task_status]}:
                yield f"{entry.task_id} ended {entry.ending}, and its callback was told {told}"

    def figures(self) -> dict[str, int]:
        """Count what was taken, and what of it came again."""
        again = sum(len(told) - 1 for told in self._taken.values() if told)
        return {"told": sum(map(bool, self._taken.values())), "told again": again}

    def _reply(self, heard: Heard) -> Reply:
        with self._lock:
            try:
                event = heard.verified()
            except WebhookVerificationError as error:
                self.violations.append(f"{heard.webhook_id} cannot be verified: {error}")
                return Reply(400)
            if self._chance.random() < _REFUSED:
                return Reply(503)
            self._taken[heard.webhook_id].append(event["type"])
            return Reply()
