"""What the contact sheet shows of a photo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.labels import CLASSES
from training.scores.sheet import colour, cut_out, draw_contact_sheet

TOPS = CLASSES.index("tops")


def test_a_cut_out_keeps_the_clothing_and_shows_squares_elsewhere() -> None:
    rgb = np.full((32, 32, 3), (10, 90, 30), np.uint8)
    alpha = np.zeros((32, 32), np.float32)
    alpha[:, 16:] = 1

    shown = cut_out(rgb, alpha)

    assert (shown[:, 16:] == rgb[:, 16:]).all()
    assert np.unique(shown[:, :16]).tolist() == [225, 255]


def test_each_class_has_a_colour_of_its_own() -> None:
    answer = np.arange(len(CLASSES), dtype=np.uint8)[None]

    shown = colour(np.full((1, len(CLASSES), 3), 128, np.uint8), answer)

    assert len({tuple(pixel) for pixel in shown[0].tolist()}) == len(CLASSES)


def test_a_sheet_is_1600_pixels_wide_and_takes_photos_of_any_shape(tmp_path: Path) -> None:
    shapes = [(90, 60), (60, 300), (300, 20), (50, 50), (80, 80)]
    photos = [np.full((*shape, 3), 99, np.uint8) for shape in shapes]
    answers = [np.full(shape, TOPS, np.uint8) for shape in shapes]
    alphas = [np.ones(shape, np.float32) for shape in shapes]

    draw_contact_sheet(photos, answers, alphas, tmp_path / "sheet.png")

    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert 1580 < sheet.shape[1] < 1620
