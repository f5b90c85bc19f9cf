"""gunicorn's settings for the front end.

gevent, because threads that wait for slow uploads answer nobody else: sixteen stalled clients stop 2 × 4 threads.
"""

from __future__ import annotations

import os

worker_class = (
    "api.gunicorn_worker.GunicornWorker"  # gevent's, with envelopes for what it cannot read
)
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_connections = 500
# How long a worker's event loop may stand still. It is no limit on a request: those have their own.
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
# Otherwise a socket in the home folder takes commands from whoever can open it.
control_socket_disable = True
# The request line may hold a task id, and errors are logged by the application itself.
accesslog = None
errorlog = "-"
loglevel = "warning"
