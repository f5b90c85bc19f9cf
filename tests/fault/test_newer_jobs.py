"""A job of a newer release, whose workers are not there: after an upgrade that was taken back, or before they come."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from shared.job import JobStatus
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.site import Site


def test_it_is_left_alone_beside_others_that_go_on_and_done_when_somebody_understands_it(
    site: Site, photo: bytes
) -> None:
    newer = submit(site.url, photo)
    write(site, rendition={"frame": "gold"})
    worker = site.start_real_worker()
    eventually(lambda: site.row().releases >= 2)

    others = [submit(site.url, photo) for _ in range(3)]

    assert {wait_for(site.url, other)["task_status"] for other in others} == {2}
    left = next(row for row in site.rows() if str(row.id) == newer)
    assert left.status in {JobStatus.QUEUED, JobStatus.PROCESSING}
    assert left.attempt - left.releases <= 1
    assert worker.is_running
    write(site, rendition=None)
    assert wait_for(site.url, newer)["task_status"] == 2


def write(site: Site, **columns: Any) -> None:
    """Change all jobs, as another release would write or read them."""
    database = Database(site.settings.database_url)
    with database.writing() as connection:
        connection.execute(update(jobs).values(**columns))
    database.close()
