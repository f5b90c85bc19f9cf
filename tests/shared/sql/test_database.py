from __future__ import annotations

import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.servers.postgres import Postgres
from shared.errors import CommitUncertain, DatabaseUnavailable
from shared.sql.database import Database
from shared.sql.engine import ConnectionOptions
from tests.conditions import eventually
from tests.fault.process_tree import signal_tree


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/jobs.sqlite3")


def test_an_unreachable_database_is_unavailable_and_not_a_drivers_error() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    with pytest.raises(DatabaseUnavailable):
        database.ping()


def test_what_was_written_before_an_error_is_rolled_back(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT)"))

    def write_and_fail() -> None:
        with database.writing() as connection:
            connection.execute(text("INSERT INTO notes VALUES ('lost')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM notes")).scalar_one() == 0


def _one_note(server: Postgres, name: str) -> Database:
    database = Database(server.create_database(name), ConnectionOptions(statement_seconds=0.2))
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT)"))
    return database


def _notes(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(text("SELECT note FROM notes")).scalars())


def test_a_server_that_stands_still_is_given_up_on_with_the_connection(postgres: Postgres) -> None:
    database = _one_note(postgres, "given_up_on")

    def write_while_it_stands_still() -> None:
        with database.writing() as connection:
            connection.execute(text("INSERT INTO notes VALUES ('written')"))
            signal_tree(postgres.process.pid, signal.SIGSTOP)
            connection.execute(text("INSERT INTO notes VALUES ('never answered')"))

    try:
        with pytest.raises(DatabaseUnavailable) as raised:
            write_while_it_stands_still()
        with pytest.raises(DatabaseUnavailable):
            database.ping()
    finally:
        signal_tree(postgres.process.pid, signal.SIGCONT)

    assert not isinstance(raised.value, CommitUncertain)
    assert _notes(database) == []
    database.close()


def test_a_commit_whose_answer_is_lost_is_uncertain(postgres: Postgres) -> None:
    database = _one_note(postgres, "uncertain")

    def commit_while_it_stands_still() -> None:
        with database.writing() as connection:
            connection.execute(text("INSERT INTO notes VALUES ('perhaps')"))
            signal_tree(postgres.process.pid, signal.SIGSTOP)

    try:
        with pytest.raises(CommitUncertain):
            commit_while_it_stands_still()
    finally:
        signal_tree(postgres.process.pid, signal.SIGCONT)

    assert eventually(lambda: _notes(database)) == ["perhaps"]
    database.close()


def test_a_statement_that_takes_too_long_is_unavailable(postgres: Postgres) -> None:
    database = _one_note(postgres, "too_long")

    with pytest.raises(DatabaseUnavailable), database.reading() as connection:
        connection.execute(text("SELECT pg_sleep(30)"))

    assert _notes(database) == []
    database.close()


def test_a_server_that_became_a_replica_is_unavailable_and_connected_to_anew(
    postgres: Postgres,
) -> None:
    database = _one_note(postgres, "replica")
    before = _backend(database)

    def write_where_nobody_may() -> None:
        with database.writing() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(text("INSERT INTO notes VALUES ('lost')"))

    with pytest.raises(DatabaseUnavailable):
        write_where_nobody_may()

    assert _backend(database) != before
    assert _notes(database) == []
    database.close()


def test_a_transaction_that_the_server_ended_is_unavailable(postgres: Postgres) -> None:
    database = _one_note(postgres, "idle")

    def write_too_late() -> None:
        with database.writing() as connection:
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 1"))
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            eventually(lambda: not _lives(database, pid))
            connection.execute(text("INSERT INTO notes VALUES ('lost')"))

    with pytest.raises(DatabaseUnavailable):
        write_too_late()

    assert _notes(database) == []
    database.close()


def _backend(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def _lives(database: Database, pid: int) -> bool:
    with database.reading() as connection:
        statement = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        return bool(connection.execute(statement, {"pid": pid}).scalar_one())
