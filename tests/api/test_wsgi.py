"""The front end as it is deployed: gunicorn, its gevent worker, and clients that stall."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from api.routes.cutout import PATH as CUTOUT
from deploy.local.servers.ports import LOOPBACK, free_port
from tests.api.deployed import answers, gunicorn, serving
from tests.api.photos import photo
from tests.api.raw_http import KEY
from tests.conditions import eventually

ANY_KEY = {"ailabapi-api-key": "any"}
STALLED_UPLOADS = 40
POLLING_CLIENTS = 600
_PATIENCE_SECONDS = 30
HEAD = (
    f"POST {CUTOUT} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{KEY}Content-Length: 300000\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    '--x\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
).encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("front-end")


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with serving(home) as (_, url):
        yield url


def test_40_stalled_uploads_do_not_stop_the_others(url: str) -> None:
    """How long an answer takes on a busy machine says nothing: it comes while all of them still stall."""
    address = (LOOPBACK, int(url.rpartition(":")[2]))
    with ExitStack() as stack:
        stalled = [
            stack.enter_context(socket.create_connection(address, _PATIENCE_SECONDS))
            for _ in range(STALLED_UPLOADS)
        ]
        for client in stalled:
            client.sendall(HEAD + b"x" * 1000)

        times = [_seconds_of_an_answer(url) for _ in range(10)]
        # A whole upload gets through too, as far as the object store that is not there.
        assert _upload(url, photo()).status_code == 503

        assert min(times) < 1
        assert not any(_has_been_answered(client) for client in stalled)


def _seconds_of_an_answer(url: str) -> float:
    began = time.monotonic()
    assert httpx.get(f"{url}/healthz", timeout=_PATIENCE_SECONDS).status_code == 200
    return time.monotonic() - began


def _upload(url: str, image: bytes) -> httpx.Response:
    return httpx.post(
        url + CUTOUT, headers=ANY_KEY, files={"image": image}, timeout=_PATIENCE_SECONDS
    )


def _has_been_answered(client: socket.socket) -> bool:
    """Whether it has got an answer, or the end of its connection."""
    return bool(select.select([client], [], [], 0)[0])


def test_600_clients_that_keep_their_connections_do_not_keep_an_upload_out(url: str) -> None:
    """A process that serves fewer would never accept another one."""
    address = (LOOPBACK, int(url.rpartition(":")[2]))
    stop = threading.Event()
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(address, _PATIENCE_SECONDS))
            for _ in range(POLLING_CLIENTS)
        ]

        def poll() -> None:
            while not stop.wait(0.5):
                for client in clients:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        polling = stack.enter_context(ThreadPoolExecutor(1)).submit(poll)
        stack.callback(stop.set)

        assert _upload(url, photo()).status_code == 503

        stop.set()
        polling.result()


def test_a_body_over_its_limit_is_answered_although_nobody_reads_it(url: str) -> None:
    answer = _upload(url, b"x" * 20_000_000)

    assert answer.status_code == 413
    assert answer.json()["error_code_str"] == "ERROR_REQUEST_BODY_TOO_LARGE"


def test_a_chunked_upload_is_read_and_limited_like_any_other(url: str) -> None:
    def send(size: int) -> httpx.Response:
        pieces = (
            HEAD.partition(b"\r\n\r\n")[2],
            photo(form="BMP").ljust(size, b"\0"),
            b"\r\n--x--\r\n",
        )
        headers = {**ANY_KEY, "Content-Type": "multipart/form-data; boundary=x"}
        return httpx.post(
            url + CUTOUT, content=iter(pieces), headers=headers, timeout=_PATIENCE_SECONDS
        )

    assert send(100_000).status_code == 503  # read, checked, and not stored
    assert send(5 * 1024 * 1024 + 1).json()["error_code_str"] == "FILE_SIZE_EXCEEDS_LIMIT"
    assert send(7_000_000).json()["error_code_str"] == "ERROR_REQUEST_BODY_TOO_LARGE"


def test_what_is_down_is_named_by_the_real_checks(url: str) -> None:
    answer = httpx.get(f"{url}/readyz", timeout=_PATIENCE_SECONDS)

    assert answer.status_code == 503
    assert {name for name, state in answer.json()["checks"].items() if state != "ok"} == {
        "redis",
        "object_store",
    }


def test_nothing_is_left_in_the_home_folder(url: str, home: Path) -> None:
    assert answers(url)

    assert {path.name.partition(".")[0] for path in home.iterdir()} == {"cutwork", "gunicorn"}
    assert not (home / ".gunicorn").exists()


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"CUTWORK_LAESE": "3"}, "Did you mean CUTWORK_LEASE?"),
        ({"CUTWORK_INLINE_WAIT": "soon"}, "CUTWORK_INLINE_WAIT"),
        ({"CUTWORK_S3_ENDPOINT": "nowhere"}, "'nowhere' is not an endpoint"),
        ({"CUTWORK_S3_SECRET_KEY": ""}, "CUTWORK_S3_SECRET_KEY"),
        ({"CUTWORK_DATABASE_URL": "nowhere"}, "CUTWORK_DATABASE_URL"),
        ({"CUTWORK_REDIS_URL": "nowhere"}, "CUTWORK_REDIS_URL"),
    ],
)
def test_a_setting_that_is_not_usable_is_one_line_and_the_end(
    tmp_path: Path, settings: dict[str, str], hint: str
) -> None:
    server = gunicorn(tmp_path, free_port(), **settings)
    server.start()

    eventually(lambda: not server.is_running)

    assert server.return_code
    server.kill()
    said = (tmp_path / "gunicorn.log").read_text()
    [line] = [line for line in said.splitlines() if not line.startswith("[")]  # gunicorn's own
    assert line.startswith("cutwork: ")
    assert hint in line
