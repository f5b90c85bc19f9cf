"""Photos that are fetched: real processes, and a photo server that tests command."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from deploy.local.servers.ports import LOOPBACK, free_port
from tests.conditions import eventually
from tests.end_to_end.client import HEADERS, urls_of, wait_for
from tests.end_to_end.client import submit as upload
from tests.end_to_end.installation import Installation
from tests.raw_server import RawServer, ok, redirect, running_raw_server, say

PORT = free_port()
CHANGES = {
    "image_url": True,
    "outgoing_ports": f"{PORT}",
    "outgoing_allowed_networks": f"{LOOPBACK}/32",
}
JOBS = "/v1/jobs"

pytestmark = pytest.mark.parametrize("changes", [CHANGES])


@pytest.fixture
def shop(photo: bytes) -> Iterator[RawServer]:
    with running_raw_server(say(ok(photo)), port=PORT) as server:
        yield server


def submit(installation: Installation, url: str) -> str:
    answer = httpx.post(
        installation.url + JOBS, headers=HEADERS, files={"image_url": (None, url)}, timeout=30
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["task_id"])


def finished(installation: Installation, task_id: str) -> dict[str, object]:
    def ended() -> dict[str, object] | None:
        answer = httpx.get(f"{installation.url}{JOBS}/{task_id}", headers=HEADERS, timeout=30)
        body: dict[str, object] = answer.json()
        return body if body["task_status"] in {2, 3} else None

    return eventually(ended, 60)


def test_a_photo_by_url_comes_back_as_cutouts_and_no_log_has_its_signature(
    installation: Installation, shop: RawServer
) -> None:
    installation.start_worker()

    task_id = submit(installation, f"http://{LOOPBACK}:{PORT}/a.jpg?signature=hush-hush")

    pictures = urls_of(finished(installation, task_id))
    assert httpx.get(pictures["image"]).headers["content-type"] == "image/png"
    assert "hush-hush" in shop.heard[0]
    assert "photo.answered" in installation.logs()
    assert "hush-hush" not in installation.logs()


def test_a_redirect_to_inside_ends_the_job_and_reaches_nobody(
    installation: Installation, shop: RawServer
) -> None:
    installation.start_worker()
    with running_raw_server(say(ok(b"secret")), host="127.0.0.2", port=PORT) as inside:
        shop.script = say(redirect(f"http://127.0.0.2:{PORT}/"))

        ended = finished(installation, submit(installation, f"http://{LOOPBACK}:{PORT}/"))

    assert ended["error_code_str"] == "IMAGE_URL_NOT_ALLOWED"
    assert not inside.heard


def test_a_worker_that_dies_while_it_fetches_loses_no_job(
    installation: Installation, shop: RawServer, photo: bytes
) -> None:
    def hold(client: socket.socket) -> None:
        shop.script = say(ok(photo))
        shop.ended.wait(60)

    shop.script = hold
    worker = installation.start_worker()
    task_id = submit(installation, f"http://{LOOPBACK}:{PORT}/")
    eventually(lambda: shop.heard)
    worker.kill()

    installation.start_worker()

    assert finished(installation, task_id)["task_status"] == 2
    assert len(shop.heard) == 2


def test_a_shop_that_never_answers_keeps_no_uploaded_photo_waiting(
    installation: Installation, shop: RawServer, photo: bytes
) -> None:
    def hold(client: socket.socket) -> None:
        held.wait(60)
        client.sendall(ok(photo))

    held = threading.Event()
    shop.script = hold
    installation.start_worker()
    stuck = [submit(installation, f"http://{LOOPBACK}:{PORT}/{number}") for number in range(4)]
    eventually(lambda: shop.heard)

    uploaded = wait_for(installation.url, upload(installation.url, photo), within=10)

    assert uploaded["task_status"] == 2
    assert not held.is_set()
    held.set()
    assert [finished(installation, task_id)["task_status"] for task_id in stuck] == [2] * 4
