"""`python -m tests.client.mortal <log> <moment> <n> …`: `cutwork …`, killed when a moment comes the n-th time.

Moments lie just before and just after each change: of the ledger, of a file's name, and of what the service has.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from cutwork.client import Client
from cutwork.commands.main import main
from cutwork.files import Draft
from cutwork.ingest.ledger import Ledger

#: Changes of the ledger that are about photos.
_CHANGES = ("link", "sent", "fetched", "done", "photo_failed", "again")


class Fate:
    """Ends the process at a moment."""

    def __init__(self, log: Path, moment: str, time: int) -> None:
        self._log = log
        self._moment = moment
        self._time = time
        self._count = itertools.count(1)
        #: Which change of the ledger a thread makes.
        self.making = threading.local()

    def meet(self, name: str) -> None:
        """Let a moment pass, or not."""
        if name == self._moment and next(self._count) == self._time:
            with self._log.open("a") as log:
                log.write(f"{name}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, cls: type, method: str, name: str) -> None:
        """Make moments of the start and the end of a method."""
        original = getattr(cls, method)

        @wraps(original)
        def wrapped(*arguments: Any, **more: Any) -> Any:
            self.meet(f"before {name}")
            result = original(*arguments, **more)
            self.meet(f"after {name}")
            return result

        setattr(cls, method, wrapped)

    def around_commits(self) -> None:
        """Make moments of the start and the end of each commit, by what is changed."""
        change: Callable[[Ledger], AbstractContextManager[Any]] = Ledger.change

        @contextmanager
        def wrapped(ledger: Ledger) -> Iterator[Any]:
            name = getattr(self.making, "name", "")
            with change(ledger) as rows:
                yield rows
                if name:
                    self.meet(f"before {name}")
            if name:
                self.meet(f"after {name}")

        Ledger.change = wrapped  # type: ignore[assignment,method-assign]
        for name in _CHANGES:
            self._name(name)

    def _name(self, method: str) -> None:
        original = getattr(Ledger, method)

        @wraps(original)
        def wrapped(*arguments: Any, **more: Any) -> Any:
            self.making.name = method
            try:
                return original(*arguments, **more)
            finally:
                self.making.name = ""

        setattr(Ledger, method, wrapped)


if __name__ == "__main__":
    fate = Fate(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    fate.around_commits()
    fate.around(Draft, "publish", "rename")
    fate.around(Client, "submit", "upload")
    sys.argv = ["cutwork", *sys.argv[4:]]
    main()
