"""The contact sheet: photos beside what the network sees in them and what is cut out. NumPy and OpenCV only."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Pixels
from training.labels import BACKGROUND, CLASSES, ClassMap

Plane = NDArray[np.float32]

#: RGB, by class: of one lightness nearly, so that none looks like a shadow of another.
PALETTE = np.array(
    [
        (40, 40, 40), (228, 26, 28), (255, 150, 0), (200, 60, 220), (40, 90, 230), (0, 200, 210), (50, 180, 60),
        (250, 230, 40), (150, 150, 150), (240, 200, 170),
    ],
    np.uint8,
)  # fmt: skip
COLUMNS = 4
#: Of one of a photo's three views; four photos beside each other are 1,600 pixels wide.
VIEW_HEIGHT, VIEW_WIDTH = 190, 128
_GAP, _SPACE = 2, 12
_LEGEND_HEIGHT = 40
_CHECK = 8
_LIGHT, _DARK = 255, 225


def draw_contact_sheet(
    photos: list[Pixels], answers: list[ClassMap], alphas: list[Plane], file: Path
) -> None:
    """Write each photo, the colours of its classes over it, and its cut-out on a chequered ground.

    Args:
        photos: Each (H, W, 3).
        answers: The class of every pixel, (H, W).
        alphas: How much of every pixel is clothing, (H, W), 0..1.
        file: A PNG.
    """
    tiles = [_tile(*views) for views in zip(photos, answers, alphas, strict=True)]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[i : i + COLUMNS], axis=1) for i in range(0, len(tiles), COLUMNS)]
    sheet = np.concatenate([_legend(rows[0].shape[1]), *rows])
    cv2.imwrite(str(file), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def cut_out(rgb: Pixels, alpha: Plane) -> Pixels:
    """Lay what `alpha` (H, W) leaves of a photo on a chequered ground."""
    rows, columns = np.indices(alpha.shape) // _CHECK
    ground = np.where((rows + columns) % 2, _DARK, _LIGHT)[..., None]
    return np.asarray(np.rint(ground + alpha[..., None] * (rgb - ground)), np.uint8)


def colour(rgb: Pixels, answer: ClassMap) -> Pixels:
    """Lay the colours of classes over a photo; where there is nothing worn it only gets darker."""
    share = np.where(answer == BACKGROUND, 0.55, 0.7)[..., None]
    return np.asarray(np.rint((1 - share) * rgb + share * PALETTE[answer]), np.uint8)


def _tile(rgb: Pixels, answer: ClassMap, alpha: Plane) -> Pixels:
    scale = min(VIEW_HEIGHT / rgb.shape[0], VIEW_WIDTH / rgb.shape[1])
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    nearest = np.asarray(cv2.resize(answer, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    thin = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    views = [_centred(view) for view in (small, colour(small, nearest), cut_out(small, thin))]
    tile = np.concatenate(views, axis=1)
    return np.pad(tile, ((_GAP, _GAP), (_SPACE // 2,) * 2, (0, 0)), constant_values=255)


def _centred(view: Pixels) -> Pixels:
    spare = VIEW_HEIGHT - view.shape[0], VIEW_WIDTH + _GAP - view.shape[1]
    around = [(length // 2, length - length // 2) for length in spare]
    return np.pad(view, (*around, (0, 0)), constant_values=255)


def _legend(width: int) -> Pixels:
    strip = np.full((_LEGEND_HEIGHT, width, 3), 255, np.uint8)
    step = (width - _SPACE) // len(CLASSES)
    for index, name in enumerate(CLASSES):
        left = _SPACE + index * step
        strip[12:30, left : left + 18] = PALETTE[index]
        where = (left + 24, 27)
        cv2.putText(strip, name, where, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return strip
