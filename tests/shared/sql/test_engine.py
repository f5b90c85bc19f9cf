"""Connections to PostgreSQL: what the settings say, what the URL says, and what a pooler in between needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from deploy.local.servers.postgres import Postgres
from shared.errors import DatabaseUnavailable, Misconfigured
from shared.settings.settings import Settings
from shared.sql.database import Database, open_database
from shared.sql.engine import ConnectionOptions

Open = Callable[..., Database]


@pytest.fixture
def open_with(postgres: Postgres) -> Iterator[Open]:
    """Open the server's database with a query after its URL, and with options."""
    opened: list[Database] = []

    def open_it(query: str = "", **options: float) -> Database:
        opened.append(Database(f"{postgres.url}{query}", ConnectionOptions(**options)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_it
    for database in opened:
        database.close()


def show(database: Database, name: str) -> str:
    with database.reading() as connection:
        return str(connection.execute(text(f"SHOW {name}")).scalar_one())


def connect_timeout(database: Database) -> str:
    with database.reading() as connection:
        driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        return driver.info.get_parameters()["connect_timeout"]


def administrate(server: Postgres, database: str, *statements: str) -> None:
    """Make or change a database whose name stands in the statements as `{}`."""
    url = server.url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(sql.Identifier(database)))


def test_every_statement_has_its_limit(open_with: Open) -> None:
    database = open_with(statement_seconds=2.5, connect_seconds=4)

    assert show(database, "statement_timeout") == "2500ms"
    assert connect_timeout(database) == "4"


def test_the_urls_own_options_and_time_to_connect_are_kept(open_with: Open) -> None:
    database = open_with("?options=-c%20work_mem%3D9MB&connect_timeout=7")

    assert show(database, "work_mem") == "9MB"
    assert show(database, "statement_timeout") == "15s"
    assert connect_timeout(database) == "7"


def test_options_that_the_url_gives_twice_are_both_kept(open_with: Open) -> None:
    database = open_with("?options=-c%20work_mem%3D9MB&options=-c%20search_path%3Dours")

    assert (show(database, "work_mem"), show(database, "search_path")) == ("9MB", "ours")


def test_the_urls_own_limit_of_a_statement_wins(open_with: Open) -> None:
    assert show(open_with("?options=-c%20statement_timeout%3D3s"), "statement_timeout") == "3s"


def test_options_of_the_environment_are_kept(
    open_with: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=9MB")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "8")
    database = open_with()

    assert show(database, "work_mem") == "9MB"
    assert show(database, "statement_timeout") == "15s"
    assert connect_timeout(database) == "8"


@pytest.mark.parametrize(("transaction_pooling", "prepared"), [(False, 1), (True, 0)])
def test_behind_a_pooler_nothing_is_left_on_a_connection(
    open_with: Open, transaction_pooling: bool, prepared: int
) -> None:
    database = open_with(transaction_pooling=transaction_pooling, pool_size=1, pool_overflow=0)
    for _ in range(10):
        with database.writing() as connection:
            connection.execute(text("SELECT 1, :number"), {"number": 1})

    with database.reading() as connection:
        count = text(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1,%'"
        )
        assert connection.execute(count).scalar_one() == prepared
    assert show(database, "statement_timeout") == ("0" if transaction_pooling else "15s")


@pytest.mark.parametrize("transaction_pooling", [False, True])
@pytest.mark.parametrize("way", ["reading", "writing"])
def test_plans_are_held_to_indexes_on_every_connection(
    open_with: Open, transaction_pooling: bool, way: str
) -> None:
    """`tests/conformance/test_plans.py` shows what for."""
    database = open_with(transaction_pooling=transaction_pooling)

    with getattr(database, way)() as connection:
        said = [
            connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "jit")
        ]

    assert said == ["off"] * 4


@pytest.mark.parametrize("way", ["reading", "writing"])
def test_every_transaction_sees_what_others_have_committed_whatever_the_databases_default_is(
    postgres: Postgres, way: str
) -> None:
    """Otherwise two uploads of one tenant at once would be an error: both count in one row."""
    name = f"strict_{way}"
    administrate(
        postgres,
        name,
        "CREATE DATABASE {} TEMPLATE template0",
        "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'",
    )
    with (
        closing(Database(postgres.url_of(name))) as database,
        getattr(database, way)() as connection,
    ):
        isolation = connection.execute(text("SHOW transaction_isolation")).scalar_one()

    assert isolation == "read committed"


def test_what_is_read_again_and_again_is_prepared(open_with: Open) -> None:
    """A rollback makes psycopg forget what it has prepared."""
    database = open_with(pool_size=1, pool_overflow=0)
    for _ in range(10):
        with database.reading() as connection:
            connection.execute(text("SELECT 1, :number"), {"number": 1})

    with database.reading() as connection:
        prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%1,%'")
        assert connection.execute(prepared).scalar_one() == 1


def test_the_pool_is_as_large_as_it_was_said(open_with: Open) -> None:
    database = open_with(pool_size=1, pool_overflow=1, pool_seconds=0.1)

    with database.reading(), database.reading(), pytest.raises(DatabaseUnavailable):
        database.ping()

    database.ping()


def test_all_of_it_comes_from_the_settings(postgres: Postgres) -> None:
    settings = Settings(
        database_url=postgres.url,
        database_pool_size=1,
        database_pool_overflow=0,
        database_pool_timeout=0.1,
        database_connect_timeout=9,
        database_statement_timeout=7,
    )
    database = open_database(settings)
    front_ends = open_database(settings, settings.database_request_timeout)
    behind_a_pooler = open_database(
        settings.model_copy(update={"database_transaction_pooling": True})
    )

    assert show(database, "statement_timeout") == "7s"
    assert show(front_ends, "statement_timeout") == "4s"
    assert show(behind_a_pooler, "statement_timeout") == "0"
    assert connect_timeout(database) == "9"
    with database.reading(), pytest.raises(DatabaseUnavailable):
        database.ping()
    for each in (database, front_ends, behind_a_pooler):
        each.close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_all_characters_is_refused_with_the_cure(
    postgres: Postgres, encoding: str
) -> None:
    name = f"in_{encoding.lower()}"
    administrate(postgres, name, f"CREATE DATABASE {{}} ENCODING '{encoding}' TEMPLATE template0")
    database = Database(postgres.url_of(name))

    with pytest.raises(DatabaseUnavailable, match=f"{encoding}.*CREATE DATABASE .* 'UTF8'"):
        database.ping()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgres",
        "postgres://me:hush@db/jobs",
        "postgresql+psycopg2://me:hush@db/jobs",
        "postgresql+psycopg://me:hush@db:54x2/jobs",
        "mysql://me:hush@db/jobs",
        "sqlite+aiosqlite:///jobs.sqlite3",
    ],
)
def test_a_url_of_no_supported_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(
        Misconfigured, match=r"CUTWORK_DATABASE_URL.*postgresql\+psycopg://"
    ) as refused:
        Database(url)

    assert "hush" not in str(refused.value)


def test_the_place_of_a_database_names_no_user_and_no_password() -> None:
    database = Database("postgresql://me:hush@db:5433/jobs?password=hush&sslpassword=hush")

    assert database.place == "postgresql://db:5433/jobs"
