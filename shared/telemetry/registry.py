"""Where a process keeps its metrics.

A front end is several processes behind one port, and Prometheus meets any of them. Where `PROMETHEUS_MULTIPROC_DIR`
names a directory (`deploy/gunicorn.conf.py` does), each keeps its numbers in files there, and tells those of all. It is
read when this module is imported: before any metric is made, and after the fork.

Labels are few, and known beforehand: never an id, a key, a tenant or a name that a client chose.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from shared.telemetry.slot import take_slot

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

#: All metrics of this process.
REGISTRY = CollectorRegistry()


def registry_to_tell() -> CollectorRegistry:
    """Give what is told to who asks: this process's metrics, or those of all that share a directory."""
    if DIRECTORY not in os.environ:
        return REGISTRY
    of_all = CollectorRegistry()
    MultiProcessCollector(of_all, os.environ[DIRECTORY])  # type: ignore[no-untyped-call]
    return of_all


def _prepare() -> None:
    # One more series for each counter, of no use here.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    if DIRECTORY in os.environ:
        slot = take_slot(Path(os.environ[DIRECTORY]))
        values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]
    else:
        ProcessCollector(registry=REGISTRY)


_prepare()
