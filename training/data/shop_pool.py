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

#: Shops show a whole person, or only the part around what they sell: the share of the latter.
CROPPED_SHARE = 0.5
#: How far such a part goes beyond the garment, at most, above and below it, as a share of its height.
CROP_MARGIN = 0.3
#: The largest share that is cut off at the top and at the bottom of a photo without a mask.
BLIND_CROP = 0.3
MOTION = Motion(scale=(0.75, 1.4), degrees=6)
#: How many times more often a photo with a mask is drawn than one without.
MASK_WEIGHT = 2.0
#: The largest share of unknown pixels, among those that are not background, with which a photo can be cut out.
LARGEST_GAP = 0.1
#: A garment of several possible classes gets one of them if this share of its pixels has it.
MAJORITY = 0.7
#: Garments that do not cover the upper body.
WORN_BELOW = {bit("pants"), bit("skirt")}
#: A colour is taken for skin up to this distance from the median of the skin (Lab's a and b, 8 bits each).
SKIN_CHROMA = 11.0
#: A median of fewer pixels says nothing.
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
    """Keep those of each pixel's classes that a network believes in, if there are any.

    A garment of several possible classes, such as a jacket that may be sold as a top, gets one class as a
    whole, or keeps all of them.
    """
    common = sets & labels
    result = np.where(common > 0, common, sets)
    garment = sets == class_set
    result[garment] = _majority(labels[garment], class_set)
    return np.asarray(result, np.uint16)


def uncovered(rgb: Pixels, sets: ClassSets) -> ClassSets:
    """Relabel a top as skin if it has the colour of skin, brightness aside: above trousers people often wear nothing.

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
