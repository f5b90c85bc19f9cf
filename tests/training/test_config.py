"""The stages of a run."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from training.config import TrainingConfig
from training.progress import pixels_left

CONFIG = TrainingConfig(data=Path(), output=Path(), steps=100)


def test_the_stages_follow_each_other_without_a_gap() -> None:
    spans = CONFIG.spans()

    assert spans[0][1] == 0
    assert spans[-1][2] == 100
    assert all(earlier[2] == later[1] for earlier, later in pairwise(spans))
    assert sum(stage.share for stage in CONFIG.stages) == pytest.approx(1)


def test_a_step_belongs_to_the_stage_of_its_span() -> None:
    for stage, first, end in CONFIG.spans():
        assert CONFIG.stage_at(first) is stage
        assert CONFIG.stage_at(end - 1) is stage


def test_a_run_that_starts_from_a_network_has_the_last_stage_alone() -> None:
    further = TrainingConfig(data=Path(), output=Path(), steps=100, start=Path("model.onnx"))

    assert [end for _, _, end in further.spans()] == [100]
    assert further.stages[0].is_taught


def test_frames_are_what_the_network_can_take() -> None:
    assert all(not stage.height % 16 and not stage.width % 16 for stage in CONFIG.stages)


def test_what_is_left_goes_down_to_nothing() -> None:
    assert pixels_left(CONFIG, 0) > pixels_left(CONFIG, 50) > pixels_left(CONFIG, 100) == 0
