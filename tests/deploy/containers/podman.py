"""Podman with a store of its own, so that nothing of the machine's images and containers is seen or changed."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.local.processes.process import Process
from shared.documents import ROOT

_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_BUILD_SECONDS = 600
#: What a build says when it does not reach a mirror or an index: nothing of ours is wrong then.
_OFFLINE = (
    "Temporary failure resolving",
    "Could not connect to",
    "Failed to fetch",
    "NewConnectionError",
    "NameResolutionError",
    "ReadTimeoutError",
    "ConnectTimeoutError",
    "IncompleteRead",
    "HTTP error",
)

# runc and cgroupfs run where no systemd does; the limits are lower than some machines allow anybody.
_CONTAINERS = """
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{home}/networks"
"""
_STORAGE = """
[storage]
driver = "overlay"
graphroot = "{home}/images"
runroot = "{home}/run"
"""


class Podman:
    """The engine; `with` it its API is served, and its containers' health is looked at."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = f"unix://{home}/podman.sock"
        for name, text in {"containers": _CONTAINERS, "storage": _STORAGE}.items():
            (home / f"{name}.conf").write_text(text.format(home=home))
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(home / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(home / "storage.conf"),
            # We look after health ourselves: systemd, whose timers podman would set, need not be there.
            "DISABLE_HC_SYSTEMD": "true",
        }
        self._service = Process(
            "podman",
            ["podman", "system", "service", "--time=0", self.socket],
            output=home / "service.log",
            environment=self.environment,
        )
        self._stopping = threading.Event()
        self._nurse = threading.Thread(target=self._look_after_health, daemon=True)

    def __enter__(self) -> Podman:
        (self.home / "podman.sock").unlink(missing_ok=True)
        self._service.start()
        self._service.wait_until((self.home / "podman.sock").exists, 30)
        self._nurse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._nurse.join()
        self._service.stop(10)
        self.call("rm", "--all", "--force", "--time=0")
        self.call("unmount", "--all", "--force", is_checked=False)

    def call(
        self, *arguments: str, is_checked: bool = True, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command; fail with what it says."""
        done = subprocess.run(
            ["podman", *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        if is_checked and done.returncode:
            pytest.fail(f"podman {' '.join(arguments)}: {done.stdout[-1000:]}{done.stderr[-3000:]}")
        return done

    def build(self, dockerfile: Path, tag: str, *options: str, context: Path = ROOT) -> None:
        """Build an image by a Dockerfile as it is; skip the test where its packages cannot be fetched."""
        arguments = ["build", "--pull=never", "--network=host", "--format=docker", *self._trust()]
        command = [*arguments, f"--file={dockerfile}", f"--tag={tag}", *options, str(context)]
        built = self.call(*command, is_checked=False, seconds=_BUILD_SECONDS)
        if built.returncode:
            said = built.stdout + built.stderr
            if any(word in said for word in _OFFLINE):
                pytest.skip(f"{dockerfile.name}: its packages cannot be fetched here")
            pytest.fail(f"{dockerfile.name} cannot be built: {said[-4000:]}")

    def inspect(self, name: str) -> dict[str, Any]:
        """What the engine knows of an image or a container."""
        [found] = json.loads(self.call("inspect", name).stdout)
        return dict(found)

    def _trust(self) -> list[str]:
        """Let pip in a build trust whom this machine trusts, and ask the index that this machine asks."""
        settings = {"cert": "/authorities.crt", "index-url": os.environ.get("PIP_INDEX_URL", "")}
        if not _AUTHORITIES.exists():
            del settings["cert"]
        configuration = self.home / "pip.conf"
        configuration.write_text("[global]\n" + _lines(settings))
        options = [f"--volume={configuration}:/etc/pip.conf:ro"]
        if _AUTHORITIES.exists():
            options.append(f"--volume={_AUTHORITIES}:/authorities.crt:ro")
        return options

    def _look_after_health(self) -> None:
        """Do what else systemd's timers would."""
        while not self._stopping.wait(1):
            for container in self.call("ps", "--quiet", is_checked=False).stdout.split():
                self.call("healthcheck", "run", container, is_checked=False)


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings.items() if value)
