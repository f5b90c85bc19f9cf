"""gunicorn's settings for the front end.

gevent, because threads that wait for slow uploads answer nobody else: sixteen stalled clients stop 2 × 4 threads.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from pathlib import Path
from typing import Any


def _raise_file_limit(files: int) -> None:
    """Ask for more than the usual 1024 open files: each connection is one, and what it needs behind may be another."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


#: What prometheus_client calls the place where the workers keep their numbers, so that any of them tells those of all.
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_MADE_HERE = "cutwork-metrics-"
if os.environ.get("CUTWORK_METRICS_PORT", "0") != "0" and _METRICS not in os.environ:
    os.environ[_METRICS] = tempfile.mkdtemp(prefix=_MADE_HERE)


def on_exit(server: Any) -> None:
    """Leave nothing behind, unless another master goes on with it (USR2)."""
    directory = Path(os.environ.get(_METRICS, ""))
    if directory.name.startswith(_MADE_HERE) and not server.reexec_pid:
        shutil.rmtree(directory, ignore_errors=True)


worker_class = (
    "api.server.gunicorn_worker.GunicornWorker"  # gevent's, with envelopes for what it cannot read
)
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Clients that poll keep their connections: whoever comes when all are taken is not even accepted.
worker_connections = 2000
_raise_file_limit(2 * worker_connections)
# How long a worker's event loop may be blocked. It does not limit a request: those have limits of their own.
timeout = 30
# What still waits for a job by then is cut off; the job goes on.
graceful_timeout = 30
# Also the time in which the whole head of a request has to arrive.
keepalive = 5
max_requests = 100_000
max_requests_jitter = 10_000
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190
# Otherwise a proxy that passes on what clients send lets them say where our routes are (SCRIPT_NAME).
forwarder_headers = ""
# Otherwise a socket in the home folder takes commands from whoever can open it.
control_socket_disable = True
# The request line may hold a task id, and errors are logged by the application itself.
accesslog = None
errorlog = "-"
loglevel = "warning"
