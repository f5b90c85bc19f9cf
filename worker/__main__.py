"""`python -m worker`: one worker process."""

from __future__ import annotations

import sys

from shared.errors import Misconfigured
from shared.settings.settings import load_settings
from shared.sql.schema import require_schema
from shared.telemetry.logs import get_logger, set_up_logs
from shared.telemetry.server import serve_metrics
from shared.telemetry.tracing import TRACES
from worker.app import create_segmenter, create_worker, run_worker
from worker.memory import share_arenas
from worker.metrics import WORKER


def main() -> None:
    """Start a worker, or say in one line why it cannot."""
    share_arenas()
    try:
        settings = load_settings()
        set_up_logs(settings)
        TRACES.send_to(settings.traces_url, "cutwork-worker")
        require_schema(settings)
        segmenter = create_segmenter(settings)
        serve_metrics(str(settings.metrics_host), settings.metrics_port)
    except Misconfigured as error:
        sys.exit(f"cutwork worker: {error}")
    WORKER.labels(segmenter.manifest.name, settings.execution_provider).set(1)
    get_logger(__name__).info(
        "worker.started",
        model=segmenter.manifest.name,
        provider=settings.execution_provider,
        concurrency=settings.worker_concurrency,
    )
    run_worker(create_worker(settings, segmenter), settings)


if __name__ == "__main__":
    main()
