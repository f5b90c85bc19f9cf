"""Migrations: by several at once, on tables in use, and between releases."""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, text

import shared.batches.tables
import shared.operations.tables  # noqa: F401 - they are part of the metadata
from deploy.local.servers.postgres import Postgres
from shared.errors import DatabaseUnavailable, Misconfigured
from shared.job import JobStatus, Queue
from shared.jobs.rows import new_row
from shared.jobs.store import JobStore
from shared.settings.settings import Settings
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.engine import ConnectionOptions
from shared.sql.migration_lock import migrating
from shared.sql.schema import MIGRATIONS, check_schema, migrate, require_schema
from shared.sql.tables import jobs, metadata
from tests.conditions import eventually
from tests.conformance.conftest import LIMITS
from tests.factories import new_job
from tests.releases import newest_migration, next_release

NEXT = newest_migration() + 1
BUILDS_AN_INDEX = 'online_index.create_index("jobs_by_log_id", "jobs", ["log_id"])'
DROPS_THE_INDEX = 'online_index.drop_index("jobs_by_log_id", "jobs")'


@pytest.fixture
def postgresql_url(postgres: Postgres) -> str:
    """A database with nothing in it."""
    return postgres.create_database(f"schema_{uuid.uuid4().hex}")


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    database = Database(postgresql_url)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with nothing in it, of either kind."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql")
        return
    database = Database(f"sqlite:///{tmp_path}/deep/in/a/folder/jobs.sqlite3")
    yield database
    database.close()


def columns_of_keys(database: Database) -> set[str]:
    with database.reading() as connection:
        return {column["name"] for column in inspect(connection).get_columns("api_keys")}


def indexes_of_jobs(database: Database) -> set[str]:
    with database.reading() as connection:
        return {str(index["name"]) for index in inspect(connection).get_indexes("jobs")}


def downgrade(database: Database, migrations: Path, target: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    with migrating(database) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, target)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    migrate(database)

    with database.reading() as connection:
        opts = {"compare_type": True, "include_object": _can_be_compared}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_a_table_with_rows_is_upgraded_and_taken_back_with_all_of_them(database: Database) -> None:
    """Rows of the first release go on in the newest one, and back."""
    migrate(database)
    downgrade(database, MIGRATIONS, "0001")
    with database.writing() as connection:
        now = database_clock(connection)
        rows = [new_row(new_job(idempotency_key=f"key-{number}"), 0, now) for number in range(3)]
        columns = {column["name"] for column in inspect(connection).get_columns("jobs")}
        for row in rows:
            known = {name: value for name, value in row.items() if name in columns}
            connection.execute(insert(jobs).values(known))

    migrate(database)

    store = JobStore(database, LIMITS)
    oldest = store.claim(Queue.INTERACTIVE, "worker")
    assert oldest is not None
    assert (oldest.id, oldest.cut_offs) == (rows[0]["id"], 0)
    assert store.create(new_job(idempotency_key="key-1")) is None
    downgrade(database, MIGRATIONS, "0001")
    migrate(database)
    found = store.find(oldest.id, oldest.tenant)
    assert found is not None
    assert found.status is JobStatus.PROCESSING


def _can_be_compared(_: object, name: str, *__: object) -> bool:
    """Leave out indexes on expressions, of which the databases tell in words of their own; see `test_plans`."""
    return name not in {"jobs_by_seen", "jobs_by_reference", "jobs_by_reference_and_seen"}


def test_migrating_twice_changes_nothing(database: Database) -> None:
    first = migrate(database)

    assert migrate(database) == first

    check_schema(database)


def test_setting_up_what_is_set_up_does_not_wait_for_who_migrates(database: Database) -> None:
    made = migrate(database)

    with migrating(database), ThreadPoolExecutor(1) as pool:
        assert pool.submit(migrate, database).result(timeout=5) == made


def test_every_migration_can_be_taken_back(database: Database) -> None:
    migrate(database)

    downgrade(database, MIGRATIONS, "base")

    with database.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version", "cutwork_schema"}
    with pytest.raises(DatabaseUnavailable, match="cutwork-admin setup"):
        check_schema(database)
    migrate(database)
    check_schema(database)


def test_a_schema_that_was_not_migrated_is_reported_with_the_cure(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="cutwork-admin setup"):
        check_schema(database)


def test_looking_at_a_sqlite_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cutwork-admin setup"):
        check_schema(Database(f"sqlite:///{tmp_path}/jobs.sqlite3"))

    assert list(tmp_path.iterdir()) == []


def test_every_migration_says_what_can_run_on_it() -> None:
    migrations = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions("base", "heads"))[::-1]
    oldest = [migration.module.oldest_code for migration in migrations]

    assert [migration.revision for migration in migrations] == [
        f"{number:04}" for number in range(1, len(migrations) + 1)
    ]
    assert oldest == sorted(oldest)
    assert all(code <= number for number, code in enumerate(oldest, start=1))


