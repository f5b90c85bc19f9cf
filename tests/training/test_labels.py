"""What CCP's tags and the garments' words mean for the network."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.labels import (
    ANY,
    BACKGROUND,
    CATEGORIES,
    CLASS_COUNT,
    CLASSES,
    CLOTHING,
    NO_CLASS,
    bit,
    certain_classes,
    class_of_garment,
    set_of_tags,
    smallest_sets,
    tag_sets,
)


def test_the_categories_are_the_first_planes_after_the_background() -> None:
    assert CLASSES[1:8] == CATEGORIES
    assert CLASSES == (
        "background", "tops", "coat", "skirt", "pants", "bag", "shoes", "hat", "accessory", "person",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("null", "background"),
        ("cardigan", "tops"),
        ("blazer", "coat"),
        ("dress", "skirt"),
        ("panties", "pants"),
        ("wallet", "bag"),
        ("wedges", "shoes"),
        ("hat", "hat"),
        ("sunglasses", "accessory"),
        ("hair", "person"),
    ],
)
def test_a_tag_of_one_category_leaves_one_class(tag: str, name: str) -> None:
    assert tag_sets([tag])[0] == bit(name)


def test_a_suit_may_be_several_categories_but_not_background() -> None:
    suit = int(tag_sets(["suit"])[0])

    assert suit == bit("tops") | bit("coat") | bit("skirt") | bit("pants")
    assert not suit & (1 << BACKGROUND)


def test_a_value_without_a_line_says_nothing() -> None:
    assert tag_sets(["null"])[200] == ANY


def test_an_unknown_tag_is_refused() -> None:
    with pytest.raises(KeyError):
        tag_sets(["toga"])


@pytest.mark.parametrize(
    ("garment", "name"),
    [("T-Shirt", "tops"), ("Outwear", "coat"), ("Dress", "skirt"), ("Hat", "hat")],
)
def test_a_garments_word_has_a_class(garment: str, name: str) -> None:
    assert class_of_garment(garment) == CLASSES.index(name)


def test_a_garment_that_nobody_is_sure_of_has_none() -> None:
    assert class_of_garment("Not sure") == NO_CLASS


def test_sets_become_classes_where_they_are_certain() -> None:
    sets = np.array([[bit("hat"), bit("tops") | bit("coat"), bit("hat") | 1, ANY]], np.uint16)

    classes = certain_classes(sets)

    assert classes.tolist() == [[CLASSES.index("hat"), CLOTHING, NO_CLASS, NO_CLASS]]


def logits_for(*chances: dict[str, float]) -> NDArray[np.float32]:
    """One row of pixels, each with these chances and next to none for the other classes."""
    shares = np.full((CLASS_COUNT, 1, len(chances)), 1e-6, np.float32)
    for column, chance in enumerate(chances):
        for name, share in chance.items():
            shares[CLASSES.index(name), 0, column] = share
    return np.log(shares)


def test_a_sure_pixel_gets_one_class_and_an_unsure_one_several() -> None:
    allowed = set_of_tags(["jacket", "t-shirt", "skin"])
    logits = logits_for({"coat": 0.95, "tops": 0.05}, {"coat": 0.6, "tops": 0.4})

    sets = smallest_sets(logits, allowed)

    assert sets.tolist() == [[bit("coat"), bit("coat") | bit("tops")]]


def test_a_pixel_never_gets_a_class_that_the_photos_words_rule_out() -> None:
    logits = logits_for({"hat": 0.9, "person": 0.1}, {"hat": 0.99, "background": 0.01})

    sets = smallest_sets(logits, set_of_tags(["hair", "skin"]))

    assert sets.tolist() == [[bit("person"), bit("background")]]


def test_a_tag_of_several_categories_allows_each_of_them() -> None:
    assert set_of_tags(["romper", "null"]) == sum(
        bit(name) for name in ("tops", "skirt", "pants", "background")
    )
