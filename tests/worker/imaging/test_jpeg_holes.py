"""Zeros that were written over a JPEG's data, and those that an encoder writes: told apart wherever they stand."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from shared.errors import Refused
from tests.files.jpeg import noisy, on_white, scans
from tests.pictures import jpeg, photo
from worker.imaging.decoding import decode

WAYS: dict[str, dict[str, int]] = {
    "baseline": {},
    "optimised": {"optimize": 1},
    "progressive": {"progressive": 1},
    "of restarts": {"restart_marker_rows": 1},
    "optimised and of restarts": {"optimize": 1, "restart_marker_rows": 2},
}
PLACES = np.random.default_rng(11).random(40)


@pytest.mark.parametrize("size", [150, 400, 1000])
@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS.keys())
def test_of_forty_holes_in_a_photo_on_white_one_is_overlooked_at_most(
    options: dict[str, int], size: int
) -> None:
    """On a plain ground one may end as an encoder's data do, by chance."""
    whole = jpeg(on_white(), quality=85, subsampling=2, **options)
    shown = decode(whole).rgb.astype(np.int16)

    overlooked = [place for place in PLACES if is_overlooked(whole, place, size, shown)]

    assert len(overlooked) <= 1


def is_overlooked(whole: bytes, place: float, size: int, shown: np.ndarray) -> bool:
    """Whether a hole there passes, although it can be seen."""
    start = scans(whole)[0] + 14
    at = start + int((len(whole) - 2 - start - size) * place)
    try:
        holed = decode(whole[:at] + bytes(size) + whole[at + size :]).rgb
    except Refused:
        return False
    return bool((np.abs(holed - shown).max(axis=2) > 24).mean() > 0.01)


def gradient(step: float, direction: tuple[int, int]) -> Image.Image:
    """Brightness that grows by as much from each pixel to the next."""
    y, x = np.mgrid[0:300, 0:900]
    rising = np.clip((x * direction[0] + y * direction[1]) * step, 0, 255)
    return Image.fromarray((255 - rising).astype(np.uint8)).convert("RGB")


def tiles(side: int) -> Image.Image:
    tile = np.random.default_rng(3).integers(0, 256, (side, side, 3))
    return Image.fromarray(np.tile(tile, (300 // side, 600 // side, 1)).astype(np.uint8))


def halftone() -> Image.Image:
    return photo(600, 400).convert("1").convert("RGB")


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "on white": on_white,
    "blank": lambda: Image.new("RGB", (700, 500), "white"),
    "black": lambda: Image.new("RGB", (700, 500), "black"),
    "noise": noisy,
    "halftone": halftone,
    **{
        f"gradient of {step} to {direction}": lambda step=step, direction=direction: gradient(  # type: ignore[misc]
            step, direction
        )
        for step in (1 / 64, 1 / 16, 1 / 4)
        for direction in ((1, 0), (0, 1), (1, 1))
    },
    **{f"tiles of {side}": lambda side=side: tiles(side) for side in (2, 8, 12)},  # type: ignore[misc]
}


@pytest.mark.parametrize("quality", [30, 85, 100])
@pytest.mark.parametrize("restart", [0, 7])
@pytest.mark.parametrize("flags", [(0, 0), (1, 0), (1, 1)], ids=["", "optimised", "progressive"])
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES.keys())
def test_a_whole_picture_is_taken_whatever_zeros_it_has(
    picture: Callable[[], Image.Image], flags: tuple[int, int], restart: int, quality: int
) -> None:
    options = {
        cv2.IMWRITE_JPEG_QUALITY: quality,
        cv2.IMWRITE_JPEG_OPTIMIZE: flags[0],
        cv2.IMWRITE_JPEG_PROGRESSIVE: flags[1],
        cv2.IMWRITE_JPEG_RST_INTERVAL: restart,
    }
    written = cv2.imencode(
        ".jpg", np.asarray(picture()), [n for pair in options.items() for n in pair]
    )
    whole = written[1].tobytes()

    for ended in (whole, whole[:-2], whole[:-2] + bytes(10) + whole[-2:]):
        assert decode(ended).rgb.shape[1::-1] == picture().size
