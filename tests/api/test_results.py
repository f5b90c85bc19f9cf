"""One result of a job, from the service itself."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pytest
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from shared.errors import ErrorCode
from shared.jobs.envelope import names_of_results
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error
from tests.api.test_renditions import REPORT

SHOWN = {Category.COAT: True, Category.HAT: False}


def test_a_result_is_asked_for_by_the_name_that_its_url_ends_with(front_end: FrontEnd) -> None:
    job_id = finished(front_end)
    elements = front_end.query(job_id).get_json()["data"]["elements"]

    for url in (elements[0]["image_url"], elements[1]["class_url"]["coat"]):
        file_name = url.partition("?")[0].rpartition("/")[2]
        answer = ask(front_end, job_id, file_name)
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        assert answer.data == file_name.removesuffix(".png").encode()


@pytest.mark.parametrize(
    ("fields", "name", "called"),
    [
        ({"reference": "women/Coat 1.JPG"}, "image.png", "women_Coat 1.cutout.png"),
        ({"reference": "coat.v2", "outputs": "white,mask"}, "image.png", "coat.v2.white.png"),
        ({"reference": "coat", "outputs": "white,mask"}, "coat-mask.png", "coat.coat.mask.png"),
        ({"reference": "été.png", "format": "jpeg"}, "coat.jpeg", "été.coat.cutout.jpg"),
        ({}, "image.png", "{id}.cutout.png"),
    ],
)
def test_its_file_is_called_by_its_photo_and_what_it_shows_of_it(
    front_end: FrontEnd, fields: dict[str, Any], name: str, called: str
) -> None:
    job_id = finished(front_end, **fields)

    answer = ask(front_end, job_id, name)

    _, told = parse_options_header(answer.headers["Content-Disposition"])
    assert told == {"filename": called.format(id=job_id)}


def test_its_media_type_is_that_of_the_format(front_end: FrontEnd) -> None:
    job_id = finished(front_end, format="webp")

    answer = ask(front_end, job_id, "image.webp")
    assert answer.mimetype == "image/webp", answer.text
    assert_error(ask(front_end, job_id, "image.png"), 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


@pytest.mark.parametrize("name", ["hat.png", "tops.png", "image", "..", "image.png.png"])
def test_what_the_job_does_not_have_is_404_that_says_what_it_has(
    front_end: FrontEnd, name: str
) -> None:
    answer = ask(front_end, finished(front_end), name)

    assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert "It has: image.png, coat.png." in answer.get_json()["error_msg"]


def test_a_job_without_results_says_why(front_end: FrontEnd) -> None:
    failed = front_end.submit()
    lease = front_end.claim(failed).lease
    waiting = front_end.submit()
    front_end.services.job_store.fail(lease, ErrorCode.FILE_DECODING_FAILURE, "Damaged.")

    for job_id, reason in {waiting: "not finished yet", failed: "FILE_DECODING_FAILURE"}.items():
        answer = ask(front_end, job_id, "image.png")
        assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
        assert reason in answer.get_json()["error_msg"]


def test_an_erased_job_is_410_and_an_unknown_one_404(front_end: FrontEnd) -> None:
    job_id = finished(front_end)
    front_end.client().delete(f"/v1/jobs/{job_id}", headers=front_end.headers)

    assert_error(ask(front_end, job_id, "image.png"), 410, ErrorCode.ERROR_TASK_REVOKED)
    assert_error(ask(front_end, uuid.uuid4(), "image.png"), 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


def test_a_result_that_is_gone_meanwhile_is_404(front_end: FrontEnd) -> None:
    job_id = finished(front_end)
    front_end.object_store.delete_results(job_id)

    answer = ask(front_end, job_id, "image.png")

    assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert "deleted a moment ago" in answer.get_json()["error_msg"]


def test_a_store_that_is_away_is_503(front_end: FrontEnd) -> None:
    job_id = finished(front_end)
    front_end.object_store.is_down = True

    assert_error(ask(front_end, job_id, "image.png"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)


def finished(front_end: FrontEnd, **fields: Any) -> uuid.UUID:
    answer = front_end.post(path="/v1/jobs", cloth_class="coat,hat", **fields)
    job_id = uuid.UUID(answer.get_json()["task_id"])
    job = dataclasses.replace(front_end.claim(job_id), shown=SHOWN)
    for name in names_of_results(job):
        front_end.object_store.put_result(
            job.lease, name, name.encode(), job.options.rendition.format
        )
    front_end.services.job_store.complete(job.lease, SHOWN, REPORT)
    return job_id


def ask(front_end: FrontEnd, job_id: uuid.UUID, name: str) -> TestResponse:
    return front_end.client().get(f"/v1/jobs/{job_id}/results/{name}", headers=front_end.headers)
