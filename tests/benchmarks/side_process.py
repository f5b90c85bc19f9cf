"""A process that works with one checkout, this one or an older one, and answers each line with one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class SideProcess:
    """It runs a program of this checkout, which imports what it measures from its own."""

    def __init__(self, program: Path, checkout: Path) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(program)],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, asked: Mapping[str, object]) -> Any:
        """Let it do something, and give its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()
