"""Shop photos in memory, and how one is drawn: each view as often as any other, however many colours it has."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.data.augmentation import Motion, Sample, place
from training.data.dataset import Pixels
from training.data.shop import ShopPhoto
from training.labels import ANY, BACKGROUND, CLASS_COUNT, ClassSets, bit

#: Shops show a whole person or the part around what they sell: share of the latter.
CROPPED_SHARE = 0.5
#: How far beyond the garment such a part goes at the top and at the bottom, at most, in times of its height.
CROP_MARGIN = 0.3
#: Of a photo without a mask, the most that is cut off at the top and at the bottom.
BLIND_CROP = 0.3
MOTION = Motion(scale=(0.75, 1.4), degrees=6)
#: Share of a view's draws with a mask, in times of those without.
MASK_WEIGHT = 2.0
#: Of the pixels that are no ground, those of which nothing is known, at most, for a cut-out.
LARGEST_GAP = 0.1
#: Of a garment of several possible classes, the share that one class must have to be that of all of it.
MAJORITY = 0.7
#: What leaves the upper body to other clothes, or to none.
WORN_BELOW = {bit("pants"), bit("skirt")}
#: Distance of two medians of Lab's a and b, 8 bits each, up to which a colour is skin's.
SKIN_CHROMA = 11.0
#: Pixels that a median is worth anything of.
LEAST_SKIN = 50


@dataclass(frozen=True, eq=False)
class ShopPool:
    """Photos of a shop and the chance of each."""

    photos: tuple[ShopPhoto, ...]
    samples: tuple[Sample, ...]
    chance: NDArray[np.float64]

    @classmethod
    def of(cls, photos: tuple[ShopPhoto, ...], samples: tuple[Sample, ...]) -> ShopPool:
        """Weigh the photos."""
        colours = Counter(photo.view for photo in photos)
        weight = np.array([(MASK_WEIGHT if p.mask else 1.0) / colours[p.view] for p in photos])
        return cls(photos, samples, weight / weight.sum())

    def draw(self, height: int, width: int, rng: Generator) -> tuple[Sample, bool]:
        """Lay a photo, or the part of it around its garment, into a frame; and say whether it is a cut-out."""
        index = int(rng.choice(len(self.photos), p=self.chance))
        sample = self.samples[index]
        cut_out = is_cut_out(sample)
        if rng.random() < CROPPED_SHARE:
            sample = cropped(sample, self.photos[index].class_set, rng)
        return place(sample, height, width, MOTION, rng), cut_out

    def with_labels(self, labels: dict[str, ClassSets]) -> ShopPool:
        """Give the same photos with what a network says of the pixels that may be of several classes.

        Args:
            labels: The photo's stem → sets of classes of the sample's size.
        """
        return replace(
            self,
            samples=tuple(
                _narrowed_sample(photo, sample, labels[photo.photo.stem])
                for photo, sample in zip(self.photos, self.samples, strict=True)
            ),
        )


def _narrowed_sample(photo: ShopPhoto, sample: Sample, labels: ClassSets) -> Sample:
    sets = narrowed(sample.sets, labels, photo.class_set)
    if photo.class_set in WORN_BELOW:
        sets = uncovered(sample.rgb, sets)
    return Sample(rgb=sample.rgb, sets=sets)


def cropped(sample: Sample, class_set: int, rng: Generator) -> Sample:
    """Cut off what is far above and below the garment, as shops do at waist and neck."""
    rows = np.nonzero((sample.sets == class_set).any(axis=1))[0]
    height = sample.sets.shape[0]
    if len(rows):
        reach = CROP_MARGIN * (rows[-1] + 1 - rows[0]) * rng.random(2)
        top, bottom = max(0, round(rows[0] - reach[0])), min(height, round(rows[-1] + 1 + reach[1]))
    else:
        above, below = BLIND_CROP * height * rng.random(2)
        top, bottom = round(above), round(height - below)
    return Sample(rgb=sample.rgb[top:bottom], sets=sample.sets[top:bottom])


def is_cut_out(sample: Sample) -> bool:
    """Say whether all but little of what stands before the ground is known, so that another ground can be put there."""
    unknown = np.mean(sample.sets == ANY)
    figure = np.mean(sample.sets & 1 << BACKGROUND == 0)
    return bool(unknown <= LARGEST_GAP * figure)


def narrowed(sets: ClassSets, labels: ClassSets, class_set: int) -> ClassSets:
    """Leave of each pixel's classes those that a network believes in, if there are any.

    A garment of several possible classes, as a jacket that may be sold as a top, becomes one as a whole, or none.
    """
    common = sets & labels
    result = np.where(common > 0, common, sets)
    garment = sets == class_set
    result[garment] = _majority(labels[garment], class_set)
    return np.asarray(result, np.uint16)


def uncovered(rgb: Pixels, sets: ClassSets) -> ClassSets:
    """Make skin of a top that has the colour of skin, brightness aside: above trousers people often wear nothing.

    Looked at on 90 views of trousers and skirts: all whose tops are nearer to the skin than this show none, and all but
    two of the others show one.
    """
    tops, skin = sets == bit("tops"), sets == bit("person")
    if min(tops.sum(), skin.sum()) < LEAST_SKIN:
        return sets
    chroma = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[:, :, 1:].astype(np.float32)
    away = np.linalg.norm(np.median(chroma[tops], axis=0) - np.median(chroma[skin], axis=0))
    return np.where(tops & (away < SKIN_CHROMA), np.uint16(bit("person")), sets)


def _majority(labels: ClassSets, class_set: int) -> int:
    """Give the one of a set's classes that most labels are; the set itself if there is none."""
    for index in range(CLASS_COUNT):
        if class_set >> index & 1 and len(labels) and np.mean(labels == 1 << index) >= MAJORITY:
            return 1 << index
    return class_set
