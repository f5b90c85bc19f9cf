"""The metrics of one process, and of several that share a port."""

from __future__ import annotations

import socket
import time
import timeit
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values

from deploy.local.servers.ports import LOOPBACK, free_port
from shared.errors import Misconfigured
from shared.telemetry import server, slot
from shared.telemetry.registry import DIRECTORY, registry_to_tell
from shared.telemetry.server import serve_metrics
from shared.telemetry.telling import Telling
from tests.conditions import eventually

ROUTES = range(30)


class Like:
    """One of several like processes, played by this one."""

    def __init__(self, directory: Path) -> None:
        self.number = slot.take_slot(directory)
        values.ValueClass = values.MultiProcessValue(lambda: self.number)  # type: ignore[no-untyped-call]
        own = CollectorRegistry()
        self.requests = Counter("requests_total", "All.", ["route"], registry=own)
        self.seconds = Histogram("request_seconds", "All.", ["route"], registry=own)
        self.running = Gauge("running", "Now.", registry=own, multiprocess_mode="livesum")

    def serve(self, *routes: int) -> None:
        for route in routes:
            self.requests.labels(route).inc()
            self.seconds.labels(route).observe(0.1)

    def end(self) -> None:
        slot._held.pop().close()


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where like processes keep their numbers."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    yield tmp_path
    values.close_all_multiprocess_files()  # type: ignore[no-untyped-call]
    while slot._held:
        slot._held.pop().close()


def told(name: str, **labels: str) -> float | None:
    return registry_to_tell().get_sample_value(name, labels)


def test_whoever_is_asked_tells_the_numbers_of_all(directory: Path) -> None:
    for like in [Like(directory), Like(directory)]:
        like.serve(1)
        like.running.inc()

    assert told("requests_total", route="1") == 2
    assert told("request_seconds_count", route="1") == 2
    assert told("running") == 2


def test_who_takes_the_place_of_one_that_ended_goes_on_with_its_counts(directory: Path) -> None:
    stays, ends = Like(directory), Like(directory)
    ends.serve(1)
    ends.end()

    follows = Like(directory)
    follows.serve(1)

    assert (stays.number, ends.number, follows.number) == (0, 1, 1)
    assert told("requests_total", route="1") == 2


def test_what_one_that_ended_was_doing_is_forgotten(directory: Path) -> None:
    killed = Like(directory)
    killed.running.inc()
    killed.end()

    Like(directory)

    assert told("running") == 0


def test_after_a_thousand_processes_a_scrape_takes_less_than_a_fifth_of_a_second(
    directory: Path,
) -> None:
    for number in range(1000):
        like = Like(directory)
        like.serve(*(ROUTES if number == 0 else [7]))
        values.close_all_multiprocess_files()  # type: ignore[no-untyped-call]
        like.end()

    seconds = timeit.repeat(lambda: generate_latest(registry_to_tell()), number=1, repeat=5)
    text = generate_latest(registry_to_tell())

    assert b'requests_total{route="7"} 1000.0' in text
    assert len(list(directory.glob("*.db"))) == 3
    # The others measure what else the machine does.
    assert min(seconds) < 0.2


def test_metrics_are_told_at_a_port_of_their_own() -> None:
    port = free_port()

    serve_metrics(LOOPBACK, port)

    answer = httpx.get(f"http://{LOOPBACK}:{port}/metrics")
    assert answer.status_code == 200
    assert "cutwork_jobs_accepted_total" in answer.text or "process_cpu" in answer.text
    assert "Python" not in answer.headers["Server"]


def serve_patiently(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let nobody be hung up on while a test runs, however slow the machine is."""
    monkeypatch.setattr(server, "_PATIENCE_SECONDS", 600)
    monkeypatch.setattr(server._Handler, "timeout", 600)
    serve_metrics(LOOPBACK, port := free_port())
    return port


def test_sockets_that_never_end_their_request_keep_nobody_from_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = serve_patiently(monkeypatch)
    with ExitStack() as stack:
        for begun in (b"", b"GET /met", b"GET /metrics HTTP/1.1\r\nX: "):
            silent = stack.enter_context(socket.create_connection((LOOPBACK, port)))
            silent.sendall(begun)

        assert httpx.get(f"http://{LOOPBACK}:{port}/metrics", timeout=60).status_code == 200


def test_a_request_that_trickles_in_is_heard_no_longer_than_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_PATIENCE_SECONDS", 0.3)
    port = free_port()
    serve_metrics(LOOPBACK, port)

    with socket.create_connection((LOOPBACK, port)) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")

        def is_over() -> bool:
            """Send another byte, well within the time of one."""
            client.settimeout(0.01)
            try:
                client.sendall(b"a")
                return client.recv(1) is not None
            except TimeoutError:
                return False
            except OSError:
                return True

        eventually(is_over)


def test_more_than_so_many_at_once_wait_for_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PLACES", 1)
    port = serve_patiently(monkeypatch)

    with socket.create_connection((LOOPBACK, port)) as first:
        second = socket.create_connection((LOOPBACK, port))
        second.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        second.settimeout(0.2)
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        second.settimeout(60)
        assert second.recv(1)
        second.close()


def test_a_page_whose_name_was_made_to_point_here_reads_no_numbers() -> None:
    port = free_port()
    serve_metrics(LOOPBACK, port)

    def status(host: str) -> int:
        headers = {"Host": host}
        return httpx.get(f"http://{LOOPBACK}:{port}/metrics", headers=headers).status_code

    assert {status(it) for it in ("evil.example", f"evil.example:{port}", "", "a b")} == {403}
    assert {status(it) for it in (f"localhost:{port}", LOOPBACK, "[::1]:1", "LOCALHOST")} == {200}


def test_who_asks_without_pause_takes_a_tenth_of_a_processor() -> None:
    def encode(_: CollectorRegistry) -> bytes:
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return b"numbers"

    telling = Telling(CollectorRegistry())
    began = time.monotonic()

    texts = [telling.write(encode) for _ in range(3)]

    assert texts == [b"numbers"] * 3
    assert time.monotonic() - began >= 2 * 0.2


def test_a_port_that_is_taken_is_named() -> None:
    port = free_port()
    serve_metrics(LOOPBACK, port)

    with pytest.raises(Misconfigured, match=f"CUTWORK_METRICS_PORT: .* port {port}"):
        serve_metrics(LOOPBACK, port)


def test_like_processes_share_a_port() -> None:
    port = free_port()

    for _ in range(2):
        serve_metrics(LOOPBACK, port, is_shared=True)


def test_nobody_listens_where_no_port_is_set() -> None:
    serve_metrics("no address", 0)
