"""The table of metrics in docs/guides/monitor.md, as the code says it itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import NamedTuple

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

import api.metrics
import shared.telemetry.job_metrics
import worker.metrics
import worker.sweeper.metrics
import worker.webhooks.metrics

#: Who tells them, and where they are made.
TOLD_BY: Mapping[str, tuple[ModuleType, ...]] = {
    "All of them, each what it begins or ends": (shared.telemetry.job_metrics,),
    "Front end": (api.metrics,),
    "Worker": (worker.metrics,),
    "Sweeper": (worker.sweeper.metrics, worker.webhooks.metrics),
}


class Row(NamedTuple):
    """One metric."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def series(self) -> set[str]:
        """The names under which Prometheus keeps it."""
        if self.kind != "histogram":
            return {self.name}
        return {f"{self.name}_{part}" for part in ("bucket", "sum", "count")}


def metrics_of(modules: tuple[ModuleType, ...]) -> Iterator[Row]:
    """List the metrics that are made in some modules, as they stand there."""
    for module in modules:
        for it in vars(module).values():
            if isinstance(it, MetricWrapperBase):
                [described] = it.describe()
                yield _row(described, it._labelnames)
    if worker.sweeper.metrics in modules:
        for family in worker.sweeper.metrics.families():
            yield _row(family, family._labelnames)


def all_metrics() -> list[Row]:
    """List those of all processes."""
    return [row for modules in TOLD_BY.values() for row in metrics_of(modules)]


def metrics_table() -> str:
    """Write a table for each kind of process."""
    return "\n".join(
        f"### {who}\n\n| metric | kind | labels | what it tells |\n|---|---|---|---|\n"
        + "".join(
            f"| `{row.name}` | {row.kind} | {', '.join(f'`{it}`' for it in row.labels)} | {row.meaning} |\n"
            for row in metrics_of(modules)
        )
        for who, modules in TOLD_BY.items()
    )


def _row(metric: Metric, labels: tuple[str, ...]) -> Row:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    return Row(name, metric.type, tuple(labels), metric.documentation)
