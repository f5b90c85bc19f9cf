"""The roles of PostgreSQL in `deploy/roles`: each does all of its work, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from deploy.local.servers.postgres import Postgres
from shared.batches.store import BatchStore
from shared.errors import ErrorCode
from shared.job import Job, JobStatus, Queue
from shared.jobs.matching import Matching
from shared.jobs.store import JobStore
from shared.operations.samples import Samples
from shared.sql.database import Database
from shared.sql.schema import check_schema, migrate
from shared.sql.tables import jobs
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from shared.tenants.usage import Usage
from shared.webhooks.deliveries import Deliveries
from tests.batches import DEADLINE, accepted, new_batch
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.factories import new_job, publish
from tests.keys import tenant_of

ROLES = Path(__file__).parents[2] / "deploy" / "roles" / "postgresql.sql"
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)
PROCESSES = ("front_end", "worker", "sweeper", "scaler")

#: What each must not do, and would if it were taken over.
FORBIDDEN = {
    "front_end": (
        "UPDATE api_keys SET tenant = 'mine'",
        "UPDATE api_keys SET scopes = 'admin'",
        "UPDATE api_keys SET sha256 = ''",
        "DELETE FROM api_keys",
        "UPDATE audit_log SET actor = ''",
        "DELETE FROM audit_log",
        "DELETE FROM jobs",
        "UPDATE jobs SET tenant = 'mine'",
        "UPDATE jobs SET attempt = 0",
        "UPDATE jobs SET turn = 0",
        "UPDATE webhook_deliveries SET url = ''",
        "SELECT url FROM webhook_deliveries",
        "DELETE FROM webhook_deliveries",
        "UPDATE batches SET tenant = 'mine'",
        "DELETE FROM batches",
        "UPDATE batch_items SET outcome = 'succeeded'",
        "DELETE FROM batch_items",
        "DELETE FROM usage_days",
        "DELETE FROM samples",
    ),
    "worker": (
        "SELECT * FROM samples",
        "SELECT * FROM audit_log",
        "INSERT INTO audit_log SELECT * FROM audit_log",
        "SELECT * FROM webhook_deliveries",
        "UPDATE webhook_deliveries SET state = 'pending'",
        "DELETE FROM webhook_deliveries",
        "SELECT * FROM api_keys",
        "SELECT * FROM batches",
        "SELECT * FROM batch_items",
        "UPDATE jobs SET tenant = 'mine'",
        "UPDATE jobs SET id = gen_random_uuid()",
        "UPDATE jobs SET fingerprint = ''",
        "UPDATE jobs SET turn = 0",
        "INSERT INTO jobs SELECT * FROM jobs",
        "DELETE FROM jobs",
        "DELETE FROM usage_days",
    ),
    "sweeper": (
        "SELECT * FROM api_keys",
        "SELECT * FROM audit_log",
        "UPDATE audit_log SET actor = ''",
        "UPDATE jobs SET tenant = 'mine'",
        "UPDATE jobs SET attempt = 0",
        "UPDATE webhook_deliveries SET url = ''",
        "UPDATE batches SET tenant = 'mine'",
        "INSERT INTO batches SELECT * FROM batches",
        "UPDATE batch_items SET job_id = gen_random_uuid()",
    ),
    "scaler": (
        "SELECT * FROM jobs",
        "SELECT tenant FROM jobs",
        "SELECT id FROM jobs",
        "SELECT * FROM api_keys",
        "SELECT * FROM usage_days",
        "UPDATE jobs SET status = 'queued'",
        "DELETE FROM jobs",
    ),
}
#: What none of them may.
OWNERS_ALONE = (
    "DROP TABLE jobs",
    "TRUNCATE jobs",
    "ALTER TABLE jobs ADD COLUMN x int",
    "CREATE INDEX x ON jobs (tenant)",
    "CREATE TABLE x (y int)",
    "CREATE SCHEMA x",
    "UPDATE alembic_version SET version_num = '9999'",
    "UPDATE cutwork_schema SET oldest_code = 9999",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY jobs TO PROGRAM 'cat'",
    "CREATE ROLE x",
    "SET ROLE cutwork_migration",
    "GRANT cutwork_migration TO CURRENT_USER",
)


@dataclass
class Cluster:
    """A database with the roles in it."""

    server: Postgres
    url: str

    def database(self, role: str) -> Database:
        url = make_url(self.url).set(username=f"cutwork_{role}")
        return Database(url.render_as_string(hide_password=False))

    def grant(self) -> None:
        """Run the file as a superuser, as an operator does."""
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(ROLES.read_bytes())

    def stranger(self, role: str) -> psycopg.Connection[tuple[object, ...]]:
        url = make_url(self.url).set(drivername="postgresql", username=f"cutwork_{role}")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@pytest.fixture(scope="module")
def cluster(postgres: Postgres) -> Iterator[Cluster]:
    cluster = Cluster(postgres, postgres.create_database("roles"))
    cluster.grant()
    database = cluster.database("migration")
    migrate(database)
    database.close()
    cluster.grant()
    yield cluster
    postgres.drop_database("roles")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def store(cluster: Cluster, role: str, clock: HandClock) -> Iterator[JobStore]:
    database = cluster.database(role)
    check_schema(database)
    yield JobStore(database, LIMITS, clock)
    database.close()


@pytest.fixture
def front_end(cluster: Cluster, clock: HandClock) -> Iterator[JobStore]:
    yield from store(cluster, "front_end", clock)


@pytest.fixture
def worker(cluster: Cluster, clock: HandClock) -> Iterator[JobStore]:
    yield from store(cluster, "worker", clock)


@pytest.fixture
def sweeper(cluster: Cluster, clock: HandClock) -> Iterator[JobStore]:
    yield from store(cluster, "sweeper", clock)


def claimed(front_end: JobStore, worker: JobStore) -> Job:
    assert front_end.create(new_job(callback_url="https://shop.example/"))
    job = worker.claim(Queue.INTERACTIVE, "me")
    assert job
    return job


def test_a_front_end_takes_shows_lists_counts_and_erases(front_end: JobStore) -> None:
    job = front_end.create(new_job(idempotency_key="word"))

    assert job
    assert front_end.find(job.id, "shop") == front_end.find_by_idempotency_key("word", "shop")
    assert job.id in {it.id for it in front_end.list_jobs("shop", 100)}
    assert front_end.measure_backlog("shop", 10).queued
    assert front_end.measure_backlog(None, 10).queued
    assert not front_end.is_stalled(HOUR)
    assert front_end.read_head(Queue.INTERACTIVE, 10)
    front_end.mark_unpublished([job.id])
    assert front_end.erase(job.id, "shop")


def test_a_front_end_shows_deliveries_and_has_them_sent_again(
    cluster: Cluster, front_end: JobStore, worker: JobStore, clock: HandClock
) -> None:
    database = cluster.database("front_end")
    deliveries, job = Deliveries(database, clock), claimed(front_end, worker)
    assert worker.complete(job.lease, {})

    assert deliveries.find(job.id)
    assert deliveries.redeliver(job.id)

    database.close()


def test_a_front_end_reads_makes_and_ends_keys_and_writes_that_down(cluster: Cluster) -> None:
    owner, front_end = cluster.database("migration"), cluster.database("front_end")
    made, key = KeyStore(owner).create("shop")
    keys = KeyStore(front_end)

    assert tenant_of(keys, key) == "shop"
    assert not keys.is_empty()
    rotated = keys.rotate(made.id, HOUR)
    assert rotated
    keys.note_uses({made.id: made.created_at})
    assert keys.revoke(made.id)
    assert made.id in {it.id for it in keys.list_keys("shop", 100)}
    assert len(AuditLog(front_end).list_entries("shop", 3)) == 3
    for database in (owner, front_end):
        database.close()


def test_a_sweeper_forgets_old_lines_of_the_audit_log(cluster: Cluster, clock: HandClock) -> None:
    owner, sweeper = cluster.database("migration"), cluster.database("sweeper")
    KeyStore(owner, clock).create("shop")
    clock.advance(days=2)

    assert AuditLog(sweeper, clock).prune(timedelta(days=1))

    for database in (owner, sweeper):
        database.close()


def test_a_worker_carries_a_job_to_each_of_its_ends(front_end: JobStore, worker: JobStore) -> None:
    first, second, third, fourth = (claimed(front_end, worker) for _ in range(4))

    assert worker.extend(first.lease)
    assert worker.complete(first.lease, {})
    assert worker.fail(second.lease, ErrorCode.PROCESSING_FAILURE, "no")
    retried = worker.retry(third.lease, HOUR, ErrorCode.PROCESSING_FAILURE, "no")
    assert retried is JobStatus.QUEUED
    assert worker.release(fourth.lease, is_suspect=True)


def test_a_sweeper_rescues_publishes_expires_and_prunes(
    front_end: JobStore, worker: JobStore, sweeper: JobStore, clock: HandClock
) -> None:
    job = claimed(front_end, worker)
    clock.advance(seconds=LIMITS.lease.total_seconds())
    assert job.id in {it.id for it in sweeper.rescue(100)}
    due = publish(sweeper)
    assert sweeper.count_queued(Queue.INTERACTIVE, 100)
    sweeper.mark_unpublished(due)
    clock.advance(seconds=LIMITS.deadline.total_seconds())
    assert job.id in {it.id for it in sweeper.fail_late(100)}
    clock.advance(seconds=YEAR.total_seconds())
    past = sweeper.take_for_expiry(100, HOUR)
    sweeper.postpone_expiry([it.id for it in past], HOUR)
    assert sweeper.expire([it.id for it in past]) == len(past)
    assert sweeper.prune(timedelta(0), 100)


def test_a_sweeper_sends_what_is_owed(
    cluster: Cluster, front_end: JobStore, worker: JobStore, clock: HandClock
) -> None:
    database = cluster.database("sweeper")
    deliveries = Deliveries(database, clock)
    for _ in range(3):
        assert worker.complete(claimed(front_end, worker).lease, {})

    assert KeyStore(database, clock).signing_secrets("0" * 12) == ()
    first, second, third = (deliveries.take(1)[0] for _ in range(3))
    deliveries.deliver(first, 200)
    deliveries.postpone(second, HOUR, 500, "no")
    deliveries.give_up(third, 410, "no")

    database.close()


def test_a_front_end_takes_batches_and_a_sweeper_carries_them_to_their_ends(
    cluster: Cluster, clock: HandClock
) -> None:
    databases = [cluster.database(role) for role in ("front_end", "sweeper")]
    front_end, sweeper = (BatchStore(it, DEADLINE, clock) for it in databases)
    batch = accepted(front_end, 3, key="word", callback_url="https://shop.example/")
    discarded = new_batch()
    front_end.begin(discarded)
    front_end.discard(discarded.id)

    assert front_end.read_items(batch.id, "shop", 0, 10)
    assert sweeper.list_at_work(10) == front_end.list_batches("shop", 10)
    assert KeyStore(databases[1], clock).own_queue_limit("0" * 12) is None
    assert len(sweeper.release(batch.id, 2, 2)) == 2
    assert front_end.cancel(batch.id, "shop")
    assert sweeper.cancel_held(batch.id, 10) == 1
    assert sweeper.settle(batch.id, 10) == 2
    clock.advance(seconds=YEAR.total_seconds())
    assert sweeper.expire(timedelta(0), 10) == 1
    assert sweeper.forget_expired(10) == 1
    while sweeper.delete_some(10):
        pass
    assert sweeper.discard_broken_off(10) == 0

    for database in databases:
        database.close()


def test_what_is_used_is_read_by_a_front_end_and_forgotten_by_a_sweeper(
    cluster: Cluster, front_end: JobStore, worker: JobStore, clock: HandClock
) -> None:
    assert worker.complete(claimed(front_end, worker).lease, {})
    reader, sweeper = cluster.database("front_end"), cluster.database("sweeper")
    today = clock.now.date()

    assert Usage(reader, clock).read("shop", today, today)
    clock.advance(days=2)
    assert Usage(sweeper, clock).prune(timedelta(days=1))

    for database in (reader, sweeper):
        database.close()


def test_a_sweeper_keeps_how_it_was_and_a_front_end_shows_it(
    cluster: Cluster, front_end: JobStore, clock: HandClock
) -> None:
    reader, sweeper = cluster.database("front_end"), cluster.database("sweeper")
    assert front_end.create(new_job())

    assert Samples(sweeper, clock).is_due()
    assert Samples(sweeper, clock).take(front_end.measure_backlog(None, 10), {"0 net cpu": 2})
    assert Samples(reader, clock).read(HOUR)
    clock.advance(days=2)
    assert Samples(sweeper, clock).prune(HOUR) == 1

    for database in (reader, sweeper):
        database.close()


def test_an_operator_sees_and_withdraws_through_a_front_end(
    front_end: JobStore, worker: JobStore
) -> None:
    job = claimed(front_end, worker)
    worker.note_refusal(job.lease)

    assert front_end.look_up([job.id], "import/1", 10)
    assert front_end.list_matching(Matching(), 10)
    assert front_end.count_matching(Matching())
    assert front_end.count_failures(HOUR)


def test_a_scaler_counts_what_waits(cluster: Cluster, front_end: JobStore) -> None:
    assert front_end.create(new_job())

    with cluster.stranger("scaler") as connection:
        waiting = connection.execute(
            "SELECT count(*), min(created_at) FROM jobs WHERE status = 'queued' AND queue = 'interactive'"
        ).fetchone()

    assert waiting
    assert waiting[0]


@pytest.mark.parametrize(
    ("role", "statement"),
    [(role, it) for role in PROCESSES for it in (*FORBIDDEN[role], *OWNERS_ALONE)],
)
def test_a_role_is_refused_what_is_not_its_work(
    cluster: Cluster, role: str, statement: str
) -> None:
    with (
        cluster.stranger(role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_no_other_role_gets_in_at_all(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE ROLE cutwork_stranger LOGIN")
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                cluster.stranger("stranger")
        finally:
            connection.execute("DROP ROLE cutwork_stranger")


def test_a_migration_may_be_taken_back_and_made_again_by_its_role(cluster: Cluster) -> None:
    database = cluster.database("migration")

    migrate(database)

    database.close()


def test_every_column_of_a_job_is_either_fixed_or_somebodys_to_change() -> None:
    """A column that is added later has to be thought of here, and there."""
    fixed = {
        *(
            "id",
            "log_id",
            "tenant",
            "key_id",
            "queue",
            "callback_url",
            "cloth_class",
            "return_form",
            "out_mode",
            "rendition",
        ),
        *("reference", "metadata", "traceparent", "request_id", "input_bytes", "fingerprint"),
        "turn",
        "created_at",
    }
    lists = re.findall(r"GRANT UPDATE \(([^)]*)\) ON public.jobs", ROLES.read_text())

    changeable = {name.strip() for names in lists for name in names.split(",")}

    assert len(lists) == 3
    assert not changeable & fixed
    assert changeable | fixed == set(jobs.c.keys())
