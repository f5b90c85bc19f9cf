from __future__ import annotations

import numpy as np
import pytest

from tests.quality.drawings import KINDS, Canvas, draw, ground


def test_a_strap_covers_as_many_pixels_as_it_is_wide() -> None:
    canvas = Canvas(80, 60)
    canvas.stroke(np.array([(0.5, -0.1), (0.5, 1.1)]), 3)
    widths = canvas.alpha()[20:60].sum(axis=1)
    assert widths == pytest.approx(3, abs=0.3)


def test_a_pixel_half_covered_is_half_opaque() -> None:
    canvas = Canvas(40, 40)
    canvas.fill(np.array([(0, 0), (10.5 / 40, 0), (10.5 / 40, 1), (0, 1)]))
    assert canvas.alpha()[20, 10] == pytest.approx(0.5, abs=0.26)
    assert canvas.alpha()[20, 9] == 1
    assert canvas.alpha()[20, 12] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_garment(kind: str) -> None:
    first, again = (draw(kind, 240, 5, plain=False) for _ in range(2))
    assert np.array_equal(first.rgb, again.rgb)
    assert np.array_equal(first.alpha, again.alpha)
    assert first.rgb.shape == (240, 180, 3)
    assert 0.05 < first.alpha.mean() < 0.8


def test_another_ground_changes_nothing_of_the_garment() -> None:
    before_wall, before_photo = (draw("fringe", 240, 5, plain=plain) for plain in (True, False))
    assert np.array_equal(before_wall.alpha, before_photo.alpha)
    assert not np.array_equal(before_wall.rgb, before_photo.rgb)


def test_a_ground_is_as_large_as_asked_for() -> None:
    assert ground("chelsea", (3000, 2200)).shape == (3000, 2200, 3)
