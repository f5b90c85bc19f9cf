"""JPEGs whose chroma is sampled in ways that few programs write, by an encoder that knows them all."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tests.files.file import DAMAGED, UNSUPPORTED, File, refused, taken
from tests.files.jpeg import EOI, cut, with_hole
from tests.pictures import photo, with_segment

#: Of each component: how many of its blocks lie side by side, and one above the other, in a unit.
Factors = tuple[tuple[int, int], ...]
Coefficients = NDArray[np.int64]

_QUANTUM = 4
#: All codes of a table have the same length. The first one, of zeros alone, is not for what a plain ground is made of.
_DC = (8, list(range(11, -1, -1)))
_AC = (8, [run << 4 | size for run in range(16) for size in range(10, 0, -1)] + [0xF0, 0])
_ZIGZAG = sorted(
    ((row, column) for row in range(8) for column in range(8)),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]),
)


@cache
def smooth(width: int = 120, height: int = 80) -> Image.Image:
    """A photo whose colours change so slowly that a sparse sampling keeps them."""
    return photo(width, height).filter(ImageFilter.GaussianBlur(8))


def sampled_jpeg(
    factors: Factors,
    image: Image.Image | None = None,
    *,
    restart: int = 0,
    interleaved: bool = True,
) -> bytes:
    """A baseline JPEG; with a restart behind each so many units, and with one scan or one for each component."""
    image = image or smooth()
    most = [max(sides) for sides in zip(*factors, strict=True)]
    planes = _planes(image, len(factors))
    grids = [
        _blocks(plane, image.size, sides, most)
        for plane, sides in zip(planes, factors, strict=True)
    ]
    frame = struct.pack(">BHHB", 8, image.height, image.width, len(factors)) + b"".join(
        bytes([number, across << 4 | down, 0]) for number, (across, down) in enumerate(factors)
    )
    data = b"\xff\xd8" + _segment(0xDB, bytes([0, *[_QUANTUM] * 64])) + _segment(0xC0, frame)
    data += _segment(0xC4, _table(0x00, *_DC) + _table(0x10, *_AC))
    data += _segment(0xDD, struct.pack(">H", restart)) if restart else b""
    everything = list(range(len(factors)))
    for scan in [everything] if interleaved else [[number] for number in everything]:
        head = bytes([len(scan), *(byte for number in scan for byte in (number, 0)), 0, 63, 0])
        if interleaved:
            units = list(_units(grids, factors))
        else:
            shown = _shown(image.size, factors[scan[0]], most)
            units = [
                [(scan[0], block)]
                for block in grids[scan[0]][: shown[1], : shown[0]].reshape(-1, 64)
            ]
        data += _segment(0xDA, head) + _coded(units, restart or len(units))
    return data + EOI


def _planes(image: Image.Image, count: int) -> list[NDArray[np.float32]]:
    modes = {1: "L", 3: "YCbCr", 4: "CMYK"}
    pixels = np.asarray(image.convert(modes[count]), np.float32).reshape(*image.size[::-1], count)
    # Ink is stored as the paper that is left.
    return [255 - pixels[..., n] if count == 4 else pixels[..., n] for n in range(count)]


def _shown(size: tuple[int, int], sides: tuple[int, int], most: list[int]) -> list[int]:
    """How many blocks across and down have something of the picture."""
    return [
        math.ceil(math.ceil(pixels * part / whole) / 8)
        for pixels, part, whole in zip(size, sides, most, strict=True)
    ]


def _blocks(
    plane: NDArray[np.float32], size: tuple[int, int], sides: tuple[int, int], most: list[int]
) -> Coefficients:
    """Quantised coefficients in the order of the file, (rows, columns, 64), as many as whole units have."""
    units = [-(-pixels // (8 * whole)) for pixels, whole in zip(size, most, strict=True)]
    full = [8 * count * whole for count, whole in zip(units, most, strict=True)]
    padded = np.pad(plane, ((0, full[1] - size[1]), (0, full[0] - size[0])), mode="edge")
    small = cv2.resize(
        padded,
        (full[0] * sides[0] // most[0], full[1] * sides[1] // most[1]),
        interpolation=cv2.INTER_AREA,
    )
    rows, columns = small.shape[0] // 8, small.shape[1] // 8
    tiles = small.reshape(rows, 8, columns, 8).swapaxes(1, 2) - 128
    at = np.arange(8)
    basis = np.cos((2 * at + 1) * at[:, np.newaxis] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    frequencies = np.rint(basis @ tiles @ basis.T / _QUANTUM).astype(np.int64)
    return np.stack([frequencies[..., row, column] for row, column in _ZIGZAG], axis=-1)


def _units(grids: list[Coefficients], factors: Factors) -> Iterator[list[tuple[int, Coefficients]]]:
    """The blocks of each unit, with the component that each is of."""
    across, down = factors[0]
    for row in range(grids[0].shape[0] // down):
        for column in range(grids[0].shape[1] // across):
            yield [
                (number, grid[row * v + y, column * h + x])
                for number, (grid, (h, v)) in enumerate(zip(grids, factors, strict=True))
                for y in range(v)
                for x in range(h)
            ]


def _coded(units: list[list[tuple[int, Coefficients]]], interval: int) -> bytes:
    pieces = []
    for start in range(0, len(units), interval):
        bits, before = [], dict.fromkeys(range(4), 0)
        for unit in units[start : start + interval]:
            for number, block in unit:
                bits += list(_symbols(block, before[number]))
                before[number] = int(block[0])
        text = "".join(bits)
        text += "1" * (-len(text) % 8)
        piece = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
        pieces.append(piece)
    return b"".join(
        piece + (bytes([0xFF, 0xD0 + number % 8]) if number + 1 < len(pieces) else b"")
        for number, piece in enumerate(pieces)
    )


def _symbols(block: Coefficients, before: int) -> Iterator[str]:
    yield _code(_DC, size := (abs(int(block[0]) - before)).bit_length())
    yield _value(int(block[0]) - before, size)
    run = 0
    for value in map(int, block[1 : 1 + max(np.flatnonzero(block[1:]), default=-1) + 1]):
        if value == 0:
            run += 1
            continue
        while run > 15:
            yield _code(_AC, 0xF0)
            run -= 16
        yield _code(_AC, run << 4 | (size := abs(value).bit_length()))
        yield _value(value, size)
        run = 0
    if block[63] == 0:
        yield _code(_AC, 0)


def _code(table: tuple[int, list[int]], symbol: int) -> str:
    length, symbols = table
    return f"{symbols.index(symbol):0{length}b}"


def _value(value: int, size: int) -> str:
    return f"{value if value > 0 else value + (1 << size) - 1:0{size}b}" if size else ""


def _table(name: int, length: int, symbols: list[int]) -> bytes:
    counts = [len(symbols) if length == bits else 0 for bits in range(1, 17)]
    return bytes([name, *counts, *symbols])


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


_410: Factors = ((4, 2), (1, 1), (1, 1))
#: Many kilobytes, to the last row.
_PIXELS = 400, 300


@cache
def large_410(restart: int = 0) -> bytes:
    return sampled_jpeg(_410, photo(*_PIXELS), restart=restart)


def without(data: bytes, start: int, size: int) -> bytes:
    return data[:start] + data[start + size :]


def _named(factors: Factors) -> str:
    return " ".join(f"{across}x{down}" for across, down in factors)


SAMPLINGS: dict[str, File] = {
    **{
        f"jpeg of {_named(factors)}, {kind}": taken(
            lambda factors=factors, how=how: sampled_jpeg(factors, **how),  # type: ignore[misc]
            smooth,
            tolerance=2,
        )
        for factors in (
            _410,
            ((3, 1), (1, 1), (1, 1)),
            ((1, 3), (1, 1), (1, 1)),
            ((2, 4), (1, 1), (1, 1)),
            ((2, 2), (2, 1), (1, 1)),
            ((2, 2), (1, 2), (2, 1)),
            ((4, 1), (2, 1), (1, 1)),
            ((1, 1), (2, 2), (1, 1)),
            ((1, 1), (1, 2), (1, 2)),
        )
        for kind, how in {
            "in one scan": {},
            "in three scans": {"interleaved": False},
            "of restarts": {"restart": 3},
        }.items()
    },
    "cmyk jpeg of 2x1 1x1 2x2 1x1": taken(
        lambda: sampled_jpeg(((2, 1), (1, 1), (2, 2), (1, 1))), smooth, tolerance=2
    ),
    "jpeg of 3x1 2x1 1x1": refused(
        UNSUPPORTED, lambda: sampled_jpeg(((3, 1), (2, 1), (1, 1))), "chroma sampling"
    ),
    "jpeg of 4x3 3x3 2x1": refused(
        UNSUPPORTED,
        lambda: sampled_jpeg(((4, 3), (3, 3), (2, 1)), interleaved=False),
        "chroma sampling",
    ),
    "jpeg of 4:1:0, a large photo": taken(large_410, lambda: photo(*_PIXELS), tolerance=6),
    "jpeg of 4:1:0 with a comment and a profile that is not whole": taken(
        lambda: with_segment(
            with_segment(sampled_jpeg(_410), 0xFE, EOI * 20), 0xE2, b"ICC_PROFILE\0\1\2abc"
        ),
        smooth,
        tolerance=2,
    ),
    **{
        f"jpeg of 4:1:0 with {name} in the place of its end": taken(
            lambda tail=tail: sampled_jpeg(_410)[:-2] + tail,  # type: ignore[misc]
            smooth,
            tolerance=2,
        )
        for name, tail in {
            "nothing": b"",
            "a maker's trailer": b"MAKER\0\1" * 900,
            "300 zeros and its end": bytes(300) + EOI,
            "fill bytes and its end": b"\xff" * 9 + EOI,
        }.items()
    },
    **{
        f"jpeg of 4:1:0, restarts {restart}, cut at {share:.0%}": refused(
            DAMAGED,
            lambda restart=restart, share=share: cut(large_410(restart), share),  # type: ignore[misc]
        )
        for restart in (0, 5)
        for share in (0.1, 0.5, 0.95, 0.99)
    },
    **{
        f"jpeg of 4:1:0, restarts {restart}, with a hole of zeros of {size} bytes": refused(
            DAMAGED,
            lambda restart=restart, size=size: with_hole(large_410(restart), size),  # type: ignore[misc]
        )
        for restart in (0, 5)
        for size in (1000, 4000)
    },
    **{
        f"jpeg of 4:1:0, restarts {restart}, without {size} bytes": refused(
            DAMAGED,
            lambda restart=restart, size=size: without(large_410(restart), 5000, size),  # type: ignore[misc]
        )
        for restart in (0, 5)
        for size in (200, 3000)
    },
    "jpeg of 4:1:0 with 20 KB too many before the end": refused(
        DAMAGED, lambda: sampled_jpeg(_410)[:-2] + b"ab" * 10_000 + EOI
    ),
}
