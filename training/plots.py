"""Pictures of an evaluation: bars, confusions, and what the network sees in some photos."""

from __future__ import annotations

from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib import pyplot
from numpy.typing import NDArray

from training.dataset import Pixels
from training.labels import CATEGORIES, CLASSES, ClassMap
from training.metrics import GarmentScores, Scores

mpl.use("Agg")

#: RGB, by class.
PALETTE = np.array(
    [
        (40, 40, 40), (228, 26, 28), (255, 150, 0), (200, 60, 220), (40, 90, 230), (0, 200, 210), (50, 180, 60),
        (250, 230, 40), (150, 150, 150), (240, 200, 170),
    ],
    np.uint8,
)  # fmt: skip
TILE_HEIGHT, TILE_WIDTH = 270, 540
SHEET_COLUMNS = 4


def draw_scores(people: Scores, garments: GarmentScores, folder: Path) -> None:
    """Write `overlap.png`, `people_confusion.png` and `garment_confusion.png`."""
    summary = people.summary()
    names = ("clothing", *CATEGORIES, "edge")
    figure, axes = pyplot.subplots(figsize=(8, 3.2), layout="constrained")
    bars = axes.bar(names, [summary[name] for name in names], color="#4477aa")
    axes.bar_label(bars, fmt="%.2f")
    axes.set(ylim=(0, 1), ylabel="IoU (edge: F at 2 px)", title="Street photos never trained on")
    figure.savefig(folder / "overlap.png", dpi=110)
    pyplot.close(figure)
    _draw_confusion(people.confusion, "pixels of street photos", folder / "people_confusion.png")
    _draw_confusion(garments.largest, "garment photos", folder / "garment_confusion.png")


def _draw_confusion(counts: NDArray[np.int64], what: str, file: Path) -> None:
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = pyplot.subplots(figsize=(6, 5.4), layout="constrained")
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(CLASSES))
    axes.set_xticks(ticks, CLASSES, rotation=45, ha="right")
    axes.set_yticks(ticks, CLASSES)
    axes.set(xlabel="answer", ylabel="truth", title=f"Share of {what}")
    for row, column in zip(*np.nonzero(share >= 0.01), strict=True):  # noqa: PLR2004
        colour = "white" if share[row, column] > 0.5 else "black"  # noqa: PLR2004
        axes.text(
            column, row, f"{share[row, column]:.2f}", ha="center", va="center", color=colour, size=7
        )
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def draw_contact_sheet(photos: list[Pixels], answers: list[ClassMap], file: Path) -> None:
    """Write each photo beside its answer's colours and its cut-out on white."""
    tiles = [_tile(rgb, answer) for rgb, answer in zip(photos, answers, strict=True)]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % SHEET_COLUMNS)
    rows = [
        np.concatenate(tiles[i : i + SHEET_COLUMNS], axis=1)
        for i in range(0, len(tiles), SHEET_COLUMNS)
    ]
    cv2.imwrite(str(file), cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR))


def _tile(rgb: Pixels, answer: ClassMap) -> Pixels:
    overlay = (0.35 * rgb + 0.65 * PALETTE[answer]).astype(np.uint8)
    clothing = np.isin(answer, [CLASSES.index(name) for name in CATEGORIES])
    cut_out = np.where(clothing[:, :, None], rgb, np.uint8(255))
    strip = np.concatenate([rgb, overlay, cut_out], axis=1)
    scale = min(TILE_HEIGHT / strip.shape[0], TILE_WIDTH / strip.shape[1])
    small = cv2.resize(strip, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((TILE_HEIGHT + 4, TILE_WIDTH + 8, 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile
