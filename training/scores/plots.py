"""Pictures of an evaluation: bars and confusions."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot
from numpy.typing import NDArray

from training.labels import CATEGORIES, CLASSES
from training.metrics import GarmentScores, Scores

mpl.use("Agg")


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
