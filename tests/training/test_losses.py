"""What the network is punished for.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

if TYPE_CHECKING:
    from torch import Tensor

from training.labels import ANY, BACKGROUND, CLASS_COUNT, CLASSES, bit  # noqa: E402
from training.losses import allowed_classes, outline_loss, presence_loss, set_loss  # noqa: E402

TOPS, COAT = CLASSES.index("tops"), CLASSES.index("coat")


def sets_of(value: int) -> Tensor:
    return torch.full((1, 8, 8), value, dtype=torch.int32)


def sure_of(index: int) -> Tensor:
    logits = torch.full((1, CLASS_COUNT, 8, 8), -6.0)
    logits[:, index] = 6
    return logits


def test_an_answer_within_the_set_costs_less_than_one_outside_of_it() -> None:
    either = sets_of(bit("tops") | bit("coat"))

    for within in (TOPS, COAT):
        assert set_loss(sure_of(within), allowed_classes(either)) < 0.001
    assert set_loss(sure_of(0), allowed_classes(either)) > 1


def test_pixels_that_may_be_anything_cost_nothing() -> None:
    half_known = sets_of(bit("tops"))
    half_known[:, 4:] = ANY
    wrong_there = sure_of(TOPS)
    wrong_there[:, :, 4:] = sure_of(0)[:, :, 4:]

    assert set_loss(wrong_there, allowed_classes(half_known)) < 0.1


def test_the_list_of_classes_is_asked_for_where_it_is_known() -> None:
    sets = sets_of(bit("tops"))
    right = torch.full((1, CLASS_COUNT), -6.0)
    right[:, TOPS] = 6

    assert (
        presence_loss(right, allowed_classes(sets))
        < 0.01
        < presence_loss(-right, allowed_classes(sets))
    )


def test_a_class_that_some_pixels_may_be_is_neither_shown_nor_absent() -> None:
    sets = sets_of(bit("tops"))
    sets[:, 6:] = bit("tops") | bit("coat")
    shown, absent = torch.full((1, CLASS_COUNT), -6.0), torch.full((1, CLASS_COUNT), -6.0)
    shown[:, TOPS] = absent[:, TOPS] = 6
    shown[:, COAT] = 6

    assert presence_loss(shown, allowed_classes(sets)) == pytest.approx(
        float(presence_loss(absent, allowed_classes(sets)))
    )


def test_what_lies_beyond_a_photo_says_nothing_of_its_classes() -> None:
    sets = sets_of(bit("tops"))
    sets[:, 4:] = ANY
    right = torch.full((1, CLASS_COUNT), -6.0)
    right[:, TOPS] = 6

    assert presence_loss(right, allowed_classes(sets)) < 0.01


def test_the_outline_is_of_clothing_whatever_it_is() -> None:
    either = allowed_classes(sets_of(bit("tops") | bit("coat")))

    for clothing in (TOPS, COAT, CLASSES.index("hat")):
        assert outline_loss(sure_of(clothing), either) < 0.001
    assert outline_loss(sure_of(BACKGROUND), either) > 1


def test_accessories_and_what_may_be_ground_have_no_outline() -> None:
    for sets in (bit("accessory"), bit("tops") | bit("background"), ANY):
        assert outline_loss(sure_of(BACKGROUND), allowed_classes(sets_of(sets))) == 0


def test_an_error_beside_the_outline_costs_more_than_one_far_from_it() -> None:
    sets = torch.full((1, 8, 16), bit("tops"), dtype=torch.int32)
    sets[:, :, 8:] = bit("person")
    right = torch.full((1, CLASS_COUNT, 8, 16), -6.0)
    right[:, TOPS, :, :8] = 6
    right[:, CLASSES.index("person"), :, 8:] = 6
    near, far = right.clone(), right.clone()
    near[:, :, 4, 7], far[:, :, 4, 1] = right[:, :, 4, 8], right[:, :, 4, 8]

    def cost(logits: Tensor) -> float:
        return float(outline_loss(logits, allowed_classes(sets)))

    assert cost(near) > 3 * cost(far) > 3 * cost(right)
