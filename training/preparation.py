"""All training photos, read and shrunk, in memory: about 4 GB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augmentation import Sample
from training.config import TrainingConfig
from training.dataset import (
    Garment,
    Person,
    Tagged,
    list_split,
    list_tagged,
    read_labels,
    read_photo,
    read_tags,
)
from training.garment_masks import Mask, find_masks, garment_sets
from training.labels import ClassSets
from training.mixing import Mixture
from training.prediction import Predictor
from training.pseudo_labels import label_photos
from training.scenes import read_scenes
from training.things import read_things


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
    return Mixture.of(people, garments, classes, things, scenes)


def add_pseudo_labels(
    teacher: Predictor, mixture: Mixture, config: TrainingConfig, cache: Path
) -> Mixture:
    """Add the street photos with tags only, and labels for the garments without a mask, both as a network sees them."""
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
    return mixture.with_tagged(people).with_garment_labels(
        {i: enlarge(labels[garment.photo.stem], *sizes[i]) for i, garment in bare.items()}
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
