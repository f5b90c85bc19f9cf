"""The files themselves, by programs that know them; no container is started."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.documents import ROOT
from tests.deploy.containers.compose import SECRETS, program, write_environment

_DEPLOY = ROOT / "deploy"


def check(environment: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(), f"--file={_DEPLOY}/compose.yaml", f"--env-file={environment}", "config", "-q"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **more},
    )


@pytest.mark.parametrize("profiles", ["cpu", "gpu", "cpu,gpu,monitoring"])
def test_compose_understands_the_stack_in_each_profile(profiles: str, tmp_path: Path) -> None:
    checked = check(write_environment(tmp_path / "env"), COMPOSE_PROFILES=profiles)

    assert checked.returncode == 0, checked.stderr
    assert not checked.stderr


def test_a_stack_without_its_secrets_does_not_start(tmp_path: Path) -> None:
    checked = check(_DEPLOY / ".env.example")

    assert checked.returncode
    for name in SECRETS:
        assert f"{name} is missing a value: is empty in .env" in checked.stderr


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_dockerfile_has_no_fault_that_is_known(name: str) -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("no hadolint: `make test-deploy` installs it")
    # DL3008: Debian keeps the newest version of a package alone, so one that is named would be gone soon.
    command = [hadolint, "--no-color", "--ignore=DL3008", str(_DEPLOY / f"{name}.Dockerfile")]
    found = subprocess.run(command, check=False, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout
