"""`python -m tests.benchmarks.operations [rows]`: how long each answer of `/v1/ops` takes with a million jobs.

On PostgreSQL and on SQLite, through the whole front end but for its socket; Redis is away, which is told at once.
"""

from __future__ import annotations

import statistics
import sys
import time
import uuid
from datetime import timedelta
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy import select, text

from api.app import create_app
from api.wsgi import create_services
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.postgres import Postgres
from shared.errors import ErrorCode
from shared.job import JobStatus, Queue
from shared.jobs.store import JobStore, Limits
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.sql.tables import UtcDateTime, jobs
from shared.tenants.api_key import Scope, Terms
from shared.tenants.key_store import KeyStore
from tests.crowd import TENANT, insert_crowd
from tests.factories import new_job

_LARGE = 1_000_000
_ROUNDS = 15
_LIMITS = Limits(lease=timedelta(hours=1), max_attempts=3, deadline=timedelta(days=1))
#: A moment of the model's, so many hundredths of a second before.
_EARLIER = "strftime('%Y-%m-%d %H:%M:%f', {0}, '-' || (n / 100.0) || ' seconds') || '000'"
#: Of the jobs.
_SHARES = {
    JobStatus.SUCCEEDED: 0.5,
    JobStatus.FAILED: 0.1,
    JobStatus.CANCELLED: 0.1,
    JobStatus.QUEUED: 0.3,
}
_PATHS = {
    "numbers": "",
    "series": "/series?span=week",
    "find by id": "/find?q={id}",
    "find by request": "/find?q=import/4711",
    "life": "/jobs/{id}",
    "all": "/jobs?limit=50",
    "queued": "/jobs?status=queued&limit=50",
    "failed": "/jobs?status=failed&limit=50",
    "of a rare code": "/jobs?code=AI_SERVICE_TIMEOUT&limit=50",
    "of a tenant": f"/jobs?tenant={TENANT}&limit=50",
    "of a tenant and a rare code": f"/jobs?tenant={TENANT}&code=AI_SERVICE_TIMEOUT&limit=50",
    "withdrawn": "/jobs?status=cancelled&limit=50",
}


def main() -> None:
    """Print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _LARGE
    taken = {}
    with TemporaryDirectory() as folder:
        sqlite = Database(f"sqlite:///{folder}/jobs.sqlite3")
        migrate(sqlite)
        _fill_sqlite(sqlite, count)
        taken["SQLite"] = _measure(sqlite)
        sqlite.close()
    with Postgres.temporary() as server:
        postgresql = Database(server.create_database(f"ops_{uuid.uuid4().hex[:8]}"))
        migrate(postgresql)
        _fill(postgresql, count)
        taken["PostgreSQL"] = _measure(postgresql)
        postgresql.close()
    heads = "".join(f"{name:>16}" for name in taken)
    sys.stdout.write(f"\n{f'ms, median and worst, of {count:,} jobs':<44}{heads}\n")
    for name in _PATHS:
        columns = (taken[server][name] for server in taken)
        shown = "".join(f"{statistics.median(it):>9.0f} {max(it):>6.0f}" for it in columns)
        sys.stdout.write(f"{name:<44}{shown}\n")


def _fill(database: Database, count: int) -> None:
    states = {state: int(share * count) for state, share in _SHARES.items()}
    with database.unbounded() as connection:
        insert_crowd(connection, {JobStatus.PROCESSING: 20, **states})
        connection.execute(text("UPDATE jobs SET request_id = 'r' || id::text"))
        connection.commit()
        connection.execute(text("ANALYZE jobs"))
        connection.commit()


def _fill_sqlite(database: Database, count: int) -> None:
    """Store one job of each state, and copy it with other ids and times; indexes are built at the end."""
    models = _one_of_each(JobStore(database, _LIMITS))
    names = [column.name for column in jobs.columns]
    changed = {
        "id": "lower(hex(randomblob(16)))",
        "request_id": "'r' || hex(randomblob(8))",
        "start_tag": "n",
        **{name: _EARLIER.format(name) for name in names if _is_time(name)},
    }
    columns = ", ".join(names)
    values = ", ".join(changed.get(name, name) for name in names)
    copies = text(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count) "
        f"INSERT INTO jobs ({columns}) SELECT {values} FROM jobs, numbers WHERE id = :id"
    )
    with database.unbounded() as connection:
        made = text(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'jobs' AND sql LIKE '%INDEX%'"
        )
        indexes = connection.execute(made).all()
        for name, _ in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        for state, model in models.items():
            times = {"count": int(_SHARES[state] * count), "id": model.hex}
            connection.execute(copies, times)
        for _, definition in indexes:
            connection.exec_driver_sql(definition)
        connection.commit()


def _one_of_each(store: JobStore) -> dict[JobStatus, uuid.UUID]:
    models = {}
    for state in _SHARES:
        job = store.create(new_job(tenant=TENANT))
        assert job is not None
        models[state] = job.id
        if state is JobStatus.CANCELLED:
            store.erase(job.id, TENANT)
        elif state is not JobStatus.QUEUED:
            claimed = store.claim(Queue.INTERACTIVE, "bench")
            assert claimed is not None
            models[state] = claimed.id
            if state is JobStatus.FAILED:
                store.fail(claimed.lease, ErrorCode.PROCESSING_FAILURE, "")
            else:
                store.complete(claimed.lease, {})
    return models


def _is_time(name: str) -> bool:
    return isinstance(jobs.c[name].type, UtcDateTime)


def _measure(database: Database) -> dict[str, list[float]]:
    settings = Settings(
        database_url=database.url.render_as_string(hide_password=False),
        redis_url=SecretStr(f"redis://{LOOPBACK}:{free_port()}/0"),
        s3_access_key="nobody",
        s3_secret_key=SecretStr("asks"),
    )
    client = create_app(settings, create_services(settings)).test_client()
    _, key = KeyStore(database).create("operations", Terms(scopes=frozenset({Scope.OBSERVE})))
    with database.reading() as connection:
        some = connection.execute(select(jobs.c.id).limit(1)).scalar_one()
    taken: dict[str, list[float]] = {name: [] for name in _PATHS}
    for _ in range(_ROUNDS):
        for name, path in _PATHS.items():
            began = time.perf_counter()
            answer = client.get(f"/v1/ops{path.format(id=some)}", headers={"ailabapi-api-key": key})
            taken[name].append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
    return taken


if __name__ == "__main__":
    main()
