"""Backgrounds: photos without clothes, light colours, or the background of another photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from training.data.augmentation import Motion, Sample, fill, ground_of, place
from training.labels import BACKGROUND

BACKGROUND_SET = 1 << BACKGROUND
#: Share of backgrounds that are a photo without clothes, if there are any.
SCENE_SHARE = 0.35
#: Share of one light colour, as in shops, among the others.
PLAIN_SHARE = 0.12
#: The part that is shown: from the whole photo to a ninth of it.
SCENE_MOTION = Motion(scale=(1.0, 3.0), degrees=8)


@dataclass(frozen=True, eq=False)
class Grounds:
    """The photos that backgrounds are taken from."""

    #: Photos without clothes.
    scenes: Sequence[Sample]
    garments: Sequence[Sample]
    people: Sequence[Sample]

    def draw(self, height: int, width: int, rng: Generator) -> Sample:
        """Draw a background of a size, with labels."""
        if self.scenes and rng.random() < SCENE_SHARE:
            return self.draw_scene(height, width, rng)
        if rng.random() < PLAIN_SHARE:
            return plain(height, width, rng)
        strip = None
        while strip is None:
            photos = self.garments if rng.random() < 0.5 else self.people  # noqa: PLR2004 - a coin
            strip = ground_of(photos[int(rng.integers(len(photos)))], BACKGROUND_SET, rng)
        empty = np.full((height, width), BACKGROUND_SET, np.uint16)
        return Sample(rgb=fill(strip, height, width), sets=empty)

    def draw_scene(self, height: int, width: int, rng: Generator) -> Sample:
        """Draw a photo without clothes, or a part of one."""
        scene = self.scenes[int(rng.integers(len(self.scenes)))]
        placed = place(scene, height, width, SCENE_MOTION, rng)
        # What the photo does not cover repeats its edge, which shows no clothes either.
        return Sample(rgb=placed.rgb, sets=np.full_like(placed.sets, BACKGROUND_SET))


def plain(height: int, width: int, rng: Generator) -> Sample:
    """Give a ground of one light colour, mostly white."""
    grey = 255 - 60 * rng.random() ** 3
    colour = np.clip(grey + rng.normal(0, 3, 3), 0, 255)
    return Sample(
        rgb=np.full((height, width, 3), colour, np.float32).astype(np.uint8),
        sets=np.full((height, width), BACKGROUND_SET, np.uint16),
    )
