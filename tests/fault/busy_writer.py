"""`python -m tests.fault.busy_writer <url> <count>`: a process that stores jobs as fast as it can."""

from __future__ import annotations

import sys
from datetime import timedelta

from shared.jobs.store import JobStore, Limits
from shared.sql.database import Database
from tests.factories import new_job

LIMITS = Limits(lease=timedelta(seconds=30), max_attempts=3, deadline=timedelta(hours=1))


def main() -> None:
    database = Database(sys.argv[1])
    job_store = JobStore(database, LIMITS)
    for _ in range(int(sys.argv[2])):
        assert job_store.create(new_job()) is not None
    database.close()


if __name__ == "__main__":
    main()
