"""Logs: one line an event, JSON for machines or columns for people, and no secrets in either.

An event is named `<noun>.<verb>` and carries `log_id` and `task_id` wherever there is a job, `request_id` wherever
there is a request, and `trace_id` where the client named one.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from shared.job import Job
from shared.settings.settings import Settings

_QUIET = ("celery", "kombu", "amqp", "alembic", "gunicorn", "PIL")


def set_up_logs(settings: Settings) -> None:
    """Send our events and other libraries' warnings to standard output."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(settings),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Each of its retries would be a line; the one that matters is ours, when they are used up.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Make a module's logger."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def about(job: Job) -> dict[str, Any]:
    """Name a job in an event, and the trace that it belongs to."""
    names = {"log_id": job.log_id, "task_id": str(job.id), "attempt": job.attempt}
    return {**names, "trace_id": trace_id_of(job.traceparent)} if job.traceparent else names


def trace_id_of(traceparent: str) -> str:
    """Find the trace in a `traceparent`."""
    return traceparent.split("-")[1]


def _renderer(settings: Settings) -> structlog.typing.Processor:
    if settings.log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=18)
