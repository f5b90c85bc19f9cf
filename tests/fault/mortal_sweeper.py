"""`python -m tests.fault.mortal_sweeper <fails|hangs> <method>`: a sweeper whose job table does so."""

from __future__ import annotations

import sys
import threading
from typing import Any
from unittest import mock

import worker.sweeper.__main__
import worker.sweeper.app
from shared.jobs.store import JobStore


def _fail(*_: Any) -> None:
    raise ZeroDivisionError


def _hang(*_: Any) -> None:
    threading.Event().wait()


def main() -> None:
    effect, method = {"fails": _fail, "hangs": _hang}[sys.argv[1]], sys.argv[2]
    with (
        mock.patch.object(JobStore, method, effect),
        mock.patch.object(worker.sweeper.app, "_PATIENCE_SECONDS", 1),
    ):
        worker.sweeper.__main__.main()


if __name__ == "__main__":
    main()
