"""Quotas of a real installation: real Redis, real job table, a `Retry-After` that can be relied on."""

from __future__ import annotations

import time

import httpx
import pytest

from deploy.local.servers.valkey import Valkey
from tests.conditions import eventually
from tests.end_to_end.client import post, query, submit, wait_for
from tests.end_to_end.installation import Installation


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error_detail"]["code"])


@pytest.mark.parametrize("changes", [{"rate_per_minute": 3}])
def test_the_fourth_of_three_uploads_a_minute_is_refused_and_polls_are_not(
    installation: Installation, photo: bytes
) -> None:
    task_id, *_ = [submit(installation.url, photo) for _ in range(3)]

    answer = post(installation.url, photo, task_type="async")

    assert (answer.status_code, code_of(answer)) == (429, "EXCEEDING_LIMITS")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert all(query(installation.url, task_id).status_code == 200 for _ in range(10))


@pytest.mark.parametrize("changes", [{"rate_per_minute": 1}])
def test_without_redis_nobody_is_refused_and_uploads_stay_quick(
    installation: Installation, photo: bytes, valkey: Valkey
) -> None:
    submit(installation.url, photo)
    valkey.pause()
    began = time.monotonic()

    task_id = submit(installation.url, photo)

    assert time.monotonic() - began < 5
    valkey.resume()
    assert "limiter.open" in installation.logs()
    installation.start_worker()
    assert wait_for(installation.url, task_id)["task_status"] == 2


@pytest.mark.parametrize("changes", [{"max_queued_per_tenant": 2}])
def test_a_full_queue_takes_jobs_again_once_they_are_worked_on(
    installation: Installation, photo: bytes
) -> None:
    task_ids = [submit(installation.url, photo) for _ in range(2)]
    answer = post(installation.url, photo, task_type="async")
    assert (answer.status_code, code_of(answer)) == (429, "EXCEEDING_LIMITS")
    assert int(answer.headers["retry-after"]) >= 1

    installation.start_worker()
    for task_id in task_ids:
        wait_for(installation.url, task_id)

    # The count that front ends go by is at most a second old.
    eventually(
        lambda: post(installation.url, photo, task_type="async").status_code == 200, within=5
    )
