"""What a batch is made of, and that a seed decides it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.config import Stage
from training.data.augmentation import Sample
from training.data.grounds import BACKGROUND_SET, plain
from training.data.mixing import SHOP_SHARE, TAGGED_SHARE, Mixture
from training.data.shop import NOT_GROUND, ShopPhoto
from training.data.shop_pool import ShopPool
from training.labels import ANY, CLASSES, bit

STAGE = Stage(share=1, height=64, width=48, batch_size=2)
ONLY_GROUND = Stage(share=1, height=64, width=48, batch_size=2, empty_share=1)
ELSEWHERE = Stage(share=1, height=64, width=48, batch_size=2, elsewhere_share=1)
TOPS, HAT = CLASSES.index("tops"), CLASSES.index("hat")


def garment(class_index: int, *, masked: bool = True) -> Sample:
    rgb = np.full((60, 50, 3), 180, np.uint8)
    sets = np.full((60, 50), BACKGROUND_SET | (0 if masked else 1 << class_index), np.uint16)
    rgb[15:45, 15:35] = (20, 120, 40)
    if masked:
        sets[15:45, 15:35] = 1 << class_index
    return Sample(rgb=rgb, sets=sets)


def person(*, hat: bool) -> Sample:
    rgb = np.full((90, 60, 3), 90, np.uint8)
    sets = np.full((90, 60), BACKGROUND_SET, np.uint16)
    sets[20:80, 20:40] = bit("person")
    sets[40:70, 20:40] = bit("coat")
    if hat:
        sets[10:20, 20:40] = bit("hat")
    return Sample(rgb=rgb, sets=sets)


def blue_thing() -> Sample:
    sets = np.full((40, 40), ANY, np.uint16)
    sets[10:30, 10:30] = BACKGROUND_SET
    return Sample(rgb=np.full((40, 40, 3), (0, 0, 255), np.uint8), sets=sets)


def blue_scene() -> Sample:
    return Sample(
        rgb=np.full((60, 90, 3), (0, 0, 255), np.uint8),
        sets=np.full((60, 90), BACKGROUND_SET, np.uint16),
    )


def is_blue(sample: Sample) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    red, green, blue = np.moveaxis(sample.rgb.astype(int), 2, 0)
    return np.asarray(blue > np.maximum(red, green) + 100)


@pytest.fixture
def mixture() -> Mixture:
    people = [person(hat=True), *(person(hat=False) for _ in range(4))]
    garments = [garment(TOPS), garment(HAT), garment(TOPS, masked=False)]
    return Mixture.of(people, garments, [TOPS, HAT, TOPS])


def test_the_same_seed_draws_the_same_sample(mixture: Mixture) -> None:
    for seed in range(20):
        first, again = (
            mixture.draw(STAGE, 0.5, np.random.default_rng([1, seed])) for _ in range(2)
        )

        assert np.array_equal(first.rgb, again.rgb)
        assert np.array_equal(first.sets, again.sets)
        assert first.rgb.shape == (64, 48, 3)


def test_photos_with_hats_are_drawn_more_often(mixture: Mixture) -> None:
    assert mixture.people_chance[0] > 2 * mixture.people_chance[1]


def test_some_people_get_a_hat_that_they_did_not_have(mixture: Mixture) -> None:
    bare = Mixture.of([person(hat=False)], mixture.garments, [TOPS, HAT, TOPS])

    drawn = [bare.draw(STAGE, 0, np.random.default_rng(seed)) for seed in range(80)]

    assert 0 < np.mean([bool((s.sets == bit("hat")).any()) for s in drawn]) < 0.5


def test_a_photo_of_nothing_but_ground_has_no_clothes(mixture: Mixture) -> None:
    sample = mixture.draw(ONLY_GROUND, 1, np.random.default_rng(0))

    assert (sample.sets == BACKGROUND_SET).all()


def test_things_lie_on_the_ground_and_are_ground(mixture: Mixture) -> None:
    cluttered = replace(mixture, things=[blue_thing()])

    drawn = [cluttered.draw(ONLY_GROUND, 1, np.random.default_rng(seed)) for seed in range(40)]

    assert all((sample.sets == BACKGROUND_SET).all() for sample in drawn)
    assert 0.4 < np.mean([bool(is_blue(sample).any()) for sample in drawn]) < 1


def test_scenes_show_no_clothes_by_themselves(mixture: Mixture) -> None:
    outdoors = replace(mixture, scenes=[blue_scene()])

    drawn = [outdoors.draw(ONLY_GROUND, 1, np.random.default_rng(seed)) for seed in range(40)]

    assert all((sample.sets == BACKGROUND_SET).all() for sample in drawn)
    assert 0.4 < np.mean([bool(is_blue(sample).all()) for sample in drawn]) < 1


def test_people_and_garments_stand_before_scenes(mixture: Mixture) -> None:
    outdoors = replace(mixture, scenes=[blue_scene()])

    for garment_share, clothes in ((0, "coat"), (1, "tops")):
        drawn = [
            outdoors.draw(ELSEWHERE, garment_share, np.random.default_rng(seed))
            for seed in range(100)
        ]
        before = [sample for sample in drawn if is_blue(sample).mean() > 0.3]

        assert before
        assert any((sample.sets == bit(clothes)).any() for sample in before)


def test_a_thing_before_a_garment_takes_its_place(
    mixture: Mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.mixing.DYED_SHARE", 0)  # a garment could become blue too
    cluttered = replace(mixture, things=[blue_thing()])

    drawn = [cluttered.draw(STAGE, 1, np.random.default_rng(seed)) for seed in range(100)]

    assert 0 < np.mean([bool(is_blue(sample).any()) for sample in drawn]) < 0.4
    blue = np.concatenate([sample.sets[is_blue(sample)] for sample in drawn])
    # All but what the soft edge of a thing colours.
    assert np.isin(blue, (BACKGROUND_SET, ANY)).mean() > 0.95


def shop_pool() -> ShopPool:
    sets = np.full((90, 60), BACKGROUND_SET, np.uint16)
    sets[10:80, 20:40] = NOT_GROUND
    sets[30:50, 20:40] = bit("tops")
    photo = ShopPhoto(
        photo=Path("a.jpg"), article="a", view="a", class_set=bit("tops"), mask=Path("a.png")
    )
    return ShopPool.of((photo,), (Sample(rgb=np.full((90, 60, 3), 255, np.uint8), sets=sets),))


def test_shop_photos_are_a_part_of_all_draws(mixture: Mixture) -> None:
    shopping = replace(mixture, shop=shop_pool())

    drawn = [shopping.draw(STAGE, 0.5, np.random.default_rng(seed)) for seed in range(200)]

    share = np.mean([bool((sample.sets == NOT_GROUND).any()) for sample in drawn])
    assert share == pytest.approx(SHOP_SHARE, abs=0.1)


def test_a_shop_photo_may_stand_before_another_ground(
    mixture: Mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.mixing.SHOP_SHARE", 1)
    monkeypatch.setattr("training.data.mixing.SHOP_GROUND_SHARE", 1)
    monkeypatch.setattr("training.data.grounds.SCENE_SHARE", 1)
    monkeypatch.setattr("training.data.grounds.PLAIN_SHARE", 0)
    outdoors = replace(mixture, shop=shop_pool(), scenes=[blue_scene()])

    drawn = [outdoors.draw(STAGE, 0, np.random.default_rng(seed)) for seed in range(20)]

    assert all(is_blue(sample).any() for sample in drawn)
    assert all((sample.sets == bit("tops")).any() for sample in drawn)


@pytest.mark.parametrize("garment_share", [0, 1])
def test_what_is_turned_has_the_size_of_the_stage(
    mixture: Mixture, garment_share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.mixing.TURNED_PERSON_SHARE", 1)
    monkeypatch.setattr("training.data.mixing.TURNED_GARMENT_SHARE", 1)

    drawn = [mixture.draw(STAGE, garment_share, np.random.default_rng(seed)) for seed in range(20)]

    assert {sample.rgb.shape for sample in drawn} == {(64, 48, 3)}
    assert {sample.sets.shape for sample in drawn} == {(64, 48)}


def test_a_plain_ground_is_light_and_mostly_white() -> None:
    grounds = [plain(8, 6, np.random.default_rng(seed)).rgb for seed in range(100)]

    assert min(ground.min() for ground in grounds) > 180
    assert np.median([ground.mean() for ground in grounds]) > 240


def test_a_forgotten_mask_leaves_ground_or_garment(mixture: Mixture) -> None:
    changed = mixture.without_masks([0])

    assert (changed.garments[0].sets == BACKGROUND_SET | bit("tops")).all()
    assert (changed.garments[1].sets == mixture.garments[1].sets).all()
    assert 0 not in changed.pieces[bit("tops")]


def test_garments_are_drawn_when_no_mask_is_left(mixture: Mixture) -> None:
    bare = mixture.without_masks([0, 1])

    for seed in range(30):
        sample = bare.draw(STAGE, 1, np.random.default_rng(seed))

        assert sample.rgb.shape == (64, 48, 3)


def test_garments_get_other_labels_and_become_pieces(mixture: Mixture) -> None:
    labels = np.full((60, 50), BACKGROUND_SET, np.uint16)
    labels[20:40, 20:30] = bit("tops")

    changed = mixture.with_garment_labels({2: labels})

    assert (changed.garments[2].sets == labels).all()
    assert 2 in changed.pieces[bit("tops")]
    assert changed.garment_chance[2] > mixture.garment_chance[2]
    assert changed.people_chance.tolist() == mixture.people_chance.tolist()


def test_tagged_photos_are_a_fixed_share_of_the_street_photos(mixture: Mixture) -> None:
    more = mixture.with_tagged([person(hat=False) for _ in range(50)])

    assert len(more.people) == 55
    assert more.people_chance.sum() == pytest.approx(1)
    assert more.people_chance[5:].sum() == pytest.approx(TAGGED_SHARE)


def test_people_put_elsewhere_are_seen_before_ground_of_other_photos(mixture: Mixture) -> None:
    elsewhere = replace(STAGE, elsewhere_share=1)

    drawn = [mixture.draw(elsewhere, 0, np.random.default_rng(seed)) for seed in range(40)]

    # The photo's own surroundings, and what lies beyond its border, are gone.
    assert not any((sample.sets == ANY).any() for sample in drawn)
    sizes = [np.mean(sample.sets == bit("coat")) for sample in drawn]
    assert min(sizes) < 0.25 * max(sizes)
    assert np.mean([size > 0 for size in sizes]) > 0.8


def test_company_brings_a_second_person(mixture: Mixture) -> None:
    alone = replace(STAGE, paste_factor=0)
    together = replace(alone, company_share=1)

    def most_coats(stage: Stage) -> int:
        drawn = [mixture.draw(stage, 0, np.random.default_rng(seed)).sets for seed in range(40)]
        coats = [(sets == bit("coat")).astype(np.uint8) for sets in drawn]
        return max(int(cv2.connectedComponents(coat)[0]) - 1 for coat in coats)

    assert most_coats(alone) == 1
    assert most_coats(together) > 1


def test_a_photo_seen_from_near_leaves_less_of_the_frame_empty(mixture: Mixture) -> None:
    near = replace(STAGE, close_share=1, paste_factor=0)
    far = replace(STAGE, close_share=0, paste_factor=0)

    def empty(stage: Stage) -> float:
        drawn = [mixture.draw(stage, 0, np.random.default_rng(seed)).sets for seed in range(40)]
        return float(np.mean([sets == ANY for sets in drawn]))

    assert empty(near) < empty(far) / 2
