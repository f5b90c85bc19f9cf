"""Networks are judged as the worker runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from shared.manifest import BUNDLED, load_manifest
from training.prediction import Predictor
from worker.imaging.frame import to_frame
from worker.imaging.photo import Photo, Pixels
from worker.imaging.prepared_photo import PreparedPhoto
from worker.network.segmenter import Logits, Segmenter
from worker.network.session import Network
from worker.network.test_time_augmentation import AugmentedNetwork

MODEL = "cutwork-1"


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(load_manifest(MODEL, Path()), "cpu")


def as_worker(network: Segmenter, rgb: Pixels) -> Logits:
    scene = PreparedPhoto.of(Photo(rgb), network.manifest)
    logits = network.segment(to_frame(scene.overview, scene.letterbox, network.manifest.input))
    return logits[:, : scene.letterbox.logits_height, : scene.letterbox.logits_width]


@pytest.mark.parametrize("twice", [False, True])
def test_a_network_answers_in_an_evaluation_as_in_a_worker(network: Network, twice: bool) -> None:
    rgb = data.astronaut()[:, 100:420]
    predictor = Predictor.load(BUNDLED / MODEL / "model.onnx")

    judged = (predictor.looking_twice() if twice else predictor).logits_of(rgb)
    run = as_worker(AugmentedNetwork(network) if twice else network, rgb)

    assert judged.shape == run.shape
    # Workers shrink photos in steps, and a frame that is there already.
    assert np.mean(judged.argmax(axis=0) == run.argmax(axis=0)) > 0.97
