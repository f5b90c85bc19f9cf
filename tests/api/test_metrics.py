"""What a front end counts of its requests, and under which few names."""

from __future__ import annotations

import uuid

import pytest

from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd
from tests.api.photos import photo
from tests.metrics import count_series, since, value

REQUESTS, REFUSED = "cutwork_http_requests_total", "cutwork_http_requests_refused_total"
SECONDS = "cutwork_http_request_duration_seconds_count"


def test_a_request_is_counted_by_the_template_of_its_route(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    labels = {"route": "/v1/jobs/{job_id}", "method": "GET"}
    answered, timed = since(REQUESTS, **labels, status="200"), since(SECONDS, **labels)

    front_end.client().get(f"{JOBS}/{job_id}", headers=front_end.headers)

    assert (answered(), timed()) == (1, 1)


def test_an_accepted_photo_is_counted_with_its_size(front_end: FrontEnd) -> None:
    accepted = since("cutwork_jobs_accepted_total", queue="bulk")
    photos, size = since("cutwork_upload_bytes_count"), since("cutwork_upload_bytes_sum")

    front_end.submit()

    assert (accepted(), photos(), size()) == (1, 1, len(photo()))


def test_a_refused_request_is_counted_by_its_code(front_end: FrontEnd) -> None:
    too_small = since(REFUSED, route=CUTOUT, error_code=ErrorCode.ERROR_LOW_RESOLUTION)
    no_key = since(REFUSED, route=JOBS, error_code=ErrorCode.ERROR_USER_NOT_EXISTS)

    front_end.post(photo(20, 20))
    front_end.client().get(JOBS)

    assert (too_small(), no_key()) == (1, 1)


def test_a_store_that_is_away_is_counted_as_our_refusal(front_end: FrontEnd) -> None:
    code = ErrorCode.ERROR_RESOURCE_UNAVAILABLE
    unavailable = since(REFUSED, route=CUTOUT, error_code=code)
    front_end.object_store.is_down = True

    assert front_end.post().status_code == 503
    assert unavailable() == 1


def test_a_message_that_redis_does_not_take_is_counted(front_end: FrontEnd) -> None:
    failures = since("cutwork_publish_failures_total")
    front_end.broker.is_down = True

    front_end.submit()

    assert failures() == 1


def test_nothing_that_a_client_chooses_makes_a_series(front_end: FrontEnd) -> None:
    client = front_end.client()

    def ask() -> None:
        client.get(f"/{uuid.uuid4()}", headers=front_end.headers)
        client.get(f"{JOBS}/{uuid.uuid4()}", headers=front_end.headers)
        client.open(JOBS, method=uuid.uuid4().hex.upper(), headers=front_end.headers)
        client.get(JOBS, headers={"ailabapi-api-key": uuid.uuid4().hex})
        front_end.submit(header_Idempotency_Key=uuid.uuid4().hex)

    ask()
    before = count_series()
    for _ in range(20):
        ask()

    assert count_series() == before


@pytest.mark.parametrize("gauge", ["http_requests", "waits"])
def test_nothing_goes_on_when_all_is_answered(front_end: FrontEnd, gauge: str) -> None:
    job_id = front_end.submit()

    front_end.query(job_id, wait="0.1")
    front_end.client().get("/nowhere")

    assert value(f"cutwork_{gauge}_in_progress") == 0
