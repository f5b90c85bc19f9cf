"""What a thread does as long as it is wanted."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class Background(ABC):
    """A thread, whose work looks again and again whether it is to stop."""

    def __init__(self, name: str) -> None:
        """Prepare it; nothing is done yet."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing further, and wait for the end of what is under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Work until `_stopping` is set."""
