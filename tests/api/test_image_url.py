"""`image_url` instead of `image`: when it is taken, and what becomes of it."""

from __future__ import annotations

import uuid

import pytest
from werkzeug.test import TestResponse, encode_multipart

from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import Job
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error

URL = "https://cdn.example.com/a.jpg?signature=secret"
ON = pytest.mark.parametrize("changes", [{"image_url": True}])


def post(front_end: FrontEnd, path: str = JOBS, **fields: object) -> TestResponse:
    headers = {"Idempotency-Key": str(fields.pop("key"))} if "key" in fields else {}
    boundary, body = encode_multipart(fields)
    return front_end.post_raw(body, f"multipart/form-data; boundary={boundary}", path, **headers)


def stored(front_end: FrontEnd, answer: TestResponse) -> Job:
    assert answer.status_code == 202, answer.text
    job = front_end.services.job_store.find(uuid.UUID(answer.get_json()["task_id"]), "shop")
    assert job is not None
    return job


@ON
def test_a_url_is_stored_with_the_job_and_nothing_else_is(
    front_end: FrontEnd, logged: Logged
) -> None:
    answer = post(front_end, image_url=f" {URL} ", cloth_class="tops")

    job = stored(front_end, answer)
    assert (job.image_url, job.input_bytes, job.options.cloth_class) == (URL, 0, ("tops",))
    assert not front_end.object_store.inputs
    assert "secret" not in f"{logged}{answer.text}{answer.headers}{job}"


@pytest.mark.parametrize("field", ["image_url", "imageUrl", "Image-URL", "image_url[]"])
def test_as_long_as_it_is_off_it_is_refused_by_name(front_end: FrontEnd, field: str) -> None:
    body = assert_error(post(front_end, **{field: URL}), 400, ErrorCode.ERROR_INVALID_PARAMETER)

    assert "`image_url` is switched off" in body["error_msg"]
    assert front_end.count_rows() == 0


@ON
def test_the_hosted_apis_path_does_not_know_it(front_end: FrontEnd) -> None:
    assert_error(post(front_end, CUTOUT, image_url=URL), 400, ErrorCode.MISSING_PARAMETERS)

    front_end.submit(image_url=URL)
    assert len(front_end.object_store.inputs) == 1


@ON
def test_an_empty_one_is_none(front_end: FrontEnd) -> None:
    assert_error(post(front_end, image_url=" "), 400, ErrorCode.MISSING_PARAMETERS)


@pytest.mark.parametrize(
    ("changes", "ways"),
    [
        ({}, []),
        ({"image_url": True}, ["`image_url`"]),
        ({"image_url": True, "direct_uploads": True}, ["`image_url`", "`upload`"]),
    ],
)
def test_who_sends_no_photo_is_told_all_ways_that_there_are(
    front_end: FrontEnd, ways: list[str]
) -> None:
    nothing = post(front_end, reference="SKU-4711")
    as_json = front_end.post_raw(
        b'{"image_url": "https://shop.example/"}', "application/json", JOBS
    )

    for answer in (nothing, as_json):
        told = answer.get_json()["error_msg"]
        assert "a file `image`" in told
        assert [way for way in ("`image_url`", "`upload`") if way in told] == ways
    assert "`image_url`" not in post(front_end, CUTOUT, out_mode="0").get_json()["error_msg"]


@ON
def test_both_are_one_too_many(front_end: FrontEnd) -> None:
    answer = front_end.post(path=JOBS, image_url=URL)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


@ON
def test_an_empty_file_beside_it_is_an_input_that_nobody_filled_in(front_end: FrontEnd) -> None:
    stored(front_end, front_end.post(b"", JOBS, image_url=URL))


@ON
def test_two_are_one_too_many(front_end: FrontEnd) -> None:
    answer = post(front_end, image_url=[URL, URL + "2"])

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


@ON
def test_it_is_not_taken_from_where_logs_would_have_it(front_end: FrontEnd) -> None:
    answer = post(front_end, f"{JOBS}?image_url={URL}")

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert "field of the form" in body["error_msg"]


@ON
@pytest.mark.parametrize(
    "url",
    [
        "photo.jpg",
        "ftp://cdn.example.com/a.jpg",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2130706433/",
        "https://user:password@cdn.example.com/a.jpg",
        "https://cdn.example.com:8443/a.jpg",
        "https://cdn.example.com/" + "a" * 5000,
    ],
)
def test_a_url_that_may_not_be_fetched_makes_no_job(front_end: FrontEnd, url: str) -> None:
    assert_error(post(front_end, image_url=url), 422, ErrorCode.IMAGE_URL_NOT_ALLOWED)
    assert front_end.count_rows() == 0


@pytest.mark.parametrize("changes", [{"image_url": True, "image_url_hosts": "*.example.com"}])
def test_only_hosts_of_the_operators_list_are_taken(front_end: FrontEnd) -> None:
    stored(front_end, post(front_end, image_url=URL))

    answer = post(front_end, image_url="https://example.org/a.jpg")
    assert_error(answer, 422, ErrorCode.IMAGE_URL_NOT_ALLOWED)


@ON
def test_one_key_and_one_url_make_one_job(front_end: FrontEnd) -> None:
    first = stored(front_end, post(front_end, image_url=URL, key="a"))

    assert stored(front_end, post(front_end, image_url=URL, key="a")).id == first.id
    other = post(front_end, image_url=URL + "2", key="a")
    assert_error(other, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)
