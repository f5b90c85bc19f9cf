"""Damaged photos without end: whole ones of every kind, cut, flipped, spliced and stretched, from one seed."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from PIL import Image

from tests.files import FILES
from tests.pictures import encoded, icc_profile, jpeg, photo, with_orientation

Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], bytes]

_MOST_BYTES = 200_000


def mutants(seed: str, count: int) -> Iterator[bytes]:
    """Make damaged files."""
    whole = whole_photos([file.make() for file in FILES.values()])
    return islice(mutants_of(whole, random.Random(seed)), count)


def mutants_of(whole: Sequence[bytes], chance: random.Random) -> Iterator[bytes]:
    """Damage whole ones without end; one to three things are wrong with each."""
    while True:
        data = chance.choice(whole)
        for _ in range(chance.randint(1, 3)):
            data = chance.choice(_MUTATIONS)(bytearray(data), chance, whole)[:_MOST_BYTES]
        yield data


def whole_photos(more: Iterable[bytes]) -> list[bytes]:
    """Make photos of every kind, small ones, beside more that are given."""
    picture = photo(80, 60)
    grey = picture.convert("L")
    transparent = picture.copy()
    transparent.putalpha(grey)
    return [
        jpeg(picture),
        jpeg(picture, progressive=True),
        jpeg(picture, restart_marker_blocks=2),
        jpeg(picture, icc_profile=icc_profile()),
        jpeg(picture.convert("CMYK")),
        jpeg(grey),
        with_orientation(jpeg(picture), 6),
        encoded(picture),
        encoded(picture, icc_profile=icc_profile()),
        encoded(transparent),
        encoded(picture.quantize(16), transparency=3),
        encoded(grey.convert("1")),
        encoded(grey.convert("I;16") if grey.mode == "I;16" else Image.new("I;16", (80, 60), 999)),
        encoded(picture, "BMP"),
        encoded(picture.quantize(16), "BMP"),
        *(data for data in more if len(data) <= _MOST_BYTES),
    ]


def _cut(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytes:
    return bytes(data[: chance.randint(0, len(data))])


def _cut_out(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytes:
    start = chance.randint(0, len(data))
    del data[start : start + chance.randint(1, 200)]
    return bytes(data)


def _flip(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytes:
    for _time in range(chance.randint(1, 12)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _flip_near_the_start(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytes:
    for _time in range(chance.randint(1, 4)):
        if data:
            data[chance.randrange(min(len(data), 120))] = chance.randrange(256)
    return bytes(data)


def _splice(data: bytearray, chance: random.Random, whole: Sequence[bytes]) -> bytes:
    other = chance.choice(whole)
    return bytes(data[: chance.randint(0, len(data))]) + other[chance.randint(0, len(other)) :]


def _repeat(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytes:
    start = chance.randint(0, len(data))
    piece = data[start : start + chance.randint(1, 64)]
    data[start:start] = piece * chance.randint(1, 200)
    return bytes(data)


def _lie_about_a_number(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> bytes:
    """Write an extreme 16- or 32-bit number somewhere: a length, a width, an offset."""
    number = chance.choice((0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
    layout = chance.choice(("<H", ">H", "<I", ">I"))
    size = struct.calcsize(layout)
    if len(data) > size:
        struct.pack_into(layout, data, chance.randrange(len(data) - size), number & (256**size - 1))
    return bytes(data)


_MUTATIONS: tuple[Mutation, ...] = (
    _cut,
    _cut_out,
    _flip,
    _flip_near_the_start,
    _splice,
    _repeat,
    _lie_about_a_number,
)
