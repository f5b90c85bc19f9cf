"""How good an answer is on shop photos, of which the main garment is known to the pixel. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.data.shop import GARMENT, GROUND, UNKNOWN
from training.labels import CLASS_COUNT, CLASSES, ClassMap
from training.metrics import is_clothing, overlap


@dataclass(frozen=True, kw_only=True)
class ShopPhotoScore:
    """One photo."""

    article: str
    #: What the garment is, "tops|coat" where it may be either.
    category: str
    #: IoU of the garment with its category.
    overlap: float
    #: Share of the garment's pixels that have its category, and that are clothing of any.
    named: float
    found: float
    #: Share of the ground that is taken for clothing.
    invented: float


@dataclass
class ShopScores:
    """Scores of shop photos; all numbers are means over photos."""

    photos: list[ShopPhotoScore] = field(default_factory=list)

    @property
    def groups(self) -> list[str]:
        """Of each photo, its article."""
        return [photo.article for photo in self.photos]

    def add(self, answer: ClassMap, mask: NDArray[np.uint8], class_set: int, article: str) -> None:
        """Count one photo.

        Args:
            answer: (H, W).
            mask: (H, W), values of `training.data.shop`; what it does not know is not counted.
            class_set: The classes that the garment may be; the one that most of it is called is taken for its own.
            article: The word for those that are the same article.
        """
        garment, known = mask == GARMENT, mask != UNKNOWN
        classes = [index for index in range(CLASS_COUNT) if class_set >> index & 1]
        own = max(classes, key=lambda index: np.count_nonzero(garment & (answer == index)))
        clothing = is_clothing(answer)
        self.photos.append(
            ShopPhotoScore(
                article=article,
                category="|".join(CLASSES[index] for index in classes),
                overlap=overlap((answer == own) & known, garment),
                named=_share(answer == own, garment),
                found=_share(clothing, garment),
                invented=_share(clothing, mask == GROUND),
            )
        )

    def summary(self, indices: Sequence[int] | None = None) -> dict[str, float]:
        """Give the numbers of the table, 0 to 1."""
        photos = self.photos if indices is None else [self.photos[index] for index in indices]
        overlaps: dict[str, list[float]] = {}
        for photo in photos:
            overlaps.setdefault(photo.category, []).append(photo.overlap)
        return {
            "overlap": _mean([photo.overlap for photo in photos]),
            "named": _mean([photo.named for photo in photos]),
            "found": _mean([photo.found for photo in photos]),
            "invented": _mean([photo.invented for photo in photos]),
            **{name: _mean(overlaps[name]) for name in sorted(overlaps)},
        }


def _share(answer: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    return float(answer[where].mean()) if where.any() else float("nan")


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
