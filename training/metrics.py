"""How good an answer is: overlap from pixel counts summed over photos, edges photo by photo. NumPy and OpenCV only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.labels import (
    ACCESSORY,
    CATEGORIES,
    CLASS_COUNT,
    CLASSES,
    CLOTHING,
    NO_CLASS,
    ClassMap,
)

Mask = NDArray[np.bool_]

#: Of the edge, in pixels of the photo.
EDGE_TOLERANCE = 2
_CATEGORY_INDICES = tuple(CLASSES.index(name) for name in CATEGORIES)


@dataclass(frozen=True, eq=False)
class PersonCounts:
    """One photo of a person."""

    #: [truth, answer], pixels whose class is certain.
    confusion: NDArray[np.int64]
    #: Clothing of any category: pixels in both, and in either. Accessories' pixels count as neither.
    both: int
    either: int
    edge: float


@dataclass
class Scores:
    """Counts over photos of people."""

    photos: list[PersonCounts] = field(default_factory=list)

    @property
    def groups(self) -> list[str]:
        """Of each photo, a word of its own."""
        return [str(index) for index in range(len(self.photos))]

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Pixels of all photos, [truth, answer]."""
        return _sum_of(self.photos)

    def add(self, answer: ClassMap, truth: ClassMap) -> None:
        """Count one photo; both (H, W); `truth` may hold `CLOTHING` and `NO_CLASS`."""
        certain = truth < CLASS_COUNT
        pairs = truth[certain].astype(np.int64) * CLASS_COUNT + answer[certain]
        counts = np.bincount(pairs, minlength=CLASS_COUNT**2)
        ours, theirs = is_clothing(answer), is_clothing(truth)
        both, either = count_clothing(ours, truth)
        confusion = counts.reshape(CLASS_COUNT, CLASS_COUNT)
        self.photos.append(PersonCounts(confusion, both, either, boundary_score(ours, theirs)))

    def overlap_of(self, name: str) -> float:
        """Give the IoU of a class, 0 to 1; NaN if neither truth nor answer has it."""
        return _overlap_of(self.confusion, name)

    def summary(self, indices: Sequence[int] | None = None) -> dict[str, float]:
        """Give the numbers of the table, 0 to 1: of all photos, or of those with these indices."""
        photos = self.photos if indices is None else [self.photos[index] for index in indices]
        confusion = _sum_of(photos)
        overlaps = {name: _overlap_of(confusion, name) for name in CATEGORIES}
        seen = [value for value in overlaps.values() if not np.isnan(value)] or [np.nan]
        return {
            "clothing": sum(p.both for p in photos) / max(sum(p.either for p in photos), 1),
            "mean": float(np.mean(seen)),
            "worst": float(np.min(seen)),
            "edge": float(np.mean([photo.edge for photo in photos])),
            **overlaps,
        }


def _sum_of(photos: Sequence[PersonCounts]) -> NDArray[np.int64]:
    zeros = np.zeros((CLASS_COUNT, CLASS_COUNT), np.int64)
    return np.asarray(sum((photo.confusion for photo in photos), zeros), np.int64)


def _overlap_of(confusion: NDArray[np.int64], name: str) -> float:
    index = CLASSES.index(name)
    hit = confusion[index, index]
    union = confusion[index].sum() + confusion[:, index].sum() - hit
    return float(hit / union) if union else float("nan")


@dataclass(frozen=True)
class GarmentCounts:
    """One photo of a single garment."""

    known: int
    #: The class of the largest part; background where nothing was found.
    largest: int
    #: IoU of all clothing, and of the known class, with the mask, if there is one.
    clothing: float | None = None
    of_class: float | None = None


