"""deploy/compose.yaml as it is, started by the real Compose."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local.servers.ports import LOOPBACK, free_port
from shared.documents import ROOT
from tests.deploy.containers.podman import Podman

#: What an operator has beside the images.
_FILES = ("compose.yaml", "nginx.conf", "nginx.sh")
#: What an operator makes up.
SECRETS = ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "S3_SECRET_KEY", "GRAFANA_PASSWORD")


def program() -> str:
    """Find Compose, or skip the test that asks."""
    found = shutil.which("docker-compose")
    if found is None:
        pytest.skip("no docker-compose: `make test-deploy` installs it")
    return found


class Stack:
    """The services, in a folder of an operator's."""

    def __init__(self, podman: Podman, **changes: str) -> None:
        self._podman = podman
        self._program = program()
        self._folder = podman.home / "deploy"
        (self._folder / "tls").mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            shutil.copy(ROOT / "deploy" / name, self._folder)
        shutil.copytree(
            ROOT / "deploy" / "monitoring", self._folder / "monitoring", dirs_exist_ok=True
        )
        api, results = (f"{LOOPBACK}:{free_port()}" for _ in range(2))
        self.url = f"http://{api}"
        self.values = {
            **{name: secrets.token_hex(24) for name in SECRETS},
            "PUBLIC_URL": self.url,
            "PUBLIC_LISTEN": api,
            "RESULTS_URL": f"http://{results}",
            "RESULTS_LISTEN": results,
            **changes,
        }
        (self._folder / ".env").write_text(filled_in(self.values))
        self.first_key = ""

    def set_up(self) -> str:
        """Let `setup` run once; what it says. The first time that is the first key, in its last line."""
        said = self.run("setup") if self.first_key else self.call("run", "--rm", "-T", "setup")
        self.first_key = self.first_key or said.strip().splitlines()[-1]
        return said

    def run(self, *command: str) -> str:
        """Run a command in a container of `setup`, beside a stack that stays as it is."""
        return self.call("run", "--rm", "-T", "--no-deps", *command)

    def call(self, *arguments: str, seconds: float = 400) -> str:
        """Run a command of Compose; fail with what it says, and with what the services say."""
        done = self._run(*arguments, seconds=seconds)
        if done.returncode:
            logs = self._run("logs", "--tail=40", seconds=60).stdout
            pytest.fail(f"docker compose {' '.join(arguments)}:\n{done.stderr[-4000:]}\n{logs}")
        return done.stdout

    @contextmanager
    def certified(self, certificate: Path, key: Path) -> Iterator[None]:
        """Give the proxy a certificate for a while."""
        files = {"certificate.pem": certificate, "key.pem": key}
        for name, file in files.items():
            shutil.copy(file, self._folder / "tls" / name)
            # For the proxy's user.
            (self._folder / "tls" / name).chmod(0o644)
        self.start_again("proxy")
        try:
            yield
        finally:
            for name in files:
                (self._folder / "tls" / name).unlink()
            self.start_again("proxy")

    def tear_down(self) -> None:
        """Remove all services, those of every profile among them, and what they stored."""
        self.call("--profile=*", "down", "--volumes", "--timeout=10")

    def start_again(self, service: str) -> None:
        """Start a service again, and wait until all are well."""
        self.call("restart", service)
        self.call("up", "--detach", "--wait", "--wait-timeout=300")

    def containers(self) -> dict[str, dict[str, Any]]:
        """Each service, and what is known of its container."""
        listed = self.call("ps", "--all", "--format=json").splitlines()
        names = {row["Service"]: row["Name"] for row in map(json.loads, listed)}
        return {service: self._podman.inspect(name) for service, name in names.items()}

    def address_of(self, service: str) -> str:
        """Where this machine reaches a service that has no port outside."""
        [network] = self.containers()[service]["NetworkSettings"]["Networks"].values()
        return str(network["IPAddress"])

    def logs(self, service: str) -> str:
        """What a service has printed."""
        return self.call("logs", "--no-log-prefix", service)

    def execute(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a service's container."""
        return self._run("exec", "--no-TTY", service, *command, seconds=60)

    def _run(self, *arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, "--project-directory", str(self._folder), *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            env={**self._podman.environment, "DOCKER_HOST": self._podman.socket},
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )


def filled_in(values: dict[str, str]) -> str:
    """Fill deploy/.env.example in, as an operator does."""
    text = (ROOT / "deploy" / ".env.example").read_text()
    for name, value in values.items():
        text, found = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert found == 1, f"{name} does not stand in .env.example"
    return text


def value_of(name: str) -> str:
    """Read what .env.example says."""
    text = (ROOT / "deploy" / ".env.example").read_text()
    found = re.search(rf"^{name}=(.*)$", text, flags=re.MULTILINE)
    assert found, name
    return found[1]


def write_environment(file: Path) -> Path:
    """Write an environment file that lacks nothing, for commands that start nothing."""
    file.write_text(filled_in(dict.fromkeys(SECRETS, "secret")))
    return file
