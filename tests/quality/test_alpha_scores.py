from __future__ import annotations

import numpy as np
import pytest

from tests.quality.alpha_scores import mean_of, score, thin_parts

Plane = np.ndarray


def garment_with_strap() -> Plane:
    truth = np.zeros((200, 200), np.float32)
    truth[100:180, 50:150] = 1
    truth[20:100, 98:101] = 1
    return truth


def test_the_truth_has_no_error() -> None:
    truth = garment_with_strap()
    scores = score(truth, truth)
    assert scores["error"] == scores["gradient"] == scores["haze"] == 0
    assert scores["edge"] == scores["thin"] == 1


def test_a_lost_strap_costs_all_of_what_is_thin() -> None:
    truth = garment_with_strap()
    without = truth.copy()
    without[:100] = 0
    scores = score(without, truth)
    assert scores["thin"] < 0.05
    assert 0.4 < scores["edge"] < 0.9
    assert scores["sad"] == pytest.approx(240 / 1000)


def test_only_what_is_narrow_is_thin() -> None:
    thin = thin_parts(garment_with_strap())
    assert thin[60, 99]
    assert not thin[140, 100]


def test_haze_is_counted_where_there_is_nothing() -> None:
    truth = garment_with_strap()
    assert score(np.maximum(truth, np.float32(0.2)), truth)["haze"] == pytest.approx(0.2)


def test_photos_without_a_number_are_left_out_of_its_mean() -> None:
    rows = [{"thin": float("nan"), "error": 1.0}, {"thin": 0.5, "error": 0.0}]
    assert mean_of(rows) == {"thin": 0.5, "error": 0.5}
