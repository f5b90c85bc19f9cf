"""A machine whose clock is wrong: nobody asks it."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.end_to_end.client import wait_for
from tests.fault.site import Site

ROOT = Path(__file__).parents[2]
#: Of SQLite, which is on this machine and shares its clock.
#: A signed upload ends by the clock of the object store, which nobody here can ask. No lease and no lifetime hangs on
#: the others: a key's last use to the minute, the day on which a report of usage ends, the date of a file in a zip,
#: when a span of a trace began.
ALLOWED = {
    "shared/sql/clock.py",
    "api/routes/uploads.py",
    "api/admission/last_uses.py",
    "api/routes/usage.py",
    "api/answers/archive.py",
    "shared/telemetry/tracing.py",
}
TIME_OF_DAY = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
FIVE_MINUTES = 300


@pytest.mark.parametrize("seconds", [FIVE_MINUTES, -FIVE_MINUTES], ids=["fast", "slow"])
def test_a_worker_whose_clock_is_wrong_keeps_its_job_while_it_lives_and_no_longer(
    site_on_postgres: Site, photo: bytes, seconds: int
) -> None:
    site = site_on_postgres
    start = partial(site.start_off_by, seconds, "tests.end_to_end.gated_worker", str(site.gate))
    worker, task_id = site.hold_a_job(photo, start)

    assert_kept_past_its_lease(site)
    worker.kill()
    site.open_gate()
    site.start_real_worker()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt == 2


@pytest.mark.parametrize("seconds", [FIVE_MINUTES, -FIVE_MINUTES], ids=["fast", "slow"])
def test_a_sweeper_whose_clock_is_wrong_takes_no_job_from_a_worker_that_lives(
    site_on_postgres: Site, photo: bytes, seconds: int
) -> None:
    site = site_on_postgres
    site.start_off_by(seconds, "worker.sweeper")
    eventually(lambda: site.logs().count("sweeper.started") == 2)
    _, task_id = site.hold_a_job(photo)

    assert_kept_past_its_lease(site)
    site.open_gate()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt == 1


def assert_kept_past_its_lease(site: Site) -> None:
    """Wait until the job would be somebody else's, had its lease not been extended by the right time."""
    begun = site.row().started_at
    lease = timedelta(seconds=site.settings.lease)
    eventually(lambda: site.row().lease_expires_at > begun + 3 * lease)
    row = site.row()
    assert (row.status, row.attempt) == ("processing", 1)
    assert row.lease_expires_at < begun + 5 * lease


def test_leases_and_lifetimes_are_judged_by_the_databases_clock_alone() -> None:
    """So nobody else is asked, in a place that the tests above do not come to either."""
    asked = {
        str(file.relative_to(ROOT))
        for room in ("api", "shared", "worker")
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in TIME_OF_DAY
    }

    assert asked == ALLOWED


def test_a_clock_that_is_off_is_off_for_everything_that_asks(tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(ASKS)
    environment = {"PYTHONPATH": f"{ROOT}:{tmp_path}"}
    command = [sys.executable, "-m", "tests.fault.wrong_clock", str(FIVE_MINUTES), "asks"]

    asked = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    now = time.time()
    assert [round((float(word) - now) / FIVE_MINUTES) for word in asked.stdout.split()] == [1] * 4


ASKS = """
import time
from datetime import UTC, datetime
print(time.time(), time.time_ns() / 1e9, datetime.now(UTC).timestamp())
print(datetime.utcnow().replace(tzinfo=UTC).timestamp())
assert isinstance(datetime.fromtimestamp(0), datetime)
"""
