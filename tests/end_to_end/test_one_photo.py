"""One photo in, one spec-shaped answer out: real processes, real servers, the bundled model."""

from __future__ import annotations

import io
from datetime import timedelta

import httpx
from PIL import Image

from shared.wire.contract import RESULT_LIFETIME, Category
from tests.conditions import eventually
from tests.end_to_end.client import HEADERS, post, query, submit, urls_of, wait_for
from tests.end_to_end.installation import Installation
from tests.operator_client import OperatorClient

ALL = ",".join(Category)


def test_a_photo_comes_back_as_cutouts_that_open_without_a_key(
    installation: Installation, photo: bytes
) -> None:
    installation.start_worker()

    answer = post(installation.url, photo, cloth_class=ALL)

    assert answer.status_code == 200
    body = answer.json()
    assert body["task_status"] == 2
    urls = urls_of(body)
    assert list(urls) == ["image", *Category]
    opened = {name: httpx.get(url) for name, url in urls.items() if url}
    assert "image" in opened
    assert len(opened) >= 2
    for got in opened.values():
        assert got.status_code == 200
        assert got.headers["content-type"] == "image/png"
        assert got.headers["content-disposition"].startswith("inline; filename=")
        picture = Image.open(io.BytesIO(got.content))
        assert (picture.mode, picture.size, picture.format) == ("RGBA", (512, 512), "PNG")
        assert picture.info == {}


def test_a_marketplaces_picture_comes_back_on_white_in_its_size(
    installation: Installation, photo: bytes
) -> None:
    installation.start_worker()

    answer = httpx.post(
        f"{installation.url}/v1/jobs",
        headers={**HEADERS, "Prefer": "wait=30"},
        data={"preset": "amazon-main", "outputs": "white,cutout", "format": "webp"},
        files={"image": photo},
        timeout=60,
    )

    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["report"]["reasons"]
    for output, mode in (("white", "RGB"), ("cutout", "RGBA")):
        got = httpx.get(data["outputs"][output]["image_url"])
        assert got.headers["content-type"] == "image/webp"
        picture = Image.open(io.BytesIO(got.content))
        assert (picture.mode, picture.size, picture.format) == (mode, (2000, 2000), "WEBP")


def test_the_url_ends_when_the_job_does_and_not_a_minute_later(
    installation: Installation, photo: bytes
) -> None:
    installation.start_worker()

    url = httpx.URL(urls_of(wait_for(installation.url, submit(installation.url, photo)))["image"])

    seconds = int(url.params["X-Amz-Expires"])
    assert RESULT_LIFETIME - timedelta(minutes=1) < timedelta(seconds=seconds) <= RESULT_LIFETIME
    for spoiled in (
        url.copy_set_param("X-Amz-Expires", seconds + 3600),
        url.copy_with(query=b""),
    ):
        assert httpx.get(spoiled).status_code == 403


def test_an_upload_is_deleted_once_its_job_has_finished(
    installation: Installation, photo: bytes
) -> None:
    installation.start_worker()
    wait_for(installation.url, submit(installation.url, photo))

    eventually(lambda: not stored_inputs(installation))


def test_a_damaged_photo_fails_on_the_poll_with_its_reason(
    installation: Installation, photo: bytes
) -> None:
    installation.start_worker()

    body = wait_for(installation.url, submit(installation.url, photo[: len(photo) // 2]))

    assert body["task_status"] == 3
    assert body["error_detail"]["code"] == "FILE_DECODING_FAILURE"
    answer = query(installation.url, body["task_id"])
    assert answer.status_code == 422


def test_every_transition_is_one_line_of_json_with_the_jobs_trace(
    installation: Installation, photo: bytes
) -> None:
    worker = installation.start_worker()
    body = wait_for(installation.url, submit(installation.url, photo))
    worker.stop(20)

    lines = [line for line in installation.logs().splitlines() if body["log_id"] in line]

    events = {line.split('"event": "')[1].split('"')[0] for line in lines}
    assert {"job.queued", "job.claimed", "job.succeeded"} <= events
    assert all(line.startswith("{") for line in lines)
    assert "X-Amz-Signature" not in installation.logs()


def stored_inputs(installation: Installation) -> list[str]:
    settings = installation.settings
    client = OperatorClient(settings)
    return [str(found.object_name) for found in client.list_objects(settings.inputs_bucket)]
