"""Errors as RFC 9457 tells them: on `/v1`, to a client that asks for it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from api.routes.jobs import PATH as JOBS
from shared.errors import CATALOGUE, ErrorCode
from tests.api.batch_client import CHANGES, item, jsonl
from tests.api.batch_client import post as post_batch
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error

PROBLEM = "application/problem+json"


@pytest.fixture
def changes() -> Mapping[str, Any]:
    return CHANGES


def accepting(front_end: FrontEnd, accept: str) -> FrontEnd:
    front_end.headers["Accept"] = accept
    return front_end


@pytest.mark.parametrize(
    "accept",
    [
        PROBLEM,
        f"application/json, {PROBLEM}",
        f"{PROBLEM};q=0.5, */*",
        f"{PROBLEM}; charset=utf-8",
        "Application/Problem+JSON",
    ],
)
def test_who_names_the_type_is_told_an_error_as_a_problem(front_end: FrontEnd, accept: str) -> None:
    answer = accepting(front_end, accept).post(path=JOBS, fill="2", canvas="100x100")

    assert (answer.status_code, answer.mimetype) == (400, PROBLEM)
    problem = answer.get_json()
    assert problem.pop("log_id")
    assert "`fill`" in problem.pop("detail")
    assert problem == {
        "type": "/docs/reference/errors#error_invalid_parameter",
        "title": CATALOGUE[ErrorCode.ERROR_INVALID_PARAMETER].text,
        "status": 400,
        "code": "ERROR_INVALID_PARAMETER",
        "request_id": answer.headers["X-Request-ID"],
    }
    assert answer.headers["Link"].startswith("</docs/reference/errors#error_invalid_parameter>")
    assert answer.headers["X-Should-Retry"] == "false"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        f"{PROBLEM};q=0",
        f"{PROBLEM};q=0.5, application/json",
    ],
)
def test_all_others_are_told_the_envelope(front_end: FrontEnd, accept: str) -> None:
    answer = accepting(front_end, accept).post(path=JOBS, fill="2", canvas="100x100")

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert "Accept" in answer.vary


def test_the_hosted_apis_routes_stay_as_they_are(front_end: FrontEnd) -> None:
    accepting(front_end, PROBLEM)

    assert_error(front_end.post(cloth_class="socks"), 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert_error(front_end.query(uuid.uuid4()), 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


def test_what_is_no_error_stays_an_envelope_and_so_does_a_job_that_failed(
    front_end: FrontEnd,
) -> None:
    job = accepting(front_end, PROBLEM).post(path=JOBS).get_json()["task_id"]
    lease = front_end.claim(uuid.UUID(job)).lease
    assert front_end.services.job_store.fail(lease, ErrorCode.FILE_DECODING_FAILURE, "Damaged.")

    answer = front_end.client().get(f"{JOBS}/{job}", headers=front_end.headers)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json()["error_detail"]["code"] == "FILE_DECODING_FAILURE"


def test_errors_of_every_kind_are_problems(front_end: FrontEnd) -> None:
    """A key that is missing, a path and a method that are not there, a job that was deleted, a fault below us."""
    client, headers = accepting(front_end, PROBLEM).client(), front_end.headers
    job = f"{JOBS}/{front_end.post(path=JOBS).get_json()['task_id']}"
    client.delete(job, headers=headers)
    front_end.object_store.is_down = True

    answers = [
        client.get(JOBS, headers={"Accept": PROBLEM}),
        client.get("/v1/nothing", headers=headers),
        client.put(JOBS, headers=headers),
        client.get(job, headers=headers),
        front_end.post(path=JOBS),
    ]

    told = [
        (answer.status_code, answer.mimetype, answer.get_json()["status"]) for answer in answers
    ]
    assert told == [(status, PROBLEM, status) for status in (401, 404, 405, 410, 503)]
    assert answers[3].get_json()["task_id"] == job.rpartition("/")[2]
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert int(answers[4].headers["Retry-After"]) > 0


def test_the_lines_of_a_batch_that_cannot_be_taken_are_in_the_problem(front_end: FrontEnd) -> None:
    body = jsonl([item(1), item(2, cloth_class="socks")])

    answer = post_batch(accepting(front_end, PROBLEM), body)

    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    [line] = json.loads(answer.data)["lines"]
    assert (line["line"], line["code"]) == (2, "ERROR_INVALID_PARAMETER")


def test_behind_a_prefix_the_type_of_a_problem_leads_to_its_page(front_end: FrontEnd) -> None:
    front_end.settings = front_end.settings.model_copy(update={"public_path": "/cutwork"})

    answer = accepting(front_end, PROBLEM).post(path=JOBS, fill="2", canvas="100x100")

    assert answer.get_json()["type"].startswith("/cutwork/docs/reference/errors#")
