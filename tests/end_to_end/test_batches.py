"""A batch through real processes: photos by their URLs and past the front end, files, archive and webhook."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from tests.conditions import eventually
from tests.end_to_end.client import HEADERS
from tests.end_to_end.installation import Installation
from tests.file_server import FileServer, running_file_server
from tests.webhook_receiver import SECRET, Receiver, running_receiver

BATCHES = "/v1/batches"


@pytest.fixture
def photos() -> Iterator[FileServer]:
    with running_file_server() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def changes(receiver: Receiver, photos: FileServer) -> Mapping[str, Any]:
    return {
        "image_url": True,
        "direct_uploads": True,
        "webhook_secrets": SecretStr(SECRET),
        "outgoing_ports": f"{receiver.port},{photos.port}",
        "outgoing_allowed_networks": "127.0.0.1/32",
        "batch_window": 2,
    }


def upload(installation: Installation, photo: bytes) -> str:
    """Send a photo to the object store itself, and return what it is called."""
    answer = httpx.post(f"{installation.url}/v1/uploads", headers=HEADERS).json()["data"]
    sent = httpx.post(answer["url"], data=answer["fields"], files={"file": photo})
    assert sent.is_success, sent.text
    return str(answer["upload"])


def test_a_batch_comes_back_as_two_files_an_archive_and_a_webhook(
    installation: Installation, photo: bytes, photos: FileServer, receiver: Receiver
) -> None:
    installation.start_worker()
    there = photos.serve("/a.jpg", photo)
    items = [
        {"image_url": there, "reference": "by URL", "cloth_class": ["tops"]},
        {"image_url": f"{photos.url}/missing.jpg", "reference": "missing"},
        {"upload": upload(installation, photo), "reference": "past the front end"},
        {"image_url": photos.serve("/b.jpg", photo[: len(photo) // 2]), "reference": "damaged"},
    ]

    taken = httpx.post(
        installation.url + BATCHES,
        headers={**HEADERS, "Content-Type": "application/jsonl"},
        params={"callback_url": receiver.url},
        content="".join(json.dumps(item) + "\n" for item in items),
    )
    assert taken.status_code == 202, taken.text
    batch = installation.url + taken.headers["Location"]

    def ended() -> dict[str, Any] | None:
        told = httpx.get(batch, headers=HEADERS, params={"wait": 10}, timeout=30).json()["data"]
        return dict(told) if told["status"] == "completed" else None

    counts = eventually(ended, 60)["counts"]
    assert (counts["succeeded"], counts["failed"]) == (2, 2)
    output, errors = (
        [
            json.loads(line)
            for line in httpx.get(f"{batch}/{name}", headers=HEADERS).text.splitlines()
        ]
        for name in ("output", "errors")
    )
    assert [(it["line"], it["reference"]) for it in output] == [
        (1, "by URL"),
        (3, "past the front end"),
    ]
    assert [(it["line"], it["error_detail"]["code"]) for it in errors] == [
        (2, "IMAGE_URL_UNREACHABLE"),
        (4, "FILE_DECODING_FAILURE"),
    ]
    picture = httpx.get(output[0]["data"]["elements"][0]["image_url"])
    with ZipFile(io.BytesIO(httpx.get(f"{batch}/results", headers=HEADERS).content)) as archive:
        assert archive.namelist() == [
            "00001/by URL.cutout.png",
            "00001/by URL.tops.cutout.png",
            "00003/past the front end.cutout.png",
        ]
        assert archive.read("00001/by URL.cutout.png") == picture.content
        assert Image.open(archive.open("00003/past the front end.cutout.png")).size == (512, 512)
    [event] = [it.verified() for it in eventually(lambda: receiver.heard)]
    assert event["type"] == "batch.completed"
    assert event["data"]["data"]["counts"] == counts
