"""`python -m tests.end_to_end.gated_worker <gate>`: the real worker, whose network waits while the gate is there."""

from __future__ import annotations

import sys
import time
import uuid
from pathlib import Path

from shared.settings.settings import load_settings
from shared.telemetry.logs import set_up_logs
from worker.app import create_segmenter, create_worker, run_worker
from worker.network.segmenter import Frame, Logits, Segmenter


class Gated:
    """Leaves a mark in the gate's folder, and waits until the folder is gone."""

    def __init__(self, segmenter: Segmenter, gate: Path) -> None:
        self._segmenter = segmenter
        self._gate = gate
        self.manifest = segmenter.manifest

    def segment(self, frame: Frame) -> Logits:
        if self._gate.exists():
            (self._gate / uuid.uuid4().hex).touch()
        while self._gate.exists():
            time.sleep(0.01)
        return self._segmenter.segment(frame)


def main() -> None:
    settings = load_settings()
    set_up_logs(settings)
    segmenter = Gated(create_segmenter(settings), Path(sys.argv[1]))
    run_worker(create_worker(settings, segmenter), settings)


if __name__ == "__main__":
    main()
