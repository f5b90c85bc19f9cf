"""What the numbers of a PNG stand for: its ICC profile, or one made of the gamma and the primaries that it names.

PNG specification (W3C, third edition), 13.13 and 13.14: `iCCP` counts before `sRGB`, and that before `gAMA` and `cHRM`.
Primaries without a gamma say too little to be used. A chunk that is damaged, or says something impossible, is ignored.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.image_files.png_chunks import Chunk

Matrix = NDArray[np.float64]

#: A larger profile is ignored: the largest real ones, of printers, have a few megabytes.
_LARGEST_PROFILE = 8 << 20
#: What sRGB is written as, and how far from it something may be and still mean it.
_SRGB_GAMMA, _SRGB_PRIMARIES = 0.45455, (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_SAME_GAMMA, _SAME_PRIMARIES = 0.005, 0.005
#: A gamma outside of these is ignored.
_LEAST_GAMMA, _MOST_GAMMA = 0.1, 2.0
#: ICC.1:2001-04, D50.
_D50 = np.array([0.9642, 1.0, 0.8249])
#: Lam's cone responses, as ICC.1 has them in its annex on chromatic adaptation (Bradford).
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def read_profile(data: bytes, chunks: Sequence[Chunk], *, is_grey: bool) -> bytes:
    """Give the ICC profile of a PNG's colours; empty if they are sRGB, or nothing is said of them."""
    said: dict[bytes, bytes] = {}
    for chunk in chunks:
        if chunk.name in {b"iCCP", b"sRGB", b"gAMA", b"cHRM"} and chunk.is_intact(data):
            said.setdefault(chunk.name, chunk.content(data))
    if b"iCCP" in said:
        return _unpack(said[b"iCCP"])
    gamma = None if b"sRGB" in said else _read_gamma(said.get(b"gAMA", b""))
    if gamma is None:
        return b""
    primaries = _read_primaries(said.get(b"cHRM", b""))
    is_srgb = primaries is None or np.allclose(primaries, _SRGB_PRIMARIES, atol=_SAME_PRIMARIES)
    if abs(gamma - _SRGB_GAMMA) < _SAME_GAMMA and (is_grey or is_srgb):
        return b""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 / gamma)) + bytes(2)
    if is_grey:
        return _profile(b"GRAY", {b"kTRC": curve})
    columns = _adapted(_SRGB_PRIMARIES if primaries is None else primaries)
    if columns is None:
        return b""
    colours = {
        name: _xyz(column)
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)
    }
    return _profile(b"RGB ", {**colours, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)})


def _unpack(content: bytes) -> bytes:
    _, _, packed = content.partition(b"\0")
    try:
        inflater = zlib.decompressobj()
        profile = inflater.decompress(packed[1:], _LARGEST_PROFILE)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""


def _read_gamma(content: bytes) -> float | None:
    if len(content) != struct.calcsize(">I"):
        return None
    gamma = struct.unpack(">I", content)[0] / 100_000
    return gamma if _LEAST_GAMMA <= gamma <= _MOST_GAMMA else None


def _read_primaries(content: bytes) -> tuple[float, ...] | None:
    """White, red, green and blue, x and y of each."""
    if len(content) != struct.calcsize(">8I"):
        return None
    return tuple(number / 100_000 for number in struct.unpack(">8I", content))


def _adapted(primaries: tuple[float, ...]) -> Matrix | None:
    """The primaries in XYZ as seen in the light of D50, a column each; None if they span no colours."""
    x, y = np.array(primaries).reshape(4, 2).T
    if (y <= 0).any():
        return None
    white, *_ = xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y], axis=1)
    columns = xyz[1:].T
    if abs(np.linalg.det(columns)) < 1e-6:  # noqa: PLR2004
        return None
    columns = columns * np.linalg.solve(columns, white)
    cones = _BRADFORD @ np.stack([white, _D50], axis=1)
    if (cones <= 0).any():
        return None
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(cones[:, 1] / cones[:, 0]) @ _BRADFORD
    adapted: Matrix = adaptation @ columns
    return adapted if np.abs(adapted).max() < 2 else None  # noqa: PLR2004


def _xyz(values: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Write an ICC profile of version 2 for a display: its head, the table of its tags, the tags."""
    text = b"PNG\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    every = {b"desc": description + bytes(-len(description) % 4), b"wtpt": _xyz(_D50), **tags}
    offset = 128 + 4 + 12 * len(every)
    table, content = struct.pack(">I", len(every)), b""
    for name, tag in every.items():
        table += name + struct.pack(">II", offset + len(content), len(tag))
        content += tag
    size = 128 + len(table) + len(content)
    head = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, b"mntr", space, b"XYZ ", b"acsp")
    return (head + _xyz(_D50)[8:]).ljust(128, b"\0") + table + content
