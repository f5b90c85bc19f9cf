from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from deploy.local.data_directory import DataDirectory, Exposed, Occupied


def test_one_instance_at_a_time(tmp_path: Path) -> None:
    first, second = DataDirectory(tmp_path), DataDirectory(tmp_path)
    first.lock()

    with pytest.raises(Occupied, match="another instance"):
        second.lock()

    first.unlock()
    second.lock()
    second.unlock()


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_of_ours_is_closed_to_other_users(tmp_path: Path, mode: int) -> None:
    home = DataDirectory(tmp_path)
    home.lock()
    home.unlock()
    tmp_path.chmod(mode)

    home.lock()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    home.unlock()


def test_an_empty_folder_is_closed_to_other_users(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    home = DataDirectory(tmp_path)

    home.lock()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    home.unlock()


def test_a_folder_with_other_things_in_it_is_refused_rather_than_closed(tmp_path: Path) -> None:
    (tmp_path / "somebody's").touch()
    tmp_path.chmod(0o755)

    with pytest.raises(Exposed, match="chmod 700 it"):
        DataDirectory(tmp_path).lock()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_folder_with_other_things_in_it_that_is_closed_will_do(tmp_path: Path) -> None:
    (tmp_path / "cutwork.sqlite3").touch()
    tmp_path.chmod(0o700)
    home = DataDirectory(tmp_path)

    home.lock()

    home.unlock()


def test_credentials_are_made_once(tmp_path: Path) -> None:
    made = DataDirectory(tmp_path).credentials()

    assert DataDirectory(tmp_path).credentials() == made
    assert len(made.secret_key) >= 40


def test_credentials_of_before_there_was_a_password_get_one(tmp_path: Path) -> None:
    made = DataDirectory(tmp_path).credentials()
    before = {"access_key": made.access_key, "secret_key": made.secret_key}
    (tmp_path / "credentials.json").write_text(json.dumps(before))

    completed = DataDirectory(tmp_path).credentials()

    assert completed[:2] == made[:2]
    assert len(completed.broker_password) >= 40
    assert DataDirectory(tmp_path).credentials() == completed


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
