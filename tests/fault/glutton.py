"""`python -m tests.fault.glutton <seed> <count> <megabytes>`: decodes damaged photos with bounded memory.

Prints how each ended, by error; whatever is neither a photo nor refused ends the process.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter

from shared.errors import Refused
from tests.fault.mutation import mutants
from worker.imaging.decoding import decode

_MEGABYTE = 1 << 20
_SLOWEST_SECONDS = 5


def main() -> None:
    seed, count, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    # What the libraries have mapped already is theirs.
    used = int(_status("VmSize")) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * _MEGABYTE,) * 2)
    ends: Counter[str] = Counter()
    slowest = 0.0
    for number, data in enumerate(mutants(seed, count)):
        began = time.monotonic()
        try:
            photo = decode(data)
        except Refused as error:
            ends[error.code] += 1
        except BaseException:
            sys.stderr.write(f"mutant {number} of seed {seed}: {data[:64]!r}…\n")
            raise
        else:
            assert photo.rgb.ndim == 3
            ends["decoded"] += 1
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < _SLOWEST_SECONDS, f"one took {slowest:.1f} s"
    # `ru_maxrss` would be at least that of the process which started this one.
    peak = int(_status("VmHWM")) // 1024
    sys.stdout.write(json.dumps({**ends, "slowest_ms": round(slowest * 1000), "peak_mb": peak}))


def _status(field: str) -> str:
    with open("/proc/self/status") as status:  # noqa: PTH123
        return next(line.split()[1] for line in status if line.startswith(field))


if __name__ == "__main__":
    main()
