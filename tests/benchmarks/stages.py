"""`python -m tests.benchmarks.stages`: the CPU time of a worker's stages for one photo, in one thread.

Medians for the photo of `make run` in several sizes, cut out with one category, without the stores. What is left is all
between the network and the pictures: the frame, opacities, edges, colours.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest import mock

import cv2
from PIL import Image

from shared.job import CutoutOptions
from shared.settings.settings import Settings
from shared.wire.contract import Category
from worker.app import create_segmenter
from worker.imaging.cutout import cut_out
from worker.imaging.decoding import decode
from worker.imaging.rendering import Renderer
from worker.network.segmenter import Segmenter

_PHOTO = Path(__file__).parents[2] / "deploy" / "local" / "photo.jpg"
_SIDES = ((800, 600), (2000, 1500), (2999, 2249))
_ROUNDS = 9
_OPTIONS = CutoutOptions(cloth_class=(Category.TOPS,))

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


class Ledger:
    """CPU milliseconds by stage, of one photo."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count what this thread does meanwhile."""
        began = time.thread_time()
        yield
        self.spent[stage] += (time.thread_time() - began) * 1000


def main() -> None:
    """Print a table."""
    cv2.setNumThreads(1)
    segmenter = create_segmenter(Settings())
    photos = {side: _jpeg(side) for side in _SIDES}
    ledgers = {
        side: [_measure(jpeg, segmenter) for _ in range(_ROUNDS)] for side, jpeg in photos.items()
    }
    stages = list(ledgers[_SIDES[0]][0].spent)
    sys.stdout.write(
        f"{'ms':<12}" + "".join(f"{side[0] * side[1] / 1e6:>9.2f} MP" for side in _SIDES) + "\n"
    )
    for stage in stages:
        medians = [statistics.median(it.spent[stage] for it in ledgers[side]) for side in _SIDES]
        sys.stdout.write(f"{stage:<12}" + "".join(f"{median:>12.1f}" for median in medians) + "\n")


def _measure(jpeg: bytes, segmenter: Segmenter) -> Ledger:
    ledger = Ledger()
    network = mock.Mock(wraps=segmenter, manifest=segmenter.manifest)
    network.segment = _counted(ledger, "network", segmenter.segment)
    write = _counted(ledger, "PNG", Renderer.write)
    with ledger.of("all"):
        with ledger.of("decode"):
            photo = decode(jpeg)
        with mock.patch.object(Renderer, "write", write):
            cut_out(photo, _OPTIONS, network)
    known = sum(ledger.spent[stage] for stage in ("decode", "network", "PNG"))
    ledger.spent["the rest"] = ledger.spent["all"] - known
    return ledger


def _counted(
    ledger: Ledger, stage: str, work: Callable[Parameters, Answer]
) -> Callable[Parameters, Answer]:
    def counted(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        with ledger.of(stage):
            return work(*args, **kwargs)

    return counted


def _jpeg(side: tuple[int, int]) -> bytes:
    encoded = io.BytesIO()
    with Image.open(_PHOTO) as photo:
        photo.resize(side, Image.Resampling.LANCZOS).save(encoded, "JPEG", quality=90)
    return encoded.getvalue()


if __name__ == "__main__":
    main()
