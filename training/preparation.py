"""All training photos, read and shrunk, in memory: about 3 GB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augmentation import Sample
from training.config import TrainingConfig
from training.dataset import Garment, Person, list_split, read_labels, read_photo, read_tags
from training.garment_masks import Mask, find_masks, garment_sets
from training.mixing import Mixture


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
    return Mixture.of(people, garments, [garment.class_index for garment in split.garments])


def read_person(person: Person, tags: NDArray[np.uint16], long_side: int) -> Sample:
    """Read a street photo with its labels at a long side."""
    rgb = read_photo(person.photo, long_side)
    sets = read_labels(person, tags)
    size = (rgb.shape[1], rgb.shape[0])
    small = cv2.resize(sets, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Sample(rgb=rgb, sets=np.asarray(small, np.uint16))


def read_garment(garment: Garment, mask: Mask | None, long_side: int) -> Sample:
    """Read a garment photo with what its mask says, at a long side."""
    rgb = read_photo(garment.photo, long_side)
    return Sample(rgb=rgb, sets=garment_sets(mask, garment, *rgb.shape[:2]))
