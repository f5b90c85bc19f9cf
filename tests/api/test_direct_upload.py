"""Uploads past the front end: the form, and the job that names one."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from api.routes.uploads import PATH as UPLOADS
from shared.errors import ErrorCode
from shared.wire.contract import MAX_IMAGE_BYTES
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error
from tests.api.photos import photo
from tests.api.test_image_url import post

ON = pytest.mark.parametrize("changes", [{"direct_uploads": True}])


def begin(front_end: FrontEnd) -> str:
    """Get a form, and let the object store have a photo."""
    answer = front_end.client().post(UPLOADS, headers=front_end.headers)
    assert answer.status_code == 201, answer.text
    upload = str(answer.get_json()["data"]["upload"])
    front_end.object_store.inputs[uuid.UUID(upload)] = photo()
    return upload


def accepted(answer: TestResponse) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["task_id"])


@ON
def test_a_form_is_for_one_photo_of_the_contracts_size(front_end: FrontEnd) -> None:
    answer = front_end.client().post(UPLOADS, headers=front_end.headers)

    data = answer.get_json()["data"]
    assert data["fields"]["key"] == data["upload"]
    assert data["max_bytes"] == MAX_IMAGE_BYTES
    assert front_end.count_rows() == 0


@ON
def test_an_upload_becomes_the_job_of_its_id(front_end: FrontEnd) -> None:
    upload = begin(front_end)

    assert accepted(post(front_end, upload=upload, cloth_class="tops")) == upload
    job = front_end.services.job_store.find(uuid.UUID(upload), "shop")
    assert job is not None
    assert job.options.cloth_class == ("tops",)
    assert front_end.object_store.inputs == {job.id: photo()}


@ON
def test_an_upload_is_one_job_however_often_it_is_named(front_end: FrontEnd) -> None:
    upload = begin(front_end)

    assert accepted(post(front_end, upload=upload)) == accepted(post(front_end, upload=upload))
    assert accepted(post(front_end, upload=upload, key="a")) == upload
    other = post(front_end, upload=upload, cloth_class="hat")
    assert_error(other, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)
    assert (front_end.count_rows(), len(front_end.object_store.inputs)) == (1, 1)


@ON
def test_an_upload_that_is_named_many_times_at_once_is_one_job(front_end: FrontEnd) -> None:
    upload = begin(front_end)

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: post(front_end, upload=upload), range(8))

    assert {accepted(answer) for answer in answers} == {upload}
    assert (front_end.count_rows(), len(front_end.object_store.inputs)) == (1, 1)


@ON
def test_anothers_upload_is_answered_as_an_unknown_one(front_end: FrontEnd) -> None:
    upload = begin(front_end)
    front_end.headers = front_end.key_for("rival")

    answers = [post(front_end, upload=text) for text in (upload, str(uuid.uuid4()), "x")]
    for answer in answers:
        assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert len({answer.get_json()["error_msg"] for answer in answers}) == 1


@ON
def test_a_jobs_own_id_is_no_upload(front_end: FrontEnd) -> None:
    task_id = front_end.submit()

    answer = post(front_end, upload=str(task_id))
    assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


@ON
def test_the_job_of_an_upload_that_was_erased_stays_gone(front_end: FrontEnd) -> None:
    upload = begin(front_end)
    accepted(post(front_end, upload=upload))
    front_end.client().delete(f"{JOBS}/{upload}", headers=front_end.headers)

    assert_error(post(front_end, upload=upload), 410, ErrorCode.ERROR_TASK_REVOKED)
    assert not front_end.object_store.inputs


@ON
def test_two_photos_are_one_too_many(front_end: FrontEnd) -> None:
    answer = front_end.post(path=JOBS, upload=begin(front_end))

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


@ON
def test_the_hosted_apis_path_does_not_know_uploads(front_end: FrontEnd) -> None:
    answer = post(front_end, CUTOUT, upload=begin(front_end))

    assert_error(answer, 400, ErrorCode.MISSING_PARAMETERS)


def test_as_long_as_they_are_off_there_are_none(front_end: FrontEnd) -> None:
    begun = front_end.client().post(UPLOADS, headers=front_end.headers)
    named = post(front_end, upload=str(uuid.uuid4()))

    assert_error(begun, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert_error(named, 400, ErrorCode.ERROR_INVALID_PARAMETER)
