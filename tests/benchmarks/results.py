"""Where results are kept, and on which machine they were found."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "docs" / "benchmarks"
#: For the head of a page; of `machine`.
ON_THIS_MACHINE = (
    "on {cores} cores ({processor}), load {load_at_start} at the start and {load_at_end} at the end"
)


@contextmanager
def described_machine() -> Iterator[dict[str, Any]]:
    """Describe this machine; how busy it was at the end is told when it is over."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (it.partition(": ")[2] for it in lines if it.startswith("model name"))
    machine: dict[str, Any] = {
        "processor": next(named, "unknown"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_at_start": _load(),
    }
    yield machine
    machine["load_at_end"] = _load()


def write_results(name: str, found: Mapping[str, Any], page: str) -> None:
    """Write all numbers, and what is to be read of them."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(page)


def _load() -> float:
    """Tell how many processes have wanted a core in the last minute."""
    return round(os.getloadavg()[0], 1)
