"""Masks for the garment photos, of which only the class is known.

A garment lies in the middle and mostly does not touch the photo's border, so the border's colours are the
background's: what is far from them is probably garment, and GrabCut sharpens that. The result is kept only where
it looks like a garment; the edge is left open, and so is all of a photo whose mask is not kept (its pixels may be
background or the known class, and nothing else).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Garment, Pixels, read_photo
from training.labels import BACKGROUND, ClassSets

Mask = NDArray[np.bool_]

#: GrabCut works at this long side; more takes longer and helps little.
WORK_SIDE = 256
#: Share of the side that counts as border.
BORDER = 0.04
BORDER_COLOURS = 6
GRABCUT_ROUNDS = 4
#: A kept mask covers a share of the photo between these.
SMALLEST, LARGEST = 0.08, 0.80
#: A kept mask covers at most this share of the photo's border.
BORDER_TOUCHED = 0.30
#: Across the edge of a kept mask, colours differ by at least this on average, in units of 8-bit Lab.
LEAST_CONTRAST = 12.0
#: A kept mask fills at least this share of its box; what fills less is shadows and clutter.
LEAST_FILL = 0.35
#: So many pixels on each side of the edge have no label, at `WORK_SIDE`.
OPEN_EDGE = 1


def garment_sets(mask: Mask | None, garment: Garment, height: int, width: int) -> ClassSets:
    """Turn a mask into sets of classes, (height, width).

    Args:
        mask: At any size, or None where none was kept.
        garment: Whose class the mask's pixels have.
        height: Of the result.
        width: Of the result.
    """
    inside, outside = 1 << garment.class_index, 1 << BACKGROUND
    if mask is None:
        return np.full((height, width), inside | outside, np.uint16)
    scale = max(height, width) / WORK_SIDE
    large = cv2.resize(mask.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    kernel = np.ones((2 * round(OPEN_EDGE * scale) + 1,) * 2, np.uint8)
    sets = np.full((height, width), inside | outside, np.uint16)
    sets[cv2.erode(large, kernel) > 127] = inside  # noqa: PLR2004 - half of 255
    sets[cv2.dilate(large, kernel) <= 127] = outside  # noqa: PLR2004
    return sets


def find_masks(garments: tuple[Garment, ...], cache: Path) -> dict[str, Mask]:
    """Find the masks of many photos, at `WORK_SIDE`; those that do not look like a garment are left out.

    Args:
        garments: The photos.
        cache: A folder; masks found before are read from there.

    Returns:
        The photo's stem → its mask.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=2) as threads:
        masks = list(threads.map(lambda garment: _find_or_read(garment, cache), garments))
    return {
        garment.photo.stem: mask
        for garment, mask in zip(garments, masks, strict=True)
        if mask is not None
    }


def _find_or_read(garment: Garment, cache: Path) -> Mask | None:
    file = cache / f"{garment.photo.stem}.png"
    if not file.is_file():
        mask = find_mask(read_photo(garment.photo, WORK_SIDE))
        kept = mask if mask is not None else np.zeros((1, 1), np.bool_)
        cv2.imwrite(str(file), kept.astype(np.uint8) * 255)
    stored = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE))
    return stored > 0 if stored.any() else None


def find_mask(rgb: Pixels) -> Mask | None:
    """Find the garment of one small photo, (H, W); None if what was found does not look like one."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), 1.0)
    lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), np.uint8)
    prior = _prior(lab)
    trimap = np.where(prior > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)  # noqa: PLR2004
    trimap[_border(trimap.shape) & (prior < 0.5)] = cv2.GC_BGD  # noqa: PLR2004
    if np.mean(trimap == cv2.GC_PR_FGD) < SMALLEST / 2:
        return None
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(lab, trimap, None, *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    mask = _tidy((trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD))
    return mask if looks_like_a_garment(mask, lab) else None


def _border(shape: tuple[int, ...]) -> Mask:
    border = np.ones(shape[:2], np.bool_)
    inset = max(2, round(BORDER * max(shape)))
    border[inset:-inset, inset:-inset] = False
    return border


def _prior(lab: Pixels) -> NDArray[np.float32]:
    """Score how little a pixel looks like the border and how near it is to the middle, 0 to 1, (H, W)."""
    height, width = lab.shape[:2]
    samples = lab[_border(lab.shape)].astype(np.float32)
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    _, which, centres = cv2.kmeans(samples, BORDER_COLOURS, None, stop, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    share = np.bincount(which.ravel(), minlength=BORDER_COLOURS) / len(samples)
    common = centres[share > 0.04]  # noqa: PLR2004 - rarer colours may be the garment's own
    away = np.stack([np.linalg.norm(lab.astype(np.float32) - centre, axis=2) for centre in common])
    distance = np.minimum(away.min(axis=0), 80.0)
    rows = np.linspace(-1, 1, height)[:, None]
    columns = np.linspace(-1, 1, width)[None, :]
    middle = np.exp(-1.2 * (rows**4 + columns**4))
    score = np.asarray(distance * middle, np.float32)
    levels = np.clip(score * (255 / max(float(score.max()), 1.0)), 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_OTSU)
    return np.asarray(np.clip(levels / max(2 * threshold, 1.0), 0, 1), np.float32)


def _tidy(mask: Mask) -> Mask:
    """Smooth, keep the large parts (a pair of shoes is two), fill the holes."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    smooth = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    smooth = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, kernel)
    outlines, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(outline) for outline in outlines]
    filled = np.zeros(mask.shape, np.uint8)
    large = [o for o, area in zip(outlines, areas, strict=True) if area > 0.25 * max(areas)]
    cv2.drawContours(filled, large, -1, 1, cv2.FILLED)
    return filled > 0


def looks_like_a_garment(mask: Mask, lab: Pixels) -> bool:
    """Judge a mask by size, place, shape and the contrast at its edge."""
    if not SMALLEST <= mask.mean() <= LARGEST:
        return False
    frame = np.ones(mask.shape, np.bool_)
    frame[1:-1, 1:-1] = False
    if mask[frame].mean() > BORDER_TOUCHED:
        return False
    rows, columns = np.nonzero(mask)
    box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    if mask.sum() < LEAST_FILL * box:
        return False
    kernel = np.ones((9, 9), np.uint8)
    small = mask.astype(np.uint8)
    inner = mask & (cv2.erode(small, kernel) == 0)
    outer = ~mask & (cv2.dilate(small, kernel) > 0)
    contrast = lab[inner].astype(float).mean(axis=0) - lab[outer].astype(float).mean(axis=0)
    return bool(np.linalg.norm(contrast) >= LEAST_CONTRAST)
