"""Which shop photos are trained on, and what their masks say."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.shop import (
    GARMENT,
    GROUND,
    NOT_GROUND,
    OTHER,
    UNKNOWN,
    cut_at,
    list_shop,
    read_mask,
    read_shop_photo,
    shop_sets,
    silhouette,
)
from training.labels import ANY, bit

SKIN = (190, 120, 90)


def photo_of_a_figure() -> np.ndarray:
    """Draw a figure on white that holds something white, up to no border."""
    rgb = np.full((60, 40, 3), 255, np.uint8)
    rgb[10:50, 10:30] = SKIN
    rgb[20:40, 15:25] = 255
    return rgb


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "photos").mkdir(parents=True)
    (folder / "masks").mkdir()
    lines = ["photo,shop,sku,view,colour,category,mask"]
    for number in range(100):
        for view, colour in (("main", "red"), ("main", "blue"), ("back", "red")):
            name = f"a-{number}-{view}-{colour}.jpg"
            lines.append(f"{name},a,{number},{view},{colour},tops|coat,a-{number}-{view}.png")
    (folder / "views.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_an_article_lies_on_one_side_of_the_split_with_all_its_views_and_colours(
    data: Path,
) -> None:
    learnt = list_shop(data, validation=False)
    held_back = list_shop(data, validation=True)

    assert len(learnt) + len(held_back) == 300
    assert 30 < len(held_back) < 100
    assert not {p.article for p in learnt} & {p.article for p in held_back}
    assert len({p.view for p in held_back}) == 2 * len({p.article for p in held_back})


def test_a_jacket_that_is_sold_as_either_may_be_either(data: Path) -> None:
    assert list_shop(data, validation=False)[0].class_set == bit("tops") | bit("coat")


def test_without_the_folder_there_are_no_shop_photos(tmp_path: Path) -> None:
    assert list_shop(tmp_path, validation=False) == ()


def test_white_that_reaches_the_border_is_ground_and_white_within_is_not_known() -> None:
    values = silhouette(photo_of_a_figure())

    assert values[2, 2] == GROUND
    assert values[12, 12] == OTHER
    assert values[30, 20] == UNKNOWN


def test_the_white_beside_a_figure_may_still_be_its_own() -> None:
    values = silhouette(photo_of_a_figure())

    assert values[30, 9] == UNKNOWN
    assert values[30, 5] == GROUND


def test_a_mask_says_what_the_garment_is_and_of_the_rest_that_it_is_no_ground() -> None:
    rgb = np.full((1, 4, 3), SKIN, np.uint8)
    values = np.array([[GROUND, OTHER, GARMENT, UNKNOWN]], np.uint8)

    sets = shop_sets(rgb, values, bit("tops"))

    assert sets.tolist() == [[1, NOT_GROUND, bit("tops"), ANY]]


@pytest.mark.parametrize(("main", "absent"), [("pants", "skirt"), ("skirt", "pants")])
def test_who_wears_trousers_wears_no_skirt(main: str, absent: str) -> None:
    sets = shop_sets(np.full((1, 1, 3), SKIN, np.uint8), np.array([[OTHER]], np.uint8), bit(main))

    assert sets[0, 0] == NOT_GROUND & ~bit(absent)


def test_all_of_a_bag_that_is_shown_alone_is_bag() -> None:
    sets = shop_sets(np.full((1, 1, 3), SKIN, np.uint8), np.array([[OTHER]], np.uint8), bit("bag"))

    assert sets[0, 0] == bit("bag")


def test_a_shadow_on_the_ground_may_be_anything() -> None:
    rgb = np.array([[(200, 198, 203), (200, 150, 140), (90, 90, 90)]], np.uint8)

    sets = shop_sets(rgb, np.full((1, 3), OTHER, np.uint8), bit("tops"))

    assert sets.tolist() == [[ANY, NOT_GROUND, NOT_GROUND]]


def test_a_photo_is_read_with_its_mask_and_without_one(data: Path) -> None:
    photo = list_shop(data, validation=False)[0]
    assert photo.mask is not None
    mask = np.zeros((60, 40), np.uint8)
    mask[10:50, 10:30] = GARMENT
    cv2.imwrite(str(photo.photo), photo_of_a_figure())
    with pytest.raises(OSError, match="no image"):
        read_mask(photo)
    cv2.imwrite(str(photo.mask), mask)

    sample = read_shop_photo(photo, 30)

    assert sample.rgb.shape == (30, 20, 3)
    assert sample.sets[15, 10] == photo.class_set
    assert sample.sets[1, 1] == 1


def test_what_lies_below_a_hem_is_no_more_of_the_garment() -> None:
    values = np.full((100, 2), GARMENT, np.uint8)
    values[:, 1] = GROUND

    cut = cut_at(0.5, values)

    assert (cut[:40, 0] == GARMENT).all()
    assert (cut[60:, 0] == OTHER).all()
    assert cut[50, 0] == UNKNOWN
    assert (cut[:, 1] == GROUND).all()
