"""Spans of what a process does, for a collector of OpenTelemetry's, if the settings name one.

A request is a span of its client's trace, or of a new one. Its job keeps that span's name (`traceparent`), and what
workers do about the job belongs to it. Without a collector nothing is told, and no package of OpenTelemetry is needed;
with one, its own variables hold too (`OTEL_…`: headers, which share of traces is told).

What was raised in a span stays untold: it may hold a signature.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.errors import Misconfigured

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Tracer

_NAME = "traceparent"


class Traces:
    """What a process tells; nothing until it is said to whom."""

    def __init__(self) -> None:
        self._tracer: Tracer | None = None

    def send_to(self, url: str, process: str) -> None:
        """Tell a collector, in the background, by OTLP over HTTP.

        Args:
            url: Empty: nobody is told.
            process: What kind of process this is.

        Raises:
            Misconfigured: The packages for it are not installed.
        """
        if not url:
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
                OTLPSpanExporter,
            )
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise Misconfigured(
                "CUTWORK_TRACES_URL needs the packages of deploy/locks/telemetry.txt"
            ) from error
        self.begin(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), process)

    def begin(self, processor: SpanProcessor, process: str) -> None:
        """Give spans to a processor from now on."""
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra

        provider = TracerProvider(resource=Resource.create({"service.name": process}))
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("cutwork")

    def end(self) -> None:
        """Begin no more spans."""
        self._tracer = None

    @contextmanager
    def span(self, name: str, traceparent: str | None = None, **about: str | int) -> Iterator[None]:
        """Tell how long it takes what is done meanwhile.

        Args:
            name: What that is.
            traceparent: The span that it belongs to. None: the one around it, if there is one.
            about: More of it.
        """
        if self._tracer is None:
            yield
            return
        with self._tracer.start_as_current_span(
            name,
            _context_of(traceparent),
            attributes=about,
            record_exception=False,
            set_status_on_exception=False,
        ):
            yield

    def past(self, name: str, seconds: float, traceparent: str | None = None) -> None:
        """Tell of what has ended just now, and took so long."""
        if self._tracer is not None:
            now = time.time_ns()
            began = now - round(seconds * 1e9)
            span = self._tracer.start_span(name, _context_of(traceparent), start_time=began)
            span.end(now)

    def note(self, **about: str | int) -> None:
        """Tell more of what is done just now."""
        if self._tracer is not None:
            from opentelemetry.trace import get_current_span  # noqa: PLC0415 - an extra

            get_current_span().set_attributes(about)

    def traceparent(self) -> str | None:
        """Name the span of what is done just now, for whoever goes on with it; None if there is none."""
        if self._tracer is None:
            return None
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - an extra

        names: dict[str, str] = {}
        tracecontext.TraceContextTextMapPropagator().inject(names)
        return names.get(_NAME)


def _context_of(traceparent: str | None) -> Context | None:
    if traceparent is None:
        return None
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - an extra

    context: Context = tracecontext.TraceContextTextMapPropagator().extract({_NAME: traceparent})
    return context


#: Those of this process.
TRACES = Traces()
