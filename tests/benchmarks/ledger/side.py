"""One side of the ledger: works on the photos that it is told of, and says what each stage took.

Run by its path, with the checkout to be measured on PYTHONPATH: so one file can measure two of them. It names a stage's
functions as they are called in either; what a checkout does not have is passed over.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from shared.job import CutoutOptions
from shared.settings.settings import Settings
from shared.wire.contract import Category
from worker.app import create_segmenter
from worker.imaging import cutout, decoding

#: Stage → what it is made of, in the order of a job. What one calls of another is counted there.
STAGES = {
    "decode": ["worker.imaging.decoding:decode"],
    "prepare": ["worker.imaging.prepared_photo:PreparedPhoto.of"],
    "frame": [
        "worker.imaging.cutout:to_frame",
        "worker.network.test_time_augmentation:AugmentedNetwork.segment",
    ],
    "infer": ["worker.network.session:Network.segment"],
    "interpret": ["worker.imaging.cutout:interpret"],
    "refine": ["worker.imaging.mattes:refine"],
    "shares": ["worker.imaging.cutout:to_mattes", "worker.imaging.mattes:Mattes.placed"],
    "decontaminate": ["worker.imaging.cutout:decontaminate"],
    "compose": [
        "worker.imaging.rendering:Renderer.draw",
        "worker.imaging.rendering:_cut_out",
        "worker.imaging.rendering:blend",
    ],
    "encode": ["worker.imaging.rendering:encode"],
    "report": [
        "worker.imaging.cutout:look_at",
        "worker.imaging.cutout:bounding_box",
        "worker.imaging.patch:Patch.visible_box",
        "worker.imaging.picture:Picture.share_of_white",
    ],
    "rest": ["worker.imaging.cutout:cut_out"],
}
_MILLISECONDS = 1000

Spent = dict[str, list[float]]


class StageClock:
    """CPU and wall time of each stage, without that of the stages which it calls."""

    def __init__(self, cpu: Callable[[], float] = time.thread_time) -> None:
        """Begin with nothing spent; `cpu` tells how much has been used, in seconds."""
        self._cpu = cpu
        self.spent: Spent = {}
        self._open: list[str] = []
        self._last = self._now()

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Make what does the same, and is counted."""

        @functools.wraps(work)
        def counted(*arguments: Any, **named: Any) -> Any:
            self._charge()
            self._open.append(stage)
            try:
                return work(*arguments, **named)
            finally:
                self._charge()
                self._open.pop()

        return counted

    def _charge(self) -> None:
        """Give what went by since the last look to the stage that is open."""
        before, self._last = self._last, self._now()
        if self._open:
            spent = self.spent.setdefault(self._open[-1], [0.0, 0.0])
            for kind in (0, 1):
                spent[kind] += (self._last[kind] - before[kind]) * _MILLISECONDS

    def _now(self) -> tuple[float, float]:
        return self._cpu(), time.perf_counter()


def attach(clock: StageClock, stages: Mapping[str, Sequence[str]]) -> None:
    """Let the clock count stages in this process.

    Raises:
        LookupError: There is nothing of a stage: it was renamed, and would be missed in silence.
    """
    for stage, places in stages.items():
        if not sum(_attached(clock, stage, place) for place in places):
            raise LookupError(f"{stage}: none of {places} is there")


def _attached(clock: StageClock, stage: str, place: str) -> bool:
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    try:
        owner: Any = importlib.import_module(module)
        for step in owners:
            owner = getattr(owner, step)
        found = vars(owner)[name]
    except (ImportError, AttributeError, KeyError):
        return False
    if isinstance(found, classmethod):
        setattr(owner, name, classmethod(clock.timed(stage, found.__func__)))
    else:
        setattr(owner, name, clock.timed(stage, found))
    return True


def answers() -> Iterator[Spent]:
    """Do what each line says, and tell what it took."""
    cv2.setNumThreads(1)
    clock = StageClock()
    attach(clock, STAGES)
    segmenter = create_segmenter(Settings())
    for line in sys.stdin:
        case = json.loads(line)
        jpeg = Path(case["photo"]).read_bytes()
        options = CutoutOptions(
            cloth_class=tuple(Category(word) for word in case["categories"]),
            rendition_words={"outputs": case["form"]},
        )
        clock.spent.clear()
        cutout.cut_out(decoding.decode(jpeg), options, segmenter)
        yield clock.spent


def main() -> None:
    """Answer each line with one."""
    for answer in answers():
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
