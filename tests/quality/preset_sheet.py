"""`python -m tests.quality.preset_sheet PHOTO… --output sheet.png`: photos as presets deliver them, and a shadow.

What is pure white is drawn as it is; the frame is grey, so that nothing of a picture's ground is mistaken for it.
The margins of what presets deliver, and its share of white, are printed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from shared.job import CutoutOptions
from shared.manifest import load_manifest
from shared.settings.settings import load_settings
from shared.wire.presets import Presets, load_presets
from tests.quality.sight import Pixels
from worker.imaging.cutout import cut_out
from worker.imaging.decoding import decode
from worker.imaging.photo import Photo
from worker.network.segmenter import Segmenter
from worker.network.session import Network

_SIDE, _FRAME = 500, 6
_GREY = 120
_WITH_SHADOW = {"canvas": "1600x1600", "background": "f4f4f4", "shadow": "soft"}
#: What a JPEG makes of white beside an edge is no clothing.
_CLOTHING = 240


def main() -> None:
    """Read the command line, draw, and print a line a picture."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.quality.preset_sheet", description=__doc__
    )
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--output", type=Path, required=True, help="PNG or JPEG")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = load_settings()
    network = Network(load_manifest(settings.model, settings.models_dir), "cpu")
    presets = load_presets(settings.presets)
    rows = [np.hstack(list(_row(photo, network, presets))) for photo in arguments.photos]
    cv2.imwrite(str(arguments.output), np.vstack(rows)[..., ::-1])


def _row(file: Path, network: Segmenter, presets: Presets) -> Iterator[Pixels]:
    photo = decode(file.read_bytes())
    yield _framed(photo.rgb)
    for name, preset in presets.items():
        picture = _cut_out(photo, preset.words, network)
        sys.stdout.write(f"{file.name}, {name}: {_measured(picture)}\n")
        yield _framed(picture)
    yield _framed(_cut_out(photo, _WITH_SHADOW, network))


def _cut_out(photo: Photo, words: Mapping[str, str], network: Segmenter) -> Pixels:
    content = cut_out(photo, CutoutOptions(rendition_words=words), network).image
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(bgr, np.uint8)[..., ::-1]


def _measured(picture: Pixels) -> str:
    darkest = picture.min(axis=2)
    ys, xs = np.nonzero(darkest < _CLOTHING)
    height, width = darkest.shape
    margins = (xs.min(), ys.min(), width - 1 - xs.max(), height - 1 - ys.max())
    left, top, right, bottom = map(int, margins)
    fill = max(1 - (left + right) / width, 1 - (top + bottom) / height)
    return (
        f"{width} x {height}; left {left}, top {top}, right {right}, bottom {bottom}; fill {fill:.3f}; "
        f"white {np.mean(darkest == 255):.4f}"
    )


def _framed(picture: Pixels) -> Pixels:
    scale = _SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    framed = np.full((_SIDE + 2 * _FRAME, _SIDE + 2 * _FRAME, 3), _GREY, np.uint8)
    top, left = (_SIDE - height) // 2 + _FRAME, (_SIDE - width) // 2 + _FRAME
    framed[top : top + height, left : left + width] = small
    return framed


if __name__ == "__main__":
    main()
