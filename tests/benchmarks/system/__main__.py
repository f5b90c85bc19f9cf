"""`python -m tests.benchmarks.system [--rembg PYTHON]`: what a photo costs the whole system, and rembg's server.

Cutwork is what `make run` starts: front end, worker, sweeper, SQLite, SeaweedFS, Valkey. Both servers run the very same
ONNX file, each photo once; a second installation runs as it is delivered, with its own network and two looks. All take
turns with each size of photo. Writes docs/benchmarks/system.md and system.json.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.ledger.photos import SIZES, write_photo
from tests.benchmarks.results import described_machine, write_results
from tests.benchmarks.system.network import NAME, write_network
from tests.benchmarks.system.page import as_page
from tests.benchmarks.system.servers import Server, running_cutwork, running_rembg

_CLIENTS = 8
CUTWORK, REMBG, DELIVERED = "Cutwork, same file", "rembg, same file", "Cutwork, as delivered"


@dataclass
class Cell:
    """What one server did with one size of photo, a number a round."""

    images_per_second: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu: list[Mapping[str, float]] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def measure(self, server: Server, photo: bytes, jobs: int) -> None:
        """Let eight clients send so many photos."""
        server.http.clear()  # it closes what was idle in the others' turns
        before, began = server.cpu(), time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as pool:
            self.seconds += pool.map(lambda _: _timed(server, photo), range(jobs))
        took = time.monotonic() - began
        after = server.cpu()
        self.images_per_second.append(jobs / took)
        self.cpu.append({part: (after[part] - before[part]) / jobs for part in before})
        self.megabytes.append(server.megabytes())

    def summary(self) -> dict[str, object]:
        """Tell the medians of all rounds; CPU in milliseconds."""
        parts = {
            part: round(statistics.median(cpu[part] for cpu in self.cpu) * 1000, 1)
            for part in self.cpu[0]
        }
        return {
            "images_per_second": round(statistics.median(self.images_per_second), 2),
            "p95_seconds": round(sorted(self.seconds)[int(len(self.seconds) * 0.95)], 3),
            "cpu_ms": parts,
            "megabytes": [round(it) for it in self.megabytes],
        }


def _timed(server: Server, photo: bytes) -> float:
    began = time.monotonic()
    server.cut_out(photo)
    return time.monotonic() - began


def main() -> None:
    """Measure, and write down."""
    arguments = _arguments()
    with ExitStack() as stack:
        machine = stack.enter_context(described_machine())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        network = write_network(folder / NAME)
        same = {"CUTWORK_MODEL": str(network.parent), "CUTWORK_SECOND_LOOK": "false"}
        servers: dict[str, Server] = {
            CUTWORK: stack.enter_context(running_cutwork(folder / "same", **same)),
            DELIVERED: stack.enter_context(running_cutwork(folder / "delivered")),
        }
        if arguments.rembg:
            servers[REMBG] = stack.enter_context(running_rembg(arguments.rembg, network))
        measured = _measure(servers, arguments.rounds, arguments.jobs)
    machine |= {
        "rounds": arguments.rounds,
        "jobs_a_round": arguments.jobs,
        "clients": _CLIENTS,
    }
    sizes = {
        size: {name: cell.summary() for name, cell in cells.items()}
        for size, cells in measured.items()
    }
    found = {"machine": machine, "sizes": sizes}
    write_results("system", found, as_page(found))


def _measure(servers: Mapping[str, Server], rounds: int, jobs: int) -> dict[str, dict[str, Cell]]:
    """Let the servers take turns; none is always the first one."""
    measured = {size: {name: Cell() for name in servers} for size in SIZES}
    for size, cells in measured.items():
        photo = write_photo(size)
        for name, server in servers.items():
            server.cut_out(photo)  # loads what is loaded once
            sys.stderr.write(f"{size}: {name} is ready\n")
        for number in range(rounds):
            names = list(servers)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                cells[name].measure(servers[name], photo, jobs)
    return measured


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rembg", type=Path, help="python of an environment with rembg[cpu,cli]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=16, help="photos a round, server and size")
    return parser.parse_args()


if __name__ == "__main__":
    main()
