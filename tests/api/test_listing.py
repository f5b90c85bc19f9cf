"""Lists of jobs: pages, cursors and filters, as a client sees them."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import JobStatus
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success

A_DAY = timedelta(hours=24, seconds=1)


def ask(front_end: FrontEnd, **query: str) -> TestResponse:
    return front_end.client().get(JOBS, query_string=query, headers=front_end.headers)


def page(front_end: FrontEnd, **query: str) -> dict[str, Any]:
    data: dict[str, Any] = assert_success(ask(front_end, **query), task_status=2)["data"]
    return data


def ids(data: dict[str, Any]) -> list[uuid.UUID]:
    return [uuid.UUID(job["task_id"]) for job in data["jobs"]]


def submit(front_end: FrontEnd, count: int) -> list[uuid.UUID]:
    """Store jobs, and return them newest first."""
    return [front_end.submit() for _ in range(count)][::-1]


def test_who_has_no_jobs_gets_an_empty_list(front_end: FrontEnd) -> None:
    assert page(front_end) == {"jobs": [], "next_cursor": ""}


def test_jobs_are_listed_newest_first_20_a_page(front_end: FrontEnd) -> None:
    jobs = submit(front_end, 21)

    first = page(front_end)
    second = page(front_end, cursor=first["next_cursor"])

    assert ids(first) == jobs[:20]
    assert ids(second) == jobs[20:]
    assert second["next_cursor"] == ""


def test_a_last_page_that_is_full_has_no_next_one(front_end: FrontEnd) -> None:
    submit(front_end, 3)

    assert page(front_end, limit="3")["next_cursor"] == ""


def test_jobs_that_arrive_between_two_pages_do_not_shift_them(front_end: FrontEnd) -> None:
    jobs = submit(front_end, 4)
    first = page(front_end, limit="2")
    submit(front_end, 3)

    second = page(front_end, limit="2", cursor=first["next_cursor"])

    assert ids(first) + ids(second) == jobs


def test_nobody_lists_another_tenants_jobs_not_even_with_its_cursor(front_end: FrontEnd) -> None:
    submit(front_end, 3)
    cursor = page(front_end, limit="1")["next_cursor"]
    stranger = replace(front_end, headers=front_end.key_for("rival"))

    assert page(stranger) == page(stranger, cursor=cursor) == {"jobs": [], "next_cursor": ""}


def test_an_item_says_how_the_job_stands_and_since_when(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    [waiting] = page(front_end)["jobs"]
    code = ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED
    front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "No clothing.")
    [failed] = page(front_end)["jobs"]

    assert list(waiting) == [
        "task_id",
        "log_id",
        "task_status",
        "status",
        "created_at",
        "finished_at",
        "expires_at",
        "error_detail",
        "reference",
        "metadata",
    ]
    assert (waiting["status"], waiting["task_status"]) == ("queued", 0)
    assert waiting["finished_at"] is waiting["expires_at"] is None
    assert waiting["error_detail"]["code"] == ""
    assert (failed["status"], failed["task_status"]) == ("failed", 3)
    assert failed["created_at"] == waiting["created_at"] <= failed["finished_at"]
    assert failed["finished_at"].endswith("Z")
    assert failed["error_detail"]["code"] == code
    assert failed["log_id"] == front_end.query(job_id).get_json()["log_id"]


def test_an_item_agrees_with_the_job_itself_when_it_is_gone(front_end: FrontEnd) -> None:
    expired = front_end.submit()
    front_end.complete(expired)
    front_end.clock.now += A_DAY
    erased = front_end.submit()
    front_end.services.job_store.erase(erased, "shop")

    listed = page(front_end)["jobs"]

    assert [job["status"] for job in listed] == ["cancelled", "expired"]
    assert [job["error_detail"]["status_code"] for job in listed] == [410, 410]
    for job in listed:
        assert job["error_detail"] == front_end.query(job["task_id"]).get_json()["error_detail"]
    assert listed[0]["expires_at"] is None


def test_a_filter_shows_one_state_and_goes_on_by_cursor(front_end: FrontEnd) -> None:
    running = front_end.submit()
    front_end.claim(running)
    waiting = submit(front_end, 3)

    first = page(front_end, status="queued", limit="2")
    second = page(front_end, status="queued", limit="2", cursor=first["next_cursor"])

    assert ids(first) + ids(second) == waiting
    assert ids(page(front_end, status="processing")) == [running]


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_state_is_a_filter(front_end: FrontEnd, status: JobStatus) -> None:
    assert page(front_end, status=status)["jobs"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": ""},
        {"limit": "1.5"},
        {"limit": "٣"},
        {"limit": "9" * 5000},
        {"status": "done"},
        {"status": ""},
        {"status": "QUEUED"},
        {"reference": ""},
        {"reference": " "},
        {"reference": "r" * 256},
        {"reference": "a\x00"},
        {"created_after": ""},
        {"created_after": "yesterday"},
        {"created_after": "2026-11-23"},
        {"created_after": "2026-11-23T12:00:00"},
        {"created_after": "2026-02-30T12:00:00Z"},
        {"created_before": "0001-01-01T00:00:00+01:00"},
        {"created_before": "1764158400"},
        {"cursor": ""},
        {"cursor": "1"},
        {"cursor": "A" * 31 + "="},
        {"cursor": "A" * 33},
        {"cursor": base64.urlsafe_b64encode(b"\xff" * 24).decode()},
        {"cursor": "A" * 32 + "\n"},
    ],
    ids=str,
)
def test_what_is_no_page_is_an_invalid_parameter(
    front_end: FrontEnd, query: dict[str, str]
) -> None:
    assert_error(ask(front_end, **query), 400, ErrorCode.ERROR_INVALID_PARAMETER)


@pytest.mark.parametrize("cursor", ["A" * 32, "AP" + "_" * 30])
def test_a_cursor_of_another_age_is_an_end_or_a_beginning(front_end: FrontEnd, cursor: str) -> None:
    job_id = front_end.submit()

    assert ids(page(front_end, cursor=cursor)) == ([] if cursor[1] == "A" else [job_id])


def test_a_page_may_have_100_jobs(front_end: FrontEnd) -> None:
    assert page(front_end, limit="100")["jobs"] == []


def test_the_jobs_of_a_reference_are_found_and_go_on_by_cursor(front_end: FrontEnd) -> None:
    named = [tagged(front_end, "SKU 4711+ü") for _ in range(3)][::-1]
    tagged(front_end, "other")

    first = page(front_end, reference="SKU 4711+ü", limit="2")
    second = page(front_end, reference=" SKU 4711+ü ", limit="2", cursor=first["next_cursor"])

    assert ids(first) + ids(second) == named
    assert ids(page(front_end, reference="SKU 4711+ü", status="queued")) == named
    assert ids(page(front_end, reference="SKU 4711+ü", status="failed")) == []
    assert ids(page(front_end, reference="none")) == []


def test_a_window_of_time_is_taken_in_any_zone(front_end: FrontEnd) -> None:
    older, newer = front_end.submit(), front_end.submit()
    [item, _] = page(front_end)["jobs"]
    at = datetime.fromisoformat(item["created_at"])
    elsewhere = at.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()

    assert ids(page(front_end, created_after=item["created_at"])) == [newer]
    assert ids(page(front_end, created_before=elsewhere)) == [older]
    assert ids(page(front_end, created_after=elsewhere.replace("+", " "))) == [newer]
    assert ids(page(front_end, created_after=elsewhere, created_before=elsewhere)) == []


def tagged(front_end: FrontEnd, reference: str) -> uuid.UUID:
    answer = front_end.post(path=JOBS, reference=reference)
    return uuid.UUID(answer.get_json()["task_id"])
