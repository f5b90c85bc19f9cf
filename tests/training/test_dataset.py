"""Which photos are kept from training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.dataset import (
    is_validation,
    list_split,
    list_tagged,
    read_labels,
    read_photo,
    read_tags,
)
from training.labels import bit

NAMES = [f"{index:04}.jpg" for index in range(1, 2001)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of forty photos of each kind."""
    photo = np.full((30, 20, 3), 128, np.uint8)
    for folder in ("ccp/photos", "ccp/labels", "clothing"):
        (tmp_path / folder).mkdir(parents=True)
    rows = ["image,label,kids"]
    for index in range(40):
        cv2.imwrite(str(tmp_path / "ccp" / "photos" / f"{index:04}.jpg"), photo)
        cv2.imwrite(
            str(tmp_path / "ccp" / "labels" / f"{index:04}.png"), np.eye(30, 20, dtype=np.uint8)
        )
        cv2.imwrite(str(tmp_path / "clothing" / f"g{index}.jpg"), photo)
        rows.append(f"g{index},{'Hat' if index else 'Not sure'},False")
    (tmp_path / "clothing" / "images.csv").write_text("\n".join(rows))
    (tmp_path / "ccp" / "labels.txt").write_text("null\nhat\n")
    return tmp_path


def test_an_eighth_of_the_photos_is_kept_from_training() -> None:
    assert 0.10 < np.mean([is_validation(name) for name in NAMES]) < 0.14


def test_the_split_is_the_same_on_every_machine() -> None:
    assert [name for name in NAMES[:30] if is_validation(name)] == VALIDATION_OF_THE_FIRST_30


def test_both_sides_together_are_all_photos_and_share_none(data: Path) -> None:
    train, validation = (list_split(data, validation=side) for side in (False, True))

    assert len(train.people) + len(validation.people) == 40
    assert not set(train.people) & set(validation.people)
    assert not set(train.garments) & set(validation.garments)
    assert all(is_validation(person.photo.name) for person in validation.people)
    assert all(is_validation(garment.photo.name) for garment in validation.garments)


def test_a_garment_without_a_class_is_in_neither_side(data: Path) -> None:
    garments = [
        garment.photo.stem
        for side in (False, True)
        for garment in list_split(data, validation=side).garments
    ]

    assert len(garments) == 39
    assert "g0" not in garments


def test_labels_are_read_as_sets(data: Path) -> None:
    person = list_split(data, validation=False).people[0]

    sets = read_labels(person, read_tags(data))

    assert sets.shape == (30, 20)
    assert sets[0, 0] == bit("hat")
    assert sets[0, 1] == bit("background")


def test_a_photo_is_shrunk_but_never_enlarged(data: Path) -> None:
    photo = data / "ccp" / "photos" / "0001.jpg"

    assert read_photo(photo, 15).shape == (15, 10, 3)
    assert read_photo(photo, 60).shape == (30, 20, 3)


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no photo")

    with pytest.raises(OSError, match="no photo"):
        read_photo(tmp_path / "x.jpg")


#: Written down once; a change of the rule would mix training photos into the validation split.
VALIDATION_OF_THE_FIRST_30 = ["0001.jpg", "0016.jpg"]


def test_a_tagged_photo_may_contain_what_its_tags_say(tmp_path: Path) -> None:
    folder = tmp_path / "ccp" / "unlabelled"
    folder.mkdir(parents=True)
    (folder / "tags.csv").write_text("photo,tags\n7,null hair skin romper\n5,null jacket jeans\n")

    first, second = list_tagged(tmp_path)

    assert first.photo == folder / "5.jpg"
    assert first.class_set == bit("background") | bit("coat") | bit("pants")
    assert second.class_set == sum(map(bit, ("background", "person", "tops", "skirt", "pants")))
