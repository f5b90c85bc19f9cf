"""Small files that mean to be large: refused, or decoded for what they are worth, at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from shared.errors import ErrorCode
from tests.fault.bombs import large_png, profile_bomb, row_bomb, scan_bomb, text_bomb
from tests.fault.decoder import cut_out_apart, decode_apart
from tests.pictures import encoded, jpeg, photo
from worker.imaging.decoding import decode
from worker.imaging.png_samples import COLOUR, COLOUR_ALPHA, GREY, GREY_ALPHA, PALETTE

CPU_SECONDS = 2
MEGABYTES = 32


@pytest.mark.parametrize("bomb", [text_bomb, profile_bomb], ids=["comment", "colour profile"])
def test_what_the_pixels_do_not_need_is_not_unpacked(bomb: Callable[[], bytes]) -> None:
    decoding = decode_apart(bomb())

    assert decoding.shape == [96, 96, 3]
    assert decoding.cpu_seconds < CPU_SECONDS
    assert decoding.megabytes < MEGABYTES


@pytest.mark.parametrize(
    "bomb",
    [scan_bomb, partial(scan_bomb, hidden_end=True)],
    ids=["scans", "scans behind an end"],
)
def test_a_bomb_costs_next_to_nothing_and_is_refused(bomb: Callable[[], bytes]) -> None:
    decoding = decode_apart(bomb())

    assert decoding.error == ErrorCode.FILE_DECODING_FAILURE
    assert decoding.cpu_seconds < CPU_SECONDS
    assert decoding.megabytes < MEGABYTES


def test_more_rows_than_the_header_says_are_not_unpacked() -> None:
    decoding = decode_apart(row_bomb())

    assert decoding.shape == [96, 96, 3]
    assert decoding.megabytes < MEGABYTES


def test_what_a_decoding_takes_is_seen() -> None:
    """Nine million pixels: 27 MB, and more while they are decoded."""
    decoding = decode_apart(encoded(photo(3000 - 10, 3000 - 10), "JPEG", quality=30))

    assert decoding.shape == [2990, 2990, 3]
    assert decoding.megabytes > 25


@pytest.mark.parametrize("is_interlaced", [False, True], ids=["", "interlaced"])
@pytest.mark.parametrize(
    ("colour", "bits", "chunks"),
    [
        (GREY, 16, {}),
        (GREY, 16, {b"tRNS": bytes(2)}),
        (COLOUR, 8, {}),
        (COLOUR, 8, {b"tRNS": bytes(6)}),
        (COLOUR, 16, {}),
        (COLOUR, 16, {b"tRNS": bytes(6)}),
        (PALETTE, 8, {b"PLTE": bytes(range(256)) * 3, b"tRNS": bytes(range(256))}),
        (GREY_ALPHA, 16, {}),
        (COLOUR_ALPHA, 8, {}),
        (COLOUR_ALPHA, 16, {}),
    ],
)
def test_a_large_png_takes_little_beside_its_pixels_whatever_its_kind(
    colour: int, bits: int, chunks: dict[bytes, bytes], is_interlaced: bool
) -> None:
    """Nine million pixels: 27 MB of colours and 9 of opacities, or grey that becomes such colours."""
    decoding = decode_apart(large_png(colour, bits, chunks, is_interlaced=is_interlaced))

    assert decoding.shape == [2990, 2990, 3]
    assert decoding.megabytes < 64


def half_transparent() -> bytes:
    image = photo(2990, 2990)
    image.putalpha(128)
    return encoded(image, compress_level=1)


@pytest.mark.parametrize(
    ("make", "megabytes"),
    [
        (lambda: encoded(photo(2990, 2990), compress_level=1), 64),
        (half_transparent, 96),
        (partial(large_png, COLOUR, 16, {b"tRNS": bytes(6)}, is_interlaced=False), 96),
        (partial(large_png, COLOUR_ALPHA, 16, {}, is_interlaced=True), 96),
    ],
    ids=["opaque", "half-transparent", "16 bits with a colour key", "16 bits, interlaced"],
)
def test_a_large_png_is_decoded_and_cut_out_in_a_few_times_its_pixels(
    make: Callable[[], bytes], megabytes: int
) -> None:
    cutting_out = cut_out_apart(make())

    assert cutting_out.shape == [2990, 2990, 3]
    assert cutting_out.megabytes < megabytes


def test_an_ordinary_progressive_photo_has_few_scans_and_may_be_followed_by_anything() -> None:
    whole = jpeg(photo(300, 200), progressive=True)

    assert decode(whole + b"\xff\xda" * 150).rgb.shape == (200, 300, 3)
