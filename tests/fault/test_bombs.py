"""Small files that mean to be large: refused, or decoded for what they are worth, at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from shared.errors import ErrorCode
from tests.fault.bombs import profile_bomb, row_bomb, scan_bomb, text_bomb
from tests.fault.decoder import cut_out_apart, decode_apart
from tests.pictures import encoded, jpeg, photo
from worker.imaging.decoding import decode

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


def test_a_half_transparent_photo_is_cut_out_in_about_the_memory_of_an_opaque_one() -> None:
    opaque = photo(2990, 2990)
    transparent = opaque.copy()
    transparent.putalpha(128)

    usual = cut_out_apart(encoded(opaque, compress_level=1))
    soft = cut_out_apart(encoded(transparent, compress_level=1))

    assert soft.shape == usual.shape == [2990, 2990, 3]
    assert usual.megabytes < 160
    assert soft.megabytes < usual.megabytes + 64


def test_an_ordinary_progressive_photo_has_few_scans_and_may_be_followed_by_anything() -> None:
    whole = jpeg(photo(300, 200), progressive=True)

    assert decode(whole + b"\xff\xda" * 150).rgb.shape == (200, 300, 3)