@dataclass
class GarmentScores:
    """Counts over photos of single garments."""

    photos: list[GarmentCounts] = field(default_factory=list)

    @property
    def groups(self) -> list[str]:
        """Of each photo, a word of its own."""
        return [str(index) for index in range(len(self.photos))]

    @property
    def largest(self) -> NDArray[np.int64]:
        """Photos by [known class, class of the largest part]."""
        return _confusion_of(self.photos)

    def add(self, answer: ClassMap, class_index: int, mask: Mask | None) -> None:
        """Count one photo: the answer (H, W), the known class, and the mask (H, W) if there is one."""
        largest = largest_category(answer)
        if mask is None:
            self.photos.append(GarmentCounts(class_index, largest))
            return
        clothing, of_class = (
            overlap(is_clothing(answer), mask),
            overlap(answer == class_index, mask),
        )
        self.photos.append(GarmentCounts(class_index, largest, clothing, of_class))

    def summary(self, indices: Sequence[int] | None = None) -> dict[str, float]:
        """Give the numbers of the table, 0 to 1: of all photos, or of those with these indices."""
        photos = self.photos if indices is None else [self.photos[index] for index in indices]
        largest = _confusion_of(photos)
        of_class, right = largest.sum(axis=1), np.diag(largest)
        clothing = [photo.clothing for photo in photos if photo.clothing is not None]
        overlaps = [photo.of_class for photo in photos if photo.of_class is not None]
        return {
            "right": float(right.sum() / max(of_class.sum(), 1)),
            "nothing": float(largest[:, 0].sum() / max(of_class.sum(), 1)),
            "clothing": float(np.mean(clothing or [np.nan])),
            "known class": float(np.mean(overlaps or [np.nan])),
            **{CLASSES[i]: float(right[i] / of_class[i]) for i in _CATEGORY_INDICES if of_class[i]},
        }


def _confusion_of(photos: Sequence[GarmentCounts]) -> NDArray[np.int64]:
    counts = np.zeros((CLASS_COUNT, CLASS_COUNT), np.int64)
    for photo in photos:
        counts[photo.known, photo.largest] += 1
    return counts


def is_clothing(classes: ClassMap) -> Mask:
    """Tell which pixels are clothing, of a category or of several; accessories are not."""
    return np.isin(classes, (*_CATEGORY_INDICES, CLOTHING))


def is_counted(truth: ClassMap) -> Mask:
    """Tell which pixels count in a clothing score: accessories and unknown pixels do not."""
    return np.asarray((truth != ACCESSORY) & (truth != NO_CLASS), np.bool_)


def count_clothing(answer: Mask, truth: ClassMap) -> tuple[int, int]:
    """Count the pixels that are clothing in both, and in either, of those that count."""
    theirs, counted = is_clothing(truth), is_counted(truth)
    return int(np.sum(answer & theirs & counted)), int(np.sum((answer | theirs) & counted))


def largest_category(answer: ClassMap) -> int:
    """Give the category with the most pixels, or background if there is none."""
    counts = np.bincount(answer.ravel(), minlength=CLASS_COUNT)[list(_CATEGORY_INDICES)]
    return _CATEGORY_INDICES[int(counts.argmax())] if counts.any() else 0


def overlap(first: Mask, second: Mask) -> float:
    """Give the IoU of two masks, 0 to 1; 1 if both are empty."""
    either = np.sum(first | second)
    return float(np.sum(first & second) / either) if either else 1.0


def boundary_score(answer: Mask, truth: Mask, tolerance: int = EDGE_TOLERANCE) -> float:
    """Give the F score of the edges: which share of each lies within `tolerance` pixels of the other, 0 to 1."""
    ours, theirs = _edge(answer), _edge(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    precision = float(np.mean(_distance_to(theirs)[ours] <= tolerance))
    recall = float(np.mean(_distance_to(ours)[theirs] <= tolerance))
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _edge(mask: Mask) -> Mask:
    """Take the outermost pixels of a mask; the photo's border is no edge."""
    whole = mask.astype(np.uint8)
    inside = cv2.erode(whole, np.ones((3, 3), np.uint8), borderValue=1)
    return np.asarray((whole > 0) & (inside == 0), np.bool_)


def _distance_to(edge: Mask) -> NDArray[np.float32]:
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away, np.float32)
