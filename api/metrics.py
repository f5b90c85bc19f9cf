"""What a front end counts of requests: by the template of their route, never by what a client chose."""

from __future__ import annotations

import re
import time
from functools import cache

from flask import Flask, Request, Response, g, request
from prometheus_client import Counter, Gauge, Histogram

from api.server.unreadable import UNREADABLE
from shared.errors import ErrorCode
from shared.telemetry.registry import REGISTRY

_REQUESTS = Counter(
    "cutwork_http_requests_total",
    "Requests that were answered. `route` is `unknown` where there is none, `unreadable` where it could not be told.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
_SECONDS = Histogram(
    "cutwork_http_request_duration_seconds",
    "From the head of a request to its answer: with the upload of its body, and with all waiting for its job.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60),
    registry=REGISTRY,
)
_IN_PROGRESS = Gauge(
    "cutwork_http_requests_in_progress",
    "Requests that are being answered.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
_REFUSED = Counter(
    "cutwork_http_requests_refused_total",
    "Requests that were answered with an error of the catalogue. What a poll tells of a failed job is none.",
    ["route", "error_code"],
    registry=REGISTRY,
)
UPLOAD_BYTES = Histogram(
    "cutwork_upload_bytes",
    "Size of the photos of accepted jobs that came through the front end.",
    buckets=(2**16, 2**18, 2**20, 2**21, 5 * 2**20),
    registry=REGISTRY,
)
WAITS = Gauge(
    "cutwork_waits_in_progress",
    "Requests that wait for a job to end: each holds a waiting slot.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
PUBLISH_FAILURES = Counter(
    "cutwork_publish_failures_total",
    "Jobs whose message Redis did not take: the sweeper publishes it.",
    registry=REGISTRY,
)

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def measure(app: Flask) -> None:
    """Count all requests. Call it before anything that may refuse one."""
    app.before_request(_begin)
    app.after_request(_count)
    app.teardown_request(_end)


def count_refusal(code: ErrorCode) -> None:
    """Count that the request is refused, with a code of the catalogue."""
    _REFUSED.labels(_route_of(request), code).inc()


def _begin() -> None:
    g.began = time.perf_counter()
    _IN_PROGRESS.inc()


def _count(response: Response) -> Response:
    route = _route_of(request)
    method = request.method if request.method in _METHODS else "other"
    _REQUESTS.labels(route, method, response.status_code).inc()
    _SECONDS.labels(route, method).observe(time.perf_counter() - g.began)
    return response


def _end(_error: BaseException | None = None) -> None:
    if g.pop("began", None) is not None:
        _IN_PROGRESS.dec()


def _route_of(received: Request) -> str:
    if UNREADABLE in received.environ:
        return "unreadable"
    rule = received.url_rule
    return "unknown" if rule is None else _template_of(rule.rule)


@cache
def _template_of(rule: str) -> str:
    return _PARAMETER.sub(r"{\1}", rule)
