"""How long the parts of an attempt take: for its job, for Prometheus, and for its trace."""

from __future__ import annotations

import time

from shared.telemetry.tracing import TRACES
from worker.metrics import STAGE_SECONDS


class Stopwatch:
    """Begins with its making."""

    def __init__(self) -> None:
        #: Part → its milliseconds.
        self.laps: dict[str, int] = {}
        self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        """Say that a part has ended just now."""
        now = time.monotonic()
        seconds = now - self._last
        self.laps[stage] = round(seconds * 1000)
        STAGE_SECONDS.labels(stage).observe(seconds)
        TRACES.past(stage, seconds)
        self._last = now
