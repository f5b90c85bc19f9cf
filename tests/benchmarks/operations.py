"""`python -m tests.benchmarks.operations [rows]`: how long each answer of `/v1/ops` takes with a million jobs.

On PostgreSQL and on SQLite, through the whole front end but for its socket; Redis is away, which is told at once.
"""

from __future__ import annotations

import statistics
import sys
import time
import uuid
from tempfile import TemporaryDirectory

from sqlalchemy import select, text

from api.app import create_app
from api.wsgi import create_services
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.postgres import Postgres
from shared.api_key import Scope, Terms
from shared.database import Database
from shared.job import JobStatus
from shared.key_store import KeyStore
from shared.schema import migrate
from shared.settings import Settings
from shared.tables import jobs
from tests.crowd import TENANT, insert_crowd

_LARGE = 1_000_000
_ROUNDS = 15
#: Of the jobs.
_SHARES = {
    JobStatus.QUEUED: 0.3,
    JobStatus.SUCCEEDED: 0.4,
    JobStatus.FAILED: 0.1,
    JobStatus.CANCELLED: 0.02,
    JobStatus.EXPIRED: 0.18,
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
    "expired": "/jobs?status=expired&limit=50",
}


def main() -> None:
    """Print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _LARGE
    with TemporaryDirectory() as folder, Postgres.temporary() as server:
        postgresql = Database(server.create_database(f"ops_{uuid.uuid4().hex[:8]}"))
        sqlite = Database(f"sqlite:///{folder}/jobs.sqlite3")
        for database in (postgresql, sqlite):
            migrate(database)
        _fill(postgresql, count)
        _copy(postgresql, sqlite)
        taken = {name: _measure(it) for name, it in {"PG": postgresql, "SQLite": sqlite}.items()}
    sys.stdout.write(
        f"\n{f'ms, median and worst, of {count:,} jobs':<46}{'PG':>14}{'SQLite':>16}\n"
    )
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


def _copy(source: Database, target: Database) -> None:
    with source.unbounded() as reading, target.unbounded() as writing:
        rows = reading.execution_options(yield_per=5000).execute(select(jobs)).mappings()
        for some in rows.partitions():
            writing.execute(jobs.insert(), [dict(row) for row in some])
        writing.commit()


def _measure(database: Database) -> dict[str, list[float]]:
    settings = Settings(
        database_url=database.url.render_as_string(hide_password=False),
        redis_url=f"redis://{LOOPBACK}:{free_port()}/0",
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
