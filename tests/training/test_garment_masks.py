"""Masks from colours alone, and what is not believed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.dataset import Garment, Pixels
from training.data.garment_masks import find_mask, find_masks, garment_sets, looks_like_a_garment
from training.labels import CLASSES, bit
from training.metrics import overlap

TOPS = Garment(photo=Path("g.jpg"), class_index=CLASSES.index("tops"))


def shirt_on_a_sheet() -> tuple[Pixels, np.ndarray]:
    noise = np.random.default_rng(0).normal(0, 4, (256, 192, 3))
    mask = np.zeros((256, 192), np.bool_)
    mask[60:200, 50:140] = True
    mask[60:100, 25:165] = True
    colours = np.where(mask[:, :, None], (60, 70, 160), (215, 210, 200))
    return np.clip(colours + noise, 0, 255).astype(np.uint8), mask


def test_a_shirt_on_a_sheet_is_found() -> None:
    rgb, truth = shirt_on_a_sheet()

    mask = find_mask(rgb)

    assert mask is not None
    assert overlap(mask, truth) > 0.9


def test_a_sheet_without_a_shirt_has_no_mask() -> None:
    noise = np.random.default_rng(0).normal(0, 4, (256, 192, 3))

    assert find_mask(np.clip(200 + noise, 0, 255).astype(np.uint8)) is None


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (slice(100, 110), slice(80, 90)),
        (slice(0, 256), slice(0, 180)),
        (slice(0, 90), slice(0, 192)),
    ],
    ids=["too small", "too large", "at the border"],
)
def test_what_does_not_look_like_a_garment_is_not_kept(rows: slice, columns: slice) -> None:
    rgb = np.full((256, 192, 3), 220, np.uint8)
    mask = np.zeros((256, 192), np.bool_)
    mask[rows, columns] = True
    rgb[mask] = (30, 30, 30)

    assert not looks_like_a_garment(mask, rgb)


def test_a_mask_without_contrast_is_not_kept() -> None:
    _, mask = shirt_on_a_sheet()

    assert not looks_like_a_garment(mask, np.full((256, 192, 3), 128, np.uint8))


def test_a_masks_edge_is_left_open() -> None:
    _, mask = shirt_on_a_sheet()

    sets = garment_sets(mask, TOPS, 512, 384)

    assert sets[300, 190] == bit("tops")
    assert sets[20, 20] == bit("background")
    assert sets[300, 100] == bit("tops") | bit("background")


def test_without_a_mask_all_is_ground_or_garment() -> None:
    assert (garment_sets(None, TOPS, 8, 6) == bit("tops") | bit("background")).all()


def test_masks_are_found_once(tmp_path: Path) -> None:
    rgb, _ = shirt_on_a_sheet()
    photo = tmp_path / "a.jpg"
    cv2.imwrite(str(photo), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    garments = (Garment(photo=photo, class_index=1),)
    first = find_masks(garments, tmp_path / "masks")
    photo.unlink()

    again = find_masks(garments, tmp_path / "masks")

    assert np.array_equal(first["a"], again["a"])
