"""A few connections without a key, each of which keeps a front end busy as long as it can."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from api.routes.cutout import PATH as CUTOUT
from deploy.local.servers.ports import LOOPBACK
from tests.api.deployed import serving
from tests.api.greenlets import assert_says
from tests.api.raw_http import CHUNKED, MEGABYTE, chunk, head
from tests.conditions import eventually

#: Far more than a turn takes, and far less than the 9 to 15 s of a front end that reads one client to its end.
PATIENCE_SECONDS = 3
ANY_KEY = {"ailabapi-api-key": "any"}
ENDLESS = 10**12
PIPELINED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 200


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("unfair")) as (_, url):
        yield url


def connect(url: str) -> socket.socket:
    return socket.create_connection((LOOPBACK, int(url.rpartition(":")[2])), timeout=30)


@contextmanager
def pumping(url: str, first: bytes, again: bytes) -> Iterator[Callable[[], int]]:
    """Send without end from a thread of its own, as long as the other end takes it; yields the bytes it took."""
    client = connect(url)
    sent = 0
    stopping = threading.Event()

    def pump() -> None:
        nonlocal sent
        try:
            client.sendall(first)
            while not stopping.is_set():
                sent += client.send(again)
        except OSError:
            stopping.set()

    def swallow() -> None:
        try:
            while client.recv(MEGABYTE):
                pass
        except OSError:
            pass

    threads = [threading.Thread(target=pump), threading.Thread(target=swallow)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sent if not stopping.is_set() else -1
    finally:
        stopping.set()
        with client, suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def has_ended(sent: Callable[[], int]) -> Callable[[], bool]:
    return lambda: sent() < 0


def slowest_answer(url: str) -> float:
    def ask() -> float:
        began = time.monotonic()
        assert httpx.get(f"{url}/healthz", timeout=30).status_code == 200
        return time.monotonic() - began

    return max(ask() for _ in range(20))


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (head(length=ENDLESS).replace(b"form-data", b"nothing"), b"z" * 65536),
        (head(length=ENDLESS), b"z" * 65536),
        (head(CHUNKED), chunk(b"z" * 65536)),
        (head(CHUNKED), chunk(b"z") * 5000),
        (head(CHUNKED), b"1;" + b"e" * 4000 + b"\r\nz\r\n"),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % ENDLESS, b"z" * 65536),
    ],
    ids=[
        "refused",
        "too long",
        "chunks",
        "tiny chunks",
        "chunks with long extensions",
        "where nobody reads",
    ],
)
def test_a_body_without_an_end_ends_with_its_connection_and_others_are_served(
    url: str, first: bytes, again: bytes
) -> None:
    with pumping(url, first, again) as one, pumping(url, first, again) as other:
        assert slowest_answer(url) < PATIENCE_SECONDS
        eventually(has_ended(one), within=40)
        eventually(has_ended(other), within=40)


def test_a_client_that_sends_requests_without_end_lets_others_have_their_turn(url: str) -> None:
    with pumping(url, b"", PIPELINED) as one, pumping(url, b"", PIPELINED) as other:
        eventually(lambda: one() > len(PIPELINED) and other() > len(PIPELINED))
        assert slowest_answer(url) < PATIENCE_SECONDS


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_who_sends_all_of_a_refused_body_before_it_listens_can_read_the_answer(
    url: str, connection: str
) -> None:
    large = 8 * MEGABYTE
    with connect(url) as client:
        client.sendall(head(f"Connection: {connection}\r\n", large))
        client.sendall(b"z" * large)

        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_connection_is_good_for_another_request_after_a_refused_body(url: str) -> None:
    with httpx.Client(base_url=url) as client:
        refused = client.post(CUTOUT, headers=ANY_KEY, content=b"z" * MEGABYTE)
        after = client.get("/healthz")

    assert (refused.status_code, after.status_code) == (400, 200)
    assert refused.extensions["network_stream"] is after.extensions["network_stream"]


SLOW_READER = """
import socket
from gevent import monkey
monkey.patch_all()
from gevent import socket
from api.server import connection

connection.SEND_SECONDS = 0.2
connection.LEAST_BYTES_A_SECOND = 10**12
ours, theirs = socket.socketpair()
connection.Connection(ours).sendall(b"small")
try:
    connection.Connection(ours).sendall(bytes(10**8))
except ConnectionResetError as error:
    print(error.errno, "hung up")
"""


PATIENT_SERVER = """
import socket
from gevent import monkey
monkey.patch_all()
import gevent
from gevent import socket
from api.server import connection

connection.SEND_SECONDS = 0.2
connection.LEAST_BYTES_A_SECOND = 10**5
ours, theirs = socket.socketpair()

def take():
    gevent.sleep(0.5)
    taken = 0
    while piece := theirs.recv(65536):
        taken += len(piece)
    print(taken, "taken")

reader = gevent.spawn(take)
connection.Connection(ours).sendall(bytes(4_000_000))
ours.close()
reader.join()
"""


def test_a_client_that_does_not_read_its_answer_is_hung_up_on() -> None:
    assert_says(SLOW_READER, "104 hung up\n")


def test_a_picture_may_be_taken_more_slowly_than_an_envelope() -> None:
    assert_says(PATIENT_SERVER, "4000000 taken\n")
