"""One trace leads from a client's request through its queue and its worker to its pictures."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from shared.errors import Misconfigured
from shared.job import Job
from shared.messaging.announcements import Announcer
from shared.telemetry.logs import trace_id_of
from shared.telemetry.tracing import TRACES, Traces
from tests.api.conftest import FrontEnd
from tests.pictures import astronaut, jpeg
from tests.worker.conftest import LIMITS, RecordingAnnouncer
from tests.worker.networks import Seeing, orange
from worker.jobs.lease import LeaseKeeper
from worker.jobs.photo_source import PhotoSource
from worker.jobs.pixel_budget import PixelBudget
from worker.jobs.runner import JobRunner

export = pytest.importorskip("opentelemetry.sdk.trace.export", reason="`telemetry` is an extra")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

CLIENTS_TRACE, CLIENTS_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{CLIENTS_TRACE}-{CLIENTS_SPAN}-01"


class Told:
    """The spans that were told."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter

    def __getitem__(self, name: str) -> Any:
        (span,) = (it for it in self._all() if it.name == name)
        return span

    def names(self) -> list[str]:
        return [it.name for it in self._all()]

    def below(self, name: str) -> list[str]:
        """Name the parts of a span."""
        parent = self[name].context.span_id
        return [it.name for it in self._all() if it.parent and it.parent.span_id == parent]

    def traces(self) -> set[str]:
        return {f"{it.context.trace_id:032x}" for it in self._all()}

    def _all(self) -> Any:
        return self._exporter.get_finished_spans()


@pytest.fixture
def told() -> Iterator[Told]:
    exporter = memory.InMemorySpanExporter()
    TRACES.begin(export.SimpleSpanProcessor(exporter), "cutwork")
    yield Told(exporter)
    TRACES.end()


def work_on(job: Job, front_end: FrontEnd) -> None:
    """Let a worker do it."""
    job_store, object_store = front_end.services.job_store, front_end.object_store
    JobRunner(
        job_store=job_store,
        object_store=object_store,
        announcer=cast("Announcer", RecordingAnnouncer()),
        leases=LeaseKeeper(job_store, LIMITS.lease),
        photos=PhotoSource(object_store, cast("Any", None), seconds=5),
        segmenter=Seeing(orange),
        pixels=PixelBudget(36_000_000),
        retry_backoff=timedelta(seconds=2),
        owner="worker-1",
    ).run(job.queue)


def submit(front_end: FrontEnd, **headers: str) -> Job:
    task_id = front_end.submit(image=jpeg(astronaut()), cloth_class="tops", **headers)
    job = front_end.services.job_store.find(task_id, "shop")
    assert job is not None
    return job


def test_a_trace_leads_from_the_request_to_the_pictures(front_end: FrontEnd, told: Told) -> None:
    job = submit(front_end, header_traceparent=PARENT)
    work_on(job, front_end)

    request = next(name for name in told.names() if name.startswith("POST "))
    assert told.traces() == {CLIENTS_TRACE}
    assert f"{told[request].parent.span_id:016x}" == CLIENTS_SPAN
    assert told.below(request) == ["publish", "queue", "attempt"]
    assert told.below("attempt") == ["get", "room", "decode", "cutout", "put", "write", "announce"]
    assert told[request].attributes["status"] == 200
    assert told["attempt"].attributes["outcome"] == "succeeded"
    assert told["attempt"].attributes["log_id"] == job.log_id


def test_a_request_without_a_trace_begins_one(front_end: FrontEnd, told: Told) -> None:
    job = submit(front_end)

    assert job.traceparent is not None
    assert told.traces() == {trace_id_of(job.traceparent)}


def test_a_trace_that_its_client_does_not_keep_is_told_to_nobody(
    front_end: FrontEnd, told: Told
) -> None:
    submit(front_end, header_traceparent=f"{PARENT[:-2]}00")

    assert told.names() == []


def test_no_probe_begins_a_trace(front_end: FrontEnd, told: Told) -> None:
    front_end.client().get("/healthz")

    assert told.names() == []


def test_where_its_packages_are_missing_it_is_said_which(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, exporter, None)

    with pytest.raises(Misconfigured, match=r"CUTWORK_TRACES_URL needs .*telemetry\.txt"):
        Traces().send_to("http://127.0.0.1:1/v1/traces", "cutwork")
