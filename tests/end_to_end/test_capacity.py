"""What a photo costs is measured of a real installation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.admin import admin
from deploy.capacity.measuring import counters
from deploy.capacity.measuring.counters import postgres_counter
from deploy.local.servers.postgres import Postgres
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.end_to_end.installation import Installation, environment_of


def test_a_running_installation_tells_what_a_photo_costs(
    installation: Installation, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(installation.settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(counters, "SETTLE_SECONDS", 0.0)
    installation.start_worker()
    file = tmp_path / "photo.jpg"
    file.write_bytes(photo)
    small = Path("deploy/local/photo.jpg")

    result = CliRunner(catch_exceptions=False).invoke(
        admin,
        [
            *("capacity", "measure", installation.url, "--jobs", "2", "--idle", "0.1"),
            *("--photo", str(file), "--photo", str(small), "--process", str(os.getpid())),
        ],
    )

    assert result.exit_code == 0, result.output
    found = {line.split()[0]: float(line.split()[1]) for line in result.stdout.splitlines()[1:]}
    assert found["photo.polls"] >= 1
    assert found["photo.bytes_out_per_megapixel"] > 10_000
    assert found["cpu.front_end_per_poll"] > 0


def test_an_installation_that_does_not_answer_is_one_line(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(installation.settings).items():
        monkeypatch.setenv(name, value)

    result = CliRunner().invoke(admin, ["capacity", "measure", "http://127.0.0.1:1"])

    assert "does not answer" in str(result.exception)


def test_postgresql_tells_what_it_counts(postgres: Postgres) -> None:
    database = Database(postgres.url)
    migrate(database)

    counted = postgres_counter(database)()

    database.close()
    assert counted["database.commits"] > 0
