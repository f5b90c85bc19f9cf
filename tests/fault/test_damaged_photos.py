"""Ten thousand damaged photos through the real decoders. `MUTANTS=100000 MUTANTS_SEED=…` for more or the same."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

from shared.errors import ErrorCode

MEGABYTES = 400


def test_ten_thousand_damaged_photos_are_photos_or_refused_in_bounded_memory() -> None:
    seed = os.environ.get("MUTANTS_SEED") or str(random.randrange(10**9))
    count = int(os.environ.get("MUTANTS", "10000"))

    glutton = subprocess.run(
        [sys.executable, "-m", "tests.fault.glutton", seed, str(count), str(MEGABYTES)],
        capture_output=True,
        text=True,
        check=False,
    )

    # libjpeg's own complaints are thousands of lines.
    assert glutton.returncode == 0, glutton.stderr[-3000:]
    ends = json.loads(glutton.stdout)
    assert ends.pop("peak_mb") < MEGABYTES
    assert ends.pop("slowest_ms") < 5000
    assert ends.keys() <= {"decoded", *ErrorCode}
    assert sum(ends.values()) == count
    assert ends["decoded"] > count / 10, "most were refused by their header alone"
