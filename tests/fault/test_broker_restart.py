"""The broker goes away under busy workers, at the default settings: every job is done soon after it is back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy.local.valkey import Valkey
from shared.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.site import Site

#: What README's promises are made for. Tests in other files shorten them.
DEFAULTS = {
    name: Settings.model_fields[name].default
    for name in ("lease", "retry_backoff", "sweep_interval", "republish_after")
}


@pytest.mark.parametrize("changes", [DEFAULTS])
@pytest.mark.parametrize("end", [Valkey.kill, Valkey.stop], ids=["KILL", "TERM"])
def test_jobs_that_end_while_the_broker_is_away_do_not_leave_their_worker_deaf(
    site: Site, photo: bytes, valkey: Valkey, end: Callable[[Valkey], None]
) -> None:
    """Every hand of the worker finishes its job, and would acknowledge it, while nobody is there to hear it."""
    hands = site.settings.worker_concurrency
    site.close_gate()
    site.start_worker()
    task_ids = [submit(site.url, photo) for _ in range(12)]
    eventually(lambda: site.count_at_gate() == hands)

    end(valkey)
    site.open_gate()
    eventually(lambda: site.logs().count("job.succeeded") == hands)
    valkey.start()

    for task_id in task_ids:
        assert wait_for(site.url, task_id)["task_status"] == 2
    assert {row.attempt for row in site.rows()} == {1}
