"""What the samples of a PNG mean: colours of 8 bits, and how opaque they are."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.photo import Pixels
from worker.imaging.png_lines import Layout, Strip

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}

_OPAQUE = 255
_BYTE, _DEEP = 8, 16
_ENTRIES = 256
#: 16 bits → 8, rounded.
_TO_8_BITS = ((np.arange(1 << 16, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)

#: (n, W) or (n, W, channels), of 8 or 16 bits.
Samples = NDArray[Any]


class Head(NamedTuple):
    """What IHDR says."""

    width: int
    height: int
    #: Of a sample.
    bits: int
    colour: int
    is_interlaced: bool

    @property
    def layout(self) -> Layout:
        """How the pixels lie in the file."""
        bits = self.bits * CHANNELS[self.colour]
        return Layout(self.width, self.height, bits, self.is_interlaced)


class Meaning:
    """Reads the samples of one file."""

    def __init__(self, head: Head, palette: bytes, transparency: bytes | None) -> None:
        """Keep what they depend on.

        Args:
            head: Of the file.
            palette: The content of PLTE.
            transparency: The content of a tRNS that fits to the head; None without one.
        """
        self._head = head
        self._colours = _table(palette, 0).reshape(_ENTRIES, 1, 3)
        self._opacities = None if transparency is None else _table(transparency, _OPAQUE)[:_ENTRIES]
        self._key = None if transparency is None else _key(transparency, head)

    @property
    def is_opaque(self) -> bool:
        """Whether nothing of the file is said to be transparent."""
        return self._head.colour not in {GREY_ALPHA, COLOUR_ALPHA} and self._opacities is None

    def read(self, strip: Strip) -> tuple[Pixels, Pixels | None]:
        """Read some lines: (n, W) grey or (n, W, 3), and (n, W) of opacities; None if all are opaque."""
        samples = self._samples(strip)
        if self._head.colour == PALETTE:
            colours = cv2.applyColorMap(samples, self._colours)
            return _pixels(colours), self._looked_up(samples)
        eight = self._eight_bits(samples)
        if self._head.colour == GREY_ALPHA:
            return eight[..., 0], eight[..., 1]
        if self._head.colour == COLOUR_ALPHA:
            return eight[..., :3], eight[..., 3]
        return eight, None if self._key is None else _differs(samples, self._key)

    def _samples(self, strip: Strip) -> Samples:
        lines, bits = strip.lines, self._head.bits
        channels = CHANNELS[self._head.colour]
        shape = (len(lines), strip.width, channels)[: 2 if channels == 1 else 3]
        if bits == _DEEP:
            return np.ascontiguousarray(lines).view(">u2").astype(np.uint16).reshape(shape)
        if bits == _BYTE:
            return lines.reshape(shape)
        shifts = np.arange(_BYTE - bits, -1, -bits, dtype=np.uint8)
        levels = (lines[..., np.newaxis] >> shifts) & ((1 << bits) - 1)
        return np.ascontiguousarray(levels.reshape(len(lines), -1)[:, : strip.width])

    def _eight_bits(self, samples: Samples) -> Pixels:
        if self._head.bits == _DEEP:
            return _TO_8_BITS[samples]
        return samples * np.uint8(_OPAQUE // ((1 << self._head.bits) - 1))

    def _looked_up(self, samples: Samples) -> Pixels | None:
        return None if self._opacities is None else _pixels(cv2.LUT(samples, self._opacities))


def _table(content: bytes, default: int) -> Pixels:
    """What is said of the palette's entries, and of those that are not there."""
    table = np.full(_ENTRIES * 3, default, np.uint8)
    table[: len(content)] = np.frombuffer(content, np.uint8)[: len(table)]
    return table


def _key(transparency: bytes, head: Head) -> tuple[int, ...] | None:
    """The one colour that is transparent; of each number only the bits of a sample count."""
    if head.colour == PALETTE:
        return None
    most = (1 << head.bits) - 1
    return tuple(number & most for (number,) in struct.iter_unpack(">H", transparency))


def _differs(samples: Samples, key: tuple[int, ...]) -> Pixels:
    return _pixels(cv2.bitwise_not(cv2.inRange(samples, key, key)))


def _pixels(array: Any) -> Pixels:
    return np.asarray(array, np.uint8)
