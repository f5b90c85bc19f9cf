"""The object store goes away at each of its three uses, lies about a length, and forgets an upload."""

from __future__ import annotations

import re
import socketserver
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest

from deploy.local.servers.ports import LOOPBACK
from deploy.local.servers.seaweedfs import SeaweedFS
from shared.errors import ObjectStoreUnavailable
from shared.job import Lease
from shared.objects.store import IMAGE, ObjectStore
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import post, submit, wait_for
from tests.fault.audit import Audit
from tests.fault.conftest import ON_EACH
from tests.fault.halting_store import Point
from tests.fault.site import Site
from worker.jobs.runner import UPLOAD_GONE

GONE = (503, "ERROR_RESOURCE_UNAVAILABLE")
#: A busy machine's share of it included.
PATIENCE = timedelta(seconds=25)


@contextmanager
def away(server: SeaweedFS) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


def test_an_upload_without_an_object_store_is_refused_and_leaves_no_row(
    site: Site, photo: bytes, seaweedfs: SeaweedFS
) -> None:
    with away(seaweedfs):
        answer = post(site.url, photo, task_type="async")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert site.rows() == []


@pytest.mark.parametrize("size", [0, 4_000_000])
def test_an_upload_to_an_object_store_that_stands_still_is_refused_in_seconds_and_has_no_row(
    site: Site, photo: bytes, seaweedfs: SeaweedFS, size: int
) -> None:
    """What the store finds in its socket later is an upload without a row: the bucket's rule forgets it."""
    site.uploads_left = 1
    submit(site.url, photo)
    [before] = site.rows()
    seaweedfs.pause()
    try:
        answer = post(site.url, photo + bytes(size), task_type="async")
    finally:
        seaweedfs.resume()

    assert (answer.status_code, answer.json()["error_code_str"]) == GONE
    assert answer.headers["retry-after"]
    assert answer.elapsed < PATIENCE
    assert site.rows() == [before]
    assert post(site.url, photo, task_type="async").status_code == 200


@ON_EACH
def test_an_object_store_that_is_away_at_the_fetch_is_waited_for_and_costs_no_attempt(
    site: Site, photo: bytes, seaweedfs: SeaweedFS
) -> None:
    task_id = submit(site.url, photo)
    with away(seaweedfs):
        site.start_real_worker()
        eventually(lambda: site.logs().count("job.postponed") > 3)

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt - site.row().releases == 1


@ON_EACH
def test_an_object_store_that_is_away_for_the_results_is_waited_for_and_costs_no_attempt(
    site: Site, photo: bytes, seaweedfs: SeaweedFS
) -> None:
    _, task_id = site.hold_a_job(photo)

    with away(seaweedfs):
        site.open_gate()
        eventually(lambda: "job.postponed" in site.logs())

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt - site.row().releases == 1


@ON_EACH
def test_an_upload_that_vanished_fails_its_job_at_once(site: Site, photo: bytes) -> None:
    _, task_id = site.hold_a_job(photo, partial(site.start_halting_worker, Point.CLAIMED))

    ObjectStore(site.settings).delete_input(uuid.UUID(task_id))
    site.open_gate()

    body = wait_for(site.url, task_id)
    assert (body["task_status"], body["error_msg"]) == (3, UPLOAD_GONE)
    assert site.row().attempt == 1


class Liar(socketserver.BaseRequestHandler):
    """Promises a thousand bytes, and hangs up after ten."""

    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789")


class Silly(socketserver.BaseRequestHandler):
    """Answers an error, and forgets to say which."""

    def handle(self) -> None:
        self.request.recv(4096)
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\nContent-Length: 1\r\n\r\n"
        self.request.sendall(head + b"<")


class Busy(socketserver.BaseRequestHandler):
    """Asks everybody to slow down."""

    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def at_a_store_that_is(
    manner: type[socketserver.BaseRequestHandler], settings: Settings
) -> Iterator[ObjectStore]:
    with socketserver.ThreadingTCPServer((LOOPBACK, 0), manner) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        endpoint = f"http://{LOOPBACK}:{server.server_address[1]}"
        try:
            yield ObjectStore(settings.model_copy(update={"s3_endpoint": endpoint}))
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("manner", [Liar, Busy, Silly])
def test_half_an_upload_is_never_taken_for_a_whole_one(
    settings: Settings, manner: type[socketserver.BaseRequestHandler]
) -> None:
    with at_a_store_that_is(manner, settings) as store, pytest.raises(ObjectStoreUnavailable):
        store.get_input(uuid.uuid4())


class Slow(socketserver.BaseRequestHandler):
    """Takes what it is sent little by little, and then says thank you."""

    PIECE, PIECES_A_SECOND = 64 * 1024, 150

    def handle(self) -> None:
        head, _, body = self.request.recv(self.PIECE).partition(b"\r\n\r\n")
        [length] = re.findall(rb"\r\nContent-Length: (\d+)", head)
        left = int(length) - len(body)
        while left > 0 and (piece := self.request.recv(self.PIECE)):
            left -= len(piece)
            threading.Event().wait(1 / self.PIECES_A_SECOND)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def test_a_large_result_may_take_longer_than_a_connection(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 12 MB the kernel's buffers hold a half; the rest goes at 10 MB a second."""
    monkeypatch.setattr("shared.objects.s3_client._CONNECT_SECONDS", 0.2)
    with at_a_store_that_is(Slow, settings) as store:
        store.put_result(Lease(uuid.uuid4(), 1), IMAGE, bytes(12_000_000))


def test_the_uploads_of_refused_posts_are_gone_too(site: Site, photo: bytes) -> None:
    assert post(site.url, photo[:100], task_type="async").status_code >= 400

    audit = Audit(site.settings)
    assert audit.inputs() == set()
    audit.close()
