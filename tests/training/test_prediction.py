"""Networks are judged as workers run them, by the workers' code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from shared.manifest import BUNDLED, load_manifest
from training.labels import CLASSES
from training.prediction import Predictor
from worker.imaging.cutout import segment
from worker.imaging.photo import Photo
from worker.imaging.prepared_photo import PreparedPhoto
from worker.network.segmenter import Frame, Logits, Segmenter
from worker.network.session import Network
from worker.network.test_time_augmentation import AugmentedNetwork

MODEL = "cutwork-1"
RGB = data.astronaut()[:, 100:420]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(BUNDLED / MODEL / "model.onnx")


class Noting:
    """A network that keeps what it is fed."""

    def __init__(self) -> None:
        self._network = Network(load_manifest(MODEL, Path()), "cpu")
        self.manifest = self._network.manifest
        self.fed: list[Frame] = []

    def segment(self, frame: Frame) -> Logits:
        self.fed.append(frame)
        return self._network.segment(frame)


@pytest.mark.parametrize("twice", [False, True])
def test_a_network_is_fed_the_same_in_an_evaluation_as_in_a_worker(twice: bool) -> None:
    judged, run = Noting(), Noting()

    predictor = Predictor(judged)
    (predictor.looking_twice() if twice else predictor).predict(RGB)
    segmenter: Segmenter = AugmentedNetwork(run) if twice else run
    segment(PreparedPhoto.of(Photo(RGB), segmenter.manifest), segmenter)

    assert len(run.fed) == (2 if twice else 1)
    for ours, theirs in zip(judged.fed, run.fed, strict=True):
        assert np.array_equal(ours, theirs)


def test_a_network_is_shown_a_photo_in_the_size_that_is_asked_for(predictor: Predictor) -> None:
    larger, as_it_is = predictor.at(640), predictor

    assert as_it_is.frame(RGB).shape == (1, 3, 432, 272)
    assert larger.frame(RGB).shape == (1, 3, 640, 400)
    assert larger.logits_of(RGB).shape == (len(CLASSES), 160, 100)
