"""Augmentation: photos are moved, turned, scaled and recoloured, and pieces of others are pasted in.

All random numbers come from the generator that the caller gives, so a seed decides them. NumPy and OpenCV only.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.data.dataset import Pixels
from training.labels import ANY, ClassSets

#: How much the edge of a pasted piece is blurred, in pixels.
PASTE_BLUR = 0.8
#: JPEG quality drawn between these, for a part of the samples.
JPEG_QUALITY = (35, 90)
#: Share of photos that are shrunk and enlarged again, as if they had been tiny; and by which factor, log-uniform.
COARSE_SHARE = 0.08
COARSENESS = (1.5, 6.0)
#: How far a dyed garment's saturation and gamma change, as logarithms.
DYE_SATURATION, DYE_GAMMA = 0.4, 0.6


@dataclass(frozen=True, eq=False)
class Sample:
    """A photo (H, W, 3) and what its pixels may be (H, W)."""

    rgb: Pixels
    sets: ClassSets


@dataclass(frozen=True, kw_only=True)
class Motion:
    """How far a photo may be moved; each draw is uniform (scales: in their logarithm)."""

    #: Of the size at which the photo just fits into the frame.
    scale: tuple[float, float]
    degrees: float
    #: Of the frame's side.
    shift: float = 0.08
    #: Width against height.
    stretch: float = 1.08


def place(sample: Sample, height: int, width: int, motion: Motion, rng: Generator) -> Sample:
    """Place a photo in a frame (height, width). Around it, its edge is repeated, and the labels are unknown."""
    photo_height, photo_width = sample.sets.shape
    fit = min(height / photo_height, width / photo_width)
    scale = fit * float(np.exp(rng.uniform(*np.log(motion.scale))))
    stretch = float(np.exp(rng.uniform(-1, 1) * np.log(motion.stretch)))
    angle = np.deg2rad(rng.uniform(-motion.degrees, motion.degrees))
    flip = -1.0 if rng.random() < 0.5 else 1.0  # noqa: PLR2004 - a coin
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([flip * scale * stretch, scale / stretch])
    slack = np.abs(np.array([width, height]) - scale * np.array([photo_width, photo_height])) / 2
    reach = slack + motion.shift * np.array([width, height])
    centre = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * reach
    offset = centre - linear @ (np.array([photo_width, photo_height]) / 2)
    # OpenCV's pixel (0, 0) has its centre at the origin, ours at (0.5, 0.5).
    offset = offset + linear @ np.array([0.5, 0.5]) - 0.5
    matrix = np.column_stack([linear, offset])
    size = (width, height)
    return Sample(
        rgb=np.asarray(
            cv2.warpAffine(
                sample.rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
            ),
            np.uint8,
        ),
        sets=np.asarray(
            cv2.warpAffine(sample.sets, matrix, size, flags=cv2.INTER_NEAREST, borderValue=(ANY,)),
            np.uint16,
        ),
    )


def turned(sample: Sample, quarters: int) -> Sample:
    """Turn a sample by quarters of a circle."""
    return Sample(
        rgb=np.ascontiguousarray(np.rot90(sample.rgb, quarters)),
        sets=np.ascontiguousarray(np.rot90(sample.sets, quarters)),
    )


def paste(
    target: Sample, piece: Sample, class_set: int, centre: tuple[float, float], width: float
) -> Sample:
    """Paste the pixels of one class onto another photo.

    Args:
        target: The photo below.
        piece: The photo that holds the piece.
        class_set: The set that the piece's pixels have; the piece is their box.
        centre: Row and column of the target where the middle of the piece's box comes to lie.
        width: Of the pasted box, in pixels of the target.

    Returns:
        A new sample; the target itself if the piece is too small to be seen.
    """
    rows, columns = np.nonzero(piece.sets == class_set)
    if not len(rows) or width < 4:  # noqa: PLR2004 - pixels; less is dirt
        return target
    box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    mask = (piece.sets[box] == class_set).astype(np.float32)
    scale = width / mask.shape[1]
    top = centre[0] - mask.shape[0] * scale / 2
    left = centre[1] - width / 2
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    size = (target.sets.shape[1], target.sets.shape[0])
    moved = cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_LINEAR)
    rgb = cv2.warpAffine(
        piece.rgb[box], matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    sets = np.where(moved > 0.5, np.uint16(class_set), target.sets)  # noqa: PLR2004 - half covered
    return Sample(
        rgb=_blended(target.rgb, np.asarray(rgb, np.uint8), np.asarray(moved, np.float32)),
        sets=np.asarray(sets, np.uint16),
    )


def stand_before(ground: Sample, person: Sample, background_set: int) -> Sample:
    """Put one sample, without what may be background, onto another one of the same size.

    Labels that follow superpixels hold some of the old background. So the outermost pixels are not copied, and their
    labels are left open.
    """
    whole = (person.sets & background_set == 0).astype(np.uint8)
    square = np.ones((3, 3), np.uint8)
    inside = cv2.erode(whole, square, borderValue=1)
    rim = (cv2.dilate(whole, square) > inside).astype(np.bool_)
    sets = np.where(inside > 0, person.sets, ground.sets)
    return Sample(
        rgb=_blended(ground.rgb, person.rgb, inside.astype(np.float32)),
        sets=np.asarray(np.where(rim, sets | person.sets | background_set, sets), np.uint16),
    )


def _blended(below: Pixels, above: Pixels, mask: NDArray[np.float32]) -> Pixels:
    """Lay one photo over another where a mask (H, W), 0..1, is; its edge becomes soft."""
    alpha = cv2.GaussianBlur(mask, (0, 0), PASTE_BLUR)[:, :, None]
    return np.asarray(below + (above.astype(np.float32) - below) * alpha + 0.5, np.uint8)


def dye(sample: Sample, class_sets: list[int], rng: Generator) -> Sample:
    """Give one class that the photo shows another colour; it is drawn among these sets."""
    shown = np.intersect1d(class_sets, sample.sets)
    if not len(shown):
        return sample
    mask = (sample.sets == rng.choice(shown)).astype(np.float32)
    hsv = cv2.cvtColor(sample.rgb, cv2.COLOR_RGB2HSV_FULL)
    levels = np.arange(256)
    more = np.exp(rng.uniform(-DYE_SATURATION, DYE_SATURATION))
    gamma = np.exp(rng.uniform(-DYE_GAMMA, DYE_GAMMA))
    table = np.stack(
        [
            (levels + int(rng.integers(256))) % 256,
            np.minimum(levels * more, 255),
            (levels / 255) ** gamma * 255,
        ],
        axis=1,
    )
    dyed = cv2.LUT(hsv, table.astype(np.uint8).reshape(1, 256, 3))
    other = np.asarray(cv2.cvtColor(dyed, cv2.COLOR_HSV2RGB_FULL), np.uint8)
    return Sample(rgb=_blended(sample.rgb, other, mask), sets=sample.sets)


def top_of(sample: Sample, class_set: int) -> tuple[float, float, float] | None:
    """Find the uppermost part of a class: row, column and width of its first band, or None if there is none.

    Of a person that is the head.
    """
    mask = sample.sets == class_set
    rows = np.nonzero(mask.any(axis=1))[0]
    if len(rows) < 20:  # noqa: PLR2004 - pixels; no head to speak of
        return None
    band = mask[rows[0] : rows[0] + max(6, len(rows) // 12)]
    columns = np.nonzero(band.any(axis=0))[0]
    return float(rows[0]), float(np.median(columns)), float(np.ptp(columns) + 1)


def recolour(rgb: Pixels, rng: Generator) -> Pixels:
    """Change brightness, contrast, gamma, white balance and saturation; sometimes blur, compress and lose detail."""
    gain = np.exp(rng.uniform(-0.25, 0.25)) * np.exp(rng.uniform(-0.08, 0.08, 3))
    gamma = np.exp(rng.uniform(-0.3, 0.3))
    levels = np.linspace(0, 1, 256)[:, None] ** gamma * gain + rng.uniform(-0.08, 0.08)
    table = np.clip(levels * 255, 0, 255).astype(np.uint8)
    changed = cv2.LUT(rgb, table.reshape(1, 256, 3))
    saturation = rng.uniform(0.5, 1.4)
    grey = cv2.cvtColor(cv2.cvtColor(changed, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    changed = cv2.addWeighted(changed, saturation, grey, 1 - saturation, 0)
    if rng.random() < 0.15:  # noqa: PLR2004
        changed = cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < COARSE_SHARE:
        changed = _coarsened(
            np.asarray(changed, np.uint8), float(np.exp(rng.uniform(*np.log(COARSENESS))))
        )
    if rng.random() < 0.2:  # noqa: PLR2004
        quality = int(rng.integers(*JPEG_QUALITY))
        _, data = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, quality])
        changed = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.asarray(changed, np.uint8)


def _coarsened(rgb: Pixels, factor: float) -> Pixels:
    height, width = rgb.shape[:2]
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def ground_of(sample: Sample, background_set: int, rng: Generator) -> Pixels | None:
    """Cut the largest strip of pure background beside the garment, flipped at random; None if there is none."""
    rows, columns = np.nonzero(sample.sets != background_set)
    height, width = sample.sets.shape
    if not len(rows):
        return sample.rgb
    strips = (
        sample.rgb[: rows.min()],
        sample.rgb[rows.max() + 1 :],
        sample.rgb[:, : columns.min()],
        sample.rgb[:, columns.max() + 1 :],
    )
    strip = max(strips, key=lambda pixels: pixels.shape[0] * pixels.shape[1])
    if strip.shape[0] * strip.shape[1] < 0.06 * height * width:
        return None
    return np.asarray(strip[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])])


def fill(strip: Pixels, height: int, width: int) -> Pixels:
    """Make a background (height, width) of a strip: it is enlarged, threefold at most, and then mirrored."""
    scale = np.clip(min(height / strip.shape[0], width / strip.shape[1]), 1.0, 3.0)
    large = cv2.resize(strip, None, fx=float(scale), fy=float(scale))
    down, across = -(-height // large.shape[0]), -(-width // large.shape[1])
    rows = np.concatenate([large[:: 1 - 2 * (i % 2)] for i in range(down)])
    tiled: NDArray[np.uint8] = np.concatenate(
        [rows[:, :: 1 - 2 * (i % 2)] for i in range(across)], axis=1
    )
    return tiled[:height, :width]
