"""Each statement on jobs looks at the rows that it needs, and at no others, whatever PostgreSQL believes of the table.

Plans are made of the statements that are really sent, where they are sent, for their parameters and for any. A method
of the job store that is not asked for here fails the test.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from deploy.local.servers.postgres import Postgres
from shared.errors import ErrorCode
from shared.job import Bookmark, Job, JobStatus, Queue, Selection
from shared.jobs.matching import Matching
from shared.jobs.store import ATTEMPTS_SPENT, JobStore
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.wire.contract import RESULT_LIFETIME
from tests.clock import ClockOf
from tests.conformance.conftest import LIMITS
from tests.conformance.plans import (
    Explainer,
    indexes_of,
    need_plans_for_any_parameters,
    steps_on_sqlite,
)
from tests.crowd import KEY_ID, REFERENCE, TENANT, insert_crowd
from tests.factories import new_job

CROWD = {
    JobStatus.QUEUED: 5000,
    JobStatus.PROCESSING: 50,
    JobStatus.SUCCEEDED: 5000,
    JobStatus.FAILED: 5000,
    JobStatus.CANCELLED: 5000,
    JobStatus.EXPIRED: 5000,
}
LIMIT = 20
MINUTE = timedelta(minutes=1)


#: What the statistics say of the table: what was in it when they were made. None: there are none.
STATISTICS: dict[str, dict[JobStatus, int] | None] = {
    "none": None,
    "of an empty table": {},
    "of a few that wait": {JobStatus.QUEUED: 1000},
    "of a few that are done": {JobStatus.SUCCEEDED: 1000},
    "of a few withdrawn": {JobStatus.CANCELLED: 1000},
    "fresh": CROWD,
}


@pytest.fixture(scope="module", params=list(STATISTICS))
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    """A database with many jobs, and with statistics that know of few of them."""
    name = f"plans_{uuid.uuid4().hex}"
    database = Database(postgres.create_database(name))
    migrate(database)
    need_plans_for_any_parameters(database)
    before = STATISTICS[request.param]
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE jobs SET (autovacuum_enabled = off)"))
    if before is not None:
        with database.writing() as connection:
            insert_crowd(connection, before)
            connection.execute(text("ANALYZE jobs"))
    with database.writing() as connection:
        connection.execute(text("DELETE FROM jobs"))
        insert_crowd(connection, CROWD)
    yield database
    database.close()
    postgres.drop_database(name)


class Case(NamedTuple):
    """A question to the job store, and the indexes that may be used to answer it."""

    ask: Callable[[JobStore, Job], object]
    indexes: set[str]
    #: Whether the job is worked on when the question is asked.
    is_running: bool = False
    #: When it is asked, from now.
    later: timedelta = timedelta(0)


ID = {"jobs_pkey"}
#: A job that comes back gets a new turn.
BACK = ID | {"jobs_started", "jobs_to_claim", "jobs_back_in_turn"}
CODE = ErrorCode.PROCESSING_FAILURE


def listed(**which: Any) -> Callable[[JobStore, Job], object]:
    return lambda store, job: store.list_jobs(TENANT, LIMIT, Selection(**which))


def further(**which: Any) -> Callable[[JobStore, Job], object]:
    """List what is behind the newest half of the crowd, and is not of its oldest."""
    return lambda store, job: store.list_jobs(
        TENANT,
        LIMIT,
        Selection(
            **which,
            created_after=job.created_at - timedelta(hours=5),
            created_before=job.created_at - timedelta(hours=1),
        ),
        Bookmark(job.created_at - timedelta(hours=4), job.id),
    )


#: What an operator looks for, and where.
MATCHING: dict[str, tuple[Matching, set[str]]] = {
    "all": (Matching(), {"jobs_waiting", "jobs_in_work", "jobs_to_expire"}),
    "queued": (Matching(status=JobStatus.QUEUED), {"jobs_waiting"}),
    "processing": (Matching(status=JobStatus.PROCESSING), {"jobs_in_work"}),
    "succeeded": (Matching(status=JobStatus.SUCCEEDED), {"jobs_to_expire"}),
    "cancelled": (Matching(status=JobStatus.CANCELLED), {"jobs_to_expire"}),
    "expired": (Matching(status=JobStatus.EXPIRED), {"jobs_to_prune"}),
    "of a code": (Matching(code=ErrorCode.PROCESSING_FAILURE), {"jobs_to_expire"}),
    "of a tenant": (Matching(tenant=TENANT), {"jobs_by_age"}),
    "of a tenant and a code": (Matching(tenant=TENANT, code=CODE), {"jobs_by_seen"}),
}


def matching(method: str, which: Matching) -> Callable[[JobStore, Job], object]:
    """Ask for what an operator looks for, at any time, and again before some moment."""

    def ask(store: JobStore, job: Job) -> None:
        before = replace(
            which,
            since=job.created_at - timedelta(hours=5),
            until=job.created_at - timedelta(hours=1),
        )
        for asked in (which, before):
            if method == "count_matching":
                store.count_matching(asked, LIMIT)
            else:
                store.list_matching(asked, LIMIT, LIMIT)

    return ask


CASES = {
    "create": Case(
        lambda store, job: store.create(new_job()),
        {"jobs_to_claim", "jobs_in_turn", "jobs_started"},
    ),
    "find": Case(lambda store, job: store.find(job.id, TENANT), ID),
    "find_all": Case(
        lambda store, job: store.find_all([job.id, *(uuid.uuid4() for _ in range(99))], TENANT), ID
    ),
    "find_by_idempotency_key": Case(
        lambda store, job: store.find_by_idempotency_key("key", TENANT), {"jobs_by_key"}
    ),
    "list_jobs": Case(listed(), {"jobs_by_age"}),
    "list_jobs, further": Case(further(), {"jobs_by_age"}),
    "list_jobs, of a name": Case(listed(reference=REFERENCE), {"jobs_by_reference"}),
    "list_jobs, of a name, further": Case(further(reference=REFERENCE), {"jobs_by_reference"}),
    **{f"list_jobs, {it}": Case(listed(status=it), {"jobs_by_seen"}) for it in JobStatus},
    **{f"list_jobs, {it}, further": Case(further(status=it), {"jobs_by_seen"}) for it in JobStatus},
    **{
        f"list_jobs, {it}, of a name": Case(
            listed(status=it, reference=REFERENCE), {"jobs_by_reference_and_seen"}
        )
        for it in JobStatus
    },
    **{
        f"list_jobs, {it}, of a name, further": Case(
            further(status=it, reference=REFERENCE), {"jobs_by_reference_and_seen"}
        )
        for it in JobStatus
    },
    "erase": Case(lambda store, job: store.erase(job.id, TENANT), ID),
    "mark_unpublished": Case(lambda store, job: store.mark_unpublished([job.id]), ID),
    "claim": Case(
        lambda store, job: store.claim(Queue.BULK, "worker", Queue.INTERACTIVE),
        ID | {"jobs_to_claim"},
    ),
    "claim, of none": Case(
        lambda store, job: store.claim(Queue.BULK, "worker"), ID | {"jobs_to_claim"}
    ),
    "confirm": Case(lambda store, job: store.confirm(job, "worker-1"), ID),
    "extend": Case(lambda store, job: store.extend(job.lease), ID, is_running=True),
    "complete": Case(
        lambda store, job: [store.complete(job.lease, {}) for _ in range(2)], ID, is_running=True
    ),
    "fail": Case(lambda store, job: store.fail(job.lease, CODE, ""), ID, is_running=True),
    "retry": Case(
        lambda store, job: store.retry(job.lease, MINUTE, CODE, ATTEMPTS_SPENT),
        BACK,
        is_running=True,
    ),
    "release": Case(lambda store, job: store.release(job.lease), BACK, is_running=True),
    "rescue": Case(
        lambda store, job: store.rescue(LIMIT), BACK | {"jobs_in_work"}, later=2 * MINUTE
    ),
    "fail_late": Case(lambda store, job: store.fail_late(LIMIT), ID | {"jobs_waiting"}),
    "take_for_publishing": Case(
        lambda store, job: store.take_for_publishing(Queue.INTERACTIVE, timedelta(0), LIMIT),
        ID | {"jobs_to_publish", "jobs_published"},
    ),
    "take_for_expiry": Case(
        lambda store, job: store.take_for_expiry(LIMIT, MINUTE),
        ID | {"jobs_to_expire"},
        later=RESULT_LIFETIME,
    ),
    "postpone_expiry": Case(lambda store, job: store.postpone_expiry([job.id], MINUTE), ID),
    "expire": Case(lambda store, job: store.expire([job.id]), ID),
    "prune": Case(
        lambda store, job: store.prune(MINUTE, LIMIT),
        ID | {"jobs_to_prune"},
        later=RESULT_LIFETIME,
    ),
    "measure_backlog": Case(
        lambda store, job: store.measure_backlog(None, LIMIT), {"jobs_waiting", "jobs_to_expire"}
    ),
    "measure_backlog, of one": Case(
        lambda store, job: store.measure_backlog(TENANT, LIMIT), {"jobs_by_seen", "jobs_to_expire"}
    ),
    "count_of_key": Case(
        lambda store, job: store.count_of_key(KEY_ID, LIMIT), {"jobs_of_key_waiting"}
    ),
    "is_stalled": Case(
        lambda store, job: store.is_stalled(MINUTE),
        {"jobs_in_work", "jobs_to_expire", "jobs_waiting"},
    ),
    "note_refusal": Case(lambda store, job: store.note_refusal(job.lease), ID),
    "look_up": Case(
        lambda store, job: store.look_up([job.id], "import/1", LIMIT), ID | {"jobs_by_request"}
    ),
    **{
        f"list_matching, {name}": Case(matching("list_matching", which), indexes)
        for name, (which, indexes) in MATCHING.items()
    },
    **{
        f"count_matching, {name}": Case(matching("count_matching", which), indexes)
        for name, (which, indexes) in MATCHING.items()
    },
    "count_failures": Case(
        lambda store, job: store.count_failures(8 * 60 * MINUTE, LIMIT), {"jobs_to_expire"}
    ),
    "read_head": Case(
        lambda store, job: store.read_head(Queue.INTERACTIVE, LIMIT), {"jobs_to_claim"}
    ),
    "count_queued": Case(
        lambda store, job: store.count_queued(Queue.INTERACTIVE, LIMIT), {"jobs_to_claim"}
    ),
}


def test_every_method_of_the_job_store_is_looked_at() -> None:
    methods = inspect.getmembers(JobStore, inspect.isfunction)
    public = {name for name, _ in methods if not name.startswith("_")}

    assert public == {name.partition(",")[0] for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_sqlite_looks_into_the_indexes_too(name: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    store, case = JobStore(database, LIMITS), CASES[name]
    assert store.create(new_job())
    job = store.claim(Queue.INTERACTIVE, "worker") if case.is_running else store.create(new_job())
    assert job is not None
    steps = steps_on_sqlite(database, "jobs")
    case.ask(store, job)

    looks = [step for step in steps if step.startswith(("SCAN jobs", "SEARCH"))]
    assert looks
    assert [step for step in looks if " USING " not in step] == []
    assert [step for step in steps if "TEMP B-TREE" in step] == []
    database.close()


@pytest.mark.parametrize("name", CASES)
def test_each_statement_looks_at_no_more_rows_than_it_needs(database: Database, name: str) -> None:
    case = CASES[name]
    store = JobStore(database, LIMITS)
    job = store.claim(Queue.INTERACTIVE, "worker") if case.is_running else store.create(new_job())
    assert job is not None
    watched = Database(database.url.render_as_string(hide_password=False))
    explainer = Explainer(watched, "jobs")

    try:
        clock = ClockOf(lambda asked: database_clock(asked) + case.later)
        case.ask(JobStore(watched, LIMITS, clock), job)
    finally:
        watched.close()

    assert explainer.plans
    assert indexes_of(explainer) == case.indexes
