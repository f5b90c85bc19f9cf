"""Scripts that patch what this process must not: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def assert_says(script: str, words: str, *, within: float = 20) -> None:
    """Run a script, which begins with gevent's patches, and hold it to what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=within,
    )

    assert done.stdout == words, done.stderr
