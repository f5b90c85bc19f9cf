"""Real processes die in the middle of a job, and the client gets one right answer all the same."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from deploy.local.servers.valkey import Valkey
from shared.sql.database import Database
from tests.conditions import eventually
from tests.end_to_end.client import post, submit, urls_of, wait_for
from tests.end_to_end.installation import Installation


def rows(installation: Installation) -> list[Any]:
    database = Database(installation.settings.database_url)
    with database.reading() as connection:
        statement = text("SELECT status, attempt, releases, lease_expires_at FROM jobs")
        found = connection.execute(statement).all()
    database.close()
    return list(found)


def assert_one_right_answer(installation: Installation, task_id: str, attempt: int) -> None:
    body = wait_for(installation.url, task_id)
    assert body["task_status"] == 2
    assert httpx.get(urls_of(body)["image"]).status_code == 200
    assert [(row.status, row.attempt, row.lease_expires_at) for row in rows(installation)] == [
        ("succeeded", attempt, None)
    ]


def test_a_worker_killed_in_the_middle_of_a_job_costs_an_attempt_and_nothing_else(
    installation: Installation, photo: bytes
) -> None:
    doomed, task_id = installation.hold_a_job(photo)

    doomed.kill()
    installation.open_gate()
    installation.start_worker()

    assert_one_right_answer(installation, task_id, attempt=2)


def test_a_worker_paused_past_its_lease_comes_back_and_changes_nothing(
    installation: Installation, photo: bytes
) -> None:
    paused, task_id = installation.hold_a_job(photo)

    paused.pause()
    installation.open_gate()
    second = installation.start_worker()
    assert_one_right_answer(installation, task_id, attempt=2)
    second.stop(20)
    paused.resume()
    eventually(lambda: "attempt.fenced" in installation.logs())

    assert_one_right_answer(installation, task_id, attempt=2)


def test_a_broker_killed_with_all_its_messages_loses_no_job(
    installation: Installation, photo: bytes, valkey: Valkey
) -> None:
    task_ids = [submit(installation.url, photo) for _ in range(3)]

    valkey.kill()
    during = submit(installation.url, photo)
    valkey.start()
    installation.start_worker()

    for task_id in (*task_ids, during):
        assert wait_for(installation.url, task_id)["task_status"] == 2


def test_a_worker_goes_on_after_the_broker_was_killed_under_it(
    installation: Installation, photo: bytes, valkey: Valkey
) -> None:
    _, task_id = installation.hold_a_job(photo)

    valkey.kill()
    valkey.start()
    installation.open_gate()

    assert_one_right_answer(installation, task_id, attempt=1)
    assert wait_for(installation.url, submit(installation.url, photo))["task_status"] == 2


def test_a_stopped_worker_finishes_what_it_runs(installation: Installation, photo: bytes) -> None:
    worker, task_id = installation.hold_a_job(photo)

    worker.request_stop()
    eventually(lambda: "worker.stopping" in installation.logs())
    installation.open_gate()
    eventually(lambda: not worker.is_running)

    assert worker.return_code == 0
    assert_one_right_answer(installation, task_id, attempt=1)


@pytest.mark.parametrize("changes", [{"shutdown_grace": 0.3}])
def test_a_stopped_worker_hands_back_what_takes_too_long(
    installation: Installation, photo: bytes
) -> None:
    worker, task_id = installation.hold_a_job(photo)

    worker.request_stop()
    eventually(lambda: not worker.is_running)

    [row] = rows(installation)
    assert (row.status, row.attempt, row.releases) == ("queued", 1, 1)
    installation.open_gate()
    installation.start_worker()
    assert_one_right_answer(installation, task_id, attempt=2)


# Longer than the second attempt takes on a busy machine.
@pytest.mark.parametrize("changes", [{"run_timeout": 5}])
def test_a_network_that_hangs_ends_its_worker_and_not_the_job(
    installation: Installation, photo: bytes
) -> None:
    worker, task_id = installation.hold_a_job(photo)

    eventually(lambda: not worker.is_running)

    assert worker.return_code == 70
    installation.open_gate()
    installation.start_worker()
    assert_one_right_answer(installation, task_id, attempt=2)


def test_the_front_end_sees_the_sweeper_that_runs(installation: Installation) -> None:
    eventually(lambda: httpx.get(f"{installation.url}/readyz").json()["warnings"] == {})


@pytest.mark.parametrize("changes", [{"inline_wait": 1, "sync_wait": 1}])
def test_a_post_that_waits_too_long_answers_with_the_task_id(
    installation: Installation, photo: bytes
) -> None:
    installation.close_gate()
    installation.start_worker()

    inline = post(installation.url, photo)
    sync = post(installation.url, photo, task_type="sync")

    assert inline.status_code == 200
    assert inline.json()["task_status"] in {0, 1}
    assert inline.headers["retry-after"]
    assert (sync.status_code, sync.json()["error_detail"]["code"]) == (504, "AI_SERVICE_TIMEOUT")
    installation.open_gate()
    for answer in (inline, sync):
        assert wait_for(installation.url, answer.json()["task_id"])["task_status"] == 2
