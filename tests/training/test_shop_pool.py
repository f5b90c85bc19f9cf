"""How shop photos are drawn, and what a network's answers add to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.data.augmentation import Sample
from training.data.shop import NOT_GROUND, ShopPhoto
from training.data.shop_pool import ShopPool, cropped, is_cut_out, narrowed, uncovered
from training.labels import ANY, bit

TOPS_OR_COAT = bit("tops") | bit("coat")
GROUND = 1


def photo(name: str, view: str = "v", *, mask: bool = True) -> ShopPhoto:
    return ShopPhoto(
        photo=Path(f"{name}.jpg"),
        article="a",
        view=view,
        class_set=bit("tops"),
        mask=Path(f"{view}.png") if mask else None,
    )


def figure(garment: int = bit("tops")) -> Sample:
    sets = np.full((100, 60), GROUND, np.uint16)
    sets[10:90, 20:40] = NOT_GROUND
    sets[40:60, 20:40] = garment
    return Sample(rgb=np.full((100, 60, 3), 120, np.uint8), sets=sets)


def test_a_view_in_many_colours_is_drawn_no_more_often_than_one_in_few() -> None:
    photos = (*(photo(f"many-{i}", "many") for i in range(8)), photo("one", "one"))

    pool = ShopPool.of(photos, tuple(figure() for _ in photos))

    assert np.isclose(pool.chance[:8].sum(), pool.chance[8])


def test_a_view_with_a_mask_is_drawn_more_often_than_one_without() -> None:
    photos = (photo("with", "with"), photo("without", "without", mask=False))

    pool = ShopPool.of(photos, (figure(), figure()))

    assert pool.chance[0] > pool.chance[1]


def test_a_part_shows_the_whole_garment_and_not_the_whole_figure() -> None:
    rng = np.random.default_rng(0)

    for _ in range(20):
        part = cropped(figure(), bit("tops"), rng)

        assert np.sum(part.sets == bit("tops")) == 20 * 20
        assert 20 <= part.sets.shape[0] <= 20 * 1.6 + 1


def test_a_part_of_a_photo_without_a_mask_is_not_much_less_than_the_photo() -> None:
    part = cropped(figure(garment=NOT_GROUND), bit("tops"), np.random.default_rng(0))

    assert 40 <= part.sets.shape[0] < 100


def test_a_drawn_photo_fills_the_frame() -> None:
    pool = ShopPool.of((photo("a"),), (figure(),))

    sample, is_whole = pool.draw(64, 48, np.random.default_rng(1))

    assert is_whole
    assert sample.rgb.shape == (64, 48, 3)
    assert (sample.sets == bit("tops")).any()


def test_a_figure_of_which_much_is_not_known_is_no_cut_out() -> None:
    white_shirt = figure(garment=ANY)

    assert is_cut_out(figure())
    assert not is_cut_out(white_shirt)


def test_a_network_says_which_of_its_classes_a_pixel_has() -> None:
    sets = np.array([[NOT_GROUND, ANY, GROUND, bit("tops")]], np.uint16)
    labels = np.array([[bit("person"), GROUND, bit("hat"), bit("coat")]], np.uint16)

    result = narrowed(sets, labels, bit("tops"))

    assert result.tolist() == [[bit("person"), GROUND, GROUND, bit("tops")]]


def test_what_a_network_takes_for_ground_stays_what_it_was_where_it_is_none() -> None:
    sets = np.array([[NOT_GROUND]], np.uint16)

    assert narrowed(sets, np.array([[GROUND]], np.uint16), bit("tops")).tolist() == [[NOT_GROUND]]


def test_a_jacket_gets_one_name_as_a_whole_if_most_of_it_has_one() -> None:
    sets = np.full((1, 10), TOPS_OR_COAT, np.uint16)
    labels = np.array([[bit("coat")] * 8 + [bit("tops")] * 2], np.uint16)

    assert np.unique(narrowed(sets, labels, TOPS_OR_COAT)).tolist() == [bit("coat")]


def test_a_jacket_of_two_names_keeps_both() -> None:
    sets = np.full((1, 10), TOPS_OR_COAT, np.uint16)
    labels = np.array([[bit("coat")] * 5 + [bit("tops")] * 5], np.uint16)

    assert np.unique(narrowed(sets, labels, TOPS_OR_COAT)).tolist() == [TOPS_OR_COAT]


def test_labels_go_to_the_photo_of_their_name() -> None:
    pool = ShopPool.of((photo("a"), photo("b")), (figure(), figure()))
    person = np.full((100, 60), bit("person"), np.uint16)

    labelled = pool.with_labels({"a": person, "b": np.full((100, 60), ANY, np.uint16)})

    assert labelled.samples[0].sets[20, 30] == bit("person")
    assert labelled.samples[1].sets[20, 30] == NOT_GROUND


@pytest.mark.parametrize(
    ("colour", "answer"),
    [((200, 145, 120), "person"), ((90, 60, 45), "person"), ((90, 120, 200), "tops")],
)
def test_a_top_of_the_colour_of_skin_is_skin(colour: tuple[int, int, int], answer: str) -> None:
    rgb = np.full((40, 20, 3), (190, 135, 112), np.uint8)
    rgb[:10] = colour
    sets = np.full((40, 20), bit("person"), np.uint16)
    sets[:10] = bit("tops")
    sets[10:20] = bit("pants")

    result = uncovered(rgb, sets)

    assert np.unique(result[:10]).tolist() == [bit(answer)]
    assert (result[10:20] == bit("pants")).all()


def test_without_skin_to_compare_with_a_top_stays_one() -> None:
    sets = np.full((40, 20), bit("tops"), np.uint16)

    assert (uncovered(np.full((40, 20, 3), 150, np.uint8), sets) == bit("tops")).all()
