"""Which cut-outs are read, and what their pixels say."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.things import LONG_SIDE, read_things
from training.labels import ANY, bit


def write(file: Path, *, channels: int = 4, side: int = 40) -> None:
    bgra = np.zeros((side, side, 4), np.uint8)
    bgra[side // 4 : side // 2, side // 4 : side // 2] = (255, 0, 0, 255)
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), bgra[:, :, :channels])


def test_a_thing_is_ground_where_it_is_opaque_and_says_nothing_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "food" / "apple.png")

    (thing,) = read_things(tmp_path)

    assert (thing.sets[10:20, 10:20] == bit("background")).all()
    assert np.sum(thing.sets == ANY) == 40 * 40 - 100
    assert thing.rgb[15, 15].tolist() == [0, 0, 255]


def test_large_things_are_shrunk(tmp_path: Path) -> None:
    write(tmp_path / "apple.png", side=4 * LONG_SIDE)

    (thing,) = read_things(tmp_path)

    assert thing.sets.shape == (LONG_SIDE, LONG_SIDE)


def test_clothes_people_and_pictures_without_alpha_are_left_out(tmp_path: Path) -> None:
    for name in ("clothes/shirt", "people/fireman", "seasonal/santahat", "food/apple"):
        write(tmp_path / f"{name}.png")
    write(tmp_path / "food" / "opaque.png", channels=3)
    (tmp_path / "food" / "torn.png").write_bytes(b"no picture")

    assert len(read_things(tmp_path)) == 1


def test_a_folder_above_does_not_leave_things_out(tmp_path: Path) -> None:
    write(tmp_path / "clothes" / "apple.png")

    assert len(read_things(tmp_path / "clothes")) == 1


def test_a_folder_without_things_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no PNG file with an alpha channel"):
        read_things(tmp_path)
