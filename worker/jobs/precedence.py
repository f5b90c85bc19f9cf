"""Which queue goes first: mostly the one for which clients wait, but not always."""

from __future__ import annotations

import random
from itertools import count

from shared.job import CLAIMS_PER_BULK, Queue


class Precedence:
    """The order in which one worker looks into the queues; safe to use from many threads."""

    def __init__(self) -> None:
        """Begin at a random place, so that workers that restart often do not always take the same queue."""
        self._claims = count(random.randrange(CLAIMS_PER_BULK))  # noqa: S311

    def next(self) -> tuple[Queue, Queue]:
        """Say where the next claim looks first, and where it looks if there is nothing."""
        if next(self._claims) % CLAIMS_PER_BULK:
            return Queue.INTERACTIVE, Queue.BULK
        return Queue.BULK, Queue.INTERACTIVE
