from __future__ import annotations

import numpy as np

from tests.worker.networks import BUNDLED, changed
from worker.network.segmenter import Frame, Logits
from worker.network.test_time_augmentation import AugmentedNetwork


class LeftSighted:
    """Sees, in one plane of a quarter of the size, what is left of the middle only."""

    def __init__(self, near_long_side: int | None = None) -> None:
        self.manifest = changed(
            BUNDLED,
            input=changed(BUNDLED.input, long_side=32, near_long_side=near_long_side),
        )
        self.seen: list[tuple[int, ...]] = []

    def segment(self, frame: Frame) -> Logits:
        self.seen.append(frame.shape)
        seen = frame[:1, ::4, ::4].copy()
        seen[..., seen.shape[-1] // 2 :] = 0
        return seen


def test_what_is_missed_in_a_photo_is_seen_in_its_mirror_image() -> None:
    frame = np.zeros((3, 16, 16), np.float32)
    frame[:, :, 8:] = 4

    logits = AugmentedNetwork(LeftSighted()).segment(frame)

    assert logits.shape == (1, 4, 4)
    assert logits[0].tolist() == [[0, 0, 2, 2]] * 4


def test_frames_are_as_large_as_the_nearer_look_and_smaller_for_the_other() -> None:
    network = LeftSighted(near_long_side=64)
    looking = AugmentedNetwork(network)

    logits = looking.segment(np.ones((3, 64, 48), np.float32))

    assert looking.manifest.input.long_side == 64
    assert sorted(network.seen) == [(3, 32, 32), (3, 64, 48)]
    assert logits.shape == (1, 16, 12)


def test_both_looks_lie_over_each_other() -> None:
    frame = np.zeros((3, 64, 64), np.float32)
    frame[:, 32:, :32] = 4

    logits = AugmentedNetwork(LeftSighted(near_long_side=64)).segment(frame)[0]

    # Only the look from afar sees this corner; between its pixels its edge is a slope.
    assert (logits[9:, :7] == 2).all()
    assert (logits[:7] == 0).all()
    assert (logits[:, 9:] == 0).all()


def test_the_frame_of_a_tiny_photo_is_made_no_smaller() -> None:
    network = LeftSighted(near_long_side=64)

    AugmentedNetwork(network).segment(np.ones((3, 32, 16), np.float32))

    assert network.seen == [(3, 32, 16), (3, 32, 16)]


def test_a_sliver_is_still_a_frame_from_afar() -> None:
    network = LeftSighted(near_long_side=64)

    AugmentedNetwork(network).segment(np.ones((3, 64, 16), np.float32))

    assert (3, 32, 16) in network.seen
