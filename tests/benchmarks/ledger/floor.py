"""The floor of the ledger: each stage alone, in the least that a library needs for it, on whole pictures.

Nothing of it makes an edge better: enlarging a mask is one plain interpolation, and colours are taken as they are.
"""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import simplejpeg
from isal import isal_zlib
from PIL import Image

from shared.job import CutoutOptions
from shared.wire.contract import Category
from tests.benchmarks.ledger.side import Spent, StageClock
from worker.imaging.cutout import cut_out
from worker.imaging.decoding import decode
from worker.imaging.frame import to_frame
from worker.imaging.photo import Pixels
from worker.imaging.prepared_photo import PreparedPhoto
from worker.network.segmenter import Segmenter

#: What a plain network looks at, and answers with.
_SIDE = (320, 320)


class Floor:
    """What one photo costs at the least."""

    def __init__(self, jpeg: bytes, segmenter: Segmenter) -> None:
        """Find out what is to be seen in it."""
        self._jpeg, self._segmenter = jpeg, segmenter
        photo = decode(jpeg)
        options = CutoutOptions(cloth_class=tuple(Category), rendition_words={"outputs": "mask"})
        cutouts = cut_out(photo, options, segmenter)
        self._image = _read(cutouts.image)
        self._categories = {
            word: _read(data) for word, data in cutouts.categories.items() if data is not None
        }
        prepared = PreparedPhoto.of(photo, segmenter.manifest)
        self._frame = to_frame(prepared.overview, prepared.letterbox, segmenter.manifest.input)

    @property
    def share(self) -> float:
        """Of the photo, what its clothing fills."""
        return float((self._image > 0).mean())

    def measure(self, categories: list[str], form: str) -> Spent:
        """Do each stage once; of those categories that the photo shows."""
        clock = StageClock()
        rgb = clock.timed("decode", simplejpeg.decode_jpeg)(self._jpeg, "RGB")
        clock.timed("frame", _shrunk)(rgb)
        clock.timed("infer", self._segmenter.segment)(self._frame)
        shown = [alpha for word, alpha in self._categories.items() if word in categories]
        for alpha in (self._image, *shown):
            mask = cv2.resize(alpha, _SIDE)
            clock.timed("refine", cv2.resize)(mask, alpha.shape[::-1])
            picture = clock.timed("compose", _drawn)(rgb, alpha, form)
            clock.timed("encode", _deflated)(picture)
        return clock.spent


def _read(png: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(png)), np.uint8)


def _shrunk(rgb: Pixels) -> Any:
    step = max(1, min(rgb.shape[:2]) // (2 * _SIDE[0]))
    return cv2.resize(rgb[::step, ::step], _SIDE, interpolation=cv2.INTER_AREA)


def _drawn(rgb: Pixels, alpha: Pixels, form: str) -> Any:
    if form == "mask":
        return alpha
    opacity = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
    if form == "white":
        return cv2.add(cv2.multiply(rgb, opacity, scale=1 / 255), cv2.bitwise_not(opacity))
    rgba = cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)
    cv2.insertChannel(alpha, rgba, 3)
    words = rgba.view(np.uint32)[..., 0]
    np.multiply(words, alpha != 0, out=words)
    return rgba


def _deflated(picture: Pixels) -> bytes:
    rows = picture.reshape(len(picture), -1)
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    packed: bytes = isal_zlib.compress(filtered, 1)
    return packed
