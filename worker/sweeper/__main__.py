"""`python -m worker.sweeper`: one sweeper process."""

from __future__ import annotations

import os
import signal
import sys
import threading

from shared.errors import Misconfigured
from shared.settings.settings import load_settings
from shared.sql.schema import require_schema
from shared.telemetry.logs import set_up_logs
from shared.telemetry.registry import REGISTRY
from shared.telemetry.server import serve_metrics
from worker.sweeper.app import (
    create_keeper,
    create_sampler,
    create_sender,
    create_sweeper,
    run_sweeper,
)
from worker.sweeper.metrics import QueueMetrics


def main() -> None:
    """Sweep until TERM."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        require_schema(settings)
        sweeper, sender = create_sweeper(settings), create_sender(settings)
        keeper, sampler = create_keeper(settings), create_sampler(settings)
        REGISTRY.register(
            QueueMetrics(sweeper.job_store, settings.max_queued + settings.max_queued // 10)
        )
        serve_metrics(str(settings.metrics_host), settings.metrics_port)
    except Misconfigured as error:
        sys.exit(f"cutwork sweeper: {error}")
    stopping = threading.Event()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: stopping.set())
    # Not by returning: a thread that hangs would have to be waited for.
    os._exit(run_sweeper(settings, sweeper, stopping, sender, keeper, sampler=sampler))


if __name__ == "__main__":
    main()
