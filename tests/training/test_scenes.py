"""Which photos are read as scenes, and what their pixels say."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.scenes import LONG_SIDE, SHORTEST, read_scenes
from training.labels import bit


def write(file: Path, width: int, height: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.full((height, width, 3), (255, 0, 0), np.uint8))


def test_a_scene_is_shrunk_and_ground_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "sea" / "wave.jpg", 2 * LONG_SIDE, LONG_SIDE)

    (scene,) = read_scenes(tmp_path)

    assert scene.rgb.shape == (LONG_SIDE // 2, LONG_SIDE, 3)
    assert (scene.sets == bit("background")).all()


def test_photos_are_read_whatever_the_case_of_their_suffix(tmp_path: Path) -> None:
    for name in ("a.JPG", "b.jpeg", "c.webp"):
        write(tmp_path / name, 200, 200)

    assert len(read_scenes(tmp_path)) == 3


def test_icons_and_other_files_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "icon.jpg", 400, SHORTEST - 1)
    write(tmp_path / "drawing.png", 400, 400)
    write(tmp_path / "photo.jpg", 400, SHORTEST)

    assert len(read_scenes(tmp_path)) == 1


def test_a_damaged_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.jpg").write_bytes(b"no photo")

    with pytest.raises(OSError, match=r"torn\.jpg is no photo"):
        read_scenes(tmp_path)


def test_a_folder_without_scenes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="holds no photo"):
        read_scenes(tmp_path)
