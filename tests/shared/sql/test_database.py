from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, literal, select, text
from sqlalchemy.exc import DBAPIError

from deploy.local.servers.postgres import Postgres
from shared.errors import CommitUncertain, DatabaseUnavailable
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.engine import ConnectionOptions
from tests.conditions import eventually
from tests.fault.process_tree import signal_tree

_PID = text("SELECT pg_backend_pid()")


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
            pid = connection.execute(_PID).scalar_one()
            eventually(lambda: not _lives(database, pid))
            connection.execute(text("INSERT INTO notes VALUES ('lost')"))

    with pytest.raises(DatabaseUnavailable):
        write_too_late()

    assert _notes(database) == []
    database.close()


@pytest.mark.parametrize("transaction_pooling", [False, True])
def test_a_row_that_a_process_changed_before_it_stood_still_is_soon_the_others_again(
    postgres: Postgres, transaction_pooling: bool
) -> None:
    """A worker that is stopped in the middle of a heartbeat, or whose machine is gone."""
    url = postgres.create_database(f"stood_still_{transaction_pooling}".lower())
    options = ConnectionOptions(idle_seconds=0.2, transaction_pooling=transaction_pooling)
    frozen, other = Database(url, options), Database(url)
    with other.writing() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT)"))
        connection.execute(text("INSERT INTO notes VALUES ('first')"))

    def stand_still_until_another_changed_it() -> None:
        with frozen.writing() as connection:
            connection.execute(text("UPDATE notes SET note = 'lost'"))
            with other.writing() as another:
                another.execute(text("UPDATE notes SET note = 'kept'"))

    with pytest.raises(DatabaseUnavailable):
        stand_still_until_another_changed_it()

    assert _notes(other) == ["kept"]
    frozen.close()
    other.close()


@pytest.mark.parametrize("way", ["reading", "writing", "fetch"])
def test_a_connection_that_broke_in_the_pool_is_replaced_and_nobody_notices(
    postgres: Postgres, way: str
) -> None:
    """As all of them are after a restart of the database. None is asked for that before its use."""
    database = _one_note(postgres, f"broke_before_{way}")
    with database.reading() as one, database.reading() as other:
        pids = [one.execute(_PID).scalar_one(), other.execute(_PID).scalar_one()]
    with _control(postgres) as control:
        for pid in pids:
            control.execute("SELECT pg_terminate_backend(%s)", [pid])
        eventually(lambda: not any(_is_there(control, pid) for pid in pids))

    for _ in pids:
        if way == "fetch":
            assert database.fetch(lambda _: select(literal(1))) != []
        else:
            with getattr(database, way)() as connection:
                connection.execute(text("SELECT 1 FROM notes"))

    database.close()


def test_a_question_that_is_wrong_is_not_asked_again(postgres: Postgres) -> None:
    database = _one_note(postgres, "wrong")
    seen: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *about: seen.append(about[2]))

    with pytest.raises(DBAPIError):
        database.fetch(lambda _: select(literal(1) / literal(0)))

    assert len(seen) == 1
    database.close()


def test_the_time_of_a_transaction_is_that_of_its_beginning(postgres: Postgres) -> None:
    database = _one_note(postgres, "time")
    with database.reading() as connection:
        before = connection.execute(select(database_clock.column(connection))).scalar_one()

    with database.writing() as connection:
        first = database_clock(connection)
        connection.execute(text("SELECT 1 FROM notes"))
        again = database_clock(connection)
        after = connection.execute(select(database_clock.column(connection))).scalar_one()
    with database.writing() as connection:
        next_one = database_clock(connection)

    assert before < first == again < after < next_one
    database.close()


def test_where_no_transaction_of_ours_began_the_time_is_asked_for(postgres: Postgres) -> None:
    database = _one_note(postgres, "asked_for")

    with database.unbounded() as connection:
        assert database_clock(connection) < database_clock(connection)
    database.close()


@contextmanager
def _control(server: Postgres) -> Iterator[psycopg.Connection]:
    """Connect as somebody else."""
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def _is_there(control: psycopg.Connection, pid: int) -> bool:
    found = control.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
    return found.fetchone() is not None


def _backend(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(_PID).scalar_one())


def _lives(database: Database, pid: int) -> bool:
    with database.reading() as connection:
        statement = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        return bool(connection.execute(statement, {"pid": pid}).scalar_one())
