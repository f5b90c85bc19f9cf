"""How long a client waited, and the table of that."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Percentiles:
    """In milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: list[float]) -> Percentiles:
        steps = statistics.quantiles(seconds, n=20, method="inclusive")
        return cls(1000 * steps[9], 1000 * steps[18])


@dataclass(frozen=True)
class Measurement:
    """One line of the table."""

    beside: str
    health: Percentiles
    job: Percentiles
    jobs: int


def table(measured: Sequence[Measurement]) -> str:
    """Write one line a measurement, as Markdown; the first one is the quiet one."""
    quiet, *_ = measured
    lines = [
        "| beside | `/healthz` p50, ms | p95, ms | × quiet | post + poll p50, ms | p95, ms | × quiet | jobs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for it in measured:
        cells = [it.beside]
        for now, then in ((it.health, quiet.health), (it.job, quiet.job)):
            cells += [f"{now.p50:.0f}", f"{now.p95:.0f}", f"{now.p95 / then.p95:.1f}"]
        lines.append(f"| {' | '.join([*cells, str(it.jobs)])} |")
    return "\n".join(lines)
