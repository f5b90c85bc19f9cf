"""A sweeper goes on with whatever it can do; one that hangs ends, and whoever supervises it starts the next one."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from deploy.local.servers.seaweedfs import SeaweedFS
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.end_to_end.installation import environment_of
from tests.fault.site import Site


@pytest.mark.parametrize("method", ["rescue", "take_for_expiry"])
def test_a_sweeper_one_of_whose_threads_no_longer_works_ends_with_a_fault(
    settings: Settings, method: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fault.mortal_sweeper", "hangs", method],
        env=dict(environment_of(settings)),
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 70
    assert b"sweeper.fault" in ended.stdout


def test_a_sweeper_that_cannot_rescue_for_an_unforeseen_reason_publishes_and_deletes_all_the_same(
    site: Site, photo: bytes
) -> None:
    site.kill_sweeper()
    sweeper = site.start_failing_sweeper("rescue")
    eventually(lambda: site.logs().count("sweeper.work_failed") > 2)
    task_id = submit(site.url, photo)
    site.redis().flushall()
    site.start_real_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    site.end_lifetimes_in(0)
    eventually(lambda: _row(site, task_id).status == "expired")

    sweeper.stop(10)
    assert sweeper.return_code == 0


def test_a_sweeper_that_is_told_to_stop_while_a_thread_hangs_stops_all_the_same(
    site: Site, photo: bytes, seaweedfs: SeaweedFS
) -> None:
    site.start_real_worker()
    wait_for(site.url, submit(site.url, photo))
    seaweedfs.pause()
    try:
        site.end_lifetimes_in(0)
        sweeper = site.start_sweeper()
        eventually(lambda: site.logs().count("sweeper.started") == 2)
        sweeper.stop(10)
    finally:
        seaweedfs.resume()

    assert sweeper.return_code == 0


def test_an_object_store_that_stands_still_delays_no_rescue(
    site: Site, photo: bytes, seaweedfs: SeaweedFS
) -> None:
    """Expiry waits for the store for 8 s and more; a rescue is due when the lease of 3 s is over."""
    done, old = site.hold_a_job(photo)
    site.open_gate()
    wait_for(site.url, old)
    done.stop(10)
    worker, task_id = site.hold_a_job(photo)
    seaweedfs.pause()
    try:
        site.end_lifetimes_in(0)
        worker.kill()
        eventually(lambda: _row(site, task_id).status == "queued", within=6)
        assert _row(site, old).status == "succeeded"
    finally:
        seaweedfs.resume()
    site.open_gate()
    eventually(lambda: _row(site, old).status == "expired")


def _row(site: Site, task_id: str) -> Any:
    [row] = [row for row in site.rows() if str(row.id) == task_id]
    return row
