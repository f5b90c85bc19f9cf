from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from deploy.local.data_directory import DataDirectory, Occupied


def test_one_instance_at_a_time(tmp_path: Path) -> None:
    first, second = DataDirectory(tmp_path), DataDirectory(tmp_path)
    first.lock()

    with pytest.raises(Occupied, match="another instance"):
        second.lock()

    first.unlock()
    second.lock()
    second.unlock()


def test_credentials_are_made_once(tmp_path: Path) -> None:
    made = DataDirectory(tmp_path).credentials()

    assert DataDirectory(tmp_path).credentials() == made
    assert len(made.secret_key) >= 40


def test_two_installations_have_different_credentials(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert (
        DataDirectory(tmp_path / "a").credentials() != DataDirectory(tmp_path / "b").credentials()
    )


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    DataDirectory(tmp_path).credentials()

    mode = (tmp_path / "credentials.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_write_that_was_cut_short_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "credentials.new").write_text("{")

    made = DataDirectory(tmp_path).credentials()

    assert json.loads((tmp_path / "credentials.json").read_text()) == made._asdict()
