"""The metrics of a real gunicorn, whose workers come and go."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.servers.ports import LOOPBACK, free_port
from tests.api.deployed import serving
from tests.conditions import eventually

WORKERS = 2
ROUNDS, A_ROUND = 3, 10
#: A worker ends after so many, and another one takes its place.
RECYCLED_AFTER = 15

#: Each request by a connection of its own, so that any worker may take it.
CLIENT = httpx.Client(timeout=30, headers={"Connection": "close"})


class Scrape:
    """What Prometheus reads at one port."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{LOOPBACK}:{port}/metrics"

    def text(self) -> str:
        """Read it; again, if the worker that was asked ended first."""
        return eventually(self._read)

    def _read(self) -> str:
        try:
            return CLIENT.get(self._url).raise_for_status().text
        except httpx.TransportError:
            return ""

    def answered(self) -> float:
        """Count requests for `/healthz`."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
            if sample.name == "cutwork_http_requests_total" and sample.labels["route"] == "/healthz"
        )


def status_of(url: str) -> int:
    """Ask once; 0 if the worker that took the connection ended first."""
    try:
        return CLIENT.get(url).status_code
    except httpx.TransportError:
        return 0


def ask(url: str) -> bool:
    return status_of(f"{url}/healthz") == 200


def children_of(pid: int) -> list[int]:
    return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.timeout(120)
def test_counts_go_on_while_workers_are_replaced_and_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    scrape = Scrape(port := free_port())
    recycled = f"--max-requests {RECYCLED_AFTER} --max-requests-jitter 0"
    settings = {
        "CUTWORK_METRICS_PORT": str(port),
        "WEB_CONCURRENCY": str(WORKERS),
        "GUNICORN_CMD_ARGS": recycled,
    }
    with serving(tmp_path, **settings) as (server, url):
        first = set(children_of(server.pid))
        counted = 0.0
        for _ in range(ROUNDS):
            done = sum(ask(url) for _ in range(A_ROUND))
            now = scrape.answered()
            assert now >= counted + done
            counted = now
        eventually(lambda: ask(url) and first.isdisjoint(children_of(server.pid)), 60)
        os.kill(children_of(server.pid)[0], signal.SIGKILL)
        eventually(lambda: ask(url))

        assert scrape.answered() > counted
        [directory] = tmp_path.glob("cutwork-metrics-*")
        # Kinds of files by those that ran at once: a worker that ends overlaps with the next.
        assert len(list(directory.glob("counter_*.db"))) <= 2 * WORKERS
        assert eventually(lambda: status_of(f"{url}/metrics")) == 404