def test_code_goes_on_with_a_schema_to_which_a_newer_release_added_something(
    database: Database, tmp_path: Path
) -> None:
    newer = next_release(tmp_path)
    migrate(database)

    migrate(database, newer)

    assert "note" in columns_of_keys(database)
    check_schema(database)
    check_schema(database, newer)


def test_set_up_by_an_older_release_is_a_success_that_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    newer = next_release(tmp_path)
    made = migrate(database, newer)

    assert migrate(database) == made

    assert made.revision == NEXT
    check_schema(database, newer)


def test_newer_code_does_not_run_on_an_older_schema(database: Database, tmp_path: Path) -> None:
    newer = next_release(tmp_path)
    migrate(database)

    with pytest.raises(DatabaseUnavailable, match=r"older than this code.*cutwork-admin setup"):
        check_schema(database, newer)

    migrate(database, newer)
    check_schema(database, newer)


def test_code_refuses_a_schema_from_which_a_newer_release_took_something(
    database: Database, tmp_path: Path
) -> None:
    newer = next_release(tmp_path, oldest_code=NEXT)
    migrate(database, newer)

    for refused in (check_schema, migrate):
        with pytest.raises(DatabaseUnavailable, match=r"too new for this code.*newer release"):
            refused(database)

    check_schema(database, newer)
    downgrade(database, newer, "-1")
    check_schema(database)


def test_a_process_does_not_start_on_a_schema_that_it_cannot_run_on(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(database_url=database.url.render_as_string(hide_password=False))
    with pytest.raises(Misconfigured, match="cutwork-admin setup"):
        require_schema(settings)

    migrate(database)
    require_schema(settings)

    migrate(database, next_release(tmp_path, oldest_code=NEXT))
    with pytest.raises(Misconfigured, match="newer release"):
        require_schema(settings)


def test_a_process_starts_while_its_database_is_away() -> None:
    require_schema(Settings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing"))


@pytest.mark.parametrize("module", ["worker", "worker.sweeper"])
def test_a_process_without_a_schema_says_in_one_line_what_to_run(
    module: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module],
        env={
            "CUTWORK_DATABASE_URL": f"sqlite:///{tmp_path}/jobs.sqlite3",
            "CUTWORK_S3_SECRET_KEY": "x",
        },
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert re.fullmatch(r"cutwork \w+: .*: run `cutwork-admin setup`\n", ended.stderr)


@pytest.mark.parametrize("versions", [["a1b2c3d4e5f6"], ["0001", "0002"]])
def test_another_programs_database_is_left_alone(database: Database, versions: list[str]) -> None:
    with migrating(database) as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        for version in versions:
            connection.execute(text(f"INSERT INTO alembic_version VALUES ('{version}')"))
        connection.commit()

    for refused in (check_schema, migrate):
        with pytest.raises(DatabaseUnavailable, match="another program"):
            refused(database)

    with database.reading() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]


def _migrate_all(urls: list[str], migrations: Path, start: Barrier) -> None:
    for url in urls:
        database = Database(url)
        start.wait(30)
        migrate(database, migrations)
        database.close()


def three_at_once(urls: list[str], migrations: Path) -> None:
    """Migrate each of these databases by three processes that start together."""
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    processes = [
        spawn.Process(target=_migrate_all, args=(urls, migrations, start)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]


def test_three_may_set_up_an_empty_postgresql_database_at_once(
    postgres: Postgres, tmp_path: Path
) -> None:
    """Without a lock a third of all rounds fail, if not more; an index that is built needs the others not to wait."""
    newer = next_release(tmp_path, BUILDS_AN_INDEX, DROPS_THE_INDEX)
    urls = [postgres.create_database(f"together_{uuid.uuid4().hex}") for _ in range(10)]

    three_at_once(urls, newer)

    for url in urls:
        database = Database(url)
        check_schema(database, newer)
        assert "jobs_by_log_id" in indexes_of_jobs(database)
        database.close()
        postgres.drop_database(url.rpartition("/")[2])


def test_three_may_set_up_a_new_sqlite_database_at_once(tmp_path: Path) -> None:
    newer = next_release(tmp_path, BUILDS_AN_INDEX, DROPS_THE_INDEX)
    urls = [f"sqlite:///{tmp_path}/{number}/jobs.sqlite3" for number in range(10)]

    three_at_once(urls, newer)

    for url in urls:
        check_schema(Database(url), newer)


def test_through_a_pooler_nothing_is_migrated_and_what_is_there_is_fine(
    postgresql: Database, postgresql_url: str
) -> None:
    """A limit of time that is lifted on one connection of the server would end the index that another one builds."""
    pooled = Database(postgresql_url, ConnectionOptions(transaction_pooling=True))

    with pytest.raises(Misconfigured, match=r"CUTWORK_DATABASE_TRANSACTION_POOLING=false"):
        migrate(pooled)

    assert migrate(postgresql) == migrate(pooled)
    pooled.close()


def test_an_index_is_built_while_others_write(postgresql: Database, tmp_path: Path) -> None:
    newer = next_release(tmp_path, BUILDS_AN_INDEX, DROPS_THE_INDEX)
    migrate(postgresql)
    touch_jobs = text("UPDATE jobs SET turn = turn")

    with ThreadPoolExecutor(1) as pool:
        with postgresql.writing() as early:
            early.execute(touch_jobs)
            building = pool.submit(migrate, postgresql, newer)
            eventually(lambda: _is_building(postgresql))
            with postgresql.writing() as meanwhile:
                meanwhile.execute(touch_jobs)
            assert not building.done()
        building.result()

    assert "jobs_by_log_id" in indexes_of_jobs(postgresql)


def _is_building(database: Database) -> bool:
    with database.reading() as connection:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'virtualxid' "
            "AND datname = current_database()"
        )
        return bool(connection.execute(waiting).scalar_one())


def test_an_index_whose_build_was_cut_off_is_built_anew(
    postgresql: Database, tmp_path: Path
) -> None:
    newer = next_release(tmp_path, BUILDS_AN_INDEX, DROPS_THE_INDEX)
    migrate(postgresql)
    cut_off = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE wait_event = 'virtualxid' AND datname = current_database()"
    )
    with ThreadPoolExecutor(1) as pool, postgresql.writing() as early:
        early.execute(text("UPDATE jobs SET turn = turn"))
        building = pool.submit(migrate, postgresql, newer)
        eventually(lambda: _is_building(postgresql))
        with postgresql.writing() as operator:
            operator.execute(cut_off)
        with pytest.raises(DatabaseUnavailable):
            building.result()
    assert _invalid_indexes(postgresql) == ["jobs_by_log_id"]

    migrate(postgresql, newer)

    assert _invalid_indexes(postgresql) == []
    assert "jobs_by_log_id" in indexes_of_jobs(postgresql)


