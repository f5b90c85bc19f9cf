"""How long jobs waited although a hand was free, read from what the job table keeps of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from shared.jobs.history import Event, read_history


class Span(NamedTuple):
    """In seconds since the epoch; infinite is the end of what goes on."""

    begin: float
    end: float

    def holds(self, moment: float) -> bool:
        return self.begin <= moment < self.end


@dataclass(frozen=True)
class Life:
    """From the post of a job to its end, and its attempts."""

    whole: Span
    attempts: tuple[Span, ...]

    def runs(self, moment: float) -> bool:
        return any(attempt.holds(moment) for attempt in self.attempts)

    def waits(self, moment: float) -> bool:
        return self.whole.holds(moment) and not self.runs(moment)


def life_of(row: Any) -> Life:
    """Read a row of the job table."""
    end = math.inf if row.finished_at is None else row.finished_at.timestamp()
    happenings = list(read_history(row.history))
    moments = [*(it.at.timestamp() for it in happenings), end]
    attempts = tuple(
        Span(*times)
        for it, times in zip(happenings, pairwise(moments), strict=True)
        if it.event is Event.CLAIMED
    )
    return Life(Span(row.created_at.timestamp(), end), attempts)


def longest_idleness(lives: Sequence[Life], hands: int, since: float) -> float:
    """Measure the longest time in which a job waited and fewer than `hands` ran, in seconds.

    Args:
        lives: Of all jobs.
        hands: How many can run at once.
        since: From when on to look; seconds since the epoch.
    """
    spans = [span for life in lives for span in (life.whole, *life.attempts)]
    changes = sorted({since, *(moment for span in spans for moment in span if moment > since)})
    longest, idle_since = 0.0, math.inf
    for moment in changes:
        is_idle = _running(lives, moment) < hands and any(it.waits(moment) for it in lives)
        if is_idle:
            idle_since = min(idle_since, moment)
        else:
            longest = max(longest, moment - idle_since)
            idle_since = math.inf
    return math.inf if idle_since < math.inf else longest


def _running(lives: Sequence[Life], moment: float) -> int:
    return sum(life.runs(moment) for life in lives)
