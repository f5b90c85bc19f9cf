"""How a request is called: by its `X-Request-ID`, and by the trace that it belongs to (W3C Trace Context).

Both stand in every line that is logged while it is answered. Where traces are told, it is a span of that trace.
"""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack

from flask import Flask, Request, Response, g, request
from structlog.contextvars import bind_contextvars, unbind_contextvars

from shared.telemetry.logs import trace_id_of
from shared.telemetry.tracing import TRACES

REQUEST_ID, TRACEPARENT = "X-Request-ID", "traceparent"
#: Visible ASCII.
VALID = re.compile(r"[!-~]{1,128}")

#: Version, trace, parent, flags. What a later version has behind them is left out, as the standard says.
_PARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_VERSION = "00"


def name_requests(app: Flask) -> None:
    """Name each request before anything else is done about it, and say its name with the answer."""
    app.before_request(_begin)
    app.after_request(_say)
    app.teardown_request(_end)


def request_id() -> str:
    """Name the request that is being answered; the same name each time: the client's own, or a new one."""
    if "request_id" not in g:
        sent = request.headers.get(REQUEST_ID, "")
        g.request_id = sent if VALID.fullmatch(sent) else uuid.uuid4().hex
    name: str = g.request_id
    return name


def read_traceparent(received: Request) -> str | None:
    """Name the span that the request's job belongs to: its own where traces are told, else the client's, if any."""
    return TRACES.traceparent() or _sent_traceparent(received)


def _sent_traceparent(received: Request) -> str | None:
    """Read the client's span; None for what is no such header, because it is never an error."""
    found = _PARENT.fullmatch(received.headers.get(TRACEPARENT, "").strip())
    if found is None or (found[1] == _VERSION and found[5]):
        return None
    return "-".join((_VERSION, *found.group(2, 3, 4)))


def _begin() -> None:
    _end()
    bind_contextvars(request_id=request_id())
    _begin_span()
    traceparent = read_traceparent(request)
    if traceparent is not None:
        bind_contextvars(trace_id=trace_id_of(traceparent))


def _begin_span() -> None:
    if request.blueprint == "health":
        return
    name = f"{request.method} {request.url_rule or 'unknown'}"
    g.span = ExitStack()
    g.span.enter_context(TRACES.span(name, _sent_traceparent(request), request_id=request_id()))


def _say(response: Response) -> Response:
    TRACES.note(status=response.status_code)
    response.headers[REQUEST_ID] = request_id()
    return response


def _end(_error: BaseException | None = None) -> None:
    """Forget the names: the same thread answers the next request."""
    g.pop("span", ExitStack()).close()
    unbind_contextvars("request_id", "trace_id")
