from __future__ import annotations

import numpy as np
import pytest

from worker.imaging.bounding_box import BoundingBox
from worker.imaging.picture import Picture


def test_the_share_of_white_is_that_of_the_picture_on_white() -> None:
    on_white = np.full((10, 10, 3), 255, np.uint8)
    on_white[:3] = 254

    assert Picture.of(on_white).share_of_white() == pytest.approx(0.7)


def test_ground_that_is_white_is_counted_and_other_ground_is_not() -> None:
    drawn = np.full((4, 5, 3), 255, np.uint8)
    drawn[:1] = 254

    shares = [
        Picture(
            shape=(10, 10),
            ground=ground,
            box=BoundingBox(2, 3, 7, 7),
            draw=lambda rows: drawn[rows],
        ).share_of_white()
        for ground in ((255, 255, 255), (254, 255, 255))
    ]

    assert shares == pytest.approx([0.95, 0.15])
