from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.manifest import known_names, load_manifest
from tests.pictures import astronaut
from tests.worker.networks import BUNDLED
from worker.imaging.cutout import segment
from worker.imaging.letterbox import fit
from worker.imaging.photo import Photo, Pixels
from worker.imaging.prepared_photo import PreparedPhoto
from worker.imaging.segmentation import Segmentation
from worker.network.segmenter import Frame, Logits, Segmenter
from worker.network.session import Network
from worker.network.shape_buckets import ShapeBuckets, bucket_shapes
from worker.network.test_time_augmentation import AugmentedNetwork


class Noting:
    """Answers nothing, and notes the shapes that it is asked for."""

    def __init__(self, name: str) -> None:
        self.manifest = load_manifest(name, Path())
        self.seen: set[tuple[int, ...]] = set()

    def segment(self, frame: Frame) -> Logits:
        self.seen.add(frame.shape[1:])
        output = self.manifest.output
        height, width = (side // output.stride for side in frame.shape[1:])
        return np.zeros((output.planes, height, width), np.float32)


@pytest.mark.parametrize("name", known_names())
@pytest.mark.parametrize("second_look", [True, False])
def test_every_photo_of_every_known_network_has_a_shape_and_there_are_few(
    name: str, second_look: bool
) -> None:
    network = Noting(name)
    shapes = bucket_shapes(network.manifest.input, second_look=second_look)
    buckets = ShapeBuckets(network, shapes)
    segmenter: Segmenter = AugmentedNetwork(buckets) if second_look else buckets

    for long in (24, 60, 123, 150, 183, 500, 2999):
        for short in {max(24, round(long * share / 20)) for share in range(1, 21)}:
            for height, width in ((long, short), (short, long)):
                letterbox = fit(height, width, segmenter.manifest)
                shape = (3, letterbox.frame_height, letterbox.frame_width)
                logits = segmenter.segment(np.zeros(shape, np.float32))
                stride = network.manifest.output.stride
                assert logits.shape[1:] == (shape[1] // stride, shape[2] // stride)

    assert network.seen <= set(shapes)
    assert len(shapes) <= 14


def test_the_smallest_shape_that_holds_a_frame_is_taken() -> None:
    network = Noting("cutwork-1")
    buckets = ShapeBuckets(network, bucket_shapes(network.manifest.input, second_look=True))

    buckets.segment(np.zeros((3, 640, 432), np.float32))
    buckets.segment(np.zeros((3, 288, 432), np.float32))
    buckets.segment(np.zeros((3, 432, 96), np.float32))
    buckets.segment(np.zeros((3, 440, 96), np.float32))

    assert network.seen == {(640, 480), (336, 432), (432, 112), (640, 160)}


def test_a_frame_is_padded_with_zeros_on_the_right_and_below_and_its_answer_is_its_own() -> None:
    class Echo(Noting):
        def segment(self, frame: Frame) -> Logits:
            super().segment(frame)
            assert not frame[:, :, 320:].any()
            assert not frame[:, 640:].any()
            return frame[:, ::4, ::4]

    network = Echo("cutwork-1")
    buckets = ShapeBuckets(network, ((672, 480),))
    frame = np.random.default_rng(1).normal(0, 1, (3, 640, 320)).astype(np.float32)

    assert np.array_equal(buckets.segment(frame), frame[:, ::4, ::4])


def photos() -> dict[str, Pixels]:
    person = np.asarray(astronaut())
    return {
        "person": person,
        "tall": person[:, 60:340],
        "wide": person[140:400],
        "small": np.asarray(astronaut().resize((90, 70))),
    }


def seen(rgb: Pixels, segmenter: Segmenter) -> Segmentation:
    return segment(PreparedPhoto.of(Photo(rgb), segmenter.manifest), segmenter)


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    either = (one | other).sum()
    return 1.0 if not either else float((one & other).sum() / either)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(BUNDLED, "cpu")


@pytest.mark.parametrize("second_look", [True, False])
@pytest.mark.parametrize("name", photos())
def test_padding_changes_little_of_what_is_found(
    network: Network, name: str, second_look: bool
) -> None:
    """Close-ups, whose clothing is cut off on all sides, are the hardest; the note in the module has whole photos."""
    padding = ShapeBuckets(network, bucket_shapes(BUNDLED.input, second_look=second_look))
    exact: Segmenter = AugmentedNetwork(network) if second_look else network
    padded: Segmenter = AugmentedNetwork(padding) if second_look else padding

    found, expected = (seen(photos()[name], one) for one in (padded, exact))

    assert expected.inside.mean() > 0.2
    assert iou(found.inside, expected.inside) >= (0.96 if second_look else 0.92)
    assert np.abs(found.clothing - expected.clothing).mean() <= 0.05
    for category, plane in expected.categories.items():
        assert np.abs(found.categories[category] - plane).mean() <= 0.1


def test_what_needs_no_padding_is_found_as_it_was(network: Network) -> None:
    padding = ShapeBuckets(network, bucket_shapes(BUNDLED.input, second_look=False))
    square = np.random.default_rng(2).normal(0, 1, (3, 432, 432)).astype(np.float32)

    assert np.array_equal(padding.segment(square), network.segment(square))
