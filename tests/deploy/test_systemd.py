"""The units for machines without Kubernetes: systemd understands them, and they may do no more than they must."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.documents import ROOT
from shared.settings.settings import Settings

FOLDER = ROOT / "deploy" / "systemd"
UNITS = sorted(file.name for file in FOLDER.glob("*.service"))
#: Unit → the longest that its process takes to stop.
SHUTDOWN = {
    "cutwork-api.service": 30,
    "cutwork-sweeper.service": 8,
    "cutwork-worker@.service": Settings.model_fields["shutdown_grace"].default + 10,
}
#: Of 10, for a unit that may do everything.
EXPOSURE = 2.0


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Make the units' programs those of this environment: systemd looks whether they are there."""
    folder = tmp_path / "systemd"
    shutil.copytree(FOLDER, folder)
    for file in folder.glob("*.service"):
        text = file.read_text().replace("/opt/cutwork/venv", sys.prefix)
        file.write_text(text.replace("/opt/cutwork", str(ROOT)))
    return folder


def analyze(*arguments: str | Path) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze")
    command = (program, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_nothing_to_say_about_a_unit(units: Path, unit: str) -> None:
    # It says so of an unknown word, too, and ends with 0.
    assert analyze("verify", units / unit) == ""


def test_systemd_has_nothing_to_say_about_a_worker_on_a_gpu(units: Path) -> None:
    own = units / "cutwork-worker@.service.d"
    own.mkdir()
    (units / "gpu.conf").rename(own / "gpu.conf")

    assert analyze("verify", units / "cutwork-worker@.service") == ""


def test_a_word_that_systemd_does_not_know_is_noticed(units: Path) -> None:
    hardening = units / "cutwork-.service.d" / "hardening.conf"
    hardening.write_text(hardening.read_text() + "ProtectEverything=yes\n")

    assert "ProtectEverything" in analyze("verify", units / "cutwork-api.service")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_may_do_little(units: Path, unit: str) -> None:
    said = analyze("security", "--offline=true", units / unit)

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) < EXPOSURE


@pytest.mark.parametrize(("unit", "seconds"), SHUTDOWN.items())
def test_a_process_gets_the_time_that_it_takes_to_stop(unit: str, seconds: float) -> None:
    given = re.search(r"^TimeoutStopSec=(\d+)$", (FOLDER / unit).read_text(), re.MULTILINE)

    assert given
    assert int(given[1]) >= seconds + 5


@pytest.mark.parametrize("unit", SHUTDOWN)
def test_a_process_that_ends_is_started_again_however_often(unit: str) -> None:
    words = (FOLDER / unit).read_text().splitlines()

    assert {"Restart=always", "StartLimitIntervalSec=0", "After=cutwork-setup.service"} <= set(
        words
    )
