"""How often each photo is drawn: rare categories more often, each class of garment by the square root of its number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.augmentation import Sample
from training.labels import bit

#: How much more often a street photo with this category is drawn.
RARE = {"hat": 2.0, "bag": 0.4, "coat": 0.3}
#: A photo counts as showing a category if at least this share of its pixels has it.
PRESENT = 0.001


def weigh_people(people: list[Sample]) -> NDArray[np.float64]:
    """Say how often each street photo is drawn against one without rare categories."""
    weight = np.ones(len(people))
    for index, sample in enumerate(people):
        for name, more in RARE.items():
            weight[index] += more * float(np.mean(sample.sets == bit(name)) > PRESENT)
    return weight


def weigh_garments(
    garments: list[Sample], sets: NDArray[np.uint16]
) -> tuple[NDArray[np.float64], dict[int, NDArray[np.int64]]]:
    """Give the chance of each garment, and which have a mask, by their class's set."""
    counts = {value: int(np.sum(sets == value)) for value in set(sets.tolist())}
    balance = np.array([counts[value] ** -0.5 for value in sets.tolist()])
    masked = np.array([bool((s.sets == v).any()) for s, v in zip(garments, sets, strict=True)])
    balance = balance * np.where(masked, 1.0, 0.3)
    pieces = {value: np.nonzero(masked & (sets == value))[0] for value in counts}
    return balance / balance.sum(), pieces
