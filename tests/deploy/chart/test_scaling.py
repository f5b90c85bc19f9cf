"""What KEDA asks the job table: it runs in the role that is made for it, and counts what there is to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from deploy.local.servers.postgres import Postgres
from shared.job import Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.deploy.chart.helm import Helm
from tests.deploy.chart.manifests import Document
from tests.factories import new_job

ROLES = Path(__file__).parents[3] / "deploy" / "roles" / "postgresql.sql"


@dataclass
class Table:
    """A migrated database with the roles in it."""

    url: str

    def ask(self, query: str, role: str = "cutwork_scaler") -> float:
        """Ask as KEDA does: one number."""
        with self.connection(role) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row
        (number,) = row
        assert isinstance(number, float)
        return number

    def connection(self, role: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
        url = make_url(self.url).set(drivername="postgresql")
        named = url if role is None else url.set(username=role)
        return psycopg.connect(named.render_as_string(hide_password=False), autocommit=True)


@pytest.fixture
def table(postgres: Postgres) -> Iterator[Table]:
    table = Table(postgres.create_database("scaling"))
    database = Database(table.url)
    migrate(database)
    database.close()
    with table.connection() as connection:
        connection.execute(ROLES.read_bytes())
    yield table
    postgres.drop_database("scaling")


@pytest.fixture
def jobs(table: Table) -> Iterator[JobStore]:
    """Whose jobs are accepted a minute and a half ago."""
    clock = HandClock()
    clock.now = datetime.now(UTC) - timedelta(seconds=90)
    database = Database(table.url)
    yield JobStore(database, LIMITS, clock)
    database.close()


def triggers_of(helm: Helm, pool: str, values: str = "everything") -> tuple[Document, Document]:
    found = helm.render(values).scalers()[f"cutwork-worker-{pool}"]["spec"]["triggers"]
    count, age = found
    return count, age


def test_jobs_that_wait_and_those_that_are_worked_on_are_counted_by_share(
    helm: Helm, table: Table, jobs: JobStore
) -> None:
    for _ in range(10):
        assert jobs.create(new_job())
    assert jobs.claim(Queue.INTERACTIVE, "me")
    job = jobs.claim(Queue.INTERACTIVE, "me")
    assert job
    assert jobs.complete(job.lease, {})

    numbers = {
        pool: table.ask(triggers_of(helm, pool)[0]["metadata"]["query"]) for pool in ("cpu", "gpu")
    }

    assert numbers == {"cpu": pytest.approx(9 * 0.2), "gpu": pytest.approx(9 * 0.8)}


def test_the_age_is_that_of_the_job_that_waits_longest(
    helm: Helm, table: Table, jobs: JobStore
) -> None:
    assert jobs.create(new_job())
    _, age = triggers_of(helm, "cpu")

    assert table.ask(age["metadata"]["query"]) == pytest.approx(90, abs=30)


def test_an_empty_table_asks_for_no_pods(helm: Helm, table: Table) -> None:
    for trigger in triggers_of(helm, "gpu"):
        assert table.ask(trigger["metadata"]["query"]) == 0


def test_no_question_reads_finished_jobs(helm: Helm, table: Table) -> None:
    plans = []
    with table.connection() as connection:
        connection.execute("SET enable_seqscan = off")
        for trigger in triggers_of(helm, "cpu"):
            query = f"EXPLAIN {trigger['metadata']['query']}".encode()
            plans.append("\n".join(str(line) for (line,) in connection.execute(query)))

    assert all("Seq Scan" not in plan for plan in plans)
    assert "jobs_waiting" in plans[0]
    assert "jobs_in_work" in plans[0]
    assert "jobs_waiting" in plans[1]


def test_the_count_is_no_longer_than_all_pods_need(helm: Helm) -> None:
    count, _ = triggers_of(helm, "cpu")

    # 20 pods of 100 jobs are a fifth of 10,000.
    assert "LIMIT 10000" in count["metadata"]["query"]
    assert count["metricType"] == "AverageValue"


def test_the_password_is_nowhere_but_in_a_secret(helm: Helm) -> None:
    manifests = helm.render("everything")
    (authentication,) = manifests.of_kind("TriggerAuthentication")
    (reference,) = authentication["spec"]["secretTargetRef"]

    assert reference == {"parameter": "password", "name": "cutwork-scaler", "key": "password"}
    for scaled in manifests.of_kind("ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]


def test_keda_is_told_where_the_table_is_by_what_it_keeps_its_connections_by(helm: Helm) -> None:
    """Those of all URLs would be one pool, whatever they lead to: KEDA names pools by host, user and database."""
    for trigger in triggers_of(helm, "gpu"):
        told = trigger["metadata"]
        where = {name: told[name] for name in ("host", "port", "userName", "dbName", "sslmode")}

        assert set(told) == {*where, "query", "targetQueryValue"}
        assert where == {
            "host": "postgresql.example.com",
            "port": "6432",
            "userName": "cutwork_scaler",
            "dbName": "photos",
            "sslmode": "require",
        }


def test_a_scaler_holds_few_connections_and_none_of_its_questions_takes_long(table: Table) -> None:
    with table.connection("cutwork_scaler") as connection:
        limit = connection.execute("SHOW statement_timeout").fetchone()
        most = connection.execute(
            "SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert limit == ("5s",)
    assert most == (10,)
