"""A file says that a process is well: by its age."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.telemetry.liveness import LivenessFile

_LONG_AGO = 1_000_000_000


def test_a_process_that_is_well_makes_its_file_and_keeps_it_young(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    liveness = LivenessFile(str(file))
    liveness.touch()
    os.utime(file, (_LONG_AGO, _LONG_AGO))

    liveness.touch()

    assert file.stat().st_mtime > _LONG_AGO


def test_without_a_name_there_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    LivenessFile("").touch()

    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_logged_once_each_time_that_begins(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    liveness = LivenessFile(str(folder / "alive"))

    with capture_logs() as logs:
        liveness.touch()
        liveness.touch()
        folder.mkdir()
        liveness.touch()
        (folder / "alive").unlink()
        folder.rmdir()
        liveness.touch()

    assert [line["event"] for line in logs] == ["liveness.unwritable"] * 2
