"""Which updates of a job write its row and no index: PostgreSQL calls them heap-only (HOT).

The others change where the job is found: a state and the times that the sweeper asks for stand in partial indexes. Of
what a job goes through, a heartbeat alone may come any number of times.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from deploy.local.servers.postgres import Postgres
from shared.job import Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.wire.contract import RESULT_LIFETIME
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.factories import new_job

#: What a transaction has updated so far, and how much of it in place.
_COUNTS = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'jobs'"
_MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    name = f"updates_{uuid.uuid4().hex}"
    database = Database(postgres.create_database(name))
    migrate(database)
    yield database
    database.close()
    postgres.drop_database(name)


class Life:
    """A job's steps, each on a connection of its own, which has counted nothing else."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self._url = database.url.render_as_string(hide_password=False)
        self._clock = clock
        #: Those that updated its row in place, and those that did not.
        self.in_place: list[str] = []
        self.elsewhere: list[str] = []

    def step(self, name: str, ask: Callable[[JobStore], Any]) -> Any:
        database = Database(self._url)
        counts: list[tuple[int, int]] = []

        def look(connection: Any) -> None:
            counts.append(connection.connection.cursor().execute(_COUNTS).fetchone())

        event.listen(database.engine, "commit", look)
        answer = ask(JobStore(database, LIMITS, self._clock))
        database.close()
        updated, in_place = max(counts)
        assert updated, name
        (self.in_place if in_place == updated else self.elsewhere).append(name)
        return answer


def test_heartbeats_write_no_index_and_all_that_moves_a_job_does(
    database: Database, clock: HandClock
) -> None:
    job = JobStore(database, LIMITS, clock).create(new_job())
    assert job is not None
    ids = [job.id]
    life = Life(database, clock)

    life.step("mark_unpublished", lambda store: store.mark_unpublished(ids))
    life.step(
        "take_for_publishing",
        lambda store: store.take_for_publishing(Queue.INTERACTIVE, timedelta.max, 1),
    )
    lease = life.step("claim", lambda store: store.claim(Queue.INTERACTIVE, "worker")).lease
    clock.advance(seconds=10)
    life.step("extend", lambda store: store.extend(lease))
    life.step("note_refusal", lambda store: store.note_refusal(lease))
    life.step("complete", lambda store: store.complete(lease, {}))
    clock.now += RESULT_LIFETIME + _MINUTE
    life.step("take_for_expiry", lambda store: store.take_for_expiry(1, _MINUTE))
    life.step("postpone_expiry", lambda store: store.postpone_expiry(ids, 2 * _MINUTE))
    life.step("expire", lambda store: store.expire(ids))

    assert life.in_place == ["extend", "note_refusal"]
    assert life.elsewhere == [
        *("mark_unpublished", "take_for_publishing", "claim", "complete"),
        *("take_for_expiry", "postpone_expiry", "expire"),
    ]
