"""`make bench`: the image path against the common way of doing each step, as ratios within one run.

Both sides of a row run in turn on the same photo in one thread, and medians are compared: what else the machine does
hits both. Milliseconds are of this machine and this hour; the ratio is what to look at.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image
from skimage import data

from shared.job import CutoutOptions
from shared.settings.settings import Settings
from shared.wire.contract import Category, ReturnForm
from shared.wire.rendition import PLAIN
from worker.app import create_segmenter
from worker.imaging.cutout import Cutouts, cut_out
from worker.imaging.decoding import decode
from worker.imaging.patch import Patch
from worker.imaging.picture import Picture
from worker.imaging.png_encoding import encode_png
from worker.imaging.rendering import Renderer
from worker.network.segmenter import Segmenter

_ROUNDS = 5
_SIDES = {"0.5 MP": 700, "3 MP": 1730, "9 MP": 2999}


class Row(NamedTuple):
    """One step, done two ways."""

    step: str
    ours: Callable[[], object]
    common: Callable[[], object]


def main() -> None:
    """Print a table for each photo size."""
    cv2.setNumThreads(1)
    segmenter = create_segmenter(Settings())
    for size, side in _SIDES.items():
        photo = Image.fromarray(data.astronaut()).resize((side, side), Image.Resampling.BICUBIC)
        sys.stdout.write(f"\n{size:<28}{'ours ms':>9}{'common ms':>11}{'ratio':>7}\n")
        for row in _rows(photo):
            ours, common = _medians(row)
            sys.stdout.write(f"{row.step:<28}{ours:>9.1f}{common:>11.1f}{ours / common:>7.2f}\n")
        jpeg = _jpeg(photo)
        for name, options in _JOBS.items():
            whole = partial(_whole_job, jpeg, options, segmenter)
            spent = statistics.median(_milliseconds(whole) for _ in range(_ROUNDS))
            sys.stdout.write(f"{name:<28}{spent:>9.1f}\n")


def _whole_job(jpeg: bytes, options: CutoutOptions, segmenter: Segmenter) -> Cutouts:
    return cut_out(decode(jpeg), options, segmenter)


_JOBS = {
    "whole job, cut-out": CutoutOptions(),
    "whole job, mask": CutoutOptions(return_form=ReturnForm.MASK),
    "whole job, 7 categories": CutoutOptions(cloth_class=tuple(Category)),
}


def _rows(photo: Image.Image) -> list[Row]:
    jpeg, rgb = _jpeg(photo), np.array(photo)
    height, width = rgb.shape[:2]
    rows, columns = np.mgrid[:height, :width] / height - 0.5
    alpha = np.clip((0.3 - np.hypot(rows, columns)) * 4000 + 128, 0, 255).astype(np.uint8)
    renderer = Renderer(colours=Patch.of(rgb), rendition=PLAIN, placement=None)
    return [
        Row("decode JPEG", lambda: decode(jpeg), lambda: np.array(Image.open(io.BytesIO(jpeg)))),
        Row(
            "transparent PNG",
            lambda: renderer.write(renderer.draw(Patch.of(alpha), ReturnForm.CUTOUT)),
            lambda: _pillow_png(np.dstack([rgb, alpha])),
        ),
        Row("mask PNG", lambda: encode_png(Picture.of(alpha)), lambda: _pillow_png(alpha)),
        Row(
            "white PNG",
            lambda: renderer.write(renderer.draw(Patch.of(alpha), ReturnForm.WHITE)),
            lambda: _pillow_png(_on_white(rgb, alpha)),
        ),
    ]


def _on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255.0
    return (rgb * share + 255 * (1 - share)).astype(np.uint8)


def _pillow_png(pixels: np.ndarray) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    return encoded.getvalue()


def _jpeg(photo: Image.Image) -> bytes:
    encoded = io.BytesIO()
    photo.save(encoded, "JPEG", quality=90)
    return encoded.getvalue()


def _medians(row: Row) -> tuple[float, float]:
    ours, common = [], []
    for _ in range(_ROUNDS):
        ours.append(_milliseconds(row.ours))
        common.append(_milliseconds(row.common))
    return statistics.median(ours), statistics.median(common)


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1000


if __name__ == "__main__":
    main()
