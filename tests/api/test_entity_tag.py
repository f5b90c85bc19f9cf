"""Entity tags: who has the answer of a finished job is not sent it again, and nobody keeps what is gone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd


def show(front_end: FrontEnd, job_id: uuid.UUID, tag: str | None = None) -> TestResponse:
    known = {} if tag is None else {"If-None-Match": tag}
    return front_end.client().get(f"{JOBS}/{job_id}", headers={**front_end.headers, **known})


@pytest.fixture(params=["succeeded", "failed"])
def job_id(request: pytest.FixtureRequest, front_end: FrontEnd) -> uuid.UUID:
    """A job that is finished."""
    job_id = front_end.submit()
    if request.param == "succeeded":
        front_end.complete(job_id)
    else:
        code = ErrorCode.FILE_DECODING_FAILURE
        front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "x")
    return job_id


@pytest.mark.parametrize("form", ["{}", '"other", {}', "*"])
def test_a_finished_job_is_not_sent_to_who_has_it(
    front_end: FrontEnd, job_id: uuid.UUID, form: str
) -> None:
    tag = show(front_end, job_id).headers["ETag"]
    front_end.clock.advance(hours=1)

    answer = show(front_end, job_id, form.format(tag))

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["Cache-Control"] == "no-store"
    assert show(front_end, job_id, 'W/"other"').status_code == 200
    assert show(front_end, job_id, "no tag at all").status_code == 200


def test_a_job_that_goes_on_has_no_tag(front_end: FrontEnd) -> None:
    job_id = front_end.submit()

    for tag in (None, "*"):
        answer = show(front_end, job_id, tag)
        assert (answer.status_code, answer.headers.get("ETag")) == (200, None)


def test_a_job_that_is_gone_is_gone_for_who_has_its_answer_too(
    front_end: FrontEnd, job_id: uuid.UUID
) -> None:
    tag = show(front_end, job_id).headers["ETag"]
    front_end.clock.now += timedelta(hours=25)
    assert show(front_end, job_id, tag).status_code == 410
    erased = front_end.submit()
    front_end.client().delete(f"{JOBS}/{erased}", headers=front_end.headers)

    assert show(front_end, erased, "*").status_code == 410


def test_nobody_finds_out_by_a_tag_about_anothers_job(
    front_end: FrontEnd, job_id: uuid.UUID
) -> None:
    front_end.headers.update(front_end.key_for("rival"))

    assert show(front_end, job_id, "*").status_code == 404
