"""What is attacked: a running installation, and what its operator, its clients and its neighbours know of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import redis

from tests.attack.measurement import Measurement
from tests.attack.photos import small_photo
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, QUERY
from tests.end_to_end.installation import outside
from tests.fault.process_tree import descendants_of

ROOT = Path(__file__).parents[2]
KEY_HEADER = "ailabapi-api-key"
V1 = "/v1/jobs"
#: Whose pages may use the service.
NAMED_ORIGIN = "https://studio.example"
_DONE = {2, 3}


@dataclass
class Target:
    """One installation. `environment` is the operator's: attempts use of it what their attacker is said to have."""

    name: str
    url: str
    #: The CUTWORK_ variables that `cutwork-admin` needs.
    environment: Mapping[str, str]
    #: Where state and logs lie.
    directory: Path
    #: Whose descendants are the installation.
    root: int
    #: Files, in which every process says what it says.
    logs: Iterable[Path]
    #: Whether it was started without keys, and has none until an attempt makes one.
    keyless: bool
    #: Where each process tells its metrics.
    metrics: Mapping[str, int]
    #: The variables of who may do everything in the object store, where those above may not.
    owner: Mapping[str, str] = field(default_factory=dict)
    #: Others than that of `url` at which the front end is reached.
    public_ports: frozenset[int] = frozenset()
    #: The authority that clients of the front end and of the object store trust; None: no TLS.
    authority: Path | None = None
    #: The proxy in front, which says its own name.
    proxy: str = ""
    #: What a well-behaved client waited, alone and beside others.
    measured: list[Measurement] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    # As a client

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Made once: to read an authority takes longer than a request."""
        return ssl.create_default_context(cafile=self.authority)

    def client(self, tenant: str = "", **headers: str) -> httpx.Client:
        """Connect as a tenant, which gets a key if it has none; without a tenant, without a key."""
        own = {KEY_HEADER: self.key(tenant)} if tenant else {}
        return httpx.Client(
            base_url=self.url, headers={**own, **headers}, timeout=60, verify=self.tls
        )

    def get(self, url: str, method: str = "GET", **options: Any) -> httpx.Response:
        """Send a request to any URL, such as a result's."""
        return httpx.request(method, url, timeout=30, verify=self.tls, **options)

    def connect(self, seconds: float = 30) -> socket.socket:
        """Connect for bytes that no library would send."""
        parts = urlsplit(self.url)
        plain = socket.create_connection((parts.hostname, parts.port or 443), timeout=seconds)
        if parts.scheme == "http":
            return plain
        return self.tls.wrap_socket(plain, server_hostname=parts.hostname)

    def say(self, request: bytes, seconds: float = 15) -> bytes:
        """Send bytes, and hear what is said until the other end closes, or falls silent."""
        heard = b""
        with self.connect(seconds) as client:
            try:
                client.sendall(request)
                while more := client.recv(65536):
                    heard += more
            except OSError:
                pass  # it hung up, or has nothing more to say
        return heard

    def submit(self, tenant: str, photo: bytes | None = None, **form: str) -> str:
        """Upload a photo, wait for nothing, and return the task id."""
        with self.client(tenant) as client:
            files = {"image": small_photo() if photo is None else photo}
            answer = client.post(CUTOUT, files=files, data={"task_type": "async", **form})
            answer.raise_for_status()
            return str(answer.json()["task_id"])

    def wait_for(self, tenant: str, task_id: str, within: float = 90) -> dict[str, Any]:
        """Poll until a task is done or failed, and return the last answer."""
        with self.client(tenant) as client:

            def finished() -> dict[str, Any] | None:
                answer = client.get(QUERY, params={"task_id": task_id, "wait": "5"})
                body: dict[str, Any] = answer.json()
                return body if body.get("task_status") in _DONE else None

            return eventually(finished, within)

    def result_url(self, tenant: str) -> tuple[str, str]:
        """Let a photo be cut out, and return its task id and the URL of the result."""
        task_id = self.submit(tenant)
        answer = self.wait_for(tenant, task_id)
        return task_id, str(answer["data"]["elements"][0]["image_url"])

    # As the operator

    def key(self, tenant: str) -> str:
        """The key of a tenant; the first one ends the time without keys."""
        if tenant not in self._keys:
            self._keys[tenant] = self.new_key(tenant)
        return self._keys[tenant]

    def new_key(self, tenant: str, *options: str) -> str:
        return self.admin("keys", "create", tenant, *options).stdout.strip()

    def revoke(self, key: str) -> None:
        self.admin("keys", "revoke", key.split("_")[1])

    def admin(
        self, *words: str, changes: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `cutwork-admin` with the operator's variables."""
        return self.run("deploy.admin", *words, changes=changes, check=check)

    def set_up(self) -> None:
        """Run `cutwork-admin setup`."""
        self.admin("setup")

    def run(
        self, module: str, *words: str, changes: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python program to its end; variables of the operator's that are changed to nothing are left out."""
        own = {**self.environment, **(changes or {})}
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env={**outside(), **{name: text for name, text in own.items() if text}},
            check=check,
            capture_output=True,
            text=True,
            timeout=90,
        )

    def broker(self) -> redis.Redis:
        """Connect as who took over a process of ours, and has its password."""
        return redis.Redis.from_url(self.environment["CUTWORK_REDIS_URL"], socket_timeout=10)

    def secrets(self) -> dict[str, str]:
        """Name all that must never be seen: the variables that hold a secret, and the keys."""
        passwords = {
            name: found[1]
            for name, text in self.environment.items()
            if (found := re.search(r"://[^/@]*:([^/@]+)@", text))
        }
        keys = {f"key of {tenant}": key.split("_", 2)[2] for tenant, key in self._keys.items()}
        own = {"CUTWORK_S3_SECRET_KEY": self.environment["CUTWORK_S3_SECRET_KEY"]}
        return {**passwords, **keys, **own}

    # As the machine's kernel

    def processes(self) -> dict[int, str]:
        """Find everything that belongs to it, with its arguments."""
        found = {}
        for pid in descendants_of(self.root):
            try:
                command = Path("/proc", str(pid), "cmdline").read_text()
            except OSError:
                continue
            if command:
                found[pid] = command.replace("\0", " ").strip()
        return found

    @contextmanager
    def paused_worker(self) -> Iterator[None]:
        """Stop the only worker meanwhile, so that jobs wait."""
        [worker] = self.pids("-m worker")
        os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(worker, signal.SIGCONT)

    def pids(self, ending: str) -> list[int]:
        """Find the processes whose arguments end so."""
        found = self.processes().items()
        return sorted(pid for pid, command in found if command.endswith(ending))

    def memory_of(self, pids: Iterable[int]) -> int:
        """Count the bytes of memory that processes hold."""
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        return 4096 * sum(pages)

    def said(self) -> str:
        """Read all logs."""
        return "\n".join(log.read_text(errors="replace") for log in self.logs if log.is_file())

    def is_ready(self) -> bool:
        with self.client() as client:
            return client.get("/readyz").status_code == httpx.codes.OK
