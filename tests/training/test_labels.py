"""What CCP's tags and the garments' words mean for the network."""

from __future__ import annotations

import numpy as np
import pytest

from training.labels import (
    ANY,
    BACKGROUND,
    CATEGORIES,
    CLASSES,
    CLOTHING,
    NO_CLASS,
    bit,
    certain_classes,
    class_of_garment,
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
