"""Colour profiles of a few numbers."""

from __future__ import annotations

import struct
import zlib

ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def matrix_profile(
    description: str, gamma: float, primaries: tuple[tuple[float, float, float], ...] | None = None
) -> bytes:
    """An RGB profile of three primaries (XYZ, adapted to D50) and one power."""
    srgb = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
    fixed = [
        b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in column)
        for column in primaries or srgb
    ]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    return _profile(
        description,
        b"RGB ",
        {
            b"rXYZ": fixed[0],
            b"gXYZ": fixed[1],
            b"bXYZ": fixed[2],
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
        },
    )


def grey_profile(gamma: float) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    return _profile("Grey", b"GRAY", {b"kTRC": curve})


def _profile(description: str, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = description.encode("ascii") + b"\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    all_tags = {b"desc": described + bytes(-len(described) % 4), b"wtpt": white, **tags}
    table, contents = struct.pack(">I", len(all_tags)), b""
    offset = 128 + 4 + 12 * len(all_tags)
    for name, content in all_tags.items():
        table += name + struct.pack(">II", offset + len(contents), len(content))
        contents += content
    size = 128 + len(table) + len(contents)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + contents


def profile_chunk(profile: bytes) -> bytes:
    return b"icc\0\0" + zlib.compress(profile)