def test_an_index_that_is_there_and_whole_is_kept_when_a_migration_runs_again(
    postgresql: Database, tmp_path: Path
) -> None:
    newer = next_release(tmp_path, BUILDS_AN_INDEX, DROPS_THE_INDEX)
    migrate(postgresql)
    with postgresql.writing() as connection:
        connection.execute(text("CREATE INDEX jobs_by_log_id ON jobs (log_id)"))
    built = _number_of(postgresql, "jobs_by_log_id")

    migrate(postgresql, newer)

    assert _number_of(postgresql, "jobs_by_log_id") == built


def _number_of(database: Database, index: str) -> object:
    with database.reading() as connection:
        return connection.execute(
            text("SELECT CAST(:name AS regclass)::oid"), {"name": index}
        ).scalar_one()


def _invalid_indexes(database: Database) -> list[str]:
    with database.reading() as connection:
        invalid = text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        return list(connection.execute(invalid).scalars())


def test_a_migration_waits_for_a_table_in_use_without_keeping_others_from_it(
    postgresql: Database, tmp_path: Path
) -> None:
    newer = next_release(tmp_path)
    migrate(postgresql)
    read_keys = text("SELECT count(*) FROM api_keys")

    with ThreadPoolExecutor(1) as pool:
        with postgresql.reading() as long:
            long.execute(read_keys)
            altering = pool.submit(migrate, postgresql, newer)
            eventually(lambda: _is_waiting_for_a_table(postgresql))
            # It stands in the line behind the migration, until that gives up for a while.
            with postgresql.reading() as meanwhile:
                meanwhile.execute(read_keys)
            assert not altering.done()
        altering.result()

    assert "note" in columns_of_keys(postgresql)


def _is_waiting_for_a_table(database: Database) -> bool:
    with database.reading() as connection:
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'api_keys'::regclass"
        )
        return bool(connection.execute(waiting).scalar_one())


def test_a_migration_has_no_limit_of_time(postgresql_url: str, tmp_path: Path) -> None:
    """Neither that of the process, nor one that the database has for everybody."""
    slow = next_release(tmp_path, "op.execute('SELECT pg_sleep(2.5)')", "pass")
    database = Database(postgresql_url, ConnectionOptions(statement_seconds=0.2))
    with database.writing() as connection:
        name = postgresql_url.rpartition("/")[2]
        connection.execute(text(f"ALTER DATABASE {name} SET statement_timeout = '1s'"))

    migrate(database, slow)

    check_schema(database, slow)
    database.close()
