"""`python -m tests.fault.poisonable_worker <effect>`: the real worker, which a magenta picture does not agree with."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import numpy as np

from shared.errors import InferenceFailed
from shared.settings.settings import load_settings
from shared.telemetry.logs import set_up_logs
from worker.app import create_segmenter, create_worker, run_worker
from worker.network.segmenter import Frame, Logits, Segmenter

_COMPANY_SECONDS, _SLOW_SECONDS = 0.5, 0.3


class Poisonable:
    """A network that dies of poison, or answers nonsense."""

    def __init__(self, segmenter: Segmenter, effect: str) -> None:
        self._segmenter = segmenter
        self._effect = effect
        self._inside = threading.Semaphore(0)
        self.manifest = segmenter.manifest

    def segment(self, frame: Frame) -> Logits:
        red, green, blue = (float(np.mean(plane)) for plane in frame)
        if green < -0.9 and red > 0.9 and blue > 0.9:
            if self._effect == "dies":
                # In company, if there is some to be had.
                self._inside.acquire(timeout=_COMPANY_SECONDS)
                os.kill(os.getpid(), signal.SIGKILL)
            raise InferenceFailed("The network gave numbers that are not finite")
        self._inside.release()
        time.sleep(_SLOW_SECONDS)
        return self._segmenter.segment(frame)


def main() -> None:
    settings = load_settings()
    set_up_logs(settings)
    segmenter = Poisonable(create_segmenter(settings), sys.argv[1])
    run_worker(create_worker(settings, segmenter), settings)


if __name__ == "__main__":
    main()
