"""The report: what it measures, and when somebody should look."""

from __future__ import annotations

import numpy as np
import pytest

from shared.wire.contract import Category
from shared.wire.rendition import OnCanvas
from shared.wire.report import Reason, Side
from worker.imaging.bounding_box import BoundingBox
from worker.imaging.patch import Patch
from worker.imaging.placement import find_placement
from worker.imaging.quality_report import QualityReport, Remark, look_at


def report(alpha: Patch, canvas: OnCanvas | None = None) -> QualityReport:
    box = alpha.visible_box()
    placement = find_placement(canvas, box, alpha.shape) if canvas and box else None
    fill = canvas.fill if canvas else 1.0
    return look_at(alpha, {}, box, placement, None, fill=fill)


def garment(top: int = 50, bottom: int = 150, opacity: int = 255) -> Patch:
    alpha = np.zeros((200, 100), np.uint8)
    alpha[top:bottom, 20:80] = opacity
    return Patch.of(alpha)


def test_a_whole_garment_needs_nobody() -> None:
    found = report(garment())

    assert found.box == BoundingBox(20, 50, 80, 150)
    assert found.share == pytest.approx(0.3)
    assert found.fill == pytest.approx(0.6)
    assert found.scale == 1
    assert found.as_json()["look"] is False
    assert found.as_json()["reasons"] == []


def test_each_piece_has_its_share_of_the_photo() -> None:
    pieces = {Category.TOPS: garment(bottom=100), Category.HAT: garment(top=148)}

    found = look_at(garment(), pieces, garment().visible_box(), None, None)

    assert found.as_json()["class_share"] == {"tops": 0.15, "hat": 0.006}


def test_clothing_at_the_photos_end_is_cut_there() -> None:
    found = report(garment(bottom=200))

    assert found.cut_sides == (Side.BOTTOM,)
    assert (found.reasons, found.remarks) == ((), (Remark.CUT_BY_PHOTO,))


def test_little_clothing_is_told() -> None:
    assert report(garment(top=95, bottom=100)).reasons == (Reason.SMALL,)


def test_a_photo_with_too_few_pixels_for_the_canvas_is_told() -> None:
    found = report(garment(), OnCanvas(width=1000, height=1000, fill=0.9))

    assert found.scale == pytest.approx(9, rel=0.01)
    assert found.fill == pytest.approx(0.9, abs=0.01)
    assert (found.reasons, found.remarks) == ((), (Remark.ENLARGED,))


def test_clothing_that_fills_more_than_was_asked_for_is_told() -> None:
    """Cut at its hem, it stands at the canvas's lower end, and has its margin above alone."""
    canvas = OnCanvas(width=100, height=100, fill=0.8)

    assert Remark.OVERFILLED not in report(garment(), canvas).remarks
    cut = report(garment(bottom=200), canvas)
    assert cut.fill == pytest.approx(0.9, abs=0.01)
    assert Remark.OVERFILLED in cut.remarks
    assert not cut.as_json()["look"]


def test_a_network_that_was_not_sure_is_told() -> None:
    alpha = garment()

    sure, unsure = (
        look_at(alpha, {}, alpha.visible_box(), None, None, doubt=doubt) for doubt in (0.02, 0.5)
    )

    assert (sure.reasons, unsure.reasons) == ((), (Reason.UNSURE,))


def test_an_empty_picture_is_told_and_nothing_else() -> None:
    found = report(garment(opacity=0))

    assert found.box is None
    assert found.reasons == (Reason.EMPTY,)
    assert found.as_json()["box"] is None
