"""Running the photos of several jobs together, to keep a GPU busy.

On a CPU a batch costs as much as its photos one by one, so there every thread runs the network itself. The names of
the two knobs are Triton's.
"""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from shared.errors import InferenceFailed
from worker.network.segmenter import BatchSegmenter, Frame, Logits


@dataclass(frozen=True, eq=False)
class _Waiting:
    frame: Frame
    logits: Future[Logits]
    #: When it has waited long enough for company, in seconds of `time.monotonic`.
    deadline: float


def batch_sizes(largest: int) -> tuple[int, ...]:
    """List the sizes in which batches run: powers of two and the largest, so that a GPU plans for few."""
    powers = (2**n for n in range(largest.bit_length()))
    return (*(size for size in powers if size < largest), largest)


class Batcher:
    """Runs the photos of several threads together, up to `max_batch_size` of one shape, the oldest first."""

    def __init__(
        self, network: BatchSegmenter, *, max_batch_size: int, max_queue_delay: timedelta
    ) -> None:
        """Start the thread that runs the network."""
        self._network = network
        self.manifest = network.manifest
        self._sizes = batch_sizes(max_batch_size)
        self._max_delay = max_queue_delay.total_seconds()
        self._queue: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        #: What came and did not run yet, the oldest first; of the thread alone.
        self._waiting: list[_Waiting] = []
        threading.Thread(target=self._serve, name="batcher", daemon=True).start()

    def segment(self, frame: Frame) -> Logits:
        """Run one frame, (3, H, W) to (C, h, w), with whatever else waits.

        Raises:
            InferenceFailed: The network failed on this very frame; those it ran with are not affected.
        """
        waiting = _Waiting(frame, Future(), time.monotonic() + self._max_delay)
        self._queue.put(waiting)
        return waiting.logits.result()

    def _serve(self) -> None:
        while True:
            self._run(self._gather())

    def _gather(self) -> list[_Waiting]:
        """Take what runs next: the oldest frame, and as many of its shape as there are, or come in its time."""
        if not self._waiting:
            self._waiting.append(self._queue.get())
        oldest, largest = self._waiting[0], self._sizes[-1]
        while True:
            self._receive_all()
            left = oldest.deadline - time.monotonic()
            # As many as fill a batch wait, be it of another shape: no time to lose.
            if left <= 0 or len(self._waiting) >= largest:
                break
            with suppress(queue.Empty):
                self._waiting.append(self._queue.get(timeout=left))
        batch = [one for one in self._waiting if one.frame.shape == oldest.frame.shape][:largest]
        self._waiting = [one for one in self._waiting if one not in batch]
        return batch

    def _receive_all(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._waiting.append(self._queue.get_nowait())

    def _run(self, batch: list[_Waiting]) -> None:
        """Run a batch, by halves if it fails, so that only the guilty frame does."""
        frames = [waiting.frame for waiting in batch]
        size = next(size for size in self._sizes if size >= len(batch))
        try:
            # What is missing to a size that a GPU has planned for is the last frame again.
            logits = self._network.run(np.stack(frames + frames[-1:] * (size - len(batch))))
        except Exception as error:  # noqa: BLE001  handed to the thread that waits; this one must live on
            if len(batch) == 1:
                batch[0].logits.set_exception(error)
                return
            middle = len(batch) // 2
            self._run(batch[:middle])
            self._run(batch[middle:])
            return
        if len(logits) != size:
            mismatch = InferenceFailed(f"{size} frames gave {len(logits)} answers")
            for waiting in batch:
                waiting.logits.set_exception(mismatch)
            return
        for waiting, answer in zip(batch, logits, strict=False):
            waiting.logits.set_result(answer)
