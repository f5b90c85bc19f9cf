"""All results of several jobs in one file."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.errors import ErrorCode
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error

PATH = "/v1/results.zip"


def test_pictures_are_called_as_their_client_calls_the_jobs(front_end: FrontEnd) -> None:
    first = finished(front_end, reference="../coat.jpg", cloth_class="coat,hat")
    second = finished(front_end, reference="../Coat.jpg")
    third = finished(front_end)

    archive = opened(ask(front_end, first, second, third))

    assert archive.namelist() == [
        "_coat.cutout.png",
        "_coat.coat.cutout.png",
        "_Coat (2).cutout.png",
        f"{third}.cutout.png",
    ]
    assert archive.testzip() is None
    assert archive.read("_coat.coat.cutout.png") == b"coat"


def test_what_is_left_out_is_told_with_its_reason(front_end: FrontEnd) -> None:
    done, waiting = finished(front_end), front_end.submit()
    unknown = uuid.uuid4()

    archive = opened(ask(front_end, unknown, done, waiting))

    assert archive.namelist() == [f"{done}.cutout.png", "left-out.txt"]
    lines = archive.read("left-out.txt").decode().splitlines()
    assert lines == [
        f"{unknown}  There is no such task under your API key.",
        f"{waiting}  It has not finished yet.",
    ]


def test_a_picture_that_is_gone_meanwhile_is_told_and_the_others_come(front_end: FrontEnd) -> None:
    first, second = finished(front_end), finished(front_end)
    front_end.object_store.delete_results(first)

    archive = opened(ask(front_end, first, second))

    assert archive.namelist() == [f"{second}.cutout.png", "left-out.txt"]
    assert f"{first}  image is gone" in archive.read("left-out.txt").decode()


def test_a_store_that_is_away_is_an_answer_like_any_other(front_end: FrontEnd) -> None:
    job_id = finished(front_end)
    front_end.object_store.is_down = True

    assert_error(ask(front_end, job_id), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", ErrorCode.MISSING_PARAMETERS),
        ("ids=", ErrorCode.ERROR_INVALID_PARAMETER),
        (f"ids={','.join(['x'] * 101)}", ErrorCode.ERROR_INVALID_PARAMETER),
    ],
)
def test_what_names_no_jobs_is_refused(front_end: FrontEnd, query: str, code: ErrorCode) -> None:
    answer = front_end.client().get(PATH, query_string=query, headers=front_end.headers)

    assert_error(answer, 400, code)


def finished(front_end: FrontEnd, **fields: Any) -> uuid.UUID:
    job_id = uuid.UUID(front_end.post(path="/v1/jobs", **fields).get_json()["task_id"])
    lease = front_end.claim(job_id).lease
    for name in ("image", "coat"):
        front_end.object_store.put_result(lease, name, name.encode())
    front_end.services.job_store.complete(lease, {Category.COAT: True, Category.HAT: False})
    return job_id


def ask(front_end: FrontEnd, *job_ids: uuid.UUID) -> TestResponse:
    query = {"ids": ",".join(map(str, job_ids))}
    return front_end.client().get(PATH, query_string=query, headers=front_end.headers)


def opened(answer: TestResponse) -> zipfile.ZipFile:
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(answer.data))
