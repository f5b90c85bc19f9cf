"""How long a queue is, and how fast it moves: what an honest `Retry-After` is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

#: How far back the pace of the queue is measured: long enough for a few jobs of a slow worker, short enough to be now.
LATELY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The jobs of one tenant, or of all, that wait for a worker."""

    queued: int
    #: How long the one that waits longest has waited; zero if none does.
    oldest_age: timedelta
    #: Jobs that workers have finished within `LATELY`.
    finished_lately: int
