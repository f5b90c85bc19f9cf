"""What a batch is made of: which photos, in which proportion, and what is pasted onto them.

Sample `i` of step `s` is drawn from a generator seeded by (seed, s, i): the order of threads changes nothing, and a
run that goes on after being killed sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.config import Stage
from training.data.augmentation import (
    Motion,
    Sample,
    dye,
    paste,
    place,
    recolour,
    stand_before,
    top_of,
    turned,
)
from training.data.chances import PRESENT, weigh_garments, weigh_people
from training.data.grounds import BACKGROUND_SET, Grounds
from training.data.shop_pool import ShopPool
from training.labels import CATEGORIES, PERSON, ClassSets, bit

#: Share of street photos that get a hat pasted on, and share of those that get any other piece.
HAT_SHARE, PIECE_SHARE = 0.12, 0.15
#: Share of garments that get another background, and of those that get a second garment, of another class, beside them.
GROUND_SHARE, SECOND_SHARE = 0.35, 0.10
#: Share of the photos without garments that show things, and of the garment photos that get a thing pasted on.
THINGS_SHARE, THING_SHARE = 0.75, 0.12
#: Share of the photos without garments that are a scene.
SCENE_SHARE = 0.5
#: Share of shop photos among all draws, if there are any; and the share of these that get another background.
SHOP_SHARE, SHOP_GROUND_SHARE = 0.25, 0.3
#: Share of photos that are turned by quarters of a circle: of people, and of garments, which are scanned any way up.
TURNED_PERSON_SHARE, TURNED_GARMENT_SHARE = 0.06, 0.3
#: No background gets more things than these.
MOST_THINGS = 3
#: Share of photos in which one garment gets another colour.
DYED_SHARE = 0.35
#: Share of photos with pseudo-labels among the street photos that are drawn, once there are some.
TAGGED_SHARE = 0.5
HAT_WIDTH = 1.5
PEOPLE_MOTION = Motion(scale=(0.75, 1.7), degrees=12)
#: Cut at the waist or closer, as portraits and details are.
CLOSE_MOTION = Motion(scale=(1.6, 3.2), degrees=12)
#: A small part of a wide scene, anywhere in it.
FAR_MOTION = Motion(scale=(0.25, 0.8), degrees=8)
FAR_SHARE = 0.5
#: For a second person of about the same size, anywhere in the frame.
COMPANY_MOTION = Motion(scale=(0.6, 1.2), degrees=8, shift=0.4)
GARMENT_MOTION = Motion(scale=(0.6, 2.0), degrees=25)
TURNED_MOTION = Motion(scale=(0.6, 1.1), degrees=180)
TURNED_SHARE = 0.15
#: The classes that may get another colour.
DYED_SETS = [*(bit(name) for name in CATEGORIES), bit("tops") | bit("coat")]


@dataclass(frozen=True, eq=False)
class Mixture:
    """All training photos in memory, and the chance of each."""

    people: list[Sample]
    garments: list[Sample]
    #: Of each garment photo, its class's set.
    garment_sets: NDArray[np.uint16]
    people_chance: NDArray[np.float64]
    garment_chance: NDArray[np.float64]
    #: The garments that have a mask, by set.
    pieces: dict[int, NDArray[np.int64]]
    #: What is no clothes, cut out.
    things: Sequence[Sample] = ()
    #: Photos without clothes.
    scenes: Sequence[Sample] = ()
    shop: ShopPool | None = None

    @classmethod
    def of(
        cls,
        people: list[Sample],
        garments: list[Sample],
        classes: list[int],
        things: Sequence[Sample] = (),
        scenes: Sequence[Sample] = (),
    ) -> Mixture:
        """Weigh the photos: rare categories more, each garment class by the square root of its number."""
        sets = np.array([1 << index for index in classes], np.uint16)
        weight = weigh_people(people)
        chance, pieces = weigh_garments(garments, sets)
        return cls(
            people=people,
            garments=garments,
            garment_sets=sets,
            people_chance=weight / weight.sum(),
            garment_chance=chance,
            pieces=pieces,
            things=things,
            scenes=scenes,
        )

    def with_tagged(self, tagged: list[Sample]) -> Mixture:
        """Give the same photos and street photos with pseudo-labels, `TAGGED_SHARE` of the street photos' draws."""
        chance = weigh_people(tagged)
        chance *= TAGGED_SHARE / chance.sum()
        return replace(
            self,
            people=self.people + tagged,
            people_chance=np.concatenate([self.people_chance * (1 - TAGGED_SHARE), chance]),
        )

    def draw(self, stage: Stage, garment_share: float, rng: Generator) -> Sample:
        """Draw one sample of a stage's size.

        Args:
            stage: The stage of the run.
            garment_share: Share of garments without people among the draws that are no shop photos.
            rng: The source of all random numbers.
        """
        draw, turned_share = self._choose(garment_share, rng)
        turns = int(rng.integers(1, 4)) if rng.random() < turned_share else 0
        if turns % 2:
            # It is drawn in a frame with the sides exchanged; after a quarter turn it has the stage's size.
            stage = replace(stage, height=stage.width, width=stage.height)
        sample = draw(stage, rng)
        if rng.random() < DYED_SHARE:
            sample = dye(sample, DYED_SETS, rng)
        return turned(Sample(rgb=recolour(sample.rgb, rng), sets=sample.sets), turns)

    def _choose(
        self, garment_share: float, rng: Generator
    ) -> tuple[Callable[[Stage, Generator], Sample], float]:
        """Give what is drawn next, and the share of such draws that are turned."""
        if self.shop and rng.random() < SHOP_SHARE:
            return self._draw_shop, TURNED_PERSON_SHARE
        if rng.random() < garment_share:
            return self._draw_garment_or_nothing, TURNED_GARMENT_SHARE
        return self._draw_person, TURNED_PERSON_SHARE

    def _draw_shop(self, stage: Stage, rng: Generator) -> Sample:
        assert self.shop, "chosen only where there is one"
        sample, is_cut_out = self.shop.draw(stage.height, stage.width, rng)
        if rng.random() < SHOP_GROUND_SHARE and is_cut_out:
            ground = self._draw_ground(stage.height, stage.width, rng)
            return stand_before(ground, sample, BACKGROUND_SET)
        return sample

    def _draw_garment_or_nothing(self, stage: Stage, rng: Generator) -> Sample:
        if stage.empty_share and rng.random() < stage.empty_share:
            return self._draw_nothing(stage.height, stage.width, rng)
        return self._draw_garment(stage.height, stage.width, rng)

    def _draw_person(self, stage: Stage, rng: Generator) -> Sample:
        scene = rng.random()
        if scene < stage.elsewhere_share:
            motion = FAR_MOTION if rng.random() < FAR_SHARE else PEOPLE_MOTION
            ground = self._draw_ground(stage.height, stage.width, rng)
            return stand_before(ground, self._place_person(stage, motion, rng), BACKGROUND_SET)
        motion = CLOSE_MOTION if rng.random() < stage.close_share else PEOPLE_MOTION
        sample = self._place_person(stage, motion, rng)
        if scene < stage.elsewhere_share + stage.company_share:
            other = self._place_person(stage, COMPANY_MOTION, rng)
            return stand_before(sample, other, BACKGROUND_SET)
        chance = rng.random()
        if chance < HAT_SHARE * stage.paste_factor:
            return self._put_on_a_hat(sample, rng)
        if chance < (HAT_SHARE + PIECE_SHARE) * stage.paste_factor:
            return self._add_piece(sample, rng)
        return sample

    def _place_person(self, stage: Stage, motion: Motion, rng: Generator) -> Sample:
        index = rng.choice(len(self.people), p=self.people_chance)
        return place(self.people[index], stage.height, stage.width, motion, rng)

    def _put_on_a_hat(self, sample: Sample, rng: Generator) -> Sample:
        head = top_of(sample, 1 << PERSON)
        hat = bit("hat")
        if head is None or (sample.sets == hat).any() or not len(self.pieces.get(hat, ())):
            return sample
        row, column, width = head
        piece = self.garments[int(rng.choice(self.pieces[hat]))]
        width *= HAT_WIDTH * rng.uniform(0.85, 1.25)
        return paste(sample, piece, hat, (row + 0.1 * width, column), width)

    def _add_piece(self, sample: Sample, rng: Generator) -> Sample:
        """Paste a bag, hat or shoe of another street photo, or a garment, somewhere."""
        height, width = sample.sets.shape
        centre = rng.uniform(0.1, 0.9) * height, rng.uniform(0.05, 0.95) * width
        name = str(rng.choice(["bag", "shoes", "hat"]))
        for _ in range(8):
            piece = self.people[int(rng.integers(len(self.people)))]
            if np.mean(piece.sets == bit(name)) > PRESENT:
                columns = np.nonzero((piece.sets == bit(name)).any(axis=0))[0]
                scale = rng.uniform(0.7, 1.4) * height / piece.sets.shape[0]
                return paste(sample, piece, bit(name), centre, np.ptp(columns) * scale)
        return sample

    def _draw_garment(self, height: int, width: int, rng: Generator) -> Sample:
        index = int(rng.choice(len(self.garments), p=self.garment_chance))
        class_set = int(self.garment_sets[index])
        motion = TURNED_MOTION if rng.random() < TURNED_SHARE else GARMENT_MOTION
        sample = place(self.garments[index], height, width, motion, rng)
        if index in self.pieces[class_set] and rng.random() < GROUND_SHARE:
            sample = self._lay_on_other_ground(sample, class_set, rng)
        masked = [value for value, which in self.pieces.items() if len(which)]
        if masked and rng.random() < SECOND_SHARE:
            other = int(rng.choice(masked))
            piece = self.garments[int(rng.choice(self.pieces[other]))]
            centre = rng.uniform(0, 1) * height, rng.uniform(0, 1) * width
            sample = paste(sample, piece, other, centre, rng.uniform(0.15, 0.45) * width)
        if self.things and rng.random() < THING_SHARE:
            sample = self._add_thing(sample, (0.1, 0.4), rng)
        return sample

    def _draw_nothing(self, height: int, width: int, rng: Generator) -> Sample:
        if self.scenes and rng.random() < SCENE_SHARE:
            return self._grounds.draw_scene(height, width, rng)
        sample = self._draw_ground(height, width, rng)
        if self.things and rng.random() < THINGS_SHARE:
            for _ in range(int(rng.integers(1, MOST_THINGS + 1))):
                sample = self._add_thing(sample, (0.15, 0.9), rng)
        return sample

    def _add_thing(self, sample: Sample, share: tuple[float, float], rng: Generator) -> Sample:
        """Paste a thing somewhere, turned; `share`: its frame's width, of the sample's."""
        height, width = sample.sets.shape
        frame = max(8, round(min(height, width) * rng.uniform(*share)))
        thing = self.things[int(rng.integers(len(self.things)))]
        thing = place(thing, frame, frame, TURNED_MOTION, rng)
        columns = np.nonzero((thing.sets == BACKGROUND_SET).any(axis=0))[0]
        if not len(columns):
            return sample
        centre = rng.uniform(0.1, 0.9) * height, rng.uniform(0.1, 0.9) * width
        return paste(sample, thing, BACKGROUND_SET, centre, extent_of(columns))

    def _draw_ground(self, height: int, width: int, rng: Generator) -> Sample:
        return self._grounds.draw(height, width, rng)

    @property
    def _grounds(self) -> Grounds:
        return Grounds(self.scenes, self.garments, self.people)

    def without_masks(self, indices: list[int]) -> Mixture:
        """Give the same photos without some garments' masks: each of their pixels may be background or garment."""
        return self.with_garment_labels(
            {
                index: np.full_like(
                    self.garments[index].sets, int(self.garment_sets[index]) | BACKGROUND_SET
                )
                for index in indices
            }
        )

    def with_garment_labels(self, labels: dict[int, ClassSets]) -> Mixture:
        """Give the same photos with other labels for some garments, by place."""
        garments = [
            Sample(rgb=sample.rgb, sets=labels.get(index, sample.sets))
            for index, sample in enumerate(self.garments)
        ]
        chance, pieces = weigh_garments(garments, self.garment_sets)
        return replace(self, garments=garments, garment_chance=chance, pieces=pieces)

    def _lay_on_other_ground(self, sample: Sample, class_set: int, rng: Generator) -> Sample:
        columns = np.nonzero((sample.sets == class_set).any(axis=0))[0]
        rows = np.nonzero((sample.sets == class_set).any(axis=1))[0]
        if not len(rows):
            return sample
        height, width = sample.sets.shape
        below = self._draw_ground(height, width, rng)
        centre = (rows[0] + rows[-1] + 1) / 2, (columns[0] + columns[-1] + 1) / 2
        return paste(below, sample, class_set, centre, extent_of(columns))


def extent_of(indices: NDArray[np.int64]) -> float:
    """Give the extent of sorted indices."""
    return float(indices[-1] - indices[0] + 1)
