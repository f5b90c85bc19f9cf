"""Results live as long as was said, and not a second longer: for the URL, the poll, the list and the bucket."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

import httpx
import pytest

from shared.objects.store import ObjectStore
from tests.conditions import eventually
from tests.end_to_end.client import query, submit, urls_of, wait_for
from tests.fault.audit import Audit
from tests.fault.conftest import ON_EACH
from tests.fault.site import Site

GONE = {403, 404}


@ON_EACH
def test_a_result_lives_for_24_hours_from_the_end_of_its_job(site: Site, photo: bytes) -> None:
    site.start_real_worker()
    task_id = submit(site.url, photo)
    url = httpx.URL(urls_of(wait_for(site.url, task_id))["image"])

    row = site.row()
    assert row.expires_at - row.finished_at == timedelta(hours=24)
    signed = datetime.strptime(url.params["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    url_ends = signed + timedelta(seconds=int(url.params["X-Amz-Expires"]))
    assert timedelta(0) <= row.expires_at - url_ends < timedelta(seconds=3)


@ON_EACH
@pytest.mark.parametrize("swept", [True, False], ids=["deleted", "not deleted"])
def test_poll_and_url_end_in_the_second_that_was_said(
    site: Site, photo: bytes, swept: bool
) -> None:
    """And that whether or not somebody deletes the bytes then."""
    site.start_real_worker()
    task_id = submit(site.url, photo)
    wait_for(site.url, task_id)
    if not swept:
        site.kill_sweeper()
    site.end_lifetimes_in(5)
    end = site.row().expires_at.timestamp()
    url = urls_of(query(site.url, task_id).json())["image"]

    with ThreadPoolExecutor(2) as pool:
        polling = pool.submit(answers_past, end, lambda: query(site.url, task_id).status_code)
        reading = pool.submit(answers_past, end, lambda: httpx.get(url).status_code)
    polls, reads = polling.result(), reading.result()

    # An answer is of some moment between its request and its arrival; a URL is signed in whole seconds.
    assert [it for it in polls if it.status == 200 and it.asked > end] == []
    assert [it for it in polls if it.status == 410 and it.answered < end] == []
    assert [it for it in reads if it.status == 200 and it.asked > end + 1] == []
    assert [it for it in reads if it.status in GONE and it.answered < end - 2] == []
    assert {it.status for it in polls} <= {200, 410}
    assert {it.status for it in reads} <= {200, *GONE}
    assert query(site.url, task_id).json()["error_code_str"] == "ERROR_RESOURCE_RECLAIMED"


@ON_EACH
def test_bytes_go_with_the_job(site: Site, photo: bytes) -> None:
    site.start_real_worker()
    task_id = submit(site.url, photo)
    wait_for(site.url, task_id)

    site.end_lifetimes_in(0)

    eventually(lambda: site.row().status == "expired")
    audit = Audit(site.settings)
    assert audit.results() == []
    assert audit.inputs() == set()
    audit.close()
    assert query(site.url, task_id).status_code == 410


class Answer(NamedTuple):
    status: int
    asked: float
    answered: float


def answers_past(end: float, ask: Callable[[], int]) -> list[Answer]:
    """Ask again and again, from now until the end is past."""
    answers: list[Answer] = []
    while not answers or answers[-1].asked < end + 1.5:
        asked = time.time()
        answers.append(Answer(ask(), asked, time.time()))
    return answers


def test_a_bucket_that_no_longer_forgets_is_told_by_readyz(site: Site) -> None:
    assert httpx.get(f"{site.url}/readyz").status_code == 200

    ObjectStore(site.settings)._client.delete_bucket_lifecycle(site.settings.inputs_bucket)

    # What it says is a second old at most.
    eventually(lambda: httpx.get(f"{site.url}/readyz").status_code == 503)
    told = httpx.get(f"{site.url}/readyz").json()
    assert "lifecycle" in told["checks"]["object_store"]
