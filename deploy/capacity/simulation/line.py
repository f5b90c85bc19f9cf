"""What waits: jobs in the order in which they are claimed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Job:
    """One photo."""

    arrived: float
    #: How long a worker's core is busy with it.
    seconds: float
    attempts: int = 0
    #: When its last attempt began.
    started: float = 0.0


@dataclass
class Line:
    """The waiting jobs; those that come back go first, as their turn is that of a newcomer's who is next."""

    _back: deque[Job] = field(default_factory=deque)
    _new: deque[Job] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self._back) + len(self._new)

    def add(self, job: Job) -> None:
        """Let a job wait."""
        (self._back if job.attempts else self._new).append(job)

    def take(self) -> Job | None:
        """Take the one whose turn it is."""
        if self._back:
            return self._back.popleft()
        return self._new.popleft() if self._new else None

    def oldest_age(self, now: float) -> float:
        """Tell how long ago the oldest of them came."""
        oldest = min((job.arrived for job in self._back), default=now)
        return now - min(oldest, self._new[0].arrived if self._new else now)
