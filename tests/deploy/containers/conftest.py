"""Containers for real: what `make test-deploy` runs, and `make test` does not.

Each part that this machine cannot have, for want of root, a network or a program, is skipped with the reason. What can
be started and does not work fails.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.documents import ROOT
from tests.deploy.containers.compose import Stack, program, value_of
from tests.deploy.containers.debian import install_podman, make_base
from tests.deploy.containers.podman import Podman

_STAND_INS = Path(__file__).parent / "stand_ins"
_WEED = ROOT / ".venv" / "bin" / "weed"


#: What was measured, in words.
_MEASURED = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> list[str]:
    """Put a line here to have it printed at the end."""
    return pytestconfig.stash.setdefault(_MEASURED, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(_MEASURED, []):
        terminalreporter.write_line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first one that needs an image waits for its building."""
    for item in items:
        item.add_marker(pytest.mark.timeout(900))


@contextmanager
def _home() -> Iterator[Path]:
    """Where all of the engine's lies: a folder that goes at the end, or the one of `DEPLOY_HOME`, which stays."""
    if kept := os.environ.get("DEPLOY_HOME"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    # A socket's path may have some hundred characters only.
    home = Path(tempfile.mkdtemp(prefix="cutwork-deploy-", dir="/var/tmp"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """An engine whose store holds the base that our images are built on."""
    install_podman()
    with _home() as home:
        engine = Podman(home)
        tried = engine.call("info", is_checked=False)
        if tried.returncode:
            pytest.skip(f"podman does not work here: {tried.stderr.strip()[-300:]}")
        base = value_of("BASE")
        if engine.call("image", "exists", base, is_checked=False).returncode:
            tarball = home / "base.tar"
            make_base(tarball)
            engine.call("import", str(tarball), base)
            tarball.unlink()
        tried = engine.call("run", "--rm", base, "true", is_checked=False)
        if tried.returncode:
            pytest.skip(f"no container runs here: {tried.stderr.strip()[-300:]}")
        with engine:
            yield engine


@pytest.fixture(scope="session")
def api_image(podman: Podman) -> str:
    return _build(podman, "api", "cutwork-api")


@pytest.fixture(scope="session")
def worker_image(podman: Podman) -> str:
    return _build(podman, "worker", "cutwork-worker")


def _build(podman: Podman, name: str, tag: str) -> str:
    version = value_of("VERSION")
    image = f"docker.io/library/{tag}:{version}"
    base = f"--build-arg=BASE={value_of('BASE')}"
    podman.build(
        ROOT / "deploy" / f"{name}.Dockerfile", image, base, f"--build-arg=VERSION={version}"
    )
    return image


@pytest.fixture(scope="session")
def stand_ins(podman: Podman) -> None:
    """Servers of others, under the names that the compose file has for them."""
    if not _WEED.exists():
        pytest.skip("no weed in .venv: `make test-deploy` installs it")
    context = podman.home / "stand_ins"
    shutil.copytree(_STAND_INS, context, dirs_exist_ok=True)
    shutil.copy(_WEED, context)
    base = f"--build-arg=BASE={value_of('BASE')}"
    for name in ("postgres", "valkey", "nginx", "seaweedfs", "prometheus"):
        podman.build(
            context / "Dockerfile",
            value_of(f"{name.upper()}_IMAGE"),
            base,
            f"--target={name}",
            context=context,
        )


@pytest.fixture(scope="session")
def stack(podman: Podman, api_image: str, worker_image: str, stand_ins: None) -> Iterator[Stack]:
    """All services, started as the guide says, and healthy."""
    program()
    stack = Stack(podman)
    stack.set_up()
    stack.call("up", "--detach", "--wait", "--wait-timeout=300")
    yield stack
    stack.tear_down()


@pytest.fixture(scope="session")
def key(stack: Stack) -> str:
    """What `setup` has shown."""
    return stack.first_key
