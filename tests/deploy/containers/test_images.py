"""The images, built as they are: small, of what is locked alone, and at home on a root that nobody may write."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.documents import ROOT
from tests.conditions import eventually
from tests.deploy.containers.compose import value_of
from tests.deploy.containers.podman import Podman

_HARDENED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--tmpfs=/tmp")
#: In MB, unpacked; an image of 3 GB is in nobody's way until a node has to fetch it.
_LARGEST = {"api": 230, "worker": 560}


@pytest.fixture(params=["api", "worker"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def image(name: str, request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{name}_image"))


def test_an_image_is_no_larger_than_it_has_to_be(
    name: str, image: str, podman: Podman, measured: list[str]
) -> None:
    size = podman.inspect(image)["Size"] / 1e6
    measured.append(f"cutwork-{name}: {size:.0f} MB unpacked")

    assert size < _LARGEST[name]


def test_an_image_runs_as_nobody_in_particular_and_says_what_it_is(
    name: str, image: str, podman: Podman
) -> None:
    known = podman.inspect(image)["Config"]

    assert known["User"] == "10001:10001"
    assert known["Labels"]["org.opencontainers.image.title"] == f"cutwork-{name}"
    assert known["Labels"]["org.opencontainers.image.version"] == value_of("VERSION")
    assert known["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_nobody_can_write_to_the_root_but_to_tmp(image: str, podman: Podman) -> None:
    look = "touch /tmp/x && ! touch /x /app/x /opt/cutwork/x 2>&1 && id -u"
    seen = podman.call("run", "--rm", *_HARDENED, image, "sh", "-c", look).stdout

    assert seen.count("Read-only file system") == 3
    assert seen.splitlines()[-1] == "10001"


def test_the_front_ends_image_holds_neither_numpy_nor_a_network(
    api_image: str, podman: Podman
) -> None:
    look = "import importlib.util as u; print([n for n in ('numpy', 'cv2', 'onnxruntime', 'PIL') if u.find_spec(n)])"
    seen = podman.call("run", "--rm", api_image, "python", "-c", look).stdout

    assert seen.strip() == "[]"


def test_what_was_not_meant_for_an_image_is_not_in_it(image: str, podman: Podman) -> None:
    found = podman.call("run", "--rm", image, "find", "/app", "-maxdepth", "2").stdout.split()

    assert "/app/shared/job.py" in found
    assert not [it for it in found if re.search(r"/(tests|client|training|local|\..*)$", it)]


def test_an_image_knows_the_operators_commands(image: str, podman: Podman) -> None:
    said = podman.call("run", "--rm", *_HARDENED, image, "cutwork-admin", "--help").stdout

    assert "Usage: cutwork-admin" in said
    assert "setup" in said


def test_setup_without_a_database_says_so_in_one_line(image: str, podman: Podman) -> None:
    ended = podman.call(
        "run", "--rm", *_HARDENED, image, "cutwork-admin", "setup", is_checked=False
    )

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "set CUTWORK_DATABASE_URL" in ended.stderr


def test_a_front_end_answers_and_ends_in_order_when_told_to(api_image: str, podman: Podman) -> None:
    settings = (
        "--env=CUTWORK_DATABASE_URL=postgresql+psycopg://nobody@127.0.0.1/none",
        "--env=CUTWORK_S3_SECRET_KEY=secret",
    )
    started = podman.call("run", "--detach", *_HARDENED, *settings, api_image)
    container = started.stdout.strip()

    eventually(lambda: podman.inspect(container)["State"]["Health"]["Status"] == "healthy", 60)
    podman.call("stop", "--time=40", container)

    assert podman.inspect(container)["State"]["ExitCode"] == 0
    podman.call("rm", container)


@pytest.fixture
def parts(image: str, podman: Podman, tmp_path: Path) -> dict[str, Any]:
    """The image's bill of materials."""
    syft = shutil.which("syft")
    if syft is None:
        pytest.skip("no syft: `make test-deploy` installs it")
    archive = tmp_path / "image.tar"
    podman.call("save", "--format=docker-archive", f"--output={archive}", image)
    listed = subprocess.run(
        [syft, "--quiet", "--output=spdx-json", f"docker-archive:{archive}"],
        check=True,
        capture_output=True,
    )
    return dict(json.loads(listed.stdout))


def test_the_bill_of_materials_names_every_package_that_is_locked(
    name: str, parts: dict[str, Any], measured: list[str]
) -> None:
    lock = ROOT / "deploy" / "locks" / {"api": "api.txt", "worker": "worker-cpu.txt"}[name]
    locked = re.findall(r"^([\w-]+)==(\S+)(?: ; (.*))? \\$", lock.read_text(), re.MULTILINE)
    wanted = {(name, version) for name, version, marker in locked if not marker}
    listed = {(_as_locked(it["name"]), it.get("versionInfo")) for it in parts["packages"]}
    measured.append(f"cutwork-{name}: {len(parts['packages'])} components in its bill of materials")

    assert len(wanted) > 40
    assert not wanted - listed


def _as_locked(name: str) -> str:
    """Write a distribution's name as locks do; its own metadata may say `zope.event` or `typing_extensions`."""
    return re.sub(r"[-_.]+", "-", name).lower()
