from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.environment_file import as_text, read
from shared.errors import Misconfigured

WRITTEN = {"CUTWORK_MODEL": "with 'quotes', $HOME,\n`date` and a line", "CUTWORK_LEASE": "30"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "environment"
    file.write_text(as_text({**WRITTEN, "SECRET_OF_SOMEBODY_ELSE": "1"}))
    return file


def test_the_settings_of_an_installation_are_read_as_they_were_written(file: Path) -> None:
    assert read(file) == WRITTEN


def test_a_shell_that_read_the_file_passes_none_of_it_on_to_the_next_make_run(file: Path) -> None:
    said = subprocess.run(
        ["sh", "-c", f'. {file} && printf %s "$CUTWORK_MODEL" && env'],
        check=True,
        env={},
        capture_output=True,
        text=True,
    )

    assert said.stdout.startswith(WRITTEN["CUTWORK_MODEL"])
    assert "CUTWORK_" not in said.stdout


@pytest.mark.parametrize("text", ["CUTWORK_MODEL", "PATH=/bin", "CUTWORK_MODEL='x", "\xff"])
def test_what_is_no_such_file_is_refused_by_its_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_bytes(text.encode("latin-1"))

    with pytest.raises(Misconfigured, match=str(file)):
        read(file)


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=str(tmp_path)):
        read(tmp_path / "environment")
