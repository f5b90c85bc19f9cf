"""What Prometheus sees of a whole installation that has done a job: all that dashboard and alerts ask for."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.servers.ports import LOOPBACK, free_port
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, HEADERS, post
from tests.end_to_end.local_run import START_SECONDS, Run
from tests.monitoring import asked_by_alerts, asked_by_dashboard, series_in
from tests.ports import ports_in_a_row

PROCESSES = ("front end", "worker", "sweeper")

pytestmark = pytest.mark.timeout(400)


class Watched:
    """A running installation, and the ports of its metrics."""

    def __init__(self, run: Run, first_port: int) -> None:
        self.run = run
        self.ports = [first_port + number for number in range(len(PROCESSES))]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.run.port}"

    def series(self) -> set[str]:
        """Name all that its processes tell."""
        names = set()
        for port in self.ports:
            text = httpx.get(f"http://{LOOPBACK}:{port}/metrics").raise_for_status().text
            for family in text_string_to_metric_families(text):
                parts = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}
                names |= {family.name + part for part in parts.get(family.type, ("",))}
        return names


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, photo: bytes) -> Iterator[Watched]:
    """An installation that has cut out one photo and refused another."""
    first = ports_in_a_row(len(PROCESSES))
    home = tmp_path_factory.mktemp("watched") / "home"
    run = Run(home, free_port(), CUTWORK_METRICS_PORT=str(first))
    try:
        eventually(run.is_up, START_SECONDS)
        watched = Watched(run, first)
        assert post(watched.url, photo, cloth_class="tops").status_code == 200
        small = io.BytesIO()
        Image.new("RGB", (20, 20)).save(small, "PNG")
        assert post(watched.url, small.getvalue()).status_code == 422
        yield watched
    finally:
        run.stop()


def test_a_job_brings_all_metrics_that_dashboard_and_alerts_ask_for(watched: Watched) -> None:
    told = watched.series() | {"up"}

    asked = [*asked_by_dashboard(), *asked_by_alerts()]
    assert {name for it in asked for name in series_in(it.expression)} <= told


def test_make_run_says_where_they_are_and_ends_with_the_page(watched: Watched) -> None:
    said = watched.run.said.read_text()

    assert said.rstrip().endswith(f"\n    {watched.url}/")

    for name, port in zip(PROCESSES, watched.ports, strict=True):
        assert f"metrics of the {name}: http://{LOOPBACK}:{port}/metrics" in said


def test_a_request_is_followed_to_its_result_through_the_logs(
    watched: Watched, photo: bytes
) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    named = {"X-Request-ID": "import-7", "traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    answer = httpx.post(
        f"{watched.url}{CUTOUT}",
        headers={**HEADERS, **named},
        files={"image": photo},
        timeout=60,
    ).json()
    home = watched.run.home
    command = [
        *(sys.executable, "-m", "deploy.admin", "--environment", str(home / "environment")),
        *(
            "trace",
            answer["log_id"],
            "--log",
            str(home / "front-end.log"),
            "--log",
            str(home / "worker.log"),
        ),
    ]

    def told() -> str:
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return said if "job.succeeded" in said else ""

    said = eventually(told)

    events = ["job.queued", "job.claimed", "attempt.produced", "job.succeeded"]
    assert [word for word in said.split() if word in events] == events
    assert f"request import-7  trace {trace_id}" in said
    assert "request_id=import-7" in said
    assert said.count(f"trace_id={trace_id}") == len(events)
