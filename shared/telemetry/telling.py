"""The numbers as a text, written for one after the other.

Writing it keeps the process from everything else meanwhile: a front end's loop, a worker's interpreter. So it rests in
between, and whoever asks without pause waits, not those who came for something else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry

Encoder = Callable[[CollectorRegistry], bytes]

#: How many times as long as it took to write it rests before it writes again: a tenth of a processor at most.
_REST = 9


class Telling:
    """Writes down what a registry holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Write nothing yet."""
        self._registry = registry
        self._turn = threading.Lock()
        self._rested_at = 0.0

    def write(self, encode: Encoder) -> bytes:
        """Write it anew, after those who asked before."""
        with self._turn:
            time.sleep(max(0.0, self._rested_at - time.monotonic()))
            # The thread's own time: on a busy machine others' would be counted too.
            began = time.thread_time()
            text = encode(self._registry)
            spent = time.thread_time() - began
            self._rested_at = time.monotonic() + _REST * spent
        return text
