"""Workers die at exact points, of a picture, and of impatience; the job comes out right all the same."""

from __future__ import annotations

import signal
from functools import partial

import httpx
import pytest
from PIL import Image

from shared.jobs.store import ATTEMPTS_SPENT
from tests.conditions import eventually
from tests.end_to_end.client import submit, urls_of, wait_for
from tests.fault.conftest import ON_EACH
from tests.fault.halting_store import Point
from tests.fault.site import Site
from tests.fault.test_broker_restart import DEFAULTS
from tests.pictures import encoded

POISON = encoded(Image.new("RGB", (128, 128), (255, 0, 255)))


def assert_one_right_answer(site: Site, task_id: str, attempt: int) -> None:
    body = wait_for(site.url, task_id)
    assert body["task_status"] == 2, body
    assert httpx.get(urls_of(body)["image"]).status_code == 200
    assert (site.row().status, site.row().attempt) == ("succeeded", attempt)


@ON_EACH
@pytest.mark.parametrize("changes", [{"lease": 1}])
@pytest.mark.parametrize("point", [Point.CLAIMED, Point.STORED])
def test_a_worker_killed_before_its_completion_leaves_the_job_to_another(
    site: Site, photo: bytes, point: Point
) -> None:
    doomed, task_id = site.hold_a_job(photo, partial(site.start_halting_worker, point))

    doomed.kill()
    site.open_gate()
    site.start_real_worker()

    assert_one_right_answer(site, task_id, attempt=2)


@ON_EACH
def test_a_worker_killed_after_its_completion_has_done_the_job(site: Site, photo: bytes) -> None:
    doomed, task_id = site.hold_a_job(photo, partial(site.start_halting_worker, Point.COMPLETED))

    doomed.kill()

    assert_one_right_answer(site, task_id, attempt=1)
    site.uploads_left = 1


@ON_EACH
@pytest.mark.parametrize("changes", [{"lease": 1, "worker_concurrency": 2}])
def test_a_picture_that_kills_every_worker_fails_after_three_and_the_others_flow(
    site: Site, photo: bytes
) -> None:
    poison = submit(site.url, POISON)
    others = [submit(site.url, photo) for _ in range(3)]
    worker = site.start_poisonable_worker("dies")

    for _ in range(3):
        eventually(lambda: not worker.is_running)
        worker.start()

    body = wait_for(site.url, poison)
    assert (body["task_status"], body["error_msg"]) == (3, ATTEMPTS_SPENT)
    for other in others:
        assert wait_for(site.url, other)["task_status"] == 2
    assert worker.is_running


@ON_EACH
@pytest.mark.parametrize("changes", [{"retry_backoff": 0.1}])
def test_a_network_that_answers_nonsense_each_time_is_an_error_and_never_an_empty_picture(
    site: Site,
) -> None:
    site.start_poisonable_worker("answers nonsense")

    body = wait_for(site.url, submit(site.url, POISON))

    assert (body["task_status"], body["error_code_str"]) == (3, "PROCESSING_FAILURE")
    assert site.row().attempt == 3


@pytest.mark.parametrize("changes", [DEFAULTS])
def test_a_message_that_comes_while_its_worker_stops_is_left_to_another(
    site: Site, photo: bytes
) -> None:
    """The stopping worker had asked for it, and would take it along: it would wait until it counts as lost."""
    worker = site.start_real_worker()
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

    worker.request_stop()
    task_id = submit(site.url, photo)
    eventually(lambda: not worker.is_running)

    with site.redis() as client:
        assert client.llen("bulk") == 1
    site.start_real_worker()
    assert wait_for(site.url, task_id)["task_status"] == 2


@ON_EACH
@pytest.mark.parametrize("changes", [{"lease": 1}])
@pytest.mark.parametrize(
    "second", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT], ids=lambda it: it.name
)
def test_a_second_signal_while_a_worker_stops_costs_an_attempt_at_most(
    site: Site, photo: bytes, second: signal.Signals
) -> None:
    worker, task_id = site.hold_a_job(photo)

    worker.request_stop()
    eventually(lambda: "worker.stopping" in site.logs())
    worker._started.send_signal(second)
    site.open_gate()
    eventually(lambda: not worker.is_running)
    site.start_real_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt <= 2
