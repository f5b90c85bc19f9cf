"""`python -m tests.fault.decoder decode < photo`: decodes one photo in a process of its own, and tells what that took.

With `cut_out` it cuts out as well.

The peak of a process that did something else before is that of its whole life.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.errors import Refused
from shared.job import CutoutOptions
from tests.pictures import encoded, photo
from tests.worker.networks import seeing
from worker.imaging.cutout import cut_out
from worker.imaging.decoding import decode

Shape = tuple[int, ...]

#: Makes the peak of this process what it uses now; see proc_pid_clear_refs(5).
_FORGET_PEAK = "5"


@dataclass(frozen=True)
class Decoding:
    """How it ended: with a photo of this shape, or an error; and at what cost."""

    shape: list[int]
    error: str
    cpu_seconds: float
    #: At the most at once, beyond what the process had before.
    megabytes: float


def decode_apart(data: bytes) -> Decoding:
    """Decode in a process of its own."""
    return _apart("decode", data)


def cut_out_apart(data: bytes) -> Decoding:
    """Decode, and cut out, in a process of its own."""
    return _apart("cut_out", data)


def _apart(step: str, data: bytes) -> Decoding:
    child = subprocess.run(
        [sys.executable, "-m", "tests.fault.decoder", step],
        input=data,
        capture_output=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr[-3000:].decode()
    return Decoding(**json.loads(child.stdout))


def main() -> None:
    data = sys.stdin.buffer.read()
    step = STEPS[sys.argv[1]]
    step(encoded(photo()))  # what is loaded once is not the photo's
    Path("/proc/self/clear_refs").write_text(_FORGET_PEAK)
    before, began = _megabytes("VmRSS"), time.process_time()
    shape: list[int] = []
    error = ""
    try:
        shape = list(step(data))
    except Refused as refused:
        error = refused.code
    took = time.process_time() - began
    decoding = Decoding(shape, error, took, _megabytes("VmHWM") - before)
    sys.stdout.write(json.dumps(asdict(decoding)))


def _decode(data: bytes) -> Shape:
    return decode(data).rgb.shape


def _cut_out(data: bytes) -> Shape:
    given = decode(data)
    cut_out(given, CutoutOptions(), seeing(("tops", 0.2, 0.2, 0.8, 0.8)))
    return given.rgb.shape


STEPS = {"decode": _decode, "cut_out": _cut_out}


def _megabytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


if __name__ == "__main__":
    main()
