"""`python -m tests.benchmarks.uploads`: accepted uploads a second, against a bare Flask endpoint with the same store.

Both are one process of gunicorn with gevent, and take turns. Cutwork's writes a row to PostgreSQL and a message to
Valkey, too; no worker runs. Writes docs/benchmarks/uploads.md and uploads.json.
"""

from __future__ import annotations

import random
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from deploy.capacity.measuring.processes import cpu_by_part
from deploy.local.processes.process import Process
from deploy.local.servers.health import answers_ok
from deploy.local.servers.ports import LOOPBACK, free_port
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.tenants.key_store import KeyStore
from tests.benchmarks.ledger.photos import write_photo
from tests.benchmarks.results import ON_THIS_MACHINE, described_machine, write_results
from tests.end_to_end.client import CUTOUT
from tests.end_to_end.installation import Installation
from tests.load.site import running_servers

_CLIENTS, _START_SECONDS = 8, 40
#: Bytes of a photo, and how many are sent in a round.
_SIZES: Mapping[str, tuple[int, int]] = {"200 KB": (200_000, 100), "4 MB": (4_000_000, 24)}
_MANY = 10**6
_OK = 200


@dataclass
class Side:
    """One of both, and what it did, a number a round."""

    url: str
    headers: Mapping[str, str]
    pid: int
    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self, http: urllib3.PoolManager, photo: bytes, uploads: int) -> None:
        """Let eight clients upload so many."""

        def upload(_: int) -> None:
            fields: Mapping[str, str | tuple[str, bytes, str]] = {
                "image": ("photo.jpg", photo, "image/jpeg"),
                "task_type": "async",
            }
            answer = http.request("POST", self.url, fields=fields, headers=self.headers)
            assert answer.status == _OK, answer.data

        http.clear()  # a server closes what was idle in the other's turn
        before, began = self._cpu(), time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as pool:
            list(pool.map(upload, range(uploads)))
        self.per_second.append(uploads / (time.monotonic() - began))
        self.cpu.append((self._cpu() - before) / uploads)

    def _cpu(self) -> float:
        return cpu_by_part([self.pid])["front_end"]

    def summary(self) -> dict[str, float]:
        """Tell the medians."""
        return {
            "per_second": round(statistics.median(self.per_second), 1),
            "cpu_ms": round(statistics.median(self.cpu) * 1000, 2),
        }


class Stand(Installation):
    """A front end, and the bare one beside it."""

    def start_bare(self, port: int) -> Process:
        """Start it as our front end is, but for our own class of worker."""
        gunicorn = str(Path(sysconfig.get_path("scripts"), "gunicorn"))
        options = ["--worker-class", "gevent", "--workers", "1", "--no-control-socket"]
        command = [gunicorn, *options, "--bind", f"{LOOPBACK}:{port}"]
        bare = self._start("bare", [*command, "tests.benchmarks.uploads.bare:create_app()"])
        bare.wait_until(lambda: answers_ok(LOOPBACK, port, "/readyz"), _START_SECONDS)
        return bare


def main(rounds: int) -> None:
    """Measure, and write down."""
    http = urllib3.PoolManager(maxsize=2 * _CLIENTS, timeout=60.0, retries=False)
    measured: dict[str, Any] = {}
    with described_machine() as machine:
        for size, (length, uploads) in _SIZES.items():
            photo = _photo(length)
            with _sides() as sides:
                for number in range(rounds + 1):
                    for side in sides.values() if number % 2 else reversed(sides.values()):
                        side.measure(http, photo, uploads)
                for side in sides.values():
                    del side.per_second[0], side.cpu[0]  # the first round opens connections
                measured[size] = {name: side.summary() for name, side in sides.items()}
    found = {"machine": {**machine, "rounds": rounds, "clients": _CLIENTS}, "sizes": measured}
    write_results("uploads", found, _page(found))


@contextmanager
def _sides() -> Iterator[dict[str, Side]]:
    with ExitStack() as stack:
        limits = {"max_queued": _MANY, "max_queued_per_tenant": _MANY}
        settings = stack.enter_context(running_servers()).model_copy(update=limits)
        database = Database(settings.database_url)
        stack.callback(database.close)
        migrate(database)
        _, key = KeyStore(database).create("shop")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stand = Stand(settings, folder)
        stack.push(stand.__exit__)
        front_end = stand.start_front_end()
        port = free_port()
        bare = stand.start_bare(port)
        ours = Side(stand.url + CUTOUT, {"ailabapi-api-key": key}, front_end.pid)
        yield {"Cutwork": ours, "bare": Side(f"http://{LOOPBACK}:{port}/", {}, bare.pid)}


def _photo(length: int) -> bytes:
    photo = write_photo("0.5 MP")
    return photo + random.Random(1).randbytes(length - len(photo))


def _page(found: Mapping[str, Any]) -> str:
    head = f"""# Accepted uploads

Written by `python -m tests.benchmarks.uploads`, {ON_THIS_MACHINE.format(**found["machine"])}:
others used the machine too, so only ratios mean something. A bare Flask endpoint parses the form and stores the photo
in the same store; Cutwork's also checks key, quotas and photo, and writes a row and a message. One process each,
{found["machine"]["clients"]} clients, medians of {found["machine"]["rounds"]} rounds in which both took turns.

| photo | uploads/s, Cutwork's to the bare one's | CPU of the front end, Cutwork's to the bare one's |
|---|---|---|
"""
    return head + "".join(_rows(found["sizes"]))


def _rows(sizes: Mapping[str, Any]) -> Iterator[str]:
    for size, sides in sizes.items():
        ours, bare = sides["Cutwork"], sides["bare"]
        ratio: Callable[[str], str] = lambda name: f"{ours[name] / bare[name]:.2f}"  # noqa: B023, E731
        yield f"| {size} | {ratio('per_second')} | {ratio('cpu_ms')} |\n"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
