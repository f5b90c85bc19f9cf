"""The servers that are compared: Cutwork as `make run` starts it, and rembg as its own command does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import urllib3

from deploy.capacity.measuring.processes import cpu_by_part
from deploy.local.servers.ports import LOOPBACK, free_port
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, QUERY
from tests.end_to_end.local_run import START_SECONDS, Run

_SECONDS = 120.0
_DONE = 2
_MEGA = 1024
_TICKS = os.sysconf("SC_CLK_TCK")


class Server(Protocol):
    """Whatever cuts photos out over HTTP."""

    @property
    def http(self) -> urllib3.PoolManager:
        """Tell by what it is asked."""

    def cut_out(self, photo: bytes) -> bytes:
        """Send a photo, and return the picture; safe to use from many threads."""

    def cpu(self) -> Mapping[str, float]:
        """Tell the CPU seconds that each of its parts has used."""

    def megabytes(self) -> float:
        """Tell the memory that all of its processes take; what they share counts once."""


@dataclass(frozen=True)
class Cutwork:
    """A whole installation on SQLite."""

    run: Run
    key: str
    http: urllib3.PoolManager

    def cut_out(self, photo: bytes) -> bytes:
        """Upload it, wait for the job, and fetch what came of it."""
        fields = {"image": ("photo.jpg", photo, "image/jpeg")}
        answer = self._ask("POST", CUTOUT, fields=fields)
        while answer["task_status"] != _DONE:
            if answer["error_code"]:
                raise RuntimeError(answer["error_msg"])
            answer = self._ask("GET", f"{QUERY}?task_id={answer['task_id']}&wait=30")
        return _body(self.http.request("GET", answer["data"]["elements"][0]["image_url"]))

    def cpu(self) -> Mapping[str, float]:
        """Tell it of each part."""
        return cpu_by_part([self.run.process.pid])

    def megabytes(self) -> float:
        """Tell it of all processes that `make run` has started."""
        return sum(map(_megabytes, self.run.processes()))

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        url = f"http://{LOOPBACK}:{self.run.port}{path}"
        headers = {"ailabapi-api-key": self.key}
        answer: dict[str, Any] = json.loads(
            _body(self.http.request(method, url, headers=headers, **more))
        )
        return answer


@dataclass(frozen=True)
class Rembg:
    """One process, which answers with the picture."""

    pid: int
    url: str
    network: Path
    http: urllib3.PoolManager

    def cut_out(self, photo: bytes) -> bytes:
        """Post it."""
        fields: Mapping[str, str | tuple[str, bytes, str]] = {
            "file": ("photo.jpg", photo, "image/jpeg"),
            "model": "u2net_custom",
        }
        extras = json.dumps({"model_path": str(self.network)})
        url = f"{self.url}/api/remove?{urlencode({'extras': extras})}"
        return _body(self.http.request("POST", url, fields=fields))

    def cpu(self) -> Mapping[str, float]:
        """Tell it of the one process."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return {"server": (int(fields[11]) + int(fields[12])) / _TICKS}

    def megabytes(self) -> float:
        """Tell it of the one process."""
        return _megabytes(self.pid)


@contextmanager
def running_cutwork(home: Path, **settings: str) -> Iterator[Cutwork]:
    """Do what `make run` does."""
    run = Run(home, free_port(), CUTWORK_RATE_PER_MINUTE="0", **settings)
    try:
        eventually(run.is_up, START_SECONDS)
        yield Cutwork(run, run.make_key(), _http())
    finally:
        run.stop()


@contextmanager
def running_rembg(python: Path, network: Path) -> Iterator[Rembg]:
    """Run rembg's server from an environment of its own; it takes networks from one folder alone."""
    port = free_port()
    log = network.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python.with_name("rembg")), *("s", "--no-ui"), *("-h", LOOPBACK, "-p", str(port))],
            env={**os.environ, "REMBG_HOME": str(network.parent), "BROWSER": "true"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    http = _http()
    url = f"http://{LOOPBACK}:{port}"

    def is_up() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return http.request("GET", f"{url}/openapi.json").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    try:
        eventually(is_up, START_SECONDS)
        yield Rembg(process.pid, url, network, http)
    finally:
        process.terminate()
        process.wait(30)


def _http() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=32, timeout=_SECONDS, retries=False)


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {response.data[:300]!r}")
    return response.data


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / _MEGA
