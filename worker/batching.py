"""Running the photos of several jobs together, to keep a GPU busy.

On a CPU a batch costs as much as its photos one by one, so there every thread runs the network itself. The names of
the two knobs are Triton's.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from datetime import timedelta
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.errors import InferenceFailed
from shared.manifest import Manifest

Frame = NDArray[np.float32]
Logits = NDArray[np.float32]


class Runnable(Protocol):
    """A network: what `worker.model.Network` is, and tests' stand-ins are."""

    @property
    def manifest(self) -> Manifest:
        """What the network expects and gives."""

    def run(self, batch: Frame) -> Logits:
        """Run (N, 3, H, W) to (N, C, h, w)."""


class _Waiting(NamedTuple):
    frame: Frame
    logits: Future[Logits]


class Batcher:
    """Runs the photos of several threads together, up to `max_batch_size` of one shape."""

    def __init__(
        self, network: Runnable, *, max_batch_size: int, max_queue_delay: timedelta
    ) -> None:
        """Start the thread that runs the network."""
        self._network = network
        self.manifest = network.manifest
        self._max_batch_size = max_batch_size
        self._max_delay = max_queue_delay.total_seconds()
        self._queue: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="batcher", daemon=True).start()

    def segment(self, frame: Frame) -> Logits:
        """Run one frame, (3, H, W) to (C, h, w), with whatever else waits.

        Raises:
            InferenceFailed: The network failed on this very frame; those it ran with are not affected.
        """
        waiting = _Waiting(frame, Future())
        self._queue.put(waiting)
        return waiting.logits.result()

    def _serve(self) -> None:
        while True:
            by_shape: dict[tuple[int, ...], list[_Waiting]] = defaultdict(list)
            for waiting in self._gather():
                by_shape[waiting.frame.shape].append(waiting)
            for batch in by_shape.values():
                self._run(batch)

    def _gather(self) -> list[_Waiting]:
        gathered = [self._queue.get()]
        deadline = time.monotonic() + self._max_delay
        while len(gathered) < self._max_batch_size:
            try:
                left = deadline - time.monotonic()
                gathered.append(
                    self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
                )
            except queue.Empty:
                break
        return gathered

    def _run(self, batch: list[_Waiting]) -> None:
        """Run a batch, by halves if it fails, so that only the guilty frame does."""
        try:
            logits = self._network.run(np.stack([waiting.frame for waiting in batch]))
        except Exception as error:  # noqa: BLE001  handed to the thread that waits; this one must live on
            if len(batch) == 1:
                batch[0].logits.set_exception(error)
                return
            middle = len(batch) // 2
            self._run(batch[:middle])
            self._run(batch[middle:])
            return
        if len(logits) != len(batch):
            mismatch = InferenceFailed(f"{len(batch)} frames gave {len(logits)} answers")
            for waiting in batch:
                waiting.logits.set_exception(mismatch)
            return
        for waiting, answer in zip(batch, logits, strict=True):
            waiting.logits.set_result(answer)
