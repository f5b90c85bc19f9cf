"""What was measured of the whole system, as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.benchmarks.results import ON_THIS_MACHINE

_PARTS = ("worker", "front_end", "object_store", "broker", "sweeper")
_HEAD = f"""# A photo through the whole system

Written by `python -m tests.benchmarks.system`, {ON_THIS_MACHINE}:
others used the machine too, so only ratios mean something. {{rounds}} rounds of {{jobs_a_round}} photos a server and
size, {{clients}} clients, all servers in turns; medians. JPEGs go in, transparent PNGs come out.

"""


def as_page(found: Mapping[str, Any]) -> str:
    """Write it, ratios first."""
    sizes = found["sizes"]
    lines = [_HEAD.format(**found["machine"])]
    if any(_rembg(servers) for servers in sizes.values()):
        lines += _against_rembg(sizes)
    lines += _cpu(sizes)
    lines += _memory(sizes)
    return "\n".join([*lines, ""])


def _rembg(servers: Mapping[str, Any]) -> Any:
    return next((it for name, it in servers.items() if name.startswith("rembg")), None)


def _same(servers: Mapping[str, Any]) -> Any:
    return servers["Cutwork, same file"]


def _against_rembg(sizes: Mapping[str, Any]) -> Iterator[str]:
    yield "## Against rembg's server\n"
    yield "Both run the very same ONNX file, once a photo. Cutwork's answer to rembg's:\n"
    yield "| photo | images/s | p95 | CPU an image | memory |"
    yield "|---|---|---|---|---|"
    for size, servers in sizes.items():
        ours, theirs = _same(servers), _rembg(servers)
        ratios = (
            ours["images_per_second"] / theirs["images_per_second"],
            ours["p95_seconds"] / theirs["p95_seconds"],
            sum(ours["cpu_ms"].values()) / sum(theirs["cpu_ms"].values()),
            ours["megabytes"][-1] / theirs["megabytes"][-1],
        )
        yield f"| {size} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |"
    yield ""


def _cpu(sizes: Mapping[str, Any]) -> Iterator[str]:
    yield "## CPU of a photo, by part\n"
    yield "Milliseconds, and the share of each part.\n"
    yield f"| photo | server | {' | '.join(part.replace('_', ' ') for part in _PARTS)} | all |"
    yield f"|---|---|{'---|' * (len(_PARTS) + 1)}"
    for size, servers in sizes.items():
        for name, server in servers.items():
            cpu = server["cpu_ms"]
            whole = sum(cpu.values())
            cells = (
                f"{cpu[part]:.0f} ({cpu[part] / whole:.0%})" if part in cpu else ""
                for part in _PARTS
            )
            yield f"| {size} | {name} | {' | '.join(cells)} | {whole:.0f} |"
    yield ""


def _memory(sizes: Mapping[str, Any]) -> Iterator[str]:
    yield "## Memory\n"
    yield "Megabytes of all processes of a server after each round; what they share counts once.\n"
    yield "| photo | server | after each round |"
    yield "|---|---|---|"
    for size, servers in sizes.items():
        for name, server in servers.items():
            yield f"| {size} | {name} | {', '.join(map(str, server['megabytes']))} |"
