"""All training photos, read and shrunk, in memory: about 4 GB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import TrainingConfig
from training.data.augmentation import Sample
from training.data.dataset import (
    Garment,
    Person,
    Tagged,
    list_split,
    list_tagged,
    read_labels,
    read_photo,
    read_tags,
)
from training.data.garment_masks import Mask, find_masks, garment_sets
from training.data.mixing import Mixture
from training.data.pseudo_labels import label_photos
from training.data.scenes import read_scenes
from training.data.shop import list_shop, read_shop_photo
from training.data.shop_pool import ShopPool
from training.data.things import read_things
from training.labels import ANY, ClassSets
from training.prediction import Predictor


def prepare(config: TrainingConfig) -> Mixture:
    """Read the training side of the split, and find the garments' masks where that is not done yet."""
    split = list_split(config.data, validation=False)
    masks = find_masks(split.garments, config.output / "masks")
    tags = read_tags(config.data)
    with ThreadPoolExecutor(max_workers=config.threads) as threads:
        people = list(
            threads.map(lambda p: read_person(p, tags, config.people_long_side), split.people)
        )
        garments = list(
            threads.map(
                lambda g: read_garment(g, masks.get(g.photo.stem), config.garment_long_side),
                split.garments,
            )
        )
    classes = [garment.class_index for garment in split.garments]
    things = read_things(config.things) if config.things else []
    scenes = read_scenes(config.scenes) if config.scenes else []
    mixture = Mixture.of(people, garments, classes, things, scenes)
    return replace(mixture, shop=read_shop(config))


def read_shop(config: TrainingConfig) -> ShopPool | None:
    """Read the training side of the shop photos; None if there are none."""
    photos = list_shop(config.data, validation=False)
    samples = tuple(read_shop_photo(photo, config.people_long_side) for photo in photos)
    return ShopPool.of(photos, samples) if photos else None


def add_pseudo_labels(
    teacher: Predictor, mixture: Mixture, config: TrainingConfig, cache: Path
) -> Mixture:
    """Add labels as a network sees them.

    Of the street photos with tags only, of the garments without a mask, and of what shop photos show beside the main
    garment.
    """
    tagged = list_tagged(config.data)
    labels = label_photos(teacher, [(t.photo, t.class_set) for t in tagged], cache / "tagged")
    people = [read_tagged(t, labels[t.photo.stem], config.people_long_side) for t in tagged]
    garments = list_split(config.data, validation=False).garments
    bare = {
        index: garment
        for index, garment in enumerate(garments)
        if not (mixture.garments[index].sets == 1 << garment.class_index).any()
    }
    known = [(garment.photo, 1 << garment.class_index) for garment in bare.values()]
    labels = label_photos(teacher, known, cache / "garments")
    sizes = {index: mixture.garments[index].sets.shape for index in bare}
    mixture = mixture.with_tagged(people).with_garment_labels(
        {i: enlarge(labels[garment.photo.stem], *sizes[i]) for i, garment in bare.items()}
    )
    return replace(mixture, shop=_labelled(mixture.shop, teacher, cache / "shop"))


def _labelled(shop: ShopPool | None, teacher: Predictor, cache: Path) -> ShopPool | None:
    if shop is None:
        return None
    labels = label_photos(teacher, [(photo.photo, ANY) for photo in shop.photos], cache)
    return shop.with_labels(
        {
            photo.photo.stem: enlarge(labels[photo.photo.stem], *sample.sets.shape)
            for photo, sample in zip(shop.photos, shop.samples, strict=True)
        }
    )


def read_tagged(tagged: Tagged, labels: ClassSets, long_side: int) -> Sample:
    """Read a street photo with its pseudo-labels at a long side."""
    rgb = read_photo(tagged.photo, long_side)
    return Sample(rgb=rgb, sets=enlarge(labels, *rgb.shape[:2]))


def enlarge(sets: ClassSets, height: int, width: int) -> ClassSets:
    """Give sets of classes at another size."""
    size = (width, height)
    return np.asarray(cv2.resize(sets, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint16)


def read_person(person: Person, tags: NDArray[np.uint16], long_side: int) -> Sample:
    """Read a street photo with its labels at a long side."""
    rgb = read_photo(person.photo, long_side)
    sets = read_labels(person, tags)
    return Sample(rgb=rgb, sets=enlarge(sets, *rgb.shape[:2]))


def read_garment(garment: Garment, mask: Mask | None, long_side: int) -> Sample:
    """Read a garment photo with what its mask says, at a long side."""
    rgb = read_photo(garment.photo, long_side)
    return Sample(rgb=rgb, sets=garment_sets(mask, garment, *rgb.shape[:2]))
