from __future__ import annotations

import numpy as np
import pytest

from shared.manifest import OutputKind
from shared.wire.contract import Category
from tests.worker.networks import BUNDLED, Plane, changed, seeing
from worker.imaging.letterbox import Letterbox, fit
from worker.imaging.segmentation import Segmentation, interpret

BOX = fit(600, 400, BUNDLED)
PERSON = ("person", 0.4, 0.1, 0.6, 0.9)


def segment(*boxes: tuple[str, float, float, float, float]) -> Segmentation:
    frame = np.zeros((3, BOX.frame_height, BOX.frame_width), np.float32)
    return interpret(seeing(*boxes).segment(frame), BOX, BUNDLED.output)


def at(plane: Plane, left: float, top: float) -> float:
    return float(plane[int(top * plane.shape[0]), int(left * plane.shape[1])])


def test_the_padding_is_cropped_away() -> None:
    box: Letterbox = fit(600, 410, BUNDLED)
    assert box.frame_width > box.content_width
    logits = np.zeros((10, box.frame_height // 4, box.frame_width // 4), np.float32)
    clothing = interpret(logits, box, BUNDLED.output).clothing
    assert clothing.shape == (box.content_height // 4, box.content_width // 4)


def test_clothing_is_the_sum_of_the_categories() -> None:
    seen = segment(("tops", 0.3, 0.2, 0.7, 0.5), ("pants", 0.3, 0.5, 0.7, 0.9))
    assert at(seen.clothing, 0.5, 0.4) > 0.99
    assert at(seen.categories[Category.PANTS], 0.5, 0.7) > 0.99
    assert at(seen.categories[Category.TOPS], 0.5, 0.7) < 0.01
    assert at(seen.clothing, 0.1, 0.5) == 0


def test_accessories_and_skin_are_no_clothing() -> None:
    seen = segment(("accessory", 0.3, 0.2, 0.7, 0.5), ("person", 0.3, 0.5, 0.7, 0.9))
    assert seen.clothing.max() < 0.01


def test_a_belt_is_no_hole_in_the_outfit() -> None:
    seen = segment(
        ("tops", 0.3, 0.2, 0.7, 0.5),
        ("accessory", 0.3, 0.5, 0.7, 0.52),
        ("pants", 0.3, 0.52, 0.7, 1),
    )
    assert seen.clothing[25:-2, 30:40].min() > 0.95


def test_specks_and_pinholes_are_gone() -> None:
    frame = np.zeros((3, BOX.frame_height, BOX.frame_width), np.float32)
    logits = seeing(("tops", 0.3, 0.2, 0.7, 0.5)).segment(frame)
    logits[:, 90, 60] = logits[:, 40, 36]  # a speck of tops
    logits[:, 40, 36] = logits[:, 0, 0]  # a pinhole in the tops
    clothing = interpret(logits, BOX, BUNDLED.output).clothing
    assert clothing[90, 60] == 0
    assert clothing[40, 36] == 1


def test_haze_stays_where_it_hangs_on_a_garment_as_straps_do_and_nowhere_else() -> None:
    frame = np.zeros((3, BOX.frame_height, BOX.frame_width), np.float32)
    logits = seeing(("tops", 0.3, 0.4, 0.7, 0.7)).segment(frame)
    hazy = logits[:, 0, 0].copy()
    hazy[BUNDLED.output.labels.index("tops")] = hazy[0] + np.log(0.2 / 0.8)
    logits[:, 20:44, 30] = hazy[:, np.newaxis]  # up from the tops
    logits[:, 20:44, 5] = hazy[:, np.newaxis]  # beside them
    clothing = interpret(logits, BOX, BUNDLED.output).clothing
    assert clothing[22, 30] == pytest.approx(0.2, abs=0.02)
    assert clothing[22, 5] == 0


def test_a_passer_bys_clothing_is_dropped() -> None:
    seen = segment(
        PERSON,
        ("coat", 0.35, 0.2, 0.65, 0.7),
        ("person", 0.9, 0.4, 0.93, 0.45),
        ("tops", 0.88, 0.45, 0.95, 0.6),
    )
    assert at(seen.clothing, 0.5, 0.4) > 0.9
    assert at(seen.clothing, 0.92, 0.5) == 0


def test_a_bag_close_to_its_owner_stays() -> None:
    seen = segment(PERSON, ("coat", 0.35, 0.2, 0.65, 0.7), ("bag", 0.68, 0.6, 0.75, 0.7))
    assert at(seen.clothing, 0.71, 0.65) > 0.9


def test_a_second_person_is_no_passer_by() -> None:
    seen = segment(
        ("person", 0.1, 0.1, 0.4, 0.3), ("coat", 0.1, 0.3, 0.4, 0.9), ("coat", 0.7, 0.3, 0.9, 0.8)
    )
    assert at(seen.clothing, 0.8, 0.5) > 0.9


def test_garments_without_a_person_are_all_kept() -> None:
    seen = segment(("coat", 0.05, 0.1, 0.5, 0.9), ("hat", 0.8, 0.1, 0.9, 0.2))
    assert at(seen.clothing, 0.85, 0.15) > 0.9


def test_an_island_of_another_category_goes_to_what_surrounds_it() -> None:
    seen = segment(("coat", 0.1, 0.1, 0.9, 0.9), ("skirt", 0.5, 0.5, 0.53, 0.52))
    assert at(seen.categories[Category.SKIRT], 0.51, 0.51) == 0


def test_a_garment_that_nobody_wears_is_all_of_one_category() -> None:
    seen = segment(("skirt", 0.3, 0.2, 0.7, 0.9), ("pants", 0.3, 0.7, 0.5, 0.9))
    assert at(seen.categories[Category.SKIRT], 0.4, 0.8) > 0.95
    assert seen.categories[Category.PANTS].max() < 0.01


def test_trousers_laid_out_under_a_shirt_stay_trousers_and_shoes_below_them_shoes() -> None:
    seen = segment(
        ("tops", 0.3, 0.1, 0.7, 0.45),
        ("pants", 0.3, 0.45, 0.7, 0.85),
        ("shoes", 0.3, 0.85, 0.7, 0.97),
    )
    assert at(seen.categories[Category.TOPS], 0.5, 0.3) > 0.95
    assert at(seen.categories[Category.PANTS], 0.5, 0.7) > 0.95
    assert at(seen.categories[Category.SHOES], 0.5, 0.9) > 0.95


def test_what_a_person_wears_may_be_small() -> None:
    shorts = ("pants", 0.35, 0.6, 0.65, 0.68)
    seen = segment(PERSON, ("tops", 0.35, 0.2, 0.65, 0.6), shorts)
    assert at(seen.categories[Category.PANTS], 0.5, 0.64) > 0.95


def test_labels_that_share_a_category_are_added_up() -> None:
    labels = ("background", "shoes", "shoes")
    logits = np.zeros((3, BOX.frame_height // 4, BOX.frame_width // 4), np.float32)
    seen = interpret(logits, BOX, changed(BUNDLED.output, labels=labels))
    assert seen.categories[Category.SHOES] == pytest.approx(2 / 3)


def test_logits_may_be_log_softmaxed_already() -> None:
    logits = np.random.default_rng(3).normal(0, 4, (10, 108, 72)).astype(np.float32)
    softmaxed = logits - np.log(np.exp(logits).sum(axis=0))
    seen, same = (interpret(planes, BOX, BUNDLED.output) for planes in (logits, softmaxed))
    assert same.clothing == pytest.approx(seen.clothing, abs=1e-5)
    assert seen.clothing.max() > 0.5


def test_a_part_of_a_garment_is_clothing_of_the_likeliest_category_there() -> None:
    labels = ("background", "tops", "coat", "garment")
    logits = np.full((4, BOX.frame_height // 4, BOX.frame_width // 4), -4, np.float32)
    logits[0] = 2
    logits[2, 30:80, 20:50] = 4  # a coat
    logits[3, 30:80, 50:60] = 8  # its sleeve, of which nobody says what else it might be
    logits[2, 30:80, 50:60] = -3
    seen = interpret(logits, BOX, changed(BUNDLED.output, labels=labels))
    assert seen.clothing[40:70, 25:58].min() > 0.85
    assert max(seen.categories, key=lambda c: seen.categories[c][50, 55]) is Category.COAT


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_what_is_tidied_does_not_depend_on_how_fine_the_answer_is(stride: int) -> None:
    spec = changed(BUNDLED.output, stride=stride)
    box = fit(600, 400, changed(BUNDLED, output=spec))
    coarse = seeing(
        ("tops", 0.3, 0.2, 0.7, 0.5),
        ("accessory", 0.3, 0.5, 0.7, 0.52),
        ("pants", 0.3, 0.52, 0.7, 1),
    ).segment(np.zeros((3, BOX.frame_height, BOX.frame_width), np.float32))
    fine = coarse.repeat(4 // stride, axis=1).repeat(4 // stride, axis=2)
    clothing = interpret(fine, box, spec).clothing[:: 4 // stride, :: 4 // stride]
    assert clothing[25:-2, 30:40].min() > 0.95
    assert clothing[:15].max() < 0.01


def test_an_opacity_is_taken_as_it_is() -> None:
    spec = changed(BUNDLED.output, kind=OutputKind.ALPHA, labels=())
    logits = np.full((1, BOX.frame_height // 4, BOX.frame_width // 4), 0.75, np.float32)
    seen = interpret(logits, BOX, spec)
    assert seen.clothing == pytest.approx(0.75)
    assert not seen.categories
